"""Words of typed text, and the keywords that a text can contain."""

from __future__ import annotations

import pytest

from gateway.text.words import is_findable, normalised, readable, words

READABLE = [
    ("LA\u200bPOR 3 KLEGO", "LAPOR 3 KLEGO"),
    ("S\u00adT\u00adO\u00adP", "STOP"),
    ("ST\u200d\u200cOP", "STOP"),
    ("L\u202aAPO\u202cR", "LAPOR"),
    ("LAP\ufeffOR\u2060 3", "LAPOR\u2060 3"),  # beside a word it hides nothing
    ("\u200eLAPOR", "\u200eLAPOR"),
    ("LAPOR \u0663 \uff13", "LAPOR 3 3"),
    ("\u06f7\u06f3\u06f4\u06f0-2817", "7340-2817"),
    ("Kle\u0301go", "Kl\u00e9go"),
    ("\U0001f468\u200d\U0001f469\u200d\U0001f467 api", "\U0001f468\u200d\U0001f469\u200d\U0001f467 api"),
    ("", ""),
]


@pytest.mark.parametrize(("typed", "text"), READABLE)
def test_readable_shows_what_people_see(typed: str, text: str) -> None:
    assert readable(typed) == text


NORMALISED = [
    ("  Lapor: 3, KLEGO!! ", "lapor 3 klego"),
    ("\uff2c\uff21\uff30\uff2f\uff32", "lapor"),
    ("Kl\u00e9go", "klego"),
    ("LA\u200bPOR", "lapor"),
    ("3\ufe0f\u20e3 klego", "3 klego"),
    ("MA'AF", "ma af"),
    ("\U0001f198", ""),
]


@pytest.mark.parametrize(("typed", "text"), NORMALISED)
def test_normalised_leaves_words_only(typed: str, text: str) -> None:
    assert normalised(typed) == text


def test_words_have_the_position_of_their_end() -> None:
    assert list(words("Lapor, 3")) == [("lapor", 5), ("3", 8)]


@pytest.mark.parametrize("keyword", ["LAPOR", "lpr", "3", "vote buying", "Kl\u00e9go", "surat suara"])
def test_is_findable_accepts_letters_and_digits(keyword: str) -> None:
    assert is_findable(keyword)


@pytest.mark.parametrize(
    "keyword",
    [
        "\u201cBANTUAN\u201d",
        "TULUNG\u200b",
        "TU\u200bLUNG",
        "\U0001f198",
        "MA'AF",
        "MA\u2019AF",
        "a  b",
        " a",
        "a ",
        "",
        "a-b",
        "LAPOR!",
        "\u00adSTOP",
    ],
)
def test_is_findable_refuses_marks_and_invisible_characters(keyword: str) -> None:
    assert not is_findable(keyword)
