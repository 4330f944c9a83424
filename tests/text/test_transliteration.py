"""Transliteration of characters that would more than double the price of an SMS."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.text.gsm import Replacement, encoding, transliterate
from gateway.text.transliteration import INVISIBLE, SUBSTITUTES

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
EDITORS = st.text(
    st.sampled_from([*"ab 7\n", *SUBSTITUTES, *INVISIBLE, *"êÈçáíóúÀ²½™ﬁ\u0301\u0323", "\u00a0", "\u2009"])
)


@pytest.mark.parametrize(
    ("text", "substitute"),
    [
        ("“Lapor” \u2018aman\u2019", "\"Lapor\" 'aman'"),
        ("07.00\u201312.00 — TPS", "07.00-12.00 - TPS"),
        ("tunggu…", "tunggu..."),
        ("• satu", "- satu"),
        ("a\u00a0b\u2009c\u202fd\u3000e\tf", "a b c d e f"),
        ("sêga, Êmbah, È", "sega, Embah, E"),
        ("ça và", "ca và"),
        ("áíóúâôûãõñÑ", "aiouaouaoñÑ"),
        ("ŠčžđŁœ", "SczdLoe"),
        ("nol\u200bspasi\ufeff\u00ad", "nolspasi"),
        ("m² ½ ﬁ ™ \uff15", "m2 1/2 fi TM 5"),
        ("x\u0323\u0302y", "xy"),
        ("e\u0301", "é"),
        ("`a\u00b4", "'a'"),
    ],
)
def test_transliterate_replaces_by_what_is_read_the_same(text: str, substitute: str) -> None:
    changed = transliterate(text)

    assert changed.text == substitute
    assert encoding(changed.text) == "gsm7"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Laporan {7340} €5",
        "ꦲꦤꦕꦫꦏ",
        "👍🏽",
        "👨\u200d👩\u200d👧",
        "🇮🇩",
        "❤\ufe0f",
        "й",
        "문",
        "دعاء\u0650",
        "°",
        "\x1b",
    ],
)
def test_transliterate_keeps_characters_without_a_substitute(text: str) -> None:
    assert transliterate(text).text == unicodedata.normalize("NFC", text)
    assert transliterate(text).replacements == ()


def test_replacements_have_original_substitute_and_position() -> None:
    assert transliterate("a“b\u200bc").replacements == (Replacement("“", '"', 1), Replacement("\u200b", "", 3))


@given(ANY_TEXT | EDITORS)
def test_replacements_are_the_whole_difference(text: str) -> None:
    changed = transliterate(text)
    chars: list[str] = list(unicodedata.normalize("NFC", text))

    for original, substitute, position in changed.replacements:
        assert chars[position] == original
        assert encoding(original) == "ucs2"
        chars[position] = substitute

    assert "".join(chars) == changed.text


@given(EDITORS)
def test_transliterate_turns_the_characters_of_editors_into_gsm7(text: str) -> None:
    assert encoding(transliterate(text).text) == "gsm7"


@given(ANY_TEXT | EDITORS)
def test_transliterate_keeps_a_text_within_gsm7(text: str) -> None:
    changed = transliterate(text)
    if encoding(text) == "gsm7":
        assert changed.replacements == ()

    assert not (encoding(text) == "gsm7" and encoding(changed.text) == "ucs2")
