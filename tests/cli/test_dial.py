"""Verb `dial`: a call in this process, and the verb in a process and a terminal of its own."""

from __future__ import annotations

import asyncio
import io
import os
import pty
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import click
import pytest
from aiohttp import ClientSession, web
from click.testing import CliRunner
from rich.console import Console

from gateway.carriers.local.carrier import LocalCarrier
from gateway.carriers.local.handset import WebhookUrls
from gateway.cli.dial import PhoneCall, dial, scripted_input
from gateway.runtime.clock import Clock
from tests.helpers.carrier_server import serve_app
from tests.helpers.phones import NUMBER

CODE = "*384*3375#"
SECRET = "s" * 32
HOOKS = f"/hooks/local/{SECRET}"
DIALOGUE = """\
+62812****567 dials *384*3375#
┌────────────────────────────┐
│ 1 Lapor                    │
└────────────────────────────┘
> 1
┌────────────────────────────┐
│ Tulis singkat              │
└────────────────────────────┘
> ribut di pasar
┌────────────────────────────┐
│ Terima kasih, 7340-2816    │
╘════════════════════════════╛
SMS from 3375:
┌────────────────────────────┐
│ 7340-2816 diterima         │
╘════════════════════════════╛
"""


@dataclass(slots=True)
class DialledGateway:
    """Webhooks and the built-in carrier on one address. The last screen is followed by an SMS."""

    http: ClientSession
    url: str = ""
    texts: list[str] = field(default_factory=list)
    endings: asyncio.Queue[str] = field(default_factory=asyncio.Queue)

    @property
    def hooks(self) -> WebhookUrls:
        return WebhookUrls(ussd=f"{self.url}{HOOKS}/ussd", ussd_event=f"{self.url}{HOOKS}/ussd-event")

    async def ussd(self, request: web.Request) -> web.Response:
        text = str((await request.post())["text"])
        self.texts.append(text)
        if text == "":
            return web.Response(text="CON 1 Lapor")
        if text == "9":
            return web.Response(status=500)
        if "*" not in text:
            return web.Response(text="CON Tulis singkat")
        await self.send("7340-2816 diterima")
        return web.Response(text="END Terima kasih, 7340-2816")

    async def sms(self, request: web.Request) -> web.Response:
        fields = await request.post()
        self.texts.append(str(fields["text"]))
        await self.send("Ketik LAPOR")
        return web.Response()

    async def send(self, text: str) -> None:
        """Send an SMS to `NUMBER` by the built-in carrier."""
        form = {"username": "sandbox", "to": NUMBER.e164, "message": text, "from": "3375"}
        headers = {"apiKey": "key", "Accept": "application/json"}
        async with self.http.post(f"{self.url}/local/version1/messaging", data=form, headers=headers):
            pass

    async def ended(self, request: web.Request) -> web.Response:
        self.endings.put_nowait(str((await request.post())["status"]))
        return web.Response()


@pytest.fixture
async def gateway() -> AsyncIterator[DialledGateway]:
    async with ClientSession() as http:
        gateway = DialledGateway(http)
        app, inbound = web.Application(), web.Application()
        app.router.add_post(f"{HOOKS}/ussd", gateway.ussd)
        app.router.add_post(f"{HOOKS}/ussd-event", gateway.ended)
        inbound.router.add_post("/sms", gateway.sms)
        async with serve_app(inbound) as url:
            hooks = WebhookUrls(ussd="", sms=f"{url}/sms")
            LocalCarrier(
                http, hooks, Clock(), username="sandbox", api_key="key", service_code=CODE, short_code="3375"
            ).add_to(app)
            async with serve_app(app) as gateway.url:
                yield gateway


async def dial_keys(
    gateway: DialledGateway, keys: Sequence[str], code: str = CODE, local: bool = True
) -> tuple[bool, str]:
    """Dial and answer with these keys. Returns False after a network error, and everything that was printed."""
    console = Console(file=io.StringIO(), soft_wrap=True, highlight=False)
    call = PhoneCall(gateway.hooks, f"{gateway.url}/local" if local else None, NUMBER, CODE)
    succeeded = await call.dial(code, scripted_input(keys), console, echo=True)
    assert isinstance(console.file, io.StringIO)
    return succeeded, console.file.getvalue()


async def test_call_shows_every_screen_and_the_confirmation(gateway: DialledGateway) -> None:
    result = await dial_keys(gateway, ["1", "ribut di pasar"])

    assert result == (True, DIALOGUE)
    assert gateway.texts == ["", "1", "1*ribut di pasar"]
    assert await gateway.endings.get() == "Success"


async def test_call_shows_no_earlier_sms(gateway: DialledGateway) -> None:
    await dial_keys(gateway, ["1", "ribut di pasar"])

    _, printed = await dial_keys(gateway, ["1", "ribut di pasar"])

    assert printed.count("SMS from") == 1


async def test_call_over_another_carrier_waits_for_no_sms(gateway: DialledGateway) -> None:
    _, printed = await dial_keys(gateway, ["1", ""], local=False)

    assert printed.endswith("╛\n")
    assert "SMS" not in printed


async def test_call_without_more_keys_hangs_up(gateway: DialledGateway) -> None:
    succeeded, printed = await dial_keys(gateway, ["1"])

    assert succeeded
    assert printed.endswith("> hangs up\n")
    assert await gateway.endings.get() == "Incomplete"


async def test_call_with_a_suffix_answers_at_once(gateway: DialledGateway) -> None:
    await dial_keys(gateway, [], code="*384*3375*1#")

    assert gateway.texts == ["1"]


@pytest.mark.parametrize(("code", "keys"), [("*110#", []), (CODE, ["9"])])
async def test_call_shows_and_returns_a_network_error(gateway: DialledGateway, code: str, keys: list[str]) -> None:
    succeeded, printed = await dial_keys(gateway, keys, code)

    assert not succeeded
    assert "Connection problem or invalid MMI" in printed


async def test_call_without_a_gateway_says_how_to_start_one() -> None:
    nowhere = PhoneCall(WebhookUrls(ussd="http://127.0.0.1:1/hooks/x/y/ussd"), None, NUMBER, CODE)

    with pytest.raises(click.ClickException, match=r"No gateway answers at http://127\.0\.0\.1:1\. Start one"):
        await nowhere.dial(CODE, scripted_input([]), Console(file=io.StringIO()), echo=True)


def settings_file(folder: Path, url: str) -> Path:
    """Write settings with the gateway at `url`, and with stores that nobody connects to."""
    settings = folder / "waspada.toml"
    settings.write_text(
        f'public_url = "{url}"\n'
        'redis_url = "redis://127.0.0.1:1/0"\ndatabase_url = "postgresql://nobody@127.0.0.1:1/nothing"\n'
        f'vault_key = "{"00" * 32}"\n'
        f'[channels.local]\ncarrier = "africastalking"\nusername = "sandbox"\napi_key = "key"\n'
        f'api_url = "{url}/local"\nsecret = "{SECRET}"\nservice_code = "{CODE}"\n'
    )
    return settings


@asynccontextmanager
async def run_verb(url: str, folder: Path, *arguments: str, stdin: int = PIPE) -> AsyncIterator[Process]:
    """Run `waspada dial` in a process of its own, for the gateway at `url`."""
    config = ("--config", str(settings_file(folder, url)))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from gateway.cli.dial import dial; dial()", *config, *arguments),
        cwd=Path(__file__).parents[2],
        env={"COLUMNS": "80", "PYTHONUTF8": "1"},
        stdin=stdin,
        stdout=PIPE,
        stderr=PIPE,
    )
    try:
        async with asyncio.timeout(20):
            yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def read_to_prompt(process: Process) -> str:
    assert process.stdout
    return (await process.stdout.readuntil(b"> ")).decode()


async def test_verb_answers_with_the_keys_of_its_option(gateway: DialledGateway, tmp_path: Path) -> None:
    async with run_verb(gateway.url, tmp_path, CODE, "--keys", "1 'ribut di pasar'") as process:
        out, err = await process.communicate()

    assert (process.returncode, out.decode(), err) == (0, DIALOGUE, b"")


async def test_verb_sends_an_sms_and_shows_its_answer(gateway: DialledGateway, tmp_path: Path) -> None:
    await gateway.send("an earlier one")

    async with run_verb(gateway.url, tmp_path, "--sms", "BANTUAN [red]*") as process:
        out, err = await process.communicate()

    assert (process.returncode, err) == (0, b"")
    assert out.decode() == (
        "+62812****567 sends: BANTUAN [red]*\n"
        "SMS from 3375:\n"
        "┌────────────────────────────┐\n"
        "│ Ketik LAPOR                │\n"
        "╘════════════════════════════╛\n"
    )
    assert gateway.texts == ["BANTUAN [red]*"]


async def test_verb_fails_if_the_sms_is_not_accepted(gateway: DialledGateway, tmp_path: Path) -> None:
    async with run_verb(gateway.url, tmp_path, "--sms", "") as process:
        out, err = await process.communicate()

    assert (process.returncode, out) == (1, b"")
    assert err.decode().startswith("Error: The SMS was not taken")


async def test_call_over_another_carrier_sends_no_sms(gateway: DialledGateway) -> None:
    call = PhoneCall(gateway.hooks, None, NUMBER, CODE)

    with pytest.raises(click.ClickException, match="built-in carrier"):
        await call.send_sms("BANTUAN", Console(file=io.StringIO()))


async def test_verb_reads_the_lines_of_a_pipe(gateway: DialledGateway, tmp_path: Path) -> None:
    async with run_verb(gateway.url, tmp_path) as process:
        out, err = await process.communicate(b"1\n\n")

    assert (process.returncode, err) == (0, b"")
    assert out.decode() == DIALOGUE.replace("ribut di pasar", "")
    assert gateway.texts == ["", "1", "1*"]  # an empty line is an empty answer


@pytest.mark.parametrize("ending", ["Ctrl-D", "Ctrl-C"])
async def test_verb_at_a_terminal_hangs_up(gateway: DialledGateway, tmp_path: Path, ending: str) -> None:
    keyboard, terminal = pty.openpty()
    try:
        async with run_verb(gateway.url, tmp_path, stdin=terminal) as process:
            # A person answers the first screen.
            assert "1 Lapor" in await read_to_prompt(process)
            os.write(keyboard, b"1\n")
            assert "Tulis singkat" in await read_to_prompt(process)

            # They end the call at the second.
            if ending == "Ctrl-D":
                os.write(keyboard, b"\x04")
            else:
                process.send_signal(signal.SIGINT)
            assert await process.communicate() == (b"hangs up\n", b"")
            assert process.returncode == 0
    finally:
        os.close(keyboard)
        os.close(terminal)

    assert gateway.texts == ["", "1"]
    assert await gateway.endings.get() == "Incomplete"


async def test_verb_exits_with_1_after_a_network_error(gateway: DialledGateway, tmp_path: Path) -> None:
    async with run_verb(gateway.url, tmp_path, "*110#", "--keys", "") as process:
        await process.communicate()

    assert process.returncode == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--phone", "0812"], "write one with its country code"),
        (["--phone", "0812-3000-4567 (rumah)"], "write one with its country code"),
        (["--keys", "1 'ribut"], "No closing quotation"),
        (["--sms", "BANTUAN", "*123#"], "without CODE and --keys"),
        (["--sms", "BANTUAN", "--keys", "1"], "without CODE and --keys"),
        (["--channel", "x"], 'unknown channel "x"; expected one of local'),
    ],
)
def test_verb_refuses_wrong_options_before_any_call(tmp_path: Path, arguments: list[str], message: str) -> None:
    outcome = CliRunner().invoke(dial, ["--config", str(settings_file(tmp_path, "http://127.0.0.1:1")), *arguments])

    assert outcome.exit_code == 2
    assert message in " ".join(outcome.stderr.split())


@pytest.mark.parametrize(
    "written",
    [
        "+6281230004567",
        "081230004567",
        "0812-3000-4567",
        "0812 3000 4567",
        "6281230004567",
        "62 812 3000 4567",
        "81230004567",
        "+62 (0)812-3000-4567",
        "006281230004567",
        "\u202a+62 812\u20113000\u20114567\u202c",
    ],
)
async def test_verb_reads_a_number_as_people_of_the_pack_write_it(
    gateway: DialledGateway, tmp_path: Path, written: str
) -> None:
    async with run_verb(gateway.url, tmp_path, "--phone", written, "--keys", "") as process:
        shown, _ = await process.communicate()

    assert shown.decode().startswith("+62812****567 dials")
