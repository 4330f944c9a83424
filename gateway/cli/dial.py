"""Verb `dial`: a simulated phone in the terminal, over the same webhooks that the carrier calls."""

from __future__ import annotations

import asyncio
import os
import shlex
import sys
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import click
from rich.console import Console
from yarl import URL

from gateway.carriers.africastalking.settings import AfricasTalkingSettings
from gateway.carriers.local.handset import NETWORK_ERROR, Display, Handset, WebhookUrls
from gateway.cli.errors import run_async
from gateway.cli.options import gateway_options
from gateway.cli.packs import load_readable_pack
from gateway.cli.screen import draw_screen
from gateway.runtime.clock import Clock
from gateway.settings import ChannelSettings, Settings
from gateway.text.diagnostics import unknown
from gateway.text.phone import NotAPhoneNumber, Phone, normalise
from gateway.wiring.running_instance import channel_urls, locate_gateway

_TEST_NUMBER = "+6281230004567"
_SMS_WAIT_S = 2.0
_POLL_S = 0.1

NextInput = Callable[[], Awaitable[str | None]]
"""Source of inputs: the next one, or None to hang up."""


@click.command()
@gateway_options
@click.argument("code", required=False)
@click.option(
    "--phone", default=_TEST_NUMBER, show_default=True, help="The number of this phone, as people there write it."
)
@click.option("--channel", help="The channel whose webhooks are called [the first].")
@click.option("--keys", help="Answer with these, then hang up: --keys \"1 1 'ribut di pasar'\"")
@click.option("--sms", help="Send this SMS instead, and show the answer: --sms 'LAPOR 3 KLEGO ribut'")
@run_async
async def dial(
    config: Path | None,
    data: Path | None,
    code: str | None,
    phone: str,
    channel: str | None,
    keys: str | None,
    sms: str | None,
) -> None:
    """Dial CODE, or the code of the service, and talk to the gateway as a resident does.

    Enter sends an answer, also an empty one. Ctrl-D or Ctrl-C hangs up.
    """
    plan = _validate(code, keys, sms)
    settings = locate_gateway(config, data)
    call = _choose_channel(settings, channel, _parse_phone(phone, settings.pack))
    if not await _run(call, plan):
        sys.exit(1)


@dataclass(frozen=True, slots=True)
class _CallPlan:
    """Validated options: dial `code`, or send `sms` if it is not None. `typed` is None for a person who types."""

    code: str | None
    typed: list[str] | None
    sms: str | None


def _validate(code: str | None, keys: str | None, sms: str | None) -> _CallPlan:
    """Validate the options before anything is read or called. Raises `click.UsageError`."""
    if sms is not None and (code is not None or keys is not None):
        raise click.UsageError("An SMS goes to the service without CODE and --keys.")
    try:
        return _CallPlan(code, None if keys is None else shlex.split(keys), sms)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--keys") from None


def _parse_phone(written: str, pack: Path) -> Phone:
    """Return the number, read as in the region of the pack. That is loaded only for a number that needs it."""
    with suppress(NotAPhoneNumber):
        return Phone(written)
    try:
        return Phone(normalise(written, load_readable_pack(pack).region))
    except NotAPhoneNumber as error:
        raise click.BadParameter(str(error), param_hint="--phone") from None


def _choose_channel(settings: Settings, channel: str | None, phone: Phone) -> PhoneCall:
    """Prepare a call over the webhooks of a channel, by default the first. Raises `click.UsageError`."""
    name = channel or next(iter(settings.channels), "")
    if name not in settings.channels:
        raise click.UsageError(unknown("channel", name, settings.channels))
    chosen = settings.channels[name]
    hooks = WebhookUrls(**channel_urls(settings, name))
    return PhoneCall(hooks, _local_url(chosen), phone, chosen.service_code)


def _local_url(channel: ChannelSettings) -> str | None:
    """Return the address where the built-in carrier would show its messages. It has an account of Africa's Talking."""
    return channel.api_url if isinstance(channel, AfricasTalkingSettings) else None


async def _run(call: PhoneCall, plan: _CallPlan) -> bool:
    """Send the SMS, or dial and talk. Returns False after a network error."""
    console = Console(soft_wrap=True, highlight=False)
    if plan.sms is not None:
        await call.send_sms(plan.sms, console)
        return True
    if plan.typed is None:
        return await call.dial(plan.code, _terminal_input, console, echo=not sys.stdin.isatty())
    return await call.dial(plan.code, scripted_input(plan.typed), console, echo=True)


class PhoneCall:
    """Call or SMS from one phone to the service.

    `local_url` is the address of the built-in carrier, which shows the messages to the phone; None for another carrier.
    """

    def __init__(self, hooks: WebhookUrls, local_url: str | None, phone: Phone, service_code: str) -> None:
        self._hooks = hooks
        self._local_url = local_url
        self._phone = phone
        self._service_code = service_code

    async def dial(self, code: str | None, next_input: NextInput, console: Console, *, echo: bool) -> bool:
        """Dial `code`, by default that of the service, and show every screen. Returns False after a network error.

        Inputs are echoed if `echo`: not where a terminal does it. Raises `click.ClickException` if no gateway answers.
        """
        # A person thinks longer than a server keeps a connection open.
        connector = aiohttp.TCPConnector(force_close=True)
        async with aiohttp.ClientSession(connector=connector) as http:
            await self._check_gateway(http)
            before = await self._message_ids(http)
            handset = Handset(http, self._hooks, self._phone, Clock(), service_code=self._service_code)
            async with handset:
                display = await self._talk(handset, code or self._service_code, next_input, console, echo)
            if display.text and display.text != NETWORK_ERROR:
                await self._show_new_sms(http, before, console)
        return display.text != NETWORK_ERROR

    async def send_sms(self, text: str, console: Console) -> None:
        """Send an SMS to the service, and show the answer that comes within two seconds.

        Raises `click.ClickException` if no gateway answers or the SMS is not accepted.
        """
        async with aiohttp.ClientSession() as http:
            await self._check_gateway(http)
            before = await self._message_ids(http)
            if not await self._post_sms(http, text):
                raise click.ClickException("The SMS was not taken: only phones of the built-in carrier send one here.")
            console.print(f"{self._phone} sends: {text}", markup=False)
            await self._show_new_sms(http, before, console)

    async def _post_sms(self, http: aiohttp.ClientSession, text: str) -> bool:
        if self._local_url is None:
            return False
        sms = {"phone": self._phone.e164, "text": text}
        try:
            async with http.post(f"{self._local_url}/sms", json=sms) as response:
                return response.status == 200
        except (aiohttp.ClientError, OSError):
            return False

    async def _talk(self, handset: Handset, code: str, next_input: NextInput, console: Console, echo: bool) -> Display:
        """Show screens and send inputs until the session ends. Returns the last display."""
        console.print(f"{self._phone} dials {code}", markup=False)
        display = await handset.dial(code)
        while True:
            console.print(draw_screen(display.text, end=not display.open), markup=False)
            if not display.open:
                return display
            console.print("> ", end="")
            keys = await next_input()
            if keys is None:
                console.print("hangs up")
                return await handset.hang_up()
            if echo:
                console.print(keys, markup=False)
            display = await handset.answer(keys)

    async def _check_gateway(self, http: aiohttp.ClientSession) -> None:
        origin = URL(self._hooks.ussd).origin()
        try:
            async with http.get(origin / "healthz", timeout=aiohttp.ClientTimeout(total=5)):
                pass
        except (aiohttp.ClientError, OSError):  # a timeout is an OSError, too
            raise click.ClickException(f"No gateway answers at {origin}. Start one with: waspada run") from None

    async def _messages(self, http: aiohttp.ClientSession) -> list[dict[str, Any]]:
        """Fetch the messages that the built-in carrier has sent to this phone. Returns none for another carrier."""
        if self._local_url is None:
            return []
        try:
            async with http.get(f"{self._local_url}/messages", timeout=aiohttp.ClientTimeout(total=5)) as response:
                sent = await response.json() if response.status == 200 else []
        except (aiohttp.ClientError, OSError, ValueError):
            return []
        return [message for message in sent if message["to"] == self._phone.e164]

    async def _message_ids(self, http: aiohttp.ClientSession) -> set[str]:
        return {message["message_id"] for message in await self._messages(http)}

    async def _show_new_sms(self, http: aiohttp.ClientSession, before: set[str], console: Console) -> None:
        """Show the SMS that arrive within two seconds, apart from those of the ids `before`."""
        if self._local_url is None:
            return
        for _ in range(round(_SMS_WAIT_S / _POLL_S)):
            new = [message for message in await self._messages(http) if message["message_id"] not in before]
            for message in new:
                console.print(f"SMS from {message['from']}:", markup=False)
                console.print(draw_screen(message["text"], end=True), markup=False)
            if new:
                return
            await asyncio.sleep(_POLL_S)


def scripted_input(keys: Iterable[str]) -> NextInput:
    """Make a source of these inputs. After the last one the phone hangs up."""
    remaining = iter(keys)

    async def next_input() -> str | None:
        return next(remaining, None)

    return next_input


async def _terminal_input() -> str | None:
    """Read the next line of standard input. Returns None at its end, and when Ctrl-C cancels the wait.

    A terminal is read only once it has a line, so that Ctrl-C ends the wait. It then hangs up, like Ctrl-D.
    """
    if not sys.stdin.isatty():
        line = sys.stdin.readline()
        return line.removesuffix("\n") if line else None
    loop, readable = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), readable.set)
    try:
        await readable.wait()
        line_bytes = os.read(sys.stdin.fileno(), 4096)
    except asyncio.CancelledError:
        return None
    finally:
        loop.remove_reader(sys.stdin.fileno())
    return line_bytes.decode(errors="replace").removesuffix("\n") if line_bytes else None
