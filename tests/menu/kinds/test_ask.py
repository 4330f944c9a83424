"""States that ask for something typed."""

from __future__ import annotations

import pytest

from gateway.menu import engine
from gateway.menu.engine import valid_answers
from gateway.menu.model import Menu
from tests.helpers.dialogue import GIVEN, walk

TO_CONFIRM = "1 2 1 3 1 2 1 2 3 1 halo 1"  # a clash in Podosugih, now, no danger, more than fifty people


def test_ask_keeps_a_typed_date_in_iso_form(menu: Menu) -> None:
    led = walk(menu, "1 2 1 2 2 4 4")

    assert led.session.state == "date"
    assert valid_answers(menu, walk(menu, "1.11", led.session).session)["when_date"] == "2026-11-01"
    assert walk(menu, "111", led.session).session.error == "date"


def test_ask_keeps_a_ticket_as_it_is_shown(menu: Menu) -> None:
    found = walk(menu, "1 3 73402817")

    assert found.effect == "find_report"
    assert valid_answers(menu, found.session)["ticket"] == "7340-2817"


def test_ask_refuses_a_ticket_with_a_wrong_check_digit(menu: Menu) -> None:
    refused = walk(menu, "1 3 73402816")

    assert refused.screen.startswith("Nomor salah. Periksa 8 angkanya:\nKetik nomor laporan")


@pytest.mark.parametrize(("length", "error"), [(182, ""), (183, "long"), (300, "long")])
def test_ask_refuses_a_text_outside_its_limits(menu: Menu, length: int, error: str) -> None:
    asked = walk(menu, "1 2 1 2 2 4 3 1")
    led = engine.step(menu, asked.session, "a" * length, given=GIVEN)

    assert asked.session.state == "describe"
    assert (led.session.error, menu.states["describe"].most, menu.states["details"].most) == (
        error,
        182,
        182,
    )
