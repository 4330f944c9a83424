"""Golden dialogues: each file reads as the phone does (`player` says how), and the real packs must answer exactly so.

`make test TEST_ARGS=--update` writes the screens anew: the difference is the review.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from gateway.menu.checks.checker import check_menu
from gateway.menu.limits import DEFAULT
from gateway.menu.model import Menu
from gateway.menu.pack.loader import load
from gateway.menu.paging import navigation_lines, pages
from gateway.runtime.pack_folder import read_pack
from tests.helpers.player import PACK, DialoguePhone, pack_of

HERE = Path(__file__).parent
MENUS = HERE.parents[1] / "menus"
DIALOGUES = sorted(HERE.glob("*.txt"))
PACKS = sorted(path.parent.name for path in MENUS.glob("*/flow.yaml"))

REQUIRED = {
    "the nine categories": (
        "officials-id vote-buying-today-jv clash-now-with-danger-id threat-just-now-en hoax-on-a-day-id "
        "signs-jv forbidden-campaign-en polling-place-now-en other-id"
    ),
    "moving about": (
        "back-through-every-screen back-from-the-rest home-from-anywhere home-from-every-question home-from-the-rest "
        "language-and-about change-at-the-end cancel skip"
    ),
    "what goes wrong": "wrong-input three-wrong-inputs-id three-wrong-inputs-jv three-wrong-inputs-en star-in-the-text",
    "how filing ends": "report-kept report-perhaps-sent report-not-sent limit-reached limit-reached-jv",
    "danger": (
        "danger-first-call-id danger-first-call-jv danger-first-call-en danger-typed-place-id danger-typed-place-jv "
        "danger-ordinary-jv danger-ordinary-en danger-back-and-home danger-kept danger-not-added danger-at-the-limit "
        "danger-two-reports tegal-danger kab-danger-first-id kab-danger-back-and-home"
    ),
    "the number": "privacy-notice kab-privacy-notice",
    "resuming": "resume-continue resume-again resume-delete resume-not-worth-it",
    "shortcuts": (
        "shortcut-category shortcut-status shortcut-at-the-limit shortcut-after-a-drop suffix-as-keystrokes "
        "suffix-that-leads-nowhere"
    ),
    "status": "status-add-details status-erase-jv status-none-en status-locked status-unavailable",
    "appeals": "subscribe-by-list subscribe-by-name-jv unsubscribe-en official-appeals",
    "typed places": (
        "place-sure place-several place-unknown place-old-name place-changed-at-the-end place-on-the-list "
        "kab-place-on-the-list subscribe-by-name-on-the-list"
    ),
    "tidal flood": "rob-evacuation-jv rob-evacuation-id rob-report-id rob-report-jv",
    "Kabupaten Pekalongan": (
        "kab-official-appeals kab-pages kab-typed-village kab-same-name-twice kab-danger-jv kab-report-jv "
        "kab-status-and-appeals-jv kab-resume "
        "kab-back-from-every-screen kab-back-from-status-and-appeals kab-home-from-every-screen "
        "kab-home-from-status-and-appeals"
    ),
    "Kota Tegal": "tegal-whole-id tegal-whole-jv tegal-whole-en tegal-status-and-appeals",
}


@cache
def menu(pack: str) -> Menu:
    return load(read_pack(MENUS / pack))


@pytest.mark.parametrize("path", DIALOGUES, ids=lambda path: path.stem)
def test_dialogue_plays_as_recorded(path: Path, request: pytest.FixtureRequest) -> None:
    recorded = path.read_text(encoding="utf-8")
    said = "".join(DialoguePhone(menu(pack_of(recorded))).play(recorded))

    if request.config.getoption("--update"):
        path.write_text(said, encoding="utf-8")

    assert said == path.read_text(encoding="utf-8")


def test_no_required_dialogue_is_missing() -> None:
    required = {name for names in REQUIRED.values() for name in names.split()}

    assert required == {path.stem for path in DIALOGUES}


def test_every_category_of_pekalongan_is_filed_in_a_dialogue() -> None:
    played = _played(PACK)

    assert [category for category in menu(PACK).categories if f"file_report (category {category}, " not in played] == []


@pytest.mark.parametrize("pack", PACKS)
def test_report_is_filed_in_every_language_of_every_pack(pack: str) -> None:
    played = _played(pack)

    for wording in menu(pack).wordings.values():
        assert wording.heading("ticket").splitlines()[0].format(ticket="7340-2817") in played


def test_every_screen_of_pekalongan_is_shown_in_a_dialogue() -> None:
    seen = {name for phone in _phones(PACK) for name in phone.seen}

    assert seen == {name for name, state in menu(PACK).states.items() if not state.kind.runs_effect}


@pytest.mark.parametrize("pack", [PACK, "kab-pekalongan"])
def test_back_home_and_more_are_pressed_wherever_they_lead_on(pack: str) -> None:
    moved = {move for phone in _phones(pack) for move in phone.moved}

    assert [f"{state}: {key}" for state, key in _moves(menu(pack)) if (state, key) not in moved] == []


def _moves(known: Menu) -> Iterator[tuple[str, str]]:
    """Yield every state that waits for input, with the navigation keys that it offers. Home works everywhere."""
    words = known.wordings[known.language]
    for state in known.states.values():
        if not state.kind.waits_for_input:
            continue
        yield state.name, "home"
        if navigation_lines(known, state, words, DEFAULT):
            yield state.name, "back"
        withins = known.areas.regions if state.within and state.source == "kelurahan" else ("",)
        if any(len(pages(known, state, words.language, within, DEFAULT)) > 1 for within in withins):
            yield state.name, "more"


def _phones(pack: str) -> Iterator[DialoguePhone]:
    """Play the dialogues of a pack. Yields a phone for each."""
    for text in _texts(pack):
        phone = DialoguePhone(menu(pack))
        assert list(phone.play(text))
        yield phone


def _played(pack: str) -> str:
    return "".join(_texts(pack))


def _texts(pack: str) -> list[str]:
    texts = [path.read_text(encoding="utf-8") for path in DIALOGUES]
    return [text for text in texts if pack_of(text) == pack]


def _screens_to_ticket(recorded: str) -> int:
    """Count the screens that are answered from the first dial to the first ticket."""
    before, filed, _ = recorded.partition("~ file_report")
    assert filed
    return len(re.findall(r"^> ", before, re.MULTILINE))


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("danger-first-call-id", 6),
        ("danger-first-call-jv", 6),
        ("danger-first-call-en", 5),
        ("tegal-danger", 6),
        ("kab-danger-first-id", 4),
        ("clash-now-with-danger-id", 8),
        ("danger-ordinary-jv", 7),
        ("kab-danger-jv", 5),
    ],
)
def test_danger_is_filed_after_so_many_screens(name: str, most: int) -> None:
    assert _screens_to_ticket((HERE / f"{name}.txt").read_text(encoding="utf-8")) == most


@pytest.mark.parametrize("pack", PACKS)
def test_longest_way_of_every_pack_has_fourteen_screens(pack: str) -> None:
    assert check_menu(menu(pack)).longest.screens <= 14


@pytest.mark.parametrize("pack", PACKS)
def test_every_screen_of_danger_names_whom_to_call_or_follows_one_that_does(pack: str) -> None:
    known = menu(pack)
    sos = "110" if pack != "rob" else "112"
    for wording in known.wordings.values():
        for state in (
            "main",
            "urgent",
            "ticket_urgent",
            "completed",
            "not_completed",
            "saved",
            "perhaps_sent",
            *(["limit"] if "limit" in known.states else []),
        ):
            assert sos in wording.heading(state), (wording.language, state)
        if known.start == "language":
            assert sos in wording.heading("language")
