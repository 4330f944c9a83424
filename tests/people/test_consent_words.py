"""Words of a consent cell: refusals, empty marks and promises, and those that are a consent."""

from __future__ import annotations

import pytest

from gateway.people.consent_words import find_fault

NO, LATER, MARK, ASSENT, QUESTION = "says no", "is still to come", "is an empty mark", "does not tell", "is a question"


@pytest.mark.parametrize(
    ("fault", "cells"),
    [
        (
            NO,
            "tidak|belum|TIDAK SETUJU|tdk|no|No.|FALSE|T I D A K|tidak_setuju|(tidak)|blm|gak mau",
        ),
        (
            NO,
            "nggak|ora gelem|mboten|belum tanda tangan|menolak|ditolak RW 3|warga keberatan",
        ),
        (
            NO,
            "tidak ada|not yet|didn't agree|never|refused|stop",
        ),
        (NO, "no consent|formulir belum kembali|Tidak bersedia dihubungi|batal|\uff54\uff49\uff44\uff41\uff4b|jangan"),
        (
            LATER,
            "besok|lusa|nanti|minggu depan|menyusul|formulir menyusul|tomorrow|next week|pending|akan ditanya|segera",
        ),
        (LATER, "bulan depan di balai|mungkin|TBD later|rencana Senin|menunggu formulir|sesuk"),
        (
            MARK,
            "N/A|n.a.|-|--|.|...|\u2026|/|kosong|(kosong)|null|nil|NaN|none|x|xxx|n|\u2713|_|'|undefined|s.d.a.",
        ),
        (ASSENT, "TRUE|ya|Ya.|iya|ya ya|yes|ok|oke|done|sudah|nggih|Y E S|benar"),
        (QUESTION, "setuju?|formulir RW 3 ?|ya?"),
    ],
)
def test_find_fault_refuses_what_is_no_consent(fault: str, cells: str) -> None:
    found = {cell: find_fault(cell, dated=False) for cell in cells.split("|")}
    assert {cell: said for cell, said in found.items() if not said.startswith(fault)} == {}


@pytest.mark.parametrize(
    "words",
    [
        *(
            "formulir RW 3",
            "setuju lisan di balai",
            "setuju",
            "tidak keberatan",
            "tidak ada paksaan",
            "setuju tanpa paksaan",
        ),
        *(
            "bersedia menerima SMS, STOP untuk berhenti",
            "setuju, boleh berhenti kapan saja",
            "setuju akan dikirimi SMS",
        ),
        *(
            "orang tua setuju",
            "formulir no 5",
            "No. 12",
            "no objection",
            "dapat menolak kapan saja",
            "rumah depan balai",
        ),
        *(
            "Pak Tono, ketua RT",
            "agreed at the meeting",
            "notulen rapat",
            "Noor, RW 2",
            "formulir WA",
            "yayasan Al-Irsyad",
        ),
    ],
)
def test_find_fault_keeps_the_words_of_a_consent(words: str) -> None:
    assert find_fault(words, dated=False) == ""


@pytest.mark.parametrize(
    ("words", "fault"), [("", ""), ("ya", ""), ("x", ""), ("tidak", NO), ("batal", NO), ("?", QUESTION)]
)
def test_find_fault_needs_no_words_beside_a_date(words: str, fault: str) -> None:
    found = find_fault(words, dated=True)
    assert found.startswith(fault) and bool(found) == bool(fault)
