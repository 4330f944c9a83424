"""Context of the verbs of `waspada appeals`: services of appeals over the gateway's database, and its pack."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Literal

import click
from rich.console import Console

from gateway.accounts.proofs import record_refused_right
from gateway.accounts.roles import Right
from gateway.appeals.appeal import Actor, RightRefused
from gateway.appeals.results import ResultsStore
from gateway.appeals.workflow import AppealWorkflow
from gateway.cli.appeals.json_objects import appeal_json, text_cost_json
from gateway.cli.appeals.output import cost_lines, print_offer
from gateway.cli.appeals.progress import follow
from gateway.cli.authentication import authenticate
from gateway.cli.context import CommandContext, open_context
from gateway.cli.output import print_row
from gateway.cli.packs import load_valid_pack
from gateway.cli.prompts import confirm
from gateway.menu.model import Menu
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.text.times import TypedTime
from gateway.wiring.appeal_services import AppealServices, appeal_settings
from gateway.wiring.running_instance import locate_gateway


@dataclass(frozen=True, slots=True)
class AppealContext:
    stores: CommandContext
    load_menu: Callable[[], Menu]
    channels: Sequence[str]
    workflow: AppealWorkflow
    results: ResultsStore

    @property
    def database(self) -> Database:
        return self.stores.database

    @property
    def clock(self) -> Clock:
        return self.stores.clock

    @property
    def menu(self) -> Menu:
        """Menu of the pack, which is loaded when it is first used."""
        return self.load_menu()

    def start_at(self, typed: TypedTime | Literal[""] | None) -> datetime | None:
        """Return the start that is meant, by the clocks of the pack. None means on approval."""
        return typed.at(self.menu.timezone, self.clock.now()) if typed else None

    async def authenticate(self, name: str, right: Right | None = None) -> Actor:
        """Authenticate the person who runs the command. They must have `right`, if one is given."""
        account = await authenticate(self.stores, name, right)
        return Actor(account.name, frozenset(filter(account.may, Right)))

    async def confirm_version(self, number: int, as_json: bool) -> int:
        """Show an appeal at the terminal and ask for approval. Returns the version that was shown."""
        if as_json or not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise click.UsageError("name the --version that you have seen; preview and show print it")
        appeal = await self.workflow.find(number)
        print_offer(appeal, await self.workflow.preview(appeal.draft, number), self.menu)
        confirm("Approve this?")
        return appeal.version

    async def follow(self, number: int, *, as_json: bool = False) -> None:
        await follow(lambda: self.workflow.overview(number), Console(), self.menu.timezone, as_json=as_json)

    async def print_outcome(self, number: int, sentence: str, as_json: bool) -> None:
        """Print the outcome of an act: the appeal as JSON, or `sentence`."""
        if as_json:
            print_row(appeal_json(await self.workflow.find(number)), as_json)
        else:
            click.echo(sentence)

    async def print_draft_outcome(self, number: int, sentence: str, as_json: bool) -> None:
        """Print the outcome of a draft or an edit. The cost of its texts is in the JSON, or on stderr."""
        costs = await self.workflow.text_costs(number)
        if as_json:
            written = appeal_json(await self.workflow.find(number))
            print_row({**written, "costs": {cost.language: text_cost_json(cost) for cost in costs}}, as_json)
            return
        click.echo("\n".join(cost_lines(costs)), err=True)
        click.echo(sentence)


@asynccontextmanager
async def open_appeals(
    config: Path | None, data: Path | None, load_pack: Callable[[Path], Menu] = load_valid_pack
) -> AsyncIterator[AppealContext]:
    """Open the context. The pack is loaded when it is first used, so that an appeal can be stopped without one.

    Needs no Redis. A right that is refused meanwhile is recorded.
    """
    settings = locate_gateway(config, data)
    menu, configured = cache(lambda: load_pack(settings.pack)), appeal_settings(settings)
    async with open_context(settings) as stores:
        database, clock = stores.database, stores.clock
        appeals = AppealServices(database, stores.vault, clock, menu, configured)
        channels = tuple(configured.service_codes)
        try:
            yield AppealContext(stores, menu, channels, appeals.workflow, appeals.results)
        except RightRefused as refused:
            await record_refused_right(database, clock, refused.actor, refused.activity)
            raise
