"""Meaning of an SMS: the precedence of what it may be."""

from __future__ import annotations

import pytest

from gateway.sms.understanding import understand
from tests.helpers.packs import MENU

PRECEDENCE = [
    # a command before everything else
    ("STOP", ["LAPOR tawuran"], "unsubscribe"),
    ("CEK 7340-2817", ["LAPOR tawuran"], "status"),
    ("7340-2817", ["LAPOR tawuran"], "status"),
    # thanks complete no report
    ("terima kasih", ["LAPOR tawuran"], "thanks"),
    # an earlier command takes its argument before the text is a ticket
    ("7340-2817", ["HAPUS"], "erase"),
    ("7340-2817 lari", ["INFO"], "add_info"),
    ("7340-2817", [], "status"),
    ("klego", ["REG xyzzy"], "subscribe"),
    # then the missing half of a report
    ("klego", ["LAPOR tawuran"], "report"),
    ("klego", ["REG xyzzy", "LAPOR tawuran"], "report"),
    ("klego", ["INFO 7340-2817", "LAPOR tawuran"], "report"),
    ("jangan stop kirim info", ["LAPOR tawuran"], ""),
    ("tolong di klego pak", ["LAPOR tawuran"], "report"),
    ("TOLONG 3 KLEGO ribut", [], "report"),
    ("tolong ada tawuran di klego", [], "report"),
    ("tolong ada tawuran", [], "help"),
    ("tolong jangan ada tawuran di klego", [], "help"),
    ("tolong!", ["LAPOR tawuran"], "help"),
    ("BANTUAN", ["LAPOR klego"], "help"),
    # and nothing by itself
    ("klego", [], ""),
    ("tawuran", [], ""),
    ("ya", [], ""),
    ("3", [], ""),
    ("apa ini", ["halo"], ""),
    # an SMS of ours is nothing that a person asks for
    ("Nomor Anda sudah dihapus dari laporan 7340-2817. Isi laporan tetap disimpan.", [], "echo"),
]


@pytest.mark.parametrize(("text", "earlier", "command"), PRECEDENCE)
def test_understand_keeps_the_precedence(text: str, earlier: list[str], command: str) -> None:
    assert understand(text, earlier, MENU).command.name == command


@pytest.mark.parametrize(
    ("text", "earlier", "answers"),
    [("klego", ["LAPOR tawuran"], True), ("LAPOR 3 klego", ["LAPOR tawuran"], False), ("LAPOR 3 klego", [], False)],
)
def test_a_report_that_is_complete_by_itself_answers_nothing(text: str, earlier: list[str], answers: bool) -> None:
    assert understand(text, earlier, MENU).is_answer == answers
