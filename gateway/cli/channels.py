"""`channels`: list channels with their state and webhook URLs, pause and resume them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from gateway.cli.context import open_context
from gateway.cli.errors import run_async
from gateway.cli.options import gateway_options, json_option, list_options
from gateway.cli.output import print_row, print_rows
from gateway.messages.channel_state import Channels, ChannelStatus
from gateway.runtime.postgres import DatabaseUnavailable, TablesOutdated
from gateway.settings import Settings, SettingsRefused
from gateway.text.diagnostics import unknown
from gateway.text.json_values import to_json
from gateway.wiring.carriers import read_balances
from gateway.wiring.running_instance import channel_urls, locate_gateway

_ACTOR = click.option("--as", "actor", default="cli", show_default=True, help="Your name, for the audit trail.")
_CHANNEL = click.argument("name")


@click.group(invoke_without_command=True)
@gateway_options
@list_options
@click.pass_context
def channels(context: click.Context, /, **options: Any) -> None:
    """List the channels: state, balance of the account, and the URLs to enter at the carrier."""
    if context.invoked_subcommand is None:
        _list(**options)
    elif any(context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE for name in options):
        raise click.UsageError(f"write the options behind `{context.invoked_subcommand}`")


@run_async
async def _list(config: Path | None, data: Path | None, as_json: bool, limit: int) -> None:
    settings = locate_gateway(config, data)
    statuses = await _statuses(settings)
    names = list(settings.channels)[:limit]
    balances = dict(zip(names, await read_balances(settings, names), strict=True))
    listed = [_channel_json(settings, name, statuses, balances[name]) for name in names]
    if as_json:
        print_rows(listed, [], as_json, "")
        return
    for channel in listed:
        click.echo(f"{channel['name']} ({channel['carrier']}, {channel['service_code']}): {_describe(channel)}")
        for hook, url in channel["urls"].items():
            click.echo(f"  {hook:<11} {url}")


@channels.command("resume")
@gateway_options
@json_option
@_ACTOR
@_CHANNEL
@run_async
async def channels_resume(config: Path | None, data: Path | None, name: str, actor: str, as_json: bool) -> None:
    """Resume a paused channel, at once and for all workers."""
    async with open_context(_settings_with(config, data, name)) as stores:
        store = Channels(stores.database, stores.clock)
        was_paused = await store.resume(name, actor)
        status = await store.status_of(name)
    if as_json:
        print_row({"name": name, **_status_json(status), "was_paused": was_paused}, as_json)
    else:
        click.echo(f"{name} sends again." if was_paused else f"{name} was not paused.")


@channels.command("pause")
@gateway_options
@json_option
@_ACTOR
@click.option("--reason", default="paused by hand", show_default=True, help="Why, for the other operators.")
@_CHANNEL
@run_async
async def channels_pause(
    config: Path | None, data: Path | None, name: str, actor: str, reason: str, as_json: bool
) -> None:
    """Pause a channel until it is resumed. Its messages wait."""
    async with open_context(_settings_with(config, data, name)) as stores:
        store = Channels(stores.database, stores.clock)
        was_paused = (await store.status_of(name)).paused
        await store.pause(name, reason, actor)
        status = await store.status_of(name)
    if as_json:
        print_row({"name": name, **_status_json(status), "was_paused": was_paused}, as_json)
    else:
        click.echo(f"{name} is paused.")


def _settings_with(config: Path | None, data: Path | None, name: str) -> Settings:
    """Read the settings. Raises `click.BadParameter` if they have no channel of this name."""
    settings = locate_gateway(config, data)
    if name not in settings.channels:
        raise click.BadParameter(unknown("channel", name, settings.channels), param_hint="NAME")
    return settings


async def _statuses(settings: Settings) -> Mapping[str, ChannelStatus] | None:
    """Read the status of each channel. None while the database is unavailable: their URLs are shown all the same."""
    try:
        async with open_context(settings) as stores, asyncio.timeout(settings.sql_deadline_ms / 1000):
            return await Channels(stores.database, stores.clock).statuses()
    except TablesOutdated:
        raise
    except (DatabaseUnavailable, SettingsRefused, TimeoutError):
        return None


def _channel_json(
    settings: Settings, name: str, statuses: Mapping[str, ChannelStatus] | None, balance: str | None
) -> dict[str, Any]:
    channel = settings.channels[name]
    status = ChannelStatus() if statuses is None else statuses.get(name, ChannelStatus())
    json = {
        "name": name,
        "carrier": channel.carrier,
        "service_code": channel.service_code,
        **_status_json(status),
        "rate": channel.rate,
        "balance": balance,
        "last_error": status.last_error,
        "last_error_at": to_json(status.last_error_at),
        "urls": channel_urls(settings, name),
    }
    if statuses is None:
        json["state"] = "not known"
    return json


def _status_json(status: ChannelStatus) -> dict[str, Any]:
    json: dict[str, Any] = to_json(status)
    return {name: json[name] for name in ("state", "reason", "since", "until", "by")}


def _describe(channel: Mapping[str, Any]) -> str:
    """Describe a channel in one line for people."""
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
