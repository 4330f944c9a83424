"""Tickets: the check digit catches what people do to numbers."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.runtime.clock import Clock
from gateway.text import ticket

made = st.integers(0, 8_999_999).map(lambda drawn: ticket.generate(lambda _: drawn))


@given(made)
def test_a_ticket_is_eight_digits_that_check(number: str) -> None:
    assert len(number) == 8
    assert number.isascii()
    assert number.isdigit()
    assert ticket.is_valid(number)


@given(made)
def test_every_single_wrong_digit_is_noticed(number: str) -> None:
    for at, right in enumerate(number):
        for wrong in set("0123456789") - {right}:
            assert not ticket.is_valid(number[:at] + wrong + number[at + 1 :])


@given(made)
def test_every_swap_of_neighbours_is_noticed(number: str) -> None:
    for at in range(len(number) - 1):
        swapped = number[:at] + number[at + 1] + number[at] + number[at + 2 :]
        assert swapped == number or not ticket.is_valid(swapped)


@given(made)
def test_what_is_shown_is_read_again(number: str) -> None:
    assert ticket.parse(ticket.with_dash(number)) == number


@pytest.mark.parametrize("typed", ["73402817", "7340-2817", "7340 2817", " 7340 - 2817\n", "7340\u20132817"])
def test_dash_and_blanks_are_tolerated(typed: str) -> None:
    assert ticket.parse(typed) == "73402817"


@pytest.mark.parametrize(
    "typed", ["", "7340", "7340281", "734028166", "7340x816", "٧٣٤٠٢٨١٦", "7340_2816", "00000000", "+7340-2816"]
)
def test_anything_else_is_no_ticket(typed: str) -> None:
    assert ticket.parse(typed) is None


def test_the_dash_is_for_showing_only() -> None:
    number = ticket.generate(lambda _: 0)
    assert not ticket.is_valid(ticket.with_dash(number))


def test_the_draw_is_from_the_whole_range_and_no_other() -> None:
    bounds = []

    def number_below(bound: int) -> int:
        bounds.append(bound)
        return bound - 1

    assert ticket.generate(number_below)[:7] == "9999999"
    assert ticket.generate(lambda _: 0)[:7] == "1000000"
    assert bounds == [9_000_000]


def test_tickets_are_never_counted_up() -> None:
    drawn = [int(ticket.generate(Clock().number_below)) for _ in range(50)]
    assert len(set(drawn)) == 50
    assert drawn != sorted(drawn)


def test_of_random_numbers_one_in_ten_checks() -> None:
    dice = random.Random(1)
    hits = sum(ticket.is_valid(str(dice.randrange(10_000_000, 100_000_000))) for _ in range(10_000))
    assert 900 < hits < 1100
