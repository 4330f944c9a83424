"""Which of the stars in a carrier's text were typed: the label of the answered screen decides."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import date

import pytest

from gateway.menu.engine import Step
from gateway.ussd.replaying import replay
from tests.ussd.stage import MENU, SERVICE, TO_DESCRIBE, expected

TODAY = date(2026, 11, 28)


def led(inputs: Sequence[str], label: str | None) -> Step:
    """Where the text of these inputs leads."""
    parts = "*".join(inputs).split("*") if inputs else []
    return replay(MENU, parts, label, SERVICE.limits, given={"ussd": SERVICE.service_code}, today=TODAY)


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


@pytest.mark.parametrize("label", [None, "no_such_state", "language", "apology"])
def test_without_a_label_that_helps_every_part_is_an_input(label: str | None) -> None:
    after = led([*TO_DESCRIBE, "5*5 meter"], label)
    assert (after.session.state, after.session.error) == ("contact", "choice")


@pytest.mark.parametrize("label", [None, "language", "confirm"])
def test_nothing_typed_is_the_first_screen(label: str | None) -> None:
    assert led([], label).screen == expected()


def test_it_stops_at_the_first_effect() -> None:
    last = led([*TO_DESCRIBE, "tawuran", "1", "1", "1", "2"], None)
    assert last.effect == "file_report"


def test_thousands_of_stars_cost_next_to_nothing() -> None:
    began = time.process_time()
    replay(MENU, [""] * 4096, "confirm", SERVICE.limits, given={}, today=TODAY)
    replay(MENU, [*TO_DESCRIBE, *"x" * 4000], "confirm", SERVICE.limits, given={}, today=TODAY)
    assert time.process_time() - began < 0.5
