"""Drafts of the tests of their store."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from gateway.incidents.draft import Draft
from gateway.text.phone import Phone
from tests.helpers.incidents import AT
from tests.helpers.phones import NUMBER

DANGER_ANSWERS = {
    "category": "gesekan",
    "kecamatan": "33.75.01",
    "area": "33.75.01.1008",
    "when": "now",
    "danger": "yes",
}
DUE = AT + timedelta(minutes=10)


def draft(
    session: str = "ATUid_1", answers: Mapping[str, str] = DANGER_ANSWERS, *, minutes: int = 0, phone: Phone = NUMBER
) -> Draft:
    """Make a draft that was left so many minutes after `AT`."""
    return Draft("at", session, phone, "id", answers, AT + timedelta(minutes=minutes))
