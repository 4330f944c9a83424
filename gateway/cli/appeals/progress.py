"""Progress of an appeal while it goes out: a bar in a terminal, lines elsewhere."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from zoneinfo import ZoneInfo

from rich.columns import Columns
from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column
from rich.text import Text

from gateway.appeals.appeal import Total
from gateway.appeals.results import AppealOverview
from gateway.cli.appeals.json_objects import overview_json
from gateway.cli.appeals.output import held_until_text

EVERY_S = 1.0
_PAUSE_FACTOR = 4  # pause this many times as long as a query took: for a million people PostgreSQL is busy for a second

Display = Callable[[AppealOverview], None]


async def follow(
    load: Callable[[], Awaitable[AppealOverview]], console: Console, timezone: ZoneInfo, *, as_json: bool = False
) -> None:
    """Show the progress of an appeal until it is done or cancelled, or once if it is not approved.

    `load` is called each second, more seldom if the appeal is large. A terminal shows a bar. Otherwise there is a line
    whenever something has changed, a JSON object if `as_json`. Times are those of `timezone`. Returns when cancelled.
    """
    try:
        with_bar = console.is_terminal and not as_json
        with _bar(console, timezone) if with_bar else _lines(console, timezone, as_json) as display:
            while True:
                began = time.monotonic()
                overview = await load()
                took = time.monotonic() - began
                display(overview)
                if not overview.makes_progress:
                    return
                await asyncio.sleep(max(EVERY_S, _PAUSE_FACTOR * took))
    except asyncio.CancelledError:
        return  # Ctrl-C is how following ends; the appeal goes on


@contextmanager
def _bar(console: Console, timezone: ZoneInfo) -> Iterator[Display]:
    """Show a row with the bar. The totals and the reason are below it, since they do not fit into 80 columns."""
    whole = Column(no_wrap=True)
    columns = (
        TextColumn("{task.description}", markup=False, table_column=whole),
        BarColumn(),  # the only column that shrinks in a narrow terminal
        MofNCompleteColumn(table_column=whole.copy()),
        TimeElapsedColumn(table_column=whole.copy()),
    )
    progress = Progress(*columns, console=console)
    task = progress.add_task("", total=None)
    with Live(console=console, auto_refresh=False) as live:

        def display(overview: AppealOverview) -> None:
            size, status = overview.results.audience_size, overview.appeal.status.value
            progress.update(task, total=size, completed=_settled(overview), description=status)
            totals = Columns([Text(total) for total in _totals(overview)], padding=(0, 2))
            notes = filter(None, [overview.appeal.reason, _held_until(overview, timezone)])
            live.update(Group(progress, totals, *map(Text, notes)), refresh=True)

        yield display


@contextmanager
def _lines(console: Console, timezone: ZoneInfo, as_json: bool) -> Iterator[Display]:
    last = ""

    def display(overview: AppealOverview) -> None:
        nonlocal last
        line = _json_line(overview) if as_json else _plain_line(overview, timezone)
        if line != last:
            console.print(line, markup=False, highlight=False, soft_wrap=True)
            last = line

    yield display


def _json_line(overview: AppealOverview) -> str:
    return json.dumps(overview_json(overview), ensure_ascii=False)


def _plain_line(overview: AppealOverview, timezone: ZoneInfo) -> str:
    status, reason = overview.appeal.status.value, overview.appeal.reason
    parts = [
        f"{status} ({reason})" if reason else status,
        f"{_settled(overview)} of {overview.results.audience_size}",
        ", ".join(_totals(overview)),
        _held_until(overview, timezone),
    ]
    return "  ".join(filter(None, parts))


def _settled(overview: AppealOverview) -> int:
    """Return the number of people for whom nothing waits to be sent any more."""
    return overview.results.audience_size - overview.results.totals[Total.WAITING]


def _held_until(overview: AppealOverview, timezone: ZoneInfo) -> str:
    return f"held until {held_until_text(overview.held_until, timezone)}" if overview.held_until else ""


def _totals(overview: AppealOverview) -> list[str]:
    return [f"{total} {overview.results.totals[total]}" for total in Total]
