"""Text of an SMS made ready for the parsers, and descriptions without stray marks."""

from __future__ import annotations

import pytest

from gateway.sms.typed_text import join, phrase_size, prepare, trim, without_phrases
from gateway.text.words import words
from tests.helpers.packs import MENU

PREPARED = [
    ("LAPOR<spasi>3<spasi>KLEGO", "LAPOR 3 KLEGO"),
    ("LAPOR<SPASI>3< spasi >KLEGO", "LAPOR 3 KLEGO"),
    ("LAPOR[spasi]3(space)KLEGO", "LAPOR 3 KLEGO"),
    ("LAPOR spasi 3 spasi KLEGO", "LAPOR   3   KLEGO"),
    ("LAPOR 3 KLEGO satu spasi saja", "LAPOR 3 KLEGO satu spasi saja"),
    ("LAPOR<3>", "LAPOR<3>"),
    ("LA\u200bPOR \u0663", "LAPOR 3"),
]


@pytest.mark.parametrize(("typed", "text"), PREPARED)
def test_prepare_reads_the_spaces_of_a_leaflet(typed: str, text: str) -> None:
    assert prepare(typed, MENU.keywords) == text


TRIMMED = [
    ("] [tawuran]", "tawuran"),
    ("[tawuran] ", "tawuran"),
    ("(tiga) orang", "(tiga) orang"),
    ("[tawuran] [di pasar]", "[tawuran] [di pasar]"),
    ("> <tawuran>", "tawuran"),
    ("tawuran (besar)", "tawuran (besar)"),
    ("tawuran)", "tawuran"),
    ("(tawuran", "tawuran"),
    ("\u201ctawuran\u201d", "tawuran"),
    ("- tawuran, ", "tawuran"),
    ("[]", ""),
    ("[[[", ""),
    ("", ""),
]


@pytest.mark.parametrize(("typed", "text"), TRIMMED)
def test_trim_leaves_no_stray_mark(typed: str, text: str) -> None:
    assert trim(typed) == text


def test_phrases_are_found_longest_first() -> None:
    found = list(words("tolong stop kirim sms ya"))
    known = {"stop", "stop kirim sms"}

    assert phrase_size(found, 1, known) == 3
    assert phrase_size(found, 0, known) == phrase_size(found, 9, known) == 0
    assert join(without_phrases(found, known, {"tolong"})) == "ya"
