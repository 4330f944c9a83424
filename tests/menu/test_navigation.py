"""Moves along a shortcut, and past questions that are answered already."""

from __future__ import annotations

from gateway.menu import engine
from gateway.menu.engine import valid_answers
from gateway.menu.model import Menu
from gateway.menu.pack.loader import load
from tests.helpers.dialogue import GIVEN, walk
from tests.helpers.pack_edits import Files


def test_shortcut_gives_an_answer_in_advance(menu: Menu) -> None:
    led = engine.begin(menu, given=GIVEN, language="en", shortcut="13")
    assert led.session.state == "notice"

    at_place = walk(menu, "1", led.session)
    assert at_place.session.state == "kecamatan"
    assert valid_answers(menu, at_place.session) == {"category": "gesekan"}


def test_back_from_a_shortcut_leads_to_the_main_menu(menu: Menu) -> None:
    led = engine.begin(menu, given=GIVEN, shortcut="20")

    assert led.session.state == "ask_ticket"
    assert walk(menu, "0", led.session).session.state == "main"


def test_answer_of_a_shortcut_can_be_given_again(menu: Menu) -> None:
    led = walk(menu, "1 0 5 3 1 3 1 0 1", engine.begin(menu, given=GIVEN, shortcut="13").session)

    assert led.session.state == "confirm"
    assert valid_answers(menu, led.session)["category"] == "hoaks"


def test_shortcut_does_not_bypass_a_condition(menu: Menu) -> None:
    full = {**GIVEN, "reports_today": "5"}
    led = engine.begin(menu, given=full, shortcut="13")

    assert led.session.state == "limit"
    assert engine.step(menu, led.session, "1", given=full).session.state == "ask_ticket"


def test_undeclared_suffix_is_no_shortcut(menu: Menu) -> None:
    assert engine.begin(menu, given=GIVEN, shortcut="77") == engine.begin(menu, given=GIVEN)


def test_shortcut_answers_in_a_cycle_do_not_hang(files: Files) -> None:
    flow = files["flow.yaml"].replace("  20: {to: ask_ticket}", "  20: {to: seen, answers: {seen: told, contact: yes}}")
    flow = flow.replace("told: describe", "told: contact").replace(
        "{yes: confirm, no: confirm}", "{yes: seen, no: confirm}"
    )

    assert engine.begin(load({**files, "flow.yaml": flow}), given=GIVEN, shortcut="20").session.state in (
        "seen",
        "contact",
    )
