"""Verb `logs`: the latest lines of all processes, and a dialogue as the resident saw it."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

import click
from redis.asyncio import Redis
from redis.exceptions import RedisError

from gateway.cli.context import open_context
from gateway.cli.errors import run_async
from gateway.cli.log_redaction import TURN, LogRedaction, Redact
from gateway.cli.options import gateway_options, list_options
from gateway.cli.output import print_rows
from gateway.cli.packs import load_readable_pack
from gateway.cli.reading import HIDDEN, guard
from gateway.cli.screen import draw_screen
from gateway.incidents.restricted import reader_with
from gateway.menu.model import Menu
from gateway.menu.pack.loader import PackRefused
from gateway.runtime.clock import Clock
from gateway.runtime.log_stream import LineFilter, find_sessions, follow, read_tail
from gateway.runtime.logs import LEVELS, local_time, readable
from gateway.runtime.redis import RedisUnavailable, redis_client
from gateway.runtime.redis_probe import redis_reason
from gateway.text.diagnostics import quoted
from gateway.wiring.running_instance import locate_gateway

_LINES_BEFORE_FOLLOWING = 20
_ANSWER_S = 5.0
_MOST_SESSIONS_NAMED = 5


@dataclass(frozen=True, slots=True)
class LogOptions:
    """Form and number of the printed lines. Times for people are in `zone`, in that of the machine without one."""

    follow: bool
    as_json: bool
    limit: int
    zone: tzinfo | None = None


@click.command()
@gateway_options
@list_options
@click.option("-f", "--follow", "following", is_flag=True, help="Go on as new lines come, until Ctrl-C.")
@click.option("--level", type=click.Choice(list(LEVELS)), default="debug", help="This level and above.")
@click.option("--event", default="", help="Events that begin with this, such as ussd. or message.sent")
@click.option("--channel", default="", help="One channel.")
@click.option(
    "--session",
    default="",
    help="One USSD session, or the beginning of its name: its dialogue as the resident saw it, then its lines.",
)
@click.option("--ticket", default="", help="One ticket, with or without its dash.")
@run_async
async def logs(
    config: Path | None,
    data: Path | None,
    as_json: bool,
    limit: int,
    following: bool,
    level: str,
    event: str,
    channel: str,
    session: str,
    ticket: str,
) -> None:
    """Show the latest lines of the log, of all processes, in the local time of the pack.

    In the terminal the newest line comes last; with --json it comes first, and with --json and -f there is one object
    per line.
    """
    settings = locate_gateway(config, data)
    line_filter = LineFilter(level, event, channel, session, ticket)
    menu = _pack_of(settings.pack)
    try:
        async with redis_client(settings.redis_address) as client, open_context(settings) as stores:
            redaction = LogRedaction(guard(stores), reader_with(menu) if menu else None)
            if ticket:
                await redaction.check(ticket)
            zone = None if as_json or menu is None else menu.timezone
            await print_logs(client, line_filter, LogOptions(following, as_json, limit, zone), redaction.apply)
    except RedisError as error:
        raise RedisUnavailable(str(error), redis_reason(error)) from error


def _pack_of(pack: Path) -> Menu | None:
    """Return the pack, None if it cannot be read: the log must be shown then above all."""
    try:
        return load_readable_pack(pack)
    except (PackRefused, OSError, ValueError):
        return None


async def print_logs(client: Redis, line_filter: LineFilter, options: LogOptions, redact: Redact) -> None:
    """Print the lines that pass the filter. Raises `RedisError` or `RedisUnavailable` if Redis does not answer.

    The beginning of a session's name is enough, if no other session of the log has it. Following ends when it is
    cancelled, and waits during a later outage of Redis. `redact` hides what nobody may see. Raises
    `click.ClickException` if several sessions are meant.
    """
    if line_filter.session:
        line_filter = replace(line_filter, session=await _whole_session(client, line_filter))
    try:
        await asyncio.wait_for(client.ping(), _ANSWER_S)  # a stopped server takes a connection, and says nothing
    except TimeoutError:
        raise RedisUnavailable("no answer", f"It has not answered within {_ANSWER_S:g} s.") from None
    if options.follow:
        await _follow(client, line_filter, options, redact)
        return
    lines = await redact(await read_tail(client, line_filter, options.limit))
    if options.as_json:
        print_rows(lines[::-1], [], as_json=True, if_empty="")
    elif not lines:
        click.echo("The log has no such line.")
    else:
        if line_filter.session:
            click.echo(render_dialogue(lines, options.zone, _now()))
            click.echo()
        for line in lines:
            click.echo(readable(line, sys.stdout.isatty(), options.zone, _now()))


def _now() -> datetime:
    return Clock().now()


async def _whole_session(client: Redis, line_filter: LineFilter) -> str:
    """Return the whole name of the session, or what was typed if the log has none like it."""
    typed = line_filter.session.strip().rstrip("\N{HORIZONTAL ELLIPSIS}")
    found = await find_sessions(client, typed, line_filter.channel)
    if len(found) > 1:
        newest = ", ".join(found[:_MOST_SESSIONS_NAMED])
        more = " and others" if len(found) > _MOST_SESSIONS_NAMED else ""
        raise click.ClickException(
            f"{len(found)} sessions of the log begin with {quoted(typed)}: {newest}{more}; write more of it"
        )
    return found[0] if found else typed


async def _follow(client: Redis, line_filter: LineFilter, options: LogOptions, redact: Redact) -> None:
    def waiting() -> None:
        click.echo("Redis does not answer any more. Waiting for it; Ctrl-C ends that.", err=True)

    try:
        async for raw in follow(client, line_filter, min(options.limit, _LINES_BEFORE_FOLLOWING), waiting):
            (line,) = await redact([raw])
            shown = readable(line, sys.stdout.isatty(), options.zone, _now())
            click.echo(json.dumps(line, ensure_ascii=False) if options.as_json else shown)
    except asyncio.CancelledError:
        return  # Ctrl-C is how following ends


def render_dialogue(lines: Sequence[dict[str, Any]], zone: tzinfo | None = None, now: datetime | None = None) -> str:
    """Render the screens and inputs of one session from its `ussd.turn` lines, as the resident saw them.

    The times are those of `local_time`.
    """
    turns = [line for line in lines if line.get("event") == TURN]
    if not turns:
        return "The log has no screen of this session any more."
    rendered = [f"Session {turns[0].get('session')} on {turns[0].get('channel')}"]
    for turn in turns:
        typed = f"> {turn.get('input', HIDDEN)}" if turn.get("state", HIDDEN) else "dials"
        remark = "" if turn.get("outcome") == "new" else f"  ({turn.get('outcome')})"
        rendered.append(f"\n{local_time(str(turn.get('at')), zone, now)}  {typed}{remark}")
        rendered.append(draw_screen(str(turn.get("screen", HIDDEN)), bool(turn.get("end"))))
    return "\n".join(rendered)
