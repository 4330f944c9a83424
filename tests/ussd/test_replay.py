"""Replay of a transcript: the label of the answered screen says which stars were typed, and where it began."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest

from gateway.menu import engine
from gateway.menu.engine import Step
from gateway.ussd.replay import StartInputs, anew_after, began_anew, guess, replay_from, replay_to
from gateway.ussd.screen_label import ScreenLabel, parse_label
from tests.helpers.packs import MENU
from tests.helpers.ussd import SERVICE, TO_CONFIRM, TO_DESCRIBE

TODAY = date(2026, 11, 28)


START_INPUTS = StartInputs(SERVICE.limits, {"ussd": SERVICE.service_code}, TODAY)
BEFORE = len("*".join(TO_DESCRIBE))  # length of the transcript at the question for a text


def replay_transcript(inputs: Sequence[str], label: str, known: StartInputs = START_INPUTS) -> Step | None:
    """Replay the transcript of these inputs. Returns None if nothing fits."""
    read = parse_label(label)
    assert read is not None
    replayed = replay_to(MENU, (), "*".join(inputs), read, known)
    return replayed.step if replayed else None


def replay_to_step(inputs: Sequence[str], label: str) -> Step:
    step = replay_transcript(inputs, label)
    assert step is not None
    return step


def guess_step(inputs: Sequence[str], known: StartInputs = START_INPUTS, shortcut: str = "") -> Step | None:
    """Replay the transcript of these inputs without a label."""
    return guess(MENU, "*".join(inputs).split("*") if inputs else [], known, shortcut)


@pytest.mark.parametrize(
    "description", ["tawuran", "5*5 meter", "gang 3 * 2", "*", "a*1*1*1", "**penting**", "x*99*y", "a*0*b", "1*77*2"]
)
def test_replay_reads_a_description_with_stars_whole(description: str) -> None:
    told = description.strip()
    span = f"{BEFORE + 1}-{BEFORE + 1 + len(description)}_" if "*" in description else ""

    after = replay_to_step([*TO_DESCRIBE, description], f"describe.id..{BEFORE}")
    assert (after.session.state, after.session.answers["description"]) == ("contact", told)

    after = replay_to_step([*TO_DESCRIBE, description, "1"], f"contact.id..{span}")
    assert (after.session.state, after.session.answers["description"]) == ("confirm", told)
    assert after.session.answers["contact"] == "yes"

    last = replay_to_step([*TO_DESCRIBE, description, "1", "1"], f"confirm.id..{span}")
    assert (last.effect, last.session.answers["description"]) == ("file_report", told)


def test_replay_returns_the_newest_input() -> None:
    text = "*".join([*TO_DESCRIBE, "5*5 meter"])
    replayed = replay_to(MENU, (), text, ScreenLabel("describe", "id", length=BEFORE), START_INPUTS)
    assert replayed is not None
    assert replayed.newest == "5*5 meter"


def test_replay_takes_the_last_of_two_descriptions() -> None:
    after = replay_to_step([*TO_DESCRIBE, "first", "99", "second", "1"], "contact")
    assert (after.session.state, after.session.answers["description"]) == ("confirm", "second")


def test_replay_keeps_the_error_of_a_wrong_last_input() -> None:
    after = replay_to_step([*TO_DESCRIBE, "tawuran", "7"], "contact")

    assert (after.session.state, after.session.error) == ("contact", "choice")
    assert after.session.answers["description"] == "tawuran"


def test_replay_takes_an_answer_that_was_typed_on_the_help_screen() -> None:
    helped = replay_to_step([*TO_DESCRIBE, "tawuran", "7", "7", "7"], "contact")
    assert (helped.session.state, helped.screen.splitlines()[-1]) == ("contact", "0.Kembali")
    assert helped.screen.startswith("Jawab di sini:")

    after = replay_to_step([*TO_DESCRIBE, "tawuran", "7", "7", "7", "1"], "contact")
    assert (after.session.state, after.session.answers["contact"]) == ("confirm", "yes")


def test_replay_takes_a_wrong_key_after_a_text_for_a_key() -> None:
    after = replay_to_step([*TO_DESCRIBE, "bagi uang", "77", "2"], "contact.id")
    assert (after.session.state, after.session.answers["description"]) == ("confirm", "bagi uang")


@pytest.mark.parametrize("label", ["no_such_state", "language", "apology", "describe.xx", "contact.jv"])
def test_replay_to_unreachable_label_returns_none(label: str) -> None:
    assert replay_transcript([*TO_DESCRIBE, "5*5 meter"], label) is None


@pytest.mark.parametrize("marks", ["999", "2", "0-99_", "3-4_", "5-3_", f"{BEFORE + 2}-{BEFORE + 4}_", "999-1000_"])
def test_replay_to_a_label_of_another_transcript_returns_none(marks: str) -> None:
    assert replay_transcript([*TO_DESCRIBE, "5*5 meter"], f"describe.id..{marks}") is None


def test_replay_to_label_begins_in_the_earlier_language() -> None:
    after = replay_to_step(["2", "1", "3"], "category.jv.home")
    assert (after.session.state, after.session.language, after.session.chosen) == ("kecamatan", "jv", True)

    known = StartInputs(SERVICE.limits, START_INPUTS.given, TODAY, language="jv")
    again = guess_step(["2", "1", "3"], known)
    assert again is not None
    assert again.session == after.session


def test_replay_to_label_begins_at_the_shortcut() -> None:
    after = replay_to_step(["13", "1", "2"], "kecamatan.id.13")
    assert (after.session.state, after.session.answers["category"]) == ("kelurahan", "gesekan")

    again = guess_step(["1", "2"], shortcut="13")
    assert again is not None
    assert (again.session.state, again.session.answers) == (after.session.state, after.session.answers)


def test_replay_to_label_begins_anew_after_the_main_menu() -> None:
    lost = "1*1*what was lost"
    after = replay_to_step([lost, "2", "1", "3"], f"category.jv.{began_anew(len(lost))}")

    assert (after.session.state, after.session.language) == ("kecamatan", "jv")
    assert anew_after(after.session.began) == len(lost), "and can be replayed again"


@pytest.mark.parametrize("began", ["", "home", "homeless", "3", "resume", "home-1"])
def test_anew_after_is_none_for_other_beginnings(began: str) -> None:
    assert anew_after(began) is None


def test_replay_from_takes_what_was_typed_since() -> None:
    known = engine.begin(MENU, SERVICE.limits, language="id").session
    label = ScreenLabel("category", "id", "resume")

    replayed = replay_from(MENU, known, 3, "2*1*2*1*3", label, START_INPUTS)

    assert replayed is not None
    assert replayed.step.session.answers == {"category": "gesekan"}
    assert replay_from(MENU, known, 3, "2*1*2*3", label, START_INPUTS) is None, "it answers another screen"
    assert replay_from(MENU, known, 4, "2*1*2*1*3", label, START_INPUTS) is None, "the text is another one"


def test_guess_takes_every_part_as_an_input() -> None:
    after = guess_step([*TO_DESCRIBE, "5*5 meter"])
    assert after is not None
    assert (after.session.state, after.session.error) == ("contact", "choice")


def test_guess_refuses_a_reading_in_which_an_earlier_input_was_wrong() -> None:
    """So did a known caller, who began at the main menu, see the places of danger behind `2*1*4*1*2*4`."""
    assert guess_step(["2", "1", "4", "1"]) is None
    assert guess_step(["2", "1", "4"]), "the newest input may be a slip"


def test_guess_stops_at_the_first_effect() -> None:
    filing = guess_step([*TO_CONFIRM, "1"])
    assert filing is not None
    assert filing.effect == "file_report"
    assert guess_step([*TO_CONFIRM, "1", "1", "2"]) is None, "the inputs after an effect cannot be replayed"
    assert guess_step([]) is None


@pytest.mark.parametrize("part", ["", "x", "klegoo", "78", "1"])
def test_replay_of_more_than_anybody_types_is_refused_at_once(part: str) -> None:
    """Nobody can type more than `Limits.hops` inputs, so the cost of a replay is bounded."""
    text = "*".join([part] * 2004)
    assert replay_to(MENU, (), text, ScreenLabel("confirm", "id"), START_INPUTS) is None
    assert guess(MENU, text.split("*"), START_INPUTS) is None
