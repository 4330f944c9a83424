"""Every path through a menu is explored, and a real dialogue takes no other."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.menu import engine
from gateway.menu.checks.checker import check_menu
from gateway.menu.checks.explorer import MAX_POSITIONS, Exploration, explore
from gateway.menu.checks.longest_path import find_longest_path
from gateway.menu.checks.reachability import reachability_faults
from gateway.menu.checks.screens import measure
from gateway.menu.engine import Step
from gateway.menu.limits import DEFAULT
from gateway.menu.model import MATCHES, Menu, choices
from gateway.menu.pack.loader import load
from tests.helpers.pack_edits import EN, ID, JV, Files, edit_pack


def walk_through(menu: Menu, most: int = MAX_POSITIONS) -> Exploration:
    return explore(menu, measure(menu, DEFAULT, frozenset()).page_numbers, most)


@pytest.fixture(scope="module")
def walked(menu: Menu) -> Exploration:
    return walk_through(menu)


def test_state_for_one_stage_is_reached_in_it(files: Files) -> None:
    pack = edit_pack(
        files, "flow.yaml", "when in [now, hour] and category in [gesekan, ancam, tps, lain]", "stage is masa_tenang"
    )

    assert walk_through(load(pack)).reached == load(pack).states.keys()


def test_cycle_through_the_whole_menu_is_explored_once(files: Files) -> None:
    """A choice to start again at the end makes one knot of the whole menu."""
    pack = edit_pack(
        files,
        "flow.yaml",
        "  confirm:\n    choose: {send: send, ",
        "  confirm:\n    choose: {again: main, send: send, ",
    )
    for language in (ID, EN, JV):
        pack = edit_pack(
            pack, language, "    send: K" if language != EN else "    send: S", "    again: Again\n    send: X"
        )

    assert check_menu(load(pack)).longest.screens == 14


TYPED = {"text": "halo", "date": "2711", "ticket": "7340-2817"}


PLACES = ("Klego", "kurip", "krapyak", "pasir")  # one place for sure, and some that may be meant


TODAY = date(2026, 11, 28)


def answer(menu: Menu, led: Step, number: int, facts: dict[str, str]) -> tuple[Step, int]:
    """Answer the screen as a resident would, turning pages to the option. Returns also how many screens it took."""
    session = led.session
    state = menu.states[session.state]
    if state.kind.is_typed or (state.or_type and number > 8):
        keys = TYPED.get(state.source, PLACES[number % len(PLACES)])
        return engine.step(menu, session, keys, given=facts, today=TODAY), 1
    if state.zero and number > 8:
        return engine.step(menu, session, "0", given=facts), 1
    offered = list(choices(menu, state, session.answers.get(state.within, "")))
    keys, screens = offered[number % len(offered)], 1
    while f"\n{keys}." not in led.screen:
        led, screens = engine.step(menu, led.session, "98", given=facts), screens + 1
    return engine.step(menu, led.session, keys, given=facts), screens


@settings(max_examples=300, deadline=None)
@given(numbers=st.lists(st.integers(0, 9), min_size=30, max_size=30), reports=st.sampled_from(["", "0", "5"]))
def test_no_dialogue_is_longer_than_the_longest_path(
    menu: Menu, walked: Exploration, numbers: list[int], reports: str
) -> None:
    facts = {"reports_today": reports}
    led, been, taken = engine.begin(menu, given=facts), set[str](), 0
    for number in numbers:
        state = menu.states[led.session.state]
        if state.name in been:
            return  # back where it was: the longest path has no circle
        if state.kind.name in ("end", "tell", "revise"):
            break
        been.add(state.name)
        led, screens = answer(menu, led, number, facts)
        slip = state.is_narrowed and menu.states[led.session.state].source == MATCHES  # costs what a wrong number costs
        taken += 0 if slip else screens
        assert not led.session.error
        if led.effect == "delete_draft":
            return  # the report is given up: that is not counted
        while led.effect:
            outcomes = list(menu.states[led.session.state].options)
            led = engine.resume(menu, led.session, outcomes[number % len(outcomes)], given=facts)
        assert led.session.state in walked.reached

    assert taken <= find_longest_path(menu, walked).screens


def test_menu_with_too_many_positions_is_refused(menu: Menu) -> None:
    found = [str(one) for one in reachability_faults(menu, walk_through(menu, most=20))]

    assert len(found) == 1
    assert found[0].startswith(f"flow.yaml:{menu.states['language'].line}: language: there are too many paths")
