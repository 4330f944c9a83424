"""`waspada appeals`: how far one has come, while it goes out."""

from __future__ import annotations

import asyncio
import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from rich.cells import cell_len
from rich.console import Console

from gateway.appeals.appeal import AppealStatus, Total
from gateway.cli.appeals.output import Look
from gateway.cli.appeals.progress import follow
from gateway.runtime.postgres import Database
from tests.helpers.cli_appeals import Room, going, pack, room, send

__all__ = ["pack", "room"]


async def test_following_to_the_end(room: Room, database: Database) -> None:
    number = int(await asyncio.to_thread(room.approved))
    runner, _, campaign, ledger = going(room, database)
    await runner.run_once()

    async def look() -> Look:
        return Look(await campaign.find(number), await ledger.load_results(number, room.menu.timezone))

    plain, terminal = io.StringIO(), io.StringIO()
    consoles = Console(file=plain, width=300), Console(file=terminal, width=300, force_terminal=True)
    following = [asyncio.create_task(follow(look, console, room.menu.timezone)) for console in consoles]
    await asyncio.sleep(0.2)
    await send(room, database)
    async with asyncio.timeout(20):
        await asyncio.gather(*following)
    first, *_, last = plain.getvalue().splitlines()
    assert first.startswith("running  0 of 3  ")
    assert last == "done  3 of 3  delivered 0, accepted 3, failed 0, unknown 0, suppressed 0, waiting 0"
    assert "━" in terminal.getvalue()
    assert "3/3" in terminal.getvalue()
    shown = await asyncio.to_thread(room.shell.run, "appeals", "show", str(number), "--follow")
    assert shown.stdout == f"{last}\n"
    in_json = await asyncio.to_thread(room.shell.run, "appeals", "show", str(number), "--follow", "--json")
    assert json.loads(in_json.stdout)["status"] == "done"
    assert len(in_json.stdout.splitlines()) == 1


@pytest.mark.parametrize("terminal", [False, True])
async def test_quiet_hours_are_told_to_who_follows(room: Room, database: Database, terminal: bool) -> None:
    number = int(await asyncio.to_thread(room.approved))
    runner, _, campaign, ledger = going(room, database)
    await runner.run_once()
    account = await ledger.load_results(number, room.menu.timezone)
    running = Look(await campaign.find(number), account, None, datetime(2026, 11, 25, 10, 50, tzinfo=UTC))
    cancelled = replace(running, appeal=replace(running.appeal, status=AppealStatus.CANCELLED), held_until=None)
    looks = iter([running, cancelled])

    async def look() -> Look:
        return next(looks)

    console = Console(file=io.StringIO(), width=300, force_terminal=terminal)
    await follow(look, console, room.menu.timezone)
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().count("held until 2026-11-25 17:50 WIB (quiet hours)") == 1


async def test_approved_and_followed(room: Room, database: Database) -> None:
    number = await asyncio.to_thread(room.drafted)
    await asyncio.to_thread(room.done, "siti", "submit", number)
    approving = asyncio.create_task(
        asyncio.to_thread(room.does, "budi", "approve", number, "--version", "1", "--follow")
    )
    while not approving.done():
        await send(room, database)
        await asyncio.sleep(0.2)
    result = await approving
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[0] == f"Appeal {number} is approved, for 3 people."
    assert result.stdout.splitlines()[-1].startswith("done  3 of 3")


def test_what_is_not_approved_is_not_waited_for(room: Room) -> None:
    result = room.shell.run("appeals", "show", room.drafted(), "--follow")
    assert (result.exit_code, result.stdout.split()[0]) == (0, "draft")


@pytest.mark.parametrize("width", [80, 60])
@pytest.mark.parametrize(("settled", "frozen"), [(64, 748), (1_234_567, 2_000_000)])
async def test_all_of_it_is_seen_in_a_narrow_terminal(
    room: Room, database: Database, width: int, settled: int, frozen: int
) -> None:
    number = int(await asyncio.to_thread(room.drafted))
    _, _, campaign, ledger = going(room, database)
    reason = "of the last 200 sends 30 were refused and 20 are unknown, [which] is too many; look at the carrier first"
    appeal = replace(await campaign.find(number), status=AppealStatus.CANCELLED, reason=reason)
    totals = {**dict.fromkeys(Total, 0), Total.DELIVERED: settled, Total.WAITING: frozen - settled}
    account = replace(await ledger.load_results(number, room.menu.timezone), audience_size=frozen, totals=totals)

    async def look() -> Look:
        return Look(appeal, account)

    terminal = io.StringIO()
    await follow(look, Console(file=terminal, width=width, force_terminal=True), room.menu.timezone)
    lines = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", terminal.getvalue()).replace("\r", "\n").splitlines()
    row = next(line for line in lines if "━" in line)
    assert row.startswith("cancelled ")
    assert f" {settled}/{frozen} " in row
    assert re.search(r" \d:\d\d:\d\d$", row.rstrip())
    for total, people in totals.items():
        assert any(f"{total} {people}" in line for line in lines)
    assert reason in " ".join(" ".join(lines).split()), "folded, not cut"
    assert max(map(cell_len, lines)) <= width
