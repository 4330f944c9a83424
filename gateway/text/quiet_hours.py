"""Pure: quiet hours, a period of the day without unsolicited SMS."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import NamedTuple


class QuietHours(NamedTuple):
    """Quiet hours in local time, over midnight if `last` is before `first`. There are none if both are equal."""

    first: time
    last: time

    def include(self, clock: time) -> bool:
        if self.first <= self.last:
            return self.first <= clock < self.last
        return clock >= self.first or clock < self.last

    def until(self, local: datetime) -> datetime | None:
        """Return the end of the quiet hours that include `local`, in its time zone. Returns None outside of them."""
        clock = local.time()
        if not self.include(clock):
            return None
        day = local.date() if clock < self.last else local.date() + timedelta(days=1)
        return datetime.combine(day, self.last, local.tzinfo)


NO_QUIET_HOURS = QuietHours(time(), time())
