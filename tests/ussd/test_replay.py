"""Replay of a transcript: the label of the answered screen decides which stars were typed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import date

import pytest

from gateway.menu.engine import Step
from gateway.ussd.replay import StartInputs, replay, replay_to
from gateway.ussd.screen_label import ScreenLabel, parse_label
from tests.helpers.packs import MENU
from tests.helpers.ussd import SERVICE, TO_DESCRIBE

TODAY = date(2026, 11, 28)


START_INPUTS = StartInputs(SERVICE.limits, {"ussd": SERVICE.service_code}, TODAY)


def replay_transcript(inputs: Sequence[str], label: str | None, known: StartInputs = START_INPUTS) -> Step | None:
    """Replay the transcript of these inputs. Returns None if nothing fits."""
    parts = "*".join(inputs).split("*") if inputs else []
    read = parse_label(label)
    return replay_to(MENU, parts, read, known) if read else replay(MENU, parts, known)


def replay_to_step(inputs: Sequence[str], label: str | None) -> Step:
    step = replay_transcript(inputs, label)
    assert step is not None
    return step


@pytest.mark.parametrize("description", ["tawuran", "5*5 meter", "gang 3 * 2", "*", "a*1*1*1", "**penting**"])
def test_replay_reads_a_description_with_stars_whole(description: str) -> None:
    told = description.strip()

    after = replay_to_step([*TO_DESCRIBE, description], "describe")
    assert (after.session.state, after.session.answers["description"]) == ("contact", told)

    after = replay_to_step([*TO_DESCRIBE, description, "1"], "contact")
    assert (after.session.state, after.session.answers["description"]) == ("confirm", told)
    assert after.session.answers["contact"] == "yes"

    last = replay_to_step([*TO_DESCRIBE, description, "1", "1"], "confirm")
    assert (last.effect, last.session.answers["description"]) == ("file_report", told)


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


def test_replay_without_label_takes_every_part_as_an_input() -> None:
    after = replay_to_step([*TO_DESCRIBE, "5*5 meter"], None)
    assert (after.session.state, after.session.error) == ("contact", "choice")


@pytest.mark.parametrize("label", ["no_such_state", "language", "apology", "describe.xx"])
def test_replay_to_unreachable_label_returns_none(label: str) -> None:
    assert replay_transcript([*TO_DESCRIBE, "5*5 meter"], label) is None


def test_replay_to_label_begins_in_the_earlier_language() -> None:
    after = replay_to_step(["1", "1", "3"], "category.jv.home")
    assert (after.session.state, after.session.language, after.session.chosen) == ("kecamatan", "jv", True)

    known = StartInputs(SERVICE.limits, START_INPUTS.given, TODAY, language="jv")
    again = replay_transcript(["1", "1", "3"], None, known)
    assert again is not None
    assert again.session == after.session


def test_replay_to_label_begins_at_the_shortcut() -> None:
    after = replay_to_step(["3", "1", "2"], "kecamatan.id.3")
    assert (after.session.state, after.session.answers["category"]) == ("kelurahan", "gesekan")

    again = replay(MENU, ["1", "2"], START_INPUTS, shortcut="3")
    assert again is not None
    assert (again.session.state, again.session.answers) == (after.session.state, after.session.answers)


def test_replay_stops_at_the_first_effect() -> None:
    assert replay_to_step([*TO_DESCRIBE, "tawuran", "1", "1"], None).effect == "file_report"
    assert replay_transcript([*TO_DESCRIBE, "tawuran", "1", "1", "1", "2"], None) is None, (
        "the inputs after an effect cannot be replayed"
    )


def test_replay_of_thousands_of_stars_is_fast() -> None:
    began = time.process_time()
    replay_to(MENU, [""] * 4096, ScreenLabel("confirm", "id"), START_INPUTS)

    replay_to(MENU, [*TO_DESCRIBE, *"x" * 4000], ScreenLabel("confirm", "id"), START_INPUTS)

    assert time.process_time() - began < 0.5
