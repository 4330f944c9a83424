"""Promises about reports by SMS: a complete one is a row of that phone, once, and nothing else is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.menu.model import Menu
from tests.faults.history.checks_rows import BY_SMS
from tests.faults.history.excerpts import masked
from tests.faults.history.records import Contradiction, History

COMPLETE = re.compile(r"LAPOR (\d) (\w+) (tawuran \w+)")
"""Report by SMS that needs no guessing: code, name of one kelurahan, and words that no other SMS has."""


def check_reports_by_sms(history: History, menu: Menu) -> Iterator[Contradiction]:
    """Compare the rows of reports by SMS with what was written."""
    rows = [row for row in history.rows if row.session.startswith(BY_SMS)]
    names = {name.casefold(): code for code, name in menu.areas.places.items()}
    kinds = {code: kind for kind, code in menu.keywords.codes.items()}
    for one in history.inbound:
        if not (found := COMPLETE.fullmatch(one.text)):
            continue
        code, place, words = found.groups()
        own = [row for row in rows if words.split()[-1] in row.description.split()]
        expected = (one.phone, kinds[code], names[place.casefold()])
        if len(own) > 1 or (one.is_taken and not own):
            yield Contradiction("report by SMS", f"{one.text!r} of {masked(one.phone)} is {len(own)} rows")
        elif own and (own[0].phone, own[0].category, own[0].area) != expected:
            row = own[0]
            stored = f"{masked(row.phone)} {row.category} {row.area}"
            yield Contradiction("report by SMS", f"{one.text!r} of {masked(one.phone)} is stored as {stored}")
    writers = {one.phone for one in history.inbound}
    for row in rows:
        if row.phone not in writers:
            yield Contradiction("nobody sent it", f"row {row.ticket} of {masked(row.phone)}, which sent no SMS")
