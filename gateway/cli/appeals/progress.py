"""How far an appeal has come, while it goes out: a bar in a terminal, lines elsewhere."""

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

from gateway.appeals.appeal import AppealStatus, Total
from gateway.cli.appeals.output import Look, held

EVERY_S = 1.0
_RESTS = 4  # times as long as a look takes: that of a million people takes PostgreSQL a second, which has other work
_NOT_GOING = frozenset({AppealStatus.DRAFT, AppealStatus.WAITING, AppealStatus.DONE, AppealStatus.CANCELLED})

Tell = Callable[[Look], None]


async def follow(
    look: Callable[[], Awaitable[Look]], console: Console, timezone: ZoneInfo, *, as_json: bool = False
) -> None:
    """Show how far an appeal has come until it is done or cancelled; only once if it is not approved.

    A look each second, more seldom where the appeal is large. A bar in a terminal; elsewhere a line whenever something
    has changed, which is a JSON object if `as_json`. Times are by the clocks of `timezone`. Ends when it is cancelled.
    """
    try:
        barred = console.is_terminal and not as_json
        with _bar(console, timezone) if barred else _lines(console, timezone, as_json) as tell:
            while True:
                began = time.monotonic()
                seen = await look()
                took = time.monotonic() - began
                tell(seen)
                if seen.appeal.status in _NOT_GOING:
                    return
                await asyncio.sleep(max(EVERY_S, _RESTS * took))
    except asyncio.CancelledError:
        return  # Ctrl-C is how following ends; the appeal goes on


@contextmanager
def _bar(console: Console, timezone: ZoneInfo) -> Iterator[Tell]:
    """A row with the bar, and below it what has no place in a row of 80 columns: the totals, and the reason."""
    whole = Column(no_wrap=True)
    columns = (
        TextColumn("{task.description}", markup=False, table_column=whole),
        BarColumn(),  # the only one that gives way in a narrow terminal
        MofNCompleteColumn(table_column=whole.copy()),
        TimeElapsedColumn(table_column=whole.copy()),
    )
    progress = Progress(*columns, console=console)
    task = progress.add_task("", total=None)
    with Live(console=console, auto_refresh=False) as live:

        def tell(look: Look) -> None:
            stage = look.appeal.status.value
            progress.update(task, total=look.account.audience_size, completed=_settled(look), description=stage)
            totals = Columns([Text(total) for total in _totals(look)], padding=(0, 2))
            why = filter(None, [look.appeal.reason, _held(look, timezone)])
            live.update(Group(progress, totals, *map(Text, why)), refresh=True)

        yield tell


@contextmanager
def _lines(console: Console, timezone: ZoneInfo, as_json: bool) -> Iterator[Tell]:
    last = ""

    def tell(look: Look) -> None:
        nonlocal last
        people = f"{_settled(look)} of {look.account.audience_size}"
        plain = "  ".join(filter(None, [_stage(look), people, ", ".join(_totals(look)), _held(look, timezone)]))
        line = json.dumps(look.for_json(), ensure_ascii=False) if as_json else plain
        if line != last:
            console.print(line, markup=False, highlight=False, soft_wrap=True)
            last = line

    yield tell


def _settled(look: Look) -> int:
    return look.account.audience_size - look.account.totals[Total.WAITING]


def _stage(look: Look) -> str:
    stage, reason = look.appeal.status.value, look.appeal.reason
    return f"{stage} ({reason})" if reason else stage


def _held(look: Look, timezone: ZoneInfo) -> str:
    return f"held until {held(look.held_until, timezone)}" if look.held_until else ""


def _totals(look: Look) -> list[str]:
    return [f"{total} {look.account.totals[total]}" for total in Total]
