"""Placeholders of the message catalogue."""

from __future__ import annotations

import pytest

from gateway.text.wording import fill, fill_constants, literal_text, placeholders


def test_placeholders_are_the_names_in_braces() -> None:
    assert placeholders("Laporan {ticket} untuk {place}, {ticket}") == {"ticket", "place"}


@pytest.mark.parametrize("template", ["{", "}", "{}", "{0}", "{a.b}", "{a!r}", "{a:>5}"])
def test_placeholders_refuse_anything_but_a_name(template: str) -> None:
    with pytest.raises(ValueError):
        placeholders(template)


def test_fill_does_not_read_values_as_templates() -> None:
    assert fill("Laporan {ticket}", {"ticket": "{other}"}) == "Laporan {other}"


@pytest.mark.parametrize("text", ["", " ", "a {b}", "\u2018a\u2019"])
def test_literal_text_refuses_what_a_screen_cannot_show(text: str) -> None:
    with pytest.raises(ValueError):
        literal_text(text)


def test_literal_text_returns_its_text() -> None:
    assert literal_text("Medono, \u20ac") == "Medono, \u20ac"


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        ("Darurat: {sos}, {ticket}", "Darurat: 112, {ticket}"),
        ("{{sos}} {sos}", "{{sos}} 112"),
        ("{ticket}", "{ticket}"),
        ("{sos} {", "{sos} {"),
        ("{sos!r}", "{sos!r}"),
    ],
)
def test_constants_are_filled_in_and_nothing_else(template: str, filled: str) -> None:
    assert fill_constants(template, {"sos": "112"}) == filled
