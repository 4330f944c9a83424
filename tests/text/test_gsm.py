"""GSM-7 alphabet, septets, parts and packing of texts (facts/protocols.md E.1, E.2, E.4)."""

from __future__ import annotations

import sys
import unicodedata
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.text.gsm import NotGsm7, cost, encoding, packed_octets, parts, septets, utf16_units

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"future(\.|$)")
    import smsutil

# Written once more, in the order of the codes, so that a typing error in the module is found.
BASIC = [
    *"@£$¥èéùìò", "\u00c7", "\n", "Ø", "ø", "\r", "Å", "å",
    "\u0394", "_", "\u03a6", "\u0393", "\u039b", "\u03a9", "\u03a0", "\u03a8", "\u03a3", "\u0398", "\u039e",
    *"ÆæßÉ",
    *(chr(code) for code in range(0x20, 0x40) if code != 0x24), "\u00a4",
    "\u00a1", *(chr(code) for code in range(0x41, 0x5B)), "\u00c4", "\u00d6", "\u00d1", "\u00dc", "\u00a7",
    "\u00bf", *(chr(code) for code in range(0x61, 0x7B)), "\u00e4", "\u00f6", "\u00f1", "\u00fc", "\u00e0",
]  # fmt: skip
EXTENSION = list("\f^{}\\[~]|€")
EASILY_OVERLOOKED = "`çêâáíóúÈÀÊ\t\u00a0“”\u2018\u2019\u2013\u2014…•°²\u200b\u200d\ufeff😀\x1b\x00\x7f\ua98a"

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=400)
GSM = st.text(st.sampled_from(BASIC + EXTENSION), max_size=700)
# No marks and joiners: smsutil cuts between code points.
BY_CODE_POINT = st.text(
    st.sampled_from([char for char in BASIC if char != "\r"] + EXTENSION + list("ê“—😀🗳文")), max_size=400
)


def test_alphabet_is_complete() -> None:
    assert len(set(BASIC)) == 127
    assert [septets(char) for char in BASIC] == [1] * 127
    assert [septets(char) for char in EXTENSION] == [2] * 10


def test_no_other_character_of_unicode_is_in_the_alphabet() -> None:
    """Except four signs that are composed into one that is: the ohm, kelvin and angstrom, the Greek question mark."""
    found = {chr(code) for code in range(sys.maxunicode + 1) if encoding(chr(code)) == "gsm7"}
    assert found - {*BASIC, *EXTENSION} == {"\u2126", "\u212a", "\u212b", "\u037e"}


@pytest.mark.parametrize("char", EASILY_OVERLOOKED)
def test_encoding_is_ucs2_with_one_foreign_character(char: str) -> None:
    assert encoding(f"Laporan {char} diterima") == "ucs2"


def test_septets_error_names_the_character_and_its_position() -> None:
    with pytest.raises(NotGsm7, match=r"'“' \(U\+201C, LEFT DOUBLE QUOTATION MARK\).* character 8 ") as refusal:
        septets("Lapor {“aman”")
    assert (refusal.value.character, refusal.value.index) == ("“", 7)


def test_septets_error_of_a_control_character_is_readable() -> None:
    with pytest.raises(NotGsm7, match=r"'\\x1b' \(U\+001B, a control character\)"):
        septets("\x1b")


@pytest.mark.parametrize(
    ("text", "count"),
    [("", 0), ("a", 1), ("€", 2), ("[110]", 7), ("\f", 2), ("e\u0301", 1), ("é", 1), ("a" * 1000, 1000)],
)
def test_septets(text: str, count: int) -> None:
    assert septets(text) == count


@pytest.mark.parametrize(("text", "count"), [("", 0), ("文", 1), ("😀", 2), ("e\u0301", 1), ("a😀b", 4)])
def test_utf16_units(text: str, count: int) -> None:
    assert utf16_units(text) == count


@pytest.mark.parametrize(
    ("text", "lengths"),
    [
        ("", [0]),
        ("a" * 160, [160]),
        ("a" * 161, [153, 8]),
        ("a" * 306, [153, 153]),
        ("a" * 307, [153, 153, 1]),
        ("€" * 80, [80]),
        ("€" * 81, [76, 5]),  # 153 septets hold 76 pairs
        ("a" * 152 + "€" + "a" * 10, [152, 11]),
        ("a" * 151 + "€" + "a" * 10, [152, 10]),
        ("a" * 152 + "\r\n" + "a" * 10, [152, 12]),
        ("文" * 70, [70]),
        ("文" * 71, [67, 4]),
        ("文" * 134, [67, 67]),
        ("😀" * 35, [35]),
        ("😀" * 36, [33, 3]),  # 67 units hold 33 pairs
        ("文" * 66 + "😀" + "文" * 10, [66, 11]),
        ("“" + "a" * 69, [70]),
        ("“" + "a" * 70, [67, 4]),
        ("e\u0301" * 160, [160]),
    ],
)
def test_parts(text: str, lengths: list[int]) -> None:
    assert [len(part) for part in parts(text)] == lengths


@pytest.mark.parametrize(
    "cluster",
    [
        "x\u0323\u0302",  # a letter and two accents that compose into nothing
        "👍🏽",
        "👨‍👩‍👧",
        "🇮🇩",
        "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
        "\ua98f\ua9ba",  # Javanese ka and its vowel
        "\u2764\ufe0f",
    ],
)
def test_parts_never_cut_a_grapheme_cluster(cluster: str) -> None:
    for length in range(40, 68):
        assert "".join(parts("文" * length + cluster * 12)) == "文" * length + cluster * 12
        for part in parts("文" * length + cluster * 12):
            assert not part.lstrip("文").replace(cluster, "")


def test_parts_cut_a_cluster_longer_than_a_part() -> None:
    text = "文" + "\u0323" * 150
    assert [len(part) for part in parts(text)] == [67, 67, 17]


@pytest.mark.parametrize(
    ("length", "octets"),
    [(0, 0), (1, 1), (7, 7), (8, 7), (9, 8), (160, 140), (175, 154), (182, 160), (183, 161)],
)
def test_packed_octets(length: int, octets: int) -> None:
    assert packed_octets("a" * length) == octets


def test_packed_octets_counts_an_extension_character_twice() -> None:
    assert packed_octets("€" * 91) == 160
    with pytest.raises(NotGsm7):
        packed_octets("“")


@given(GSM)
def test_packed_octets_equals_the_bits_that_a_phone_unpacks(text: str) -> None:
    """Packed bit by bit, with CR in seven spare bits."""
    bits = 7 * len(smsutil.encode(text))
    spare = -bits % 8

    assert packed_octets(text) == (bits + (7 if spare == 7 else spare) + 7) // 8 == (bits + 7) // 8


@given(BY_CODE_POINT.filter(bool))
def test_parts_and_encoding_equal_those_of_smsutil(text: str) -> None:
    text = unicodedata.normalize("NFC", text)
    oracle = smsutil.split(text)

    assert parts(text) == [part.content for part in oracle.parts]
    assert encoding(text) == ("gsm7" if smsutil.is_valid_gsm(text) else "ucs2")


@given(GSM)
def test_septets_equal_the_encoding_of_smsutil(text: str) -> None:
    assert septets(text) == len(smsutil.encode(text))
    assert "".join(parts(text)) == text

    room = 160 if septets(text) <= 160 else 153
    assert all(septets(part) <= room for part in parts(text))


@given(ANY_TEXT)
def test_parts_of_any_text_fit_and_lose_nothing(text: str) -> None:
    cut = parts(text)
    assert "".join(cut) == unicodedata.normalize("NFC", text)
    assert len(cut) == 1 or all(cut)

    if encoding(text) == "gsm7":
        assert all(septets(part) <= (160 if len(cut) == 1 else 153) for part in cut)
    else:
        assert all(_utf16(part) <= (70 if len(cut) == 1 else 67) for part in cut)
        assert all(part.encode("utf-16-le").decode("utf-16-le") == part for part in cut)


@given(ANY_TEXT)
def test_cost_is_that_of_the_transliterated_text(text: str) -> None:
    shown = cost(text)

    assert shown.encoding == encoding(shown.text)
    assert shown.parts == len(parts(shown.text))
    assert shown.length == (septets(shown.text) if shown.encoding == "gsm7" else utf16_units(shown.text))


def test_cost_shows_every_replacement() -> None:
    shown = cost("Rapat \u201cwarga\u201d \u2013 jam 7\u2026" + "x" * 140)

    assert (shown.encoding, shown.length, shown.parts) == ("gsm7", 164, 2)
    assert [(change.original, change.substitute, change.position) for change in shown.replacements] == [
        ("\u201c", '"', 6),
        ("\u201d", '"', 12),
        ("\u2013", "-", 14),
        ("\u2026", "...", 21),
    ]
    assert cost("Halo \U0001f44d").encoding == "ucs2"
    assert cost("Halo \U0001f44d").length == 7


@given(ANY_TEXT)
def test_septets_and_encoding_agree(text: str) -> None:
    if encoding(text) == "gsm7":
        assert septets(text) >= len(unicodedata.normalize("NFC", text))
    else:
        with pytest.raises(NotGsm7) as refusal:
            septets(text)
        assert unicodedata.normalize("NFC", text)[refusal.value.index] == refusal.value.character


def _utf16(text: str) -> int:
    return sum(2 if ord(char) > 0xFFFF else 1 for char in text)
