"""Screens without options."""

from __future__ import annotations

import pytest

from gateway.menu import engine
from gateway.menu.model import Menu
from gateway.menu.pack.loader import load
from tests.helpers.dialogue import walk
from tests.helpers.pack_edits import Files, all_diagnostics, edit_pack, line_at


def test_wrong_input_in_help_that_an_option_leads_to_stays_there(files: Files) -> None:
    menu = load(edit_pack(files, "flow.yaml", "about: about}", "about: help}"))

    assert walk(menu, "1 5 77 77 77 77").session.state == "help"
    assert walk(menu, "1 5 77 77 77 77 0").session.state == "main"


@pytest.mark.parametrize(("keys", "error"), [("1", "choice"), ("98", "choice"), ("", "empty")])
def test_tell_accepts_only_navigation_keys(menu: Menu, keys: str, error: str) -> None:
    told = walk(menu, "1 5 1")
    led = engine.step(menu, told.session, keys)

    assert told.session.state == "your_data"
    assert (led.session.state, led.session.error) == ("your_data", error)
    assert walk(menu, "0", told.session).session.state == "about"


def test_dialogue_may_finish_with_tell(files: Files) -> None:
    """The pack has no fault with it. With a question in its place, no end can be reached from there."""
    question = edit_pack(files, "flow.yaml", "your_data: {tell: true}", "your_data: {choose: {again: your_data}}")

    found = all_diagnostics(question)

    assert f"{line_at(question, 'flow.yaml', '  your_data:')}: your_data: no end can be reached from here" in found
