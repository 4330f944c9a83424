"""Numbers that SMS go to: short codes and phone numbers, but no names."""

from __future__ import annotations

import pytest

from gateway.text.service_number import is_number, is_same_number
from tests.helpers.phones import NUMBER, OTHER


@pytest.mark.parametrize("sender", ["3375", "+3375", NUMBER.e164, NUMBER.e164[1:], "0812 3000-4567"])
def test_number_can_be_written_to(sender: str) -> None:
    assert is_number(sender)


@pytest.mark.parametrize("sender", ["", "7", "BAKESBANGPOL", "Desk 3375", "3375x"])
def test_name_cannot_be_written_to(sender: str) -> None:
    assert not is_number(sender)


def test_spellings_of_a_number_are_the_same() -> None:
    assert is_same_number(NUMBER.e164, f"0{NUMBER.e164[3:]}", "ID")
    assert is_same_number("3375", "33 75", "ID")
    assert not is_same_number(NUMBER.e164, OTHER.e164, "ID")
    assert not is_same_number("3375", "3376", "ID")
