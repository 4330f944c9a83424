"""Typed answers: what is taken, and the reason why the rest is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.menu.kinds.inputs import has_words, parse_input
from gateway.menu.model import Menu
from tests.helpers.dialogue import TODAY


@pytest.mark.parametrize(
    ("state", "typed", "value", "error"),
    [
        ("describe", "ribut", "ribut", ""),
        ("describe", "", "", "empty"),
        ("describe", "a" * 182, "a" * 182, ""),
        ("describe", "a" * 183, "", "long"),
        ("date", "27 nov", "2026-11-27", ""),
        ("date", "besok", "", "future"),
        ("date", "31/2", "", "no_day"),
        ("date", "1 jan", "", "old"),
        ("date", "entah", "", "date"),
        ("date", "", "", "empty"),
        ("ask_ticket", "7340 2817", "7340-2817", ""),
        ("ask_ticket", "7340 2818", "", "ticket"),
        ("place_name", "klego", "klego", ""),
        ("place_name", "surabaya", "", "place"),
    ],
)
def test_parse_input_gives_the_answer_or_a_reason(menu: Menu, state: str, typed: str, value: str, error: str) -> None:
    assert parse_input(menu, menu.states[state], typed, TODAY)[:2] == (value, error)


def test_parse_input_tells_too_short_from_empty(menu: Menu) -> None:
    asked = replace(menu.states["describe"], least=5)

    assert [parse_input(menu, asked, typed, TODAY).error for typed in ("", "ada", "ada 1")] == ["empty", "short", ""]


@pytest.mark.parametrize(
    ("typed", "expected"), [("klego", True), ("rt 3", True), ("3", False), ("a", False), ("", False)]
)
def test_has_words(typed: str, expected: bool) -> None:
    assert has_words(typed) is expected
