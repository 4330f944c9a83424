"""Progress of an appeal: a bar in a terminal, lines elsewhere."""

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
from gateway.appeals.results import AppealOverview
from gateway.cli.appeals.progress import follow
from tests.helpers.cli_appeals import AppealTerminal, open_world, send_everything


async def test_follow_shows_an_appeal_until_it_is_done(terminal: AppealTerminal) -> None:
    number = int(await asyncio.to_thread(terminal.approved_appeal))
    plain, on_tty = io.StringIO(), io.StringIO()
    consoles = Console(file=plain, width=300), Console(file=on_tty, width=300, force_terminal=True)

    async with open_world(terminal) as world:
        await world.worker.run_once()
        following = [
            asyncio.create_task(follow(lambda: world.workflow.overview(number), console, terminal.menu.timezone))
            for console in consoles
        ]
        await asyncio.sleep(0.2)
        await send_everything(world)
        async with asyncio.timeout(20):
            await asyncio.gather(*following)

    first, *_, last = plain.getvalue().splitlines()
    assert first.startswith("running  0 of 3  ")
    assert last == "done  3 of 3  delivered 0, accepted 3, failed 0, unknown 0, suppressed 0, waiting 0"
    assert "━" in on_tty.getvalue()
    assert "3/3" in on_tty.getvalue()

    # Afterwards the command shows the last line once.
    shown = await asyncio.to_thread(terminal.shell.run, "appeals", "show", str(number), "--follow")
    in_json = await asyncio.to_thread(terminal.shell.run, "appeals", "show", str(number), "--follow", "--json")

    assert shown.stdout == f"{last}\n"
    assert json.loads(in_json.stdout)["status"] == "done"
    assert len(in_json.stdout.splitlines()) == 1


@pytest.mark.parametrize("on_tty", [False, True])
async def test_follow_shows_the_end_of_quiet_hours(terminal: AppealTerminal, on_tty: bool) -> None:
    number = int(await asyncio.to_thread(terminal.approved_appeal))
    async with open_world(terminal) as world:
        await world.worker.run_once()
        overview = await world.workflow.overview(number)
    running = replace(overview, approvals_needed=None, held_until=datetime(2026, 11, 25, 10, 50, tzinfo=UTC))
    cancelled = replace(running, appeal=replace(running.appeal, status=AppealStatus.CANCELLED), held_until=None)
    overviews = iter([running, cancelled])

    async def load() -> AppealOverview:
        return next(overviews)

    console = Console(file=io.StringIO(), width=300, force_terminal=on_tty)
    await follow(load, console, terminal.menu.timezone)

    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().count("held until 2026-11-25 17:50 WIB (quiet hours)") == 1


async def test_approve_with_follow_shows_progress_after_the_approval(terminal: AppealTerminal) -> None:
    number = await asyncio.to_thread(terminal.submitted_appeal)

    approving = asyncio.create_task(
        asyncio.to_thread(terminal.run_as, "budi", "approve", number, "--version", "1", "--follow")
    )
    async with open_world(terminal) as world:
        while not approving.done():
            await send_everything(world)
            await asyncio.sleep(0.2)
    result = await approving

    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[0] == f"Appeal {number} is approved, for 3 people."
    assert result.stdout.splitlines()[-1].startswith("done  3 of 3")


def test_show_with_follow_does_not_wait_for_an_appeal_without_approval(terminal: AppealTerminal) -> None:
    result = terminal.shell.run("appeals", "show", terminal.draft_appeal(), "--follow")

    assert (result.exit_code, result.stdout.split()[0]) == (0, "draft")


@pytest.mark.parametrize("width", [80, 60])
@pytest.mark.parametrize(("settled", "frozen"), [(64, 748), (1_234_567, 2_000_000)])
async def test_follow_fits_everything_into_a_narrow_terminal(
    terminal: AppealTerminal, width: int, settled: int, frozen: int
) -> None:
    number = int(await asyncio.to_thread(terminal.draft_appeal))
    async with open_world(terminal) as world:
        drafted = await world.workflow.overview(number)
    reason = "of the last 200 sends 30 were refused and 20 are unknown, [which] is too many; look at the carrier first"
    totals = {**dict.fromkeys(Total, 0), Total.DELIVERED: settled, Total.WAITING: frozen - settled}
    appeal = replace(drafted.appeal, status=AppealStatus.CANCELLED, reason=reason)
    overview = AppealOverview(appeal, replace(drafted.results, audience_size=frozen, totals=totals))

    async def load() -> AppealOverview:
        return overview

    output = io.StringIO()
    await follow(load, Console(file=output, width=width, force_terminal=True), terminal.menu.timezone)

    lines = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", output.getvalue()).replace("\r", "\n").splitlines()
    row = next(line for line in lines if "━" in line)
    assert row.startswith("cancelled ")
    assert f" {settled}/{frozen} " in row
    assert re.search(r" \d:\d\d:\d\d$", row.rstrip())
    for total, people in totals.items():
        assert any(f"{total} {people}" in line for line in lines)
    assert reason in " ".join(" ".join(lines).split()), "folded, not cut"
    assert max(map(cell_len, lines)) <= width
