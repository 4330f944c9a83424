"""Label of a screen, which a carrier echoes with the next callback."""

from __future__ import annotations

import pytest

from gateway.ussd.screen_label import ScreenLabel, parse_label


def test_label_round_trips_state_language_and_beginning() -> None:
    assert str(ScreenLabel("category", "jv")) == "category.jv"
    assert str(ScreenLabel("category", "jv", "home")) == "category.jv.home"
    assert parse_label("category.jv.3") == ScreenLabel("category", "jv", "3")
    assert parse_label("category.jv") == ScreenLabel("category", "jv")
    assert parse_label("category") == ScreenLabel("category", "")
    assert parse_label(None) is None


@pytest.mark.parametrize(
    ("label", "text"),
    [
        (ScreenLabel("describe", "id", "home57", (), 57), "describe.id.home57.57"),
        (ScreenLabel("describe", "id", "", (), 0), "describe.id..0"),
        (ScreenLabel("contact", "jv", "", ((11, 14),)), "contact.jv..11-14_"),
        (ScreenLabel("details", "en", "resume3", ((11, 14), (16, 199)), 203), "details.en.resume3.11-14_16-199_203"),
    ],
)
def test_label_round_trips_what_was_typed_with_stars(label: ScreenLabel, text: str) -> None:
    assert str(label) == text
    assert parse_label(text) == label


@pytest.mark.parametrize("text", ["main.id.home.x", "main.id..1-2", "main.id..-1", "main.id..1_2", "main.id.home.1.2"])
def test_label_with_other_marks_is_one_of_no_screen(text: str) -> None:
    assert parse_label(text) == ScreenLabel(text, "")
