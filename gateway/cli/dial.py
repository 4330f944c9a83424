"""`dial`: a phone in the terminal, over the same webhooks that the carrier calls."""

from __future__ import annotations

import asyncio
import os
import shlex
import sys
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

import aiohttp
import click
from rich.console import Console
from yarl import URL

from gateway import wiring
from gateway.carriers.africastalking.settings import AfricasTalkingSettings
from gateway.carriers.local.handset import NETWORK_ERROR, Display, Handset, WebhookUrls
from gateway.cli.context import locate_gateway
from gateway.cli.errors import run_async
from gateway.cli.options import gateway_options
from gateway.cli.screen import draw_screen
from gateway.runtime.clock import Clock
from gateway.text.phone import NotAPhoneNumber, Phone

_TEST_NUMBER = "+6281230004567"
_SMS_S = 2.0
_LOOK_S = 0.1

NextInput = Callable[[], Awaitable[str | None]]
"""The next input, or None to hang up."""


@click.command()
@gateway_options
@click.argument("code", required=False)
@click.option(
    "--phone", default=_TEST_NUMBER, show_default=True, help="The number of this phone, with its country code."
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

    Enter sends an answer, an empty one too; Ctrl-D or Ctrl-C hangs up.
    """
    if sms is not None and (code is not None or keys is not None):
        raise click.UsageError("An SMS goes to the service without CODE and --keys.")
    settings = locate_gateway(config, data)
    name = channel or next(iter(settings.channels), "")
    if name not in settings.channels:
        raise click.UsageError(f"There is no channel {name!r}; there are: {', '.join(settings.channels) or 'none'}")
    chosen = settings.channels[name]
    try:
        subscriber = Phone(phone)
        typed = _from_terminal if keys is None else scripted_input(shlex.split(keys))
    except NotAPhoneNumber as wrong:
        raise click.BadParameter(str(wrong), param_hint="--phone") from None
    except ValueError as wrong:
        raise click.BadParameter(str(wrong), param_hint="--keys") from None
    # Only the built-in carrier, which takes the settings of Africa's Talking, shows its messages there.
    local_url = chosen.api_url if isinstance(chosen, AfricasTalkingSettings) else None
    talk = PhoneCall(WebhookUrls(**wiring.channel_urls(settings, name)), local_url, subscriber, chosen.service_code)
    console = Console(soft_wrap=True, highlight=False)
    if sms is not None:
        await talk.send_sms(sms, console)
        return
    echo = keys is not None or not sys.stdin.isatty()
    if not await talk.dial(code or chosen.service_code, typed, console, echo=echo):
        sys.exit(1)


class PhoneCall:
    """One call from one phone. `local_url` is where the built-in carrier shows its messages, if it is the carrier."""

    def __init__(self, hooks: WebhookUrls, local_url: str | None, phone: Phone, service_code: str) -> None:
        self._hooks = hooks
        self._local_url = local_url
        self._phone = phone
        self._service_code = service_code

    async def dial(self, code: str, typed: NextInput, console: Console, *, echo: bool) -> bool:
        """Show every screen until the dialogue ends or is hung up. False if the network could not go on.

        `echo` what is typed unless the terminal does. Raises `click.ClickException` where no gateway is.
        """
        # A person thinks longer than a server keeps a connection open.
        connector = aiohttp.TCPConnector(force_close=True)
        async with aiohttp.ClientSession(connector=connector) as http:
            await self._reach(http)
            before = {message["message_id"] for message in await self._messages(http)}
            phone = Handset(http, self._hooks, self._phone, Clock(), service_code=self._service_code)
            async with phone:
                shown = await self._talk(phone, code, typed, console, echo)
            if shown.text and shown.text != NETWORK_ERROR:
                await self._show_sms(http, before, console)
        return shown.text != NETWORK_ERROR

    async def send_sms(self, text: str, console: Console) -> None:
        """Send an SMS to the service, and show what is answered within two seconds.

        Raises `click.ClickException` where it was not taken.
        """
        async with aiohttp.ClientSession() as http:
            await self._reach(http)
            before = {message["message_id"] for message in await self._messages(http)}
            if not await self._hand_over(http, text):
                raise click.ClickException("The SMS was not taken: only phones of the built-in carrier send one here.")
            console.print(f"{self._phone} sends: {text}", markup=False)
            await self._show_sms(http, before, console)

    async def _hand_over(self, http: aiohttp.ClientSession, text: str) -> bool:
        if self._local_url is None:
            return False
        sms = {"phone": self._phone.e164, "text": text}
        try:
            async with http.post(f"{self._local_url}/sms", json=sms) as response:
                return response.status == 200
        except (aiohttp.ClientError, OSError):
            return False

    async def _talk(self, phone: Handset, code: str, typed: NextInput, console: Console, echo: bool) -> Display:
        console.print(f"{self._phone} dials {code}", markup=False)
        shown = await phone.dial(code)
        while True:
            console.print(draw_screen(shown.text, end=not shown.open), markup=False)
            if not shown.open:
                return shown
            console.print("> ", end="")
            keys = await typed()
            if keys is None:
                console.print("hangs up")
                return await phone.hang_up()
            if echo:
                console.print(keys, markup=False)
            shown = await phone.answer(keys)

    async def _reach(self, http: aiohttp.ClientSession) -> None:
        origin = URL(self._hooks.ussd).origin()
        try:
            async with http.get(origin / "healthz", timeout=aiohttp.ClientTimeout(total=5)):
                pass
        except (aiohttp.ClientError, OSError):  # a timeout is an OSError, too
            raise click.ClickException(f"No gateway answers at {origin}. Start one with: waspada run") from None

    async def _messages(self, http: aiohttp.ClientSession) -> list[dict[str, Any]]:
        """What the built-in carrier has sent to this phone; nothing where there is another carrier."""
        if self._local_url is None:
            return []
        try:
            async with http.get(f"{self._local_url}/messages", timeout=aiohttp.ClientTimeout(total=5)) as response:
                sent = await response.json() if response.status == 200 else []
        except (aiohttp.ClientError, OSError, ValueError):
            return []
        return [message for message in sent if message["to"] == self._phone.e164]

    async def _show_sms(self, http: aiohttp.ClientSession, before: set[str], console: Console) -> None:
        """Show what arrives within two seconds."""
        if self._local_url is None:
            return
        for _ in range(round(_SMS_S / _LOOK_S)):
            new = [message for message in await self._messages(http) if message["message_id"] not in before]
            for message in new:
                console.print(f"SMS from {message['from']}:", markup=False)
                console.print(draw_screen(message["text"], end=True), markup=False)
            if new:
                return
            await asyncio.sleep(_LOOK_S)


def scripted_input(keys: Iterable[str]) -> NextInput:
    """Inputs that stand beforehand; after the last one the phone hangs up."""
    rest = iter(keys)

    async def typed() -> str | None:
        return next(rest, None)

    return typed


async def _from_terminal() -> str | None:
    """The next line. A terminal is read when it has one, so that Ctrl-C ends the waiting; it hangs up like Ctrl-D."""
    if not sys.stdin.isatty():
        line = sys.stdin.readline()
        return line.removesuffix("\n") if line else None
    loop, there = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), there.set)
    try:
        await there.wait()
        read = os.read(sys.stdin.fileno(), 4096)
    except asyncio.CancelledError:
        return None
    finally:
        loop.remove_reader(sys.stdin.fileno())
    return read.decode(errors="replace").removesuffix("\n") if read else None
