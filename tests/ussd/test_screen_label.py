"""Label of a screen, which a carrier echoes with the next callback."""

from __future__ import annotations

from gateway.ussd.screen_label import ScreenLabel, parse_label


def test_label_round_trips_state_language_and_beginning() -> None:
    assert str(ScreenLabel("category", "jv")) == "category.jv"
    assert str(ScreenLabel("category", "jv", "home")) == "category.jv.home"
    assert parse_label("category.jv.3") == ScreenLabel("category", "jv", "3")
    assert parse_label("category.jv") == ScreenLabel("category", "jv")
    assert parse_label("category") == ScreenLabel("category", "")
    assert parse_label(None) is None
