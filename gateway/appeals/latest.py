"""Latest appeals in memory, for a screen: no hop asks a store for them.

A process refreshes them every few seconds. While PostgreSQL is unavailable no appeal is sent, so an older list stays
true for a while. After that nothing is said.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from gateway.appeals.published import PublishedAppeal
from gateway.menu.model import LATEST_APPEALS, LONGEST_APPEAL_LINE, Menu
from gateway.runtime.clock import Clock
from gateway.text import gsm

REFRESH_S = 10.0
_TRUSTED = timedelta(minutes=10)
_UNKNOWN: Mapping[str, str] = {"appeals_sent": "", "appeals": ""}


class LatestAppeals:
    """Newest published appeals of `latest`, as the values of a screen."""

    def __init__(
        self, latest: Callable[[int], Awaitable[Sequence[PublishedAppeal]]], menu: Callable[[], Menu], clock: Clock
    ) -> None:
        self._latest = latest
        self._menu = menu
        self._clock = clock
        self._values = _UNKNOWN
        self._read_at = datetime.min.replace(tzinfo=UTC)

    async def refresh(self) -> None:
        """Read them again. May raise `DatabaseUnavailable`: then the earlier ones stay for a while."""
        began = self._clock.now()
        found, menu = await self._latest(LATEST_APPEALS), self._menu()
        lines = [_line(one, menu) for one in found]
        self._values = {"appeals_sent": str(len(lines)), "appeals": "\n".join(lines)}
        self._read_at = began

    def values(self) -> Mapping[str, str]:
        """Return the fact `appeals_sent` and the placeholder `{appeals}`, both empty if unknown."""
        return self._values if self._clock.now() - self._read_at < _TRUSTED else _UNKNOWN


def _line(one: PublishedAppeal, menu: Menu) -> str:
    """Return the number, day and heading of an appeal, as much as fits the line. All of it is GSM-7."""
    day = one.went_out_at.astimezone(menu.timezone).strftime("%d/%m")
    number = f"No {one.number} " if one.number else ""
    line = f"{number}{day} {gsm.transliterate(one.purpose).text}"
    plain = "".join(letter if gsm.encoding(letter) == "gsm7" else "?" for letter in " ".join(line.split()))
    while gsm.septets(plain) > LONGEST_APPEAL_LINE:
        plain = plain[:-1]
    return plain.rstrip()
