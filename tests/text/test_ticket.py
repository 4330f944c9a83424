"""Ticket numbers and their check digit, which detects common typing errors."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.runtime.clock import Clock
from gateway.text import ticket

tickets = st.integers(0, 8_999_999).map(lambda drawn: ticket.generate(lambda _: drawn))


@given(tickets)
def test_generate_returns_eight_digits_that_check(number: str) -> None:
    assert len(number) == 8
    assert number.isascii()
    assert number.isdigit()
    assert ticket.is_valid(number)


@given(tickets)
def test_is_valid_detects_every_single_wrong_digit(number: str) -> None:
    for at, right in enumerate(number):
        for wrong in set("0123456789") - {right}:
            assert not ticket.is_valid(number[:at] + wrong + number[at + 1 :])


@given(tickets)
def test_is_valid_detects_every_swap_of_neighbours(number: str) -> None:
    for at in range(len(number) - 1):
        swapped = number[:at] + number[at + 1] + number[at] + number[at + 2 :]
        assert swapped == number or not ticket.is_valid(swapped)


@given(tickets)
def test_parse_reads_a_formatted_ticket(number: str) -> None:
    assert ticket.parse(ticket.with_dash(number)) == number


@pytest.mark.parametrize("typed", ["73402817", "7340-2817", "7340 2817", " 7340 - 2817\n", "7340\u20132817"])
def test_parse_ignores_dash_and_blanks(typed: str) -> None:
    assert ticket.parse(typed) == "73402817"


@pytest.mark.parametrize(
    "typed", ["", "7340", "7340281", "734028166", "7340x816", "٧٣٤٠٢٨١٦", "7340_2816", "00000000", "+7340-2816"]
)
def test_parse_returns_none_for_anything_else(typed: str) -> None:
    assert ticket.parse(typed) is None


def test_is_valid_refuses_a_dash() -> None:
    number = ticket.generate(lambda _: 0)
    assert not ticket.is_valid(ticket.with_dash(number))


def test_generate_draws_from_the_whole_range() -> None:
    bounds = []

    def number_below(bound: int) -> int:
        bounds.append(bound)
        return bound - 1

    assert ticket.generate(number_below)[:7] == "9999999"
    assert ticket.generate(lambda _: 0)[:7] == "1000000"
    assert bounds == [9_000_000]


def test_generate_returns_no_sequence() -> None:
    drawn = [int(ticket.generate(Clock().number_below)) for _ in range(50)]

    assert len(set(drawn)) == 50
    assert drawn != sorted(drawn)


def test_is_valid_accepts_one_in_ten_random_numbers() -> None:
    dice = random.Random(1)
    hits = sum(ticket.is_valid(str(dice.randrange(10_000_000, 100_000_000))) for _ in range(10_000))

    assert 900 < hits < 1100
