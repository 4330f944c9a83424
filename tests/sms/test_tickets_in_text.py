"""Tickets in the text of an SMS."""

from __future__ import annotations

import pytest

from gateway.sms.tickets_in_text import find_ticket
from gateway.text import ticket as tickets

TICKETS = [
    ("7340-2817", "73402817", ""),
    ("73402817", "73402817", ""),
    ("7340 2817", "73402817", ""),
    ("7340\u20132817", "73402817", ""),
    ("#7340.2817.", "73402817", ""),
    ("nomor 7340-2817 pak", "73402817", "nomor pak"),
    ("7340-2817 pelaku lari ke utara", "73402817", "pelaku lari ke utara"),
    ("pelaku lari 7340-2817 ke utara", "73402817", "pelaku lari ke utara"),
    ("7340-2816 7340-2817", "73402817", "7340-2816"),  # the first does not check
    ("12 7340 2817", "73402817", "12"),
    ("1234 7340 2817", "73402817", "1234"),
    ("7340-2816", "", "7340-2816"),
    ("0340-2817", "", "0340-2817"),
    ("173402817", "", "173402817"),
    ("081230004567", "", "081230004567"),
    ("7340 x 2817", "", "7340 x 2817"),
    ("", "", ""),
]


@pytest.mark.parametrize(("text", "ticket", "besides"), TICKETS)
def test_find_ticket_returns_ticket_and_rest(text: str, ticket: str, besides: str) -> None:
    assert find_ticket(text) == (ticket, besides)


def test_find_ticket_returns_the_first_of_several() -> None:
    drawn = iter(range(12_345, 9_000_000, 812_345))
    ten = [tickets.generate(lambda _: next(drawn)) for _ in range(10)]

    assert find_ticket(" ".join(map(tickets.with_dash, ten)))[0] == ten[0]
