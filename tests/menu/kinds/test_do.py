"""Effects of the gateway within a dialogue."""

from __future__ import annotations

import pytest

from gateway.menu import engine
from gateway.menu.engine import valid_answers
from gateway.menu.model import Menu
from tests.helpers.dialogue import GIVEN, walk

TO_CONFIRM = "1 2 1 3 1 2 1 2 3 1 halo 1"  # a clash in Podosugih, now, no danger, more than fifty people


def test_whole_report_gathers_what_was_answered(menu: Menu) -> None:
    led = walk(menu, TO_CONFIRM + " 1")

    assert led.effect == "file_report"
    assert valid_answers(menu, led.session) == {
        "language": "id",
        "category": "gesekan",
        "kecamatan": "33.75.01",
        "area": "33.75.01.1003",
        "when": "now",
        "danger": "no",
        "size": "many",
        "seen": "self",
        "description": "halo",
        "contact": "yes",
    }


def test_ticket_of_a_filed_report_is_on_the_last_screen(menu: Menu) -> None:
    done = engine.resume(menu, walk(menu, TO_CONFIRM + " 1").session, "filed", {"ticket": "7340-2817"})

    assert done.end
    assert "7340-2817" in done.screen


@pytest.mark.parametrize("outcome", ["filed", "kept", "unknown", "failed"])
def test_every_outcome_of_filing_has_a_last_screen(menu: Menu, outcome: str) -> None:
    led = engine.resume(menu, walk(menu, TO_CONFIRM + " 1").session, outcome, given=GIVEN)

    assert led.end
    assert led.screen


def test_values_learnt_by_an_effect_are_shown(menu: Menu) -> None:
    learnt = {"status": "checking", "date": "27/11 13:05"}
    led = engine.resume(menu, walk(menu, "1 3 73402817").session, "found", learnt, given=GIVEN)

    assert led.screen.startswith("7340-2817\nStatus: Sedang dicek\nSejak 27/11 13:05\n")
