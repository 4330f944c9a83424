"""Quiet hours at one moment: which messages wait now, and until when, as a rule and as SQL expressions.

A message obeys the quiet hours of the pack if its class does. An appeal of a kind with hours of its own has them in
its row. An urgent one has none.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, DateTime, Time, and_, case, false, literal, or_

from gateway.messages.message import CLASSES, MessageClass
from gateway.messages.tables import messages
from gateway.text.quiet_hours import QuietHours

_QUIET_CLASSES = [kind.value for kind, rules in CLASSES.items() if rules.quiet_hours]


class QuietNow(NamedTuple):
    """Local time, and the end of the pack's quiet hours that include it. `until` is None outside of them."""

    clock: time = time(12)
    until: datetime | None = None

    def holds_back(self, kind: MessageClass, own_hours: QuietHours | None) -> bool:
        """Return True if a message of this class must wait now. `own_hours` is None for the hours of the pack."""
        if own_hours is not None:
            return own_hours.include(self.clock)
        return self.until is not None and CLASSES[kind].quiet_hours


NOT_QUIET = QuietNow()


def is_quiet(now: QuietNow) -> ColumnElement[bool]:
    """Build the SQL expression that is true for a row of `messages` that must wait now."""
    table, clock = messages.c, literal(now.clock, Time)
    has_begun, is_before_end = clock >= table.quiet_from, clock < table.quiet_to
    over_midnight = and_(table.quiet_to < table.quiet_from, or_(has_begun, is_before_end))
    by_class = table["class"].in_(_QUIET_CLASSES) if now.until else false()
    return case((table.quiet_from.is_not(None), or_(and_(has_begun, is_before_end), over_midnight)), else_=by_class)


def quiet_until(now: QuietNow, at: datetime) -> ColumnElement[datetime]:
    """Build the SQL expression of the time that a row of `messages` waits for. `at` is the time of `now`."""
    table, clock = messages.c, literal(now.clock, Time)
    next_day = case((table.quiet_to <= clock, literal(timedelta(days=1))), else_=literal(timedelta()))
    own_end = literal(at, DateTime(timezone=True)) + (table.quiet_to - clock + next_day)
    return case((table.quiet_from.is_not(None), own_end), else_=literal(now.until or at, DateTime(timezone=True)))
