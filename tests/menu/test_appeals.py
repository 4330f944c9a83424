"""What is said of the texts of appeals that a pack brings."""

from __future__ import annotations

from datetime import datetime

import pytest

from gateway.menu.model import Menu
from gateway.menu.pack.loader import load
from gateway.text.banned_words import find_banned_words
from tests.helpers.pack_edits import ID, Files, all_diagnostics, edit_pack, line_at

DAMAI = "Beda pilihan tetap rukun"


def test_a_text_must_be_one_sms_with_the_longest_place(files: Files) -> None:
    longer = edit_pack(files, ID, "Info {kel}: kabar", "Info {kel}, {kel}: kabar")
    where = line_at(longer, ID, '  cek_kabar: "Info')
    assert [line for line in all_diagnostics(longer) if line.startswith(where)] == [
        f"{where}: appeals.cek_kabar: 11 septets over one SMS"
    ]


def test_a_text_must_not_say_a_refused_word(files: Files) -> None:
    worse = edit_pack(files, ID, DAMAI, "Pilih, NOMOR 1")
    assert all_diagnostics(worse) == [
        f"{line_at(worse, ID, '  damai:')}: appeals.damai: pilih nomor is one of the refused words"
    ]


def test_a_placeholder_of_reports_stands_for_nothing_here(files: Files) -> None:
    assert "unknown placeholder {ticket}" in all_diagnostics(edit_pack(files, ID, DAMAI, "{ticket}"))[0]


def test_every_text_is_there_and_no_other(files: Files) -> None:
    more = edit_pack(files, "appeals.yaml", "asn:", "tps: {purpose: More}\nasn:")
    assert len(all_diagnostics(more)) == 3 and all("appeals.tps is missing" in line for line in all_diagnostics(more))
    fewer = {name: text for name, text in files.items() if name != "appeals.yaml"}
    assert len(all_diagnostics(fewer)) == 12 and all("unknown key" in line for line in all_diagnostics(fewer))


def test_a_strict_stage_exists(files: Files) -> None:
    wrong = edit_pack(files, "rules.yaml", "[masa_tenang]", "[tenang]")
    assert all_diagnostics(wrong) == [
        f'{line_at(wrong, "rules.yaml", "strict_stages")}: strict_stages: unknown stage "tenang"'
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [("Pilih nomor 1", ["pilih nomor"]), ("pilih\nNOMOR", ["pilih nomor"]), ("pilihnomor, pilih, nomor2", [])],
)
def test_refused_words_are_whole_words(text: str, found: list[str]) -> None:
    assert find_banned_words(text, ["pilih nomor"]) == found


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2024-11-20T19:59:59+07:00", None),
        ("2024-11-20T20:00:00+07:00", "2024-11-21T07:00:00+07:00"),
        ("2024-11-21T06:59:59+07:00", "2024-11-21T07:00:00+07:00"),
        ("2024-11-21T07:00:00+07:00", None),
    ],
)
def test_when_the_quiet_hours_end(menu: Menu, now: str, until: str | None) -> None:
    end = menu.quiet_until(datetime.fromisoformat(now))
    assert end == (datetime.fromisoformat(until) if until else None)


def test_which_days_are_strict(menu: Menu, files: Files) -> None:
    days = (
        "2024-11-23T23:59:59+07:00",
        "2024-11-24T00:00:00+07:00",
        "2024-11-26T23:59:59+07:00",
        "2024-11-27T00:00+07:00",
    )
    assert [menu.is_strict(datetime.fromisoformat(day)) for day in days] == [False, True, True, False]
    without = edit_pack(files, "rules.yaml", "[masa_tenang]", "[]")
    assert not any(load(without).is_strict(datetime.fromisoformat(day)) for day in days)
