"""The desk of `waspada appeals`: the room of appeals over the gateway's store, and the pack that it speaks of."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

import click
from rich.console import Console

from gateway import wiring
from gateway.accounts.roles import Right
from gateway.appeals.appeal import Actor, Appeal, AppealStatus
from gateway.appeals.results import ResultsStore
from gateway.appeals.rules import required_approvals
from gateway.appeals.workflow import AppealWorkflow
from gateway.cli.appeals.output import Look, appeal_json, cost_lines, print_offer
from gateway.cli.appeals.progress import follow
from gateway.cli.authentication import authenticate
from gateway.cli.context import locate_gateway, open_context
from gateway.cli.output import print_row
from gateway.cli.prompts import confirm
from gateway.menu.model import Menu
from gateway.menu.pack.loader import PackRefused, load, parse_pack
from gateway.runtime.clock import Clock
from gateway.runtime.pack_folder import read_pack
from gateway.runtime.postgres import Database

_MAY_NEED_APPROVAL = (
    AppealStatus.DRAFT,
    AppealStatus.WAITING,
    AppealStatus.SCHEDULED,
    AppealStatus.RUNNING,
    AppealStatus.PAUSED,
)


@dataclass(frozen=True, slots=True)
class AppealContext:
    """The room of appeals, over the gateway's store."""

    database: Database
    clock: Clock
    pack: Callable[[], Menu]
    channels: dict[str, str]
    workflow: AppealWorkflow
    results: ResultsStore

    @property
    def menu(self) -> Menu:
        return self.pack()

    async def actor(self, name: str, right: Right | None = None) -> Actor:
        """Who runs the command, proven, and allowed to do what `right` says."""
        account = await authenticate(self.database, name, right)
        return Actor(account.name, frozenset(filter(account.may, Right)))

    async def look(self, number: int) -> Look:
        appeal = await self.workflow.find(number)
        account = await self.results.load_results(number, self.menu.timezone)
        still = appeal.status in _MAY_NEED_APPROVAL
        needed = required_approvals(appeal.draft, self.menu, self.clock.now()) if still else None
        return Look(appeal, account, needed, self.held_until(appeal))

    def held_until(self, appeal: Appeal) -> datetime | None:
        """When it goes on, where quiet hours hold it back."""
        return self.menu.quiet_until(self.clock.now()) if appeal.status is AppealStatus.RUNNING else None

    async def agreed(self, number: int, as_json: bool) -> int:
        """The version of an appeal that whoever sits at the terminal has been shown, and says yes to."""
        if as_json or not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise click.UsageError("name the --version that you have seen: preview and show tell it")
        appeal = await self.workflow.find(number)
        print_offer(appeal, await self.workflow.preview(appeal.draft, number), self.menu)
        confirm("Approve this?")
        return appeal.version

    async def follow(self, number: int, *, as_json: bool = False) -> None:
        await follow(lambda: self.look(number), Console(), self.menu.timezone, as_json=as_json)

    async def tell(self, number: int, sentence: str, as_json: bool) -> None:
        """What an act has come to: the appeal as JSON, or in words."""
        if as_json:
            print_row(appeal_json(await self.workflow.find(number)), as_json)
        else:
            click.echo(sentence)

    async def tell_costs(self, number: int, sentence: str, as_json: bool) -> None:
        """The same of what was written, with what its texts cost: on stderr, or in the JSON."""
        costs = await self.workflow.text_costs(number)
        if as_json:
            written = appeal_json(await self.workflow.find(number))
            print_row({**written, "costs": {one.language: one.for_json() for one in costs}}, as_json)
            return
        click.echo("\n".join(cost_lines(costs)), err=True)
        click.echo(sentence)


def fit(pack: Path) -> Menu:
    return load(read_pack(pack))


def legible(pack: Path) -> Menu:
    """The pack as far as it can be read: enough to name places and to tell the time while somebody mends it."""
    found = parse_pack(read_pack(pack))
    if found.menu is None:
        raise PackRefused(found.diagnostics)
    if found.diagnostics:
        click.echo(
            f"Warning: the pack {pack} is not fit, and the gateway goes on with the one before it. What is wrong with"
            f" it says: waspada check {pack}",
            err=True,
        )
    return found.menu


@asynccontextmanager
async def open_appeals(
    config: Path | None, data: Path | None, pack: Callable[[Path], Menu] = fit
) -> AsyncIterator[AppealContext]:
    """The room of appeals. The pack is read when it is first asked for: who stops an appeal needs none."""
    settings = locate_gateway(config, data)
    menu, terms = cache(lambda: pack(settings.pack)), wiring.appeal_settings(settings)
    async with open_context(settings) as stores:
        database, clock = stores.database, stores.clock
        campaign, ledger = AppealWorkflow(database, clock, menu, terms), ResultsStore(database, stores.vault)
        yield AppealContext(database, clock, menu, dict(terms.service_codes), campaign, ledger)
