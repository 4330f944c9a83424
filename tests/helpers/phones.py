"""Phone numbers of the tests. As far as we know they are nobody's."""

from __future__ import annotations

from gateway.text.phone import Phone

NUMBER = Phone("+6281230004567")
OTHER = Phone("+6285712340008")


def phone(number: int) -> Phone:
    """Return one of 100,000 Indonesian numbers."""
    return Phone(f"+62812300{number:05}")
