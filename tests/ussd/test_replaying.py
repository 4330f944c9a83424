"""Which of the stars in a carrier's text were typed: the label of the answered screen decides."""

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


KNOWN = StartInputs(SERVICE.limits, {"ussd": SERVICE.service_code}, TODAY)


def found(inputs: Sequence[str], label: str | None, known: StartInputs = KNOWN) -> Step | None:
    """Where the text of these inputs leads, if anywhere."""
    parts = "*".join(inputs).split("*") if inputs else []
    read = parse_label(label)
    return replay_to(MENU, parts, read, known) if read else replay(MENU, parts, known)


def led(inputs: Sequence[str], label: str | None) -> Step:
    step = found(inputs, label)
    assert step is not None
    return step


@pytest.mark.parametrize("description", ["tawuran", "5*5 meter", "gang 3 * 2", "*", "a*1*1*1", "**penting**"])
def test_a_description_is_read_whole_at_every_hop_after_it(description: str) -> None:
    told = description.strip()
    after = led([*TO_DESCRIBE, description], "describe")
    assert (after.session.state, after.session.answers["description"]) == ("contact", told)
    after = led([*TO_DESCRIBE, description, "1"], "contact")
    assert (after.session.state, after.session.answers["description"]) == ("confirm", told)
    assert after.session.answers["contact"] == "yes"
    last = led([*TO_DESCRIBE, description, "1", "1"], "confirm")
    assert (last.effect, last.session.answers["description"]) == ("file_report", told)


def test_who_went_back_and_told_it_anew_is_taken_at_his_last_word() -> None:
    after = led([*TO_DESCRIBE, "first", "99", "second", "1"], "contact")
    assert (after.session.state, after.session.answers["description"]) == ("confirm", "second")


def test_a_slip_on_the_screen_that_is_answered_stays_a_slip() -> None:
    after = led([*TO_DESCRIBE, "tawuran", "7"], "contact")
    assert (after.session.state, after.session.error) == ("contact", "choice")
    assert after.session.answers["description"] == "tawuran"


def test_without_a_label_every_part_is_an_input() -> None:
    after = led([*TO_DESCRIBE, "5*5 meter"], None)
    assert (after.session.state, after.session.error) == ("contact", "choice")


@pytest.mark.parametrize("label", ["no_such_state", "language", "apology", "describe.xx"])
def test_a_label_that_no_reading_comes_to_is_not_guessed_about(label: str) -> None:
    assert found([*TO_DESCRIBE, "5*5 meter"], label) is None


def test_who_began_in_the_language_of_before_is_found_by_the_label() -> None:
    after = led(["1", "1", "3"], "category.jv.home")
    assert (after.session.state, after.session.language, after.session.chosen) == ("kecamatan", "jv", True)
    known = StartInputs(SERVICE.limits, KNOWN.given, TODAY, language="jv")
    again = found(["1", "1", "3"], None, known)
    assert again is not None
    assert again.session == after.session


def test_who_began_at_a_shortcut_is_found_by_the_label() -> None:
    after = led(["3", "1", "2"], "kecamatan.id.3")
    assert (after.session.state, after.session.answers["category"]) == ("kelurahan", "gesekan")
    again = replay(MENU, ["1", "2"], KNOWN, shortcut="3")
    assert again is not None
    assert (again.session.state, again.session.answers) == (after.session.state, after.session.answers)


def test_it_stops_at_the_first_effect() -> None:
    assert led([*TO_DESCRIBE, "tawuran", "1", "1"], None).effect == "file_report"
    assert found([*TO_DESCRIBE, "tawuran", "1", "1", "1", "2"], None) is None, "what came after it cannot be known"


def test_a_label_says_state_and_language() -> None:
    assert str(ScreenLabel("category", "jv")) == "category.jv"
    assert str(ScreenLabel("category", "jv", "home")) == "category.jv.home"
    assert parse_label("category.jv.3") == ScreenLabel("category", "jv", "3")
    assert parse_label("category.jv") == ScreenLabel("category", "jv")
    assert parse_label("category") == ScreenLabel("category", "")
    assert parse_label(None) is None


def test_thousands_of_stars_cost_next_to_nothing() -> None:
    began = time.process_time()
    replay_to(MENU, [""] * 4096, ScreenLabel("confirm", "id"), KNOWN)
    replay_to(MENU, [*TO_DESCRIBE, *"x" * 4000], ScreenLabel("confirm", "id"), KNOWN)
    assert time.process_time() - began < 0.5
