"""`channels`: the accounts at carriers, their addresses, how they stand, and letting them go on."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from gateway import wiring
from gateway.cli.context import locate_gateway, open_context
from gateway.cli.errors import run_async
from gateway.cli.options import gateway_options, json_option, list_options
from gateway.cli.output import print_row, print_rows
from gateway.messages.channel_state import Channels, ChannelStatus
from gateway.runtime.postgres import DatabaseUnavailable
from gateway.settings import Settings, SettingsRefused

_ACTOR = click.option("--as", "actor", default="cli", show_default=True, help="Who does it, for the audit trail.")
_CHANNEL = click.argument("name")


@click.group(invoke_without_command=True)
@gateway_options
@list_options
@click.pass_context
def channels(context: click.Context, /, **options: Any) -> None:
    """List the channels: whether they run, what is left of the account, the addresses to enter at the carrier."""
    if context.invoked_subcommand is None:
        _list(**options)
    elif any(context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE for name in options):
        raise click.UsageError(f"write the options behind `{context.invoked_subcommand}`")


@run_async
async def _list(config: Path | None, data: Path | None, as_json: bool, limit: int) -> None:
    settings = locate_gateway(config, data)
    standings = await _standings(settings)
    names = list(settings.channels)[:limit]
    balances = dict(zip(names, await wiring.read_balances(settings, names), strict=True))
    listed = [_row(settings, name, standings, balances[name]) for name in names]
    if as_json:
        print_rows(listed, [], as_json, "")
        return
    for channel in listed:
        click.echo(f"{channel['name']} ({channel['carrier']}, {channel['service_code']}): {_told_to_people(channel)}")
        for hook, url in channel["urls"].items():
            click.echo(f"  {hook:<11} {url}")


@channels.command("resume")
@gateway_options
@json_option
@_ACTOR
@_CHANNEL
@run_async
async def channels_resume(config: Path | None, data: Path | None, name: str, actor: str, as_json: bool) -> None:
    """Let a paused channel send again, at once and by all workers."""
    async with open_context(_known(config, data, name)) as stores:
        states = Channels(stores.database, stores.clock)
        paused = await states.resume(name, actor)
        stands = await states.status_of(name)
    if as_json:
        print_row({"name": name, **_told_to_programs(stands), "was_paused": paused}, as_json)
    else:
        click.echo(f"{name} sends again." if paused else f"{name} was not paused.")


@channels.command("pause")
@gateway_options
@json_option
@_ACTOR
@click.option("--reason", default="paused by hand", show_default=True, help="Why, for whoever finds it paused.")
@_CHANNEL
@run_async
async def channels_pause(
    config: Path | None, data: Path | None, name: str, actor: str, reason: str, as_json: bool
) -> None:
    """Let nothing more leave by a channel until it is resumed. What is to be sent waits."""
    async with open_context(_known(config, data, name)) as stores:
        states = Channels(stores.database, stores.clock)
        was_paused = (await states.status_of(name)).paused
        await states.pause(name, reason, actor)
        stands = await states.status_of(name)
    if as_json:
        print_row({"name": name, **_told_to_programs(stands), "was_paused": was_paused}, as_json)
    else:
        click.echo(f"{name} is paused.")


def _known(config: Path | None, data: Path | None, name: str) -> Settings:
    settings = locate_gateway(config, data)
    if name not in settings.channels:
        raise click.BadParameter(f"{name}: the channels are {', '.join(settings.channels)}", param_hint="NAME")
    return settings


async def _standings(settings: Settings) -> Mapping[str, ChannelStatus] | None:
    """How the channels stand; None while the database is away: their addresses are shown all the same."""
    try:
        async with open_context(settings) as stores, asyncio.timeout(settings.sql_deadline_ms / 1000):
            return await Channels(stores.database, stores.clock).statuses()
    except (DatabaseUnavailable, SettingsRefused, TimeoutError):
        return None


def _row(
    settings: Settings, name: str, standings: Mapping[str, ChannelStatus] | None, balance: str | None
) -> dict[str, Any]:
    channel = settings.channels[name]
    stands = ChannelStatus() if standings is None else standings.get(name, ChannelStatus())
    return {
        "name": name,
        "carrier": channel.carrier,
        "service_code": channel.service_code,
        **_told_to_programs(stands),
        **({"state": "not known"} if standings is None else {}),
        "rate": channel.rate,
        "balance": balance,
        "last_error": stands.last_error,
        "last_error_at": _moment(stands.last_error_at),
        "urls": wiring.channel_urls(settings, name),
    }


def _told_to_programs(stands: ChannelStatus) -> dict[str, Any]:
    """How a channel stands, for JSON."""
    return {
        "state": stands.state,
        "reason": stands.reason,
        "since": _moment(stands.since),
        "until": _moment(stands.until),
        "by": stands.by,
    }


def _moment(time: datetime | None) -> str | None:
    return time.isoformat() if time else None


def _told_to_people(channel: Mapping[str, Any]) -> str:
    """How a channel stands, in one line for people."""
    words = [str(channel["state"])]
    if channel["state"] == "paused":
        until = f"; tried again at {channel['until']}" if channel["until"] else "; until `waspada channels resume`"
        words = [f"PAUSED since {channel['since']}: {channel['reason']}{until}"]
    if channel["rate"]:
        words.append(f"{channel['rate']:g} parts a second")
    if channel["balance"]:
        words.append(f"balance {channel['balance']}")
    if channel["last_error"]:
        words.append(f"last error at {channel['last_error_at']}: {channel['last_error']}")
    return ", ".join(words)
