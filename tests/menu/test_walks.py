"""A pack that is whole can still lead nowhere, go round or take too long: each is said, at the line of its state."""

from __future__ import annotations

import re
from datetime import date
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.menu import engine
from gateway.menu.checks.checker import check, check_menu
from gateway.menu.checks.explorer import MAX_POSITIONS, Exploration, explore
from gateway.menu.checks.longest_path import find_longest_path
from gateway.menu.checks.reachability import reachability_faults
from gateway.menu.checks.screens import measure
from gateway.menu.engine import Step
from gateway.menu.limits import DEFAULT, Limits
from gateway.menu.model import MATCHES, Menu, choices
from gateway.menu.pack.loader import load
from tests.helpers.pack_edits import EN, ID, JV, Files, all_diagnostics, edit_pack, line_at

LONGEST = (
    "language > main > notice > category (2 pages) > kecamatan > kelurahan > when > danger > keep_away > size > "
    "seen > describe > contact > confirm > ticket"
)
WITH_DATE = LONGEST.replace("when > danger", "when > date > danger")


def test_the_real_pack_can_go_live(menu: Menu) -> None:
    proof = check_menu(menu)

    assert proof.diagnostics == []
    assert str(proof.longest) == LONGEST
    assert (proof.longest.screens, proof.longest.seconds) == (15, 180)
    assert proof.largest <= 160


# old, new, what is said, and the text on the line where it is said; all in flow.yaml
NEVER_HOLDS = "danger: its only_if never holds when a dialogue comes here"
WAYS = [
    ("before: date}", "before: seen}", "date: no state leads here", "  date:"),
    (
        "when is now",
        "when is nwo",
        "danger: only_if: when is never nwo; it can be before, hour, now, today",
        "  danger:",
    ),
    (
        "when is now",
        "when is now and when is hour",
        NEVER_HOLDS,
        "  danger:",
    ),
    ("when is now", "seen is self", NEVER_HOLDS, "  danger:"),
    ("when is now", "when is nwo", "keep_away: only danger leads here, and cannot be reached", "  keep_away:"),
    (
        "when is now",
        "stage is kampanya",
        "danger: only_if: stage is never kampanya; it can be kampanye, masa_tenang, pemungutan, rekapitulasi",
        "  danger:",
    ),
    ("when is now", "when at least 2", "danger: only_if: when is never a number", "  danger:"),
    ("when is now", "when_date is monday", "danger: only_if: when_date is never monday", "  danger:"),
    ("when is now", "area is 33.75.01.1001", "danger: only_if: area is never 33.75.01.1001", "  danger:"),
    (
        "reports_today at least 5",
        "reports_today is many",
        "limit: only_if: reports_today is never many",
        "  limit:",
    ),
    (
        "reports_today at least 5",
        "when is not now",
        "notice: no dialogue comes here: the condition of limit always holds",
        "  notice:",
    ),
    ("erase: erase}", "erase: details}", "erase: no state leads here", "  erase:"),
    ("erase: erase}", "erase: details}", "erasing: only erase leads here, and cannot be reached", "  erasing:"),
    ("resume: unfinished", "", "unfinished: no state leads here", "  unfinished:"),
    (
        "choose: {yes: confirm, no: confirm}",
        "choose: {yes: describe, no: describe}",
        "contact: no end can be reached from here",
        "  contact:",
    ),
    (
        "choose: {yes: confirm, no: confirm}",
        "choose: {yes: describe, no: describe}",
        "category: no end can be reached from here",
        "  category:",
    ),
    (
        "  notice:\n",
        "  notice:\n    only_if: reports_today at least 6\n    otherwise: limit\n",
        "limit: otherwise leads in a cycle, and no only_if in it need hold: limit, notice",
        "  limit:",
    ),
    (
        "  main:\n",
        "  main:\n    only_if: reports_today at least 1\n    otherwise: about\n",
        "main: it is shown whatever its only_if says: home leads here",
        "  main:",
    ),
    (
        "self: describe",
        "self: which_place",
        "which_place: it can be reached without an answer to place_name",
        "  which_place:",
    ),
    (
        "self: describe",
        "self: kelurahan",
        "kelurahan: it can be reached without an answer to kecamatan",
        "  kelurahan:",
    ),
    (
        "failed: not_sent",
        "failed: send",
        "send: effects lead to one another in a cycle without a screen: send",
        "  send:",
    ),
    (
        "when is now",
        "when in [now, before]",
        f"{WITH_DATE}: 16 screens take 192 s; a session ends at 180 s",
        "  language:",
    ),
    ("answers: {category: asn}", "answers: {category: ans}", "shortcut 11: category is never ans", "  11: {to"),
    (
        "{to: limit, answers: {category: asn}",
        "{to: ask_ticket, answers: {category: asn}",
        "shortcut 11: the answer category has no use: no path from ask_ticket asks for it",
        "  11: {to",
    ),
    (
        "{to: limit, answers: {category: asn}",
        "{to: main, answers: {category: asn}",
        "shortcut 11: the answer category has no use: no path from main asks for it",
        "  11: {to",
    ),
    ("9: {to: ask_ticket", "9: {to: ticket", "shortcut 9: it leads to ticket, which is an end", "  9: {to"),
    (
        "9: {to: ask_ticket",
        "9: {to: send",
        "shortcut 9: it leads to send, which files a report before anything is asked",
        "  9: {to",
    ),
]


@pytest.mark.parametrize(("old", "new", "message", "line"), WAYS, ids=[message for _, _, message, _ in WAYS])
def test_ways(files: Files, old: str, new: str, message: str, line: str) -> None:
    pack = edit_pack(files, "flow.yaml", old, new)

    assert [one for one in all_diagnostics(pack) if one.startswith(f"{line_at(pack, 'flow.yaml', line)}: {message}")]


def test_a_channel_may_bound_the_hops(menu: Menu) -> None:
    fourteen, fifteen = (list(map(str, check(menu, Limits(hops=hops)))) for hops in (14, 15))

    assert [one for one in fourteen if f"{LONGEST}: 15 screens; a dialogue ends after 14" in one]
    assert not [one for one in fifteen if "a dialogue ends" in one]


# Walking -----------------------------------------------------------------------------------------------------


def walk_through(menu: Menu, most: int = MAX_POSITIONS) -> Exploration:
    return explore(menu, measure(menu, DEFAULT, frozenset()).page_numbers, most)


@pytest.fixture(scope="module")
def walked(menu: Menu) -> Exploration:
    return walk_through(menu)


def test_a_state_for_one_stage_is_reached_in_it(files: Files) -> None:
    pack = edit_pack(files, "flow.yaml", "when is now", "stage is masa_tenang")

    assert walk_through(load(pack)).reached == load(pack).states.keys()


def test_conditions_that_exclude_each_other_do_not_add_up(files: Files) -> None:
    """`size` is asked of all but those who were asked `danger`: the way is no longer than before."""
    pack = edit_pack(files, "flow.yaml", "no: size, unknown: size}", "no: seen, unknown: seen}")
    pack = edit_pack(pack, "flow.yaml", "    choose: {go: size}", "    choose: {go: seen}")
    pack = edit_pack(pack, "flow.yaml", "    otherwise: seen\n", "    otherwise: size\n")
    pack = edit_pack(pack, "flow.yaml", "before: date}", "before: size}")
    pack = edit_pack(pack, "flow.yaml", "skip: danger}\n    next: danger", "skip: seen}\n    next: seen")

    assert check_menu(load(pack)).longest.screens == 14


def test_a_way_that_comes_back_to_the_menu_is_walked_once(files: Files) -> None:
    """Who may start again at the end makes one knot of the whole menu."""
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

    assert check_menu(load(pack)).longest.screens == 15


TYPED = {"text": "halo", "date": "2711", "ticket": "7340-2817"}
PLACES = ("Klego", "kurip", "krapyak", "pasir")  # one place for sure, and some that may be meant
TODAY = date(2026, 11, 28)


def answer(menu: Menu, led: Step, number: int, facts: dict[str, str]) -> tuple[Step, int]:
    """Answer the screen as a resident would, turning pages until the option is in sight; with the screens it took."""
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
def test_no_dialogue_is_longer_than_the_longest_way(
    menu: Menu, walked: Exploration, numbers: list[int], reports: str
) -> None:
    facts = {"reports_today": reports}
    led, been, taken = engine.begin(menu, given=facts), set[str](), 0
    for number in numbers:
        state = menu.states[led.session.state]
        if state.kind.name in ("end", "tell", "revise") or state.name in been:
            break
        been.add(state.name)
        led, screens = answer(menu, led, number, facts)
        slip = state.is_narrowed and menu.states[led.session.state].source == MATCHES  # costs what a wrong number costs
        taken += 0 if slip else screens
        assert not led.session.error
        while led.effect:
            outcomes = list(menu.states[led.session.state].options)
            led = engine.resume(menu, led.session, outcomes[number % len(outcomes)], given=facts)
        assert led.session.state in walked.reached

    assert taken <= find_longest_path(menu, walked).screens


# Size --------------------------------------------------------------------------------------------------------


def test_three_packs_are_proven_in_a_moment(files: Files) -> None:
    """One of them with the 285 places of a kabupaten, in 19 kecamatan."""
    rows = [
        f"33.26.{parent:02}.{2000 + place},Desa {chr(65 + place)}{parent * place},33.26.{parent:02},Kecamatan {parent}"
        for parent in range(1, 20)
        for place in range(1, 16)
    ]
    assert len(rows) == 285
    large = {name: text for name, text in files.items() if name not in ("aliases.csv", "neighbours.csv")}
    large["areas.csv"] = "\n".join(["code,name,kecamatan_code,kecamatan", *rows])
    before = process_time()
    proofs = [check_menu(load(pack)) for pack in (files, files, large)]

    assert process_time() - before < 5
    assert re.search(r"kecamatan \([45] pages\) > kelurahan \([23] pages\)", str(proofs[2].longest))


def test_a_name_that_is_asked_back_within_a_kecamatan_is_a_slip(files: Files) -> None:
    """It costs the screen that a wrong number costs. On the list before, it stands for the list that is passed over."""
    longer = edit_pack(files, "flow.yaml", "    next: kelurahan\n", "    next: place_name\n")

    assert "kecamatan > kelurahan > when" in str(check_menu(load(files)).longest)
    assert "kecamatan > place_name > which_place > when" in str(check_menu(load(longer)).longest)


def test_a_menu_beyond_proof_is_refused(menu: Menu) -> None:
    found = [str(one) for one in reachability_faults(menu, walk_through(menu, most=20))]

    assert len(found) == 1
    assert found[0].startswith(f"flow.yaml:{menu.states['language'].line}: language: there are too many paths")
