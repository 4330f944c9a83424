"""Numbers of the tests: none of them is anybody's that we know of."""

from __future__ import annotations

from gateway.text.phone import Phone

NUMBER = Phone("+6281230004567")
OTHER = Phone("+6285712340008")


def phone(number: int) -> Phone:
    """One of 100,000 Indonesian numbers."""
    return Phone(f"+62812300{number:05}")
