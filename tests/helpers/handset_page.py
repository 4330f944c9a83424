"""Handset page in a real browser, over the real built-in carrier and a stand-in for the webhooks."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import ClientSession, web
from playwright.async_api import Browser, Page, async_playwright, expect

from gateway.carriers.local.carrier import LocalCarrier
from gateway.carriers.local.handset import WebhookUrls
from gateway.runtime.clock import Clock
from gateway.web.handset_page import add_handset_page
from tests.helpers.carrier_server import serve_app

CODE = "*384*3375#"
PHONE = "+6281230004567"
OTHER = "+6285712340008"
MENU = "1 Lapor\n2 Cek status\n3 Jawa: é"
NETWORK_ERROR = "Masalah sambungan atau kode MMI tidak sah."
CONFIRMATION = "Laporan 7340-2816 diterima. Cek: *384*3375#"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
MISSING = "Chromium is not installed. Run: apt-get install chromium"
FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass(slots=True)
class StandInGateway:
    """Stand-in for the webhooks of a gateway. Its dialogue is a menu, a text and an end. It keeps all callbacks."""

    url: str = ""
    turns: list[tuple[str, str]] = field(default_factory=list)  # phone and text
    endings: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    sms: list[tuple[str, str]] = field(default_factory=list)
    sms_status: int = 200
    think: float = 0.0

    async def ussd(self, request: web.Request) -> web.Response:
        fields = await request.post()
        text = str(fields["text"])
        self.turns.append((str(fields["phoneNumber"]), text))
        await asyncio.sleep(self.think)
        if text == "":
            return web.Response(text=f"CON {MENU}")
        if text.count("*") == 0:
            return web.Response(text="CON Tulis singkat: apa, di mana")
        return web.Response(text="END Terima kasih, 7340-2816")

    async def ended(self, request: web.Request) -> web.Response:
        self.endings.put_nowait(str((await request.post())["status"]))
        return web.Response()

    async def inbound(self, request: web.Request) -> web.Response:
        fields = await request.post()
        self.sms.append((str(fields["from"]), str(fields["text"])))
        await asyncio.sleep(self.think)
        return web.Response(status=self.sms_status)

    async def receipt(self, _: web.Request) -> web.Response:
        return web.Response()

    async def confirm(self, http: ClientSession, phone: str = PHONE, text: str = CONFIRMATION) -> None:
        """Send the confirmation, or another text, to a phone, as the gateway does."""
        form = {"username": "sandbox", "to": phone, "message": text, "from": "3375"}
        headers = {"apiKey": "key", "Accept": "application/json"}
        async with http.post(f"{self.url}/local/version1/messaging", data=form, headers=headers) as response:
            assert response.status == 201


@pytest.fixture(scope="session")
async def http() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


@pytest.fixture
async def gateway(http: ClientSession) -> AsyncIterator[StandInGateway]:
    gateway = StandInGateway()
    handlers = {"ussd": gateway.ussd, "ussd_event": gateway.ended, "sms": gateway.inbound, "receipt": gateway.receipt}
    webhooks, page = web.Application(), web.Application()
    for hook, handler in handlers.items():
        webhooks.router.add_post(f"/{hook}", handler)
    async with serve_app(webhooks) as url:
        LocalCarrier(
            http,
            WebhookUrls(**{hook: f"{url}/{hook}" for hook in handlers}),
            Clock(),
            username="sandbox",
            api_key="key",
            service_code=CODE,
            short_code="3375",
            region="ID",
        ).add_to(page)
        add_handset_page(page, CODE)
        async with serve_app(page) as gateway.url:
            yield gateway


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.fail(MISSING)
    flags = [*FLAGS, *(["--no-sandbox"] if os.getuid() == 0 else [])]
    expect.set_options(timeout=30_000)
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=program, args=flags)
        yield launched
        await launched.close()


@dataclass(frozen=True, slots=True)
class Handset:
    """Handset page, with the actions of a person."""

    page: Page

    async def open_second(self) -> Handset:
        """Open the page in another tab of the same browser."""
        async with self.page.context.expect_page() as opened:
            await self.page.evaluate("open('/phone')")
        second = Handset(await opened.value)
        await expect(second.page.locator("#display")).to_have_attribute("data-mode", "ready")
        return second

    async def press(self, keys: str) -> None:
        for key in keys:
            await self.page.click(f'#keypad [data-key="{key}"]')

    async def stop_time(self) -> None:
        """Stop the time of the page, so that no press of a key comes late on a busy machine."""
        await self.page.clock.install()
        await self.page.clock.pause_at(time.time() + 60)
        await self.page.reload()

    async def settle(self) -> None:
        """Let the second pass within which the next press of a key would change its letter. Needs `stop_time`."""
        await self.page.clock.run_for(1000)
        await expect(self.page.locator("#letters")).to_be_empty()

    async def call(self) -> None:
        await self.page.click("#call")

    async def answer(self, keys: str) -> None:
        """Type `keys` and call, or answer. Returns when the phone shows what came back."""
        await self.page.fill("#typed", keys)
        async with self.page.expect_response("**/local/ussd"):
            await self.call()
        await expect(self.page.locator("#display")).not_to_have_attribute("data-mode", "calling")

    async def shows(self, text: str, mode: str) -> None:
        await expect(self.page.locator("#screen")).to_have_text(text, use_inner_text=True)
        await expect(self.page.locator("#mode")).to_have_text(mode)

    async def asks(self, text: str) -> None:
        await self.shows(text, "USSD")


@asynccontextmanager
async def open_handset(browser: Browser, url: str) -> AsyncIterator[Handset]:
    """Open the page. An error or a policy violation in the browser's console by its end is an `AssertionError`.

    A page that asks another host for anything violates its policy.
    """
    diagnostics: list[str] = []
    page = await browser.new_page(viewport={"width": 1100, "height": 800})
    page.set_default_timeout(30_000)
    page.on(
        "console", lambda message: diagnostics.append(message.text) if message.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: diagnostics.append(str(error)))
    await page.goto(f"{url}/phone")
    yield Handset(page)
    await page.close()
    assert [one for one in diagnostics if "Failed to load resource" not in one] == []


@pytest.fixture
async def handset(browser: Browser, gateway: StandInGateway) -> AsyncIterator[Handset]:
    async with open_handset(browser, gateway.url) as handset:
        yield handset
