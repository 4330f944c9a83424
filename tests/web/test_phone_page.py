"""The handset in a real browser, over the real built-in carrier and a small webhook server."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import ClientSession, web
from playwright.async_api import Browser, Page, async_playwright, expect

from gateway.carriers.handset import HookUrls
from gateway.carriers.local import LocalCarrier
from gateway.runtime.clock import Clock
from gateway.web.phone import add_phone
from tests.carriers.serving import serving

CODE = "*384*3375#"
PHONE = "+6281230004567"
OTHER = "+6285712340008"
MENU = "1 Lapor\n2 Cek status\n3 Jawa: é"
CONFIRMATION = "Laporan 7340-2816 diterima. Cek: *384*3375#"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
MISSING = "No Chromium here. Run: apt-get install chromium"
FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass(slots=True)
class Gateway:
    """The webhooks: a menu that opens, asks for a text, and ends; and what came in."""

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

    async def confirm(self, http: ClientSession, phone: str = PHONE) -> None:
        """Send the confirmation as the gateway does."""
        form = {"username": "sandbox", "to": phone, "message": CONFIRMATION, "from": "3375"}
        headers = {"apiKey": "key", "Accept": "application/json"}
        async with http.post(f"{self.url}/local/version1/messaging", data=form, headers=headers) as response:
            assert response.status == 201


@pytest.fixture(scope="session")
async def http() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


@pytest.fixture
async def gateway(http: ClientSession) -> AsyncIterator[Gateway]:
    gateway = Gateway()
    handlers = {"ussd": gateway.ussd, "ussd_event": gateway.ended, "sms": gateway.inbound, "receipt": gateway.receipt}
    webhooks, page = web.Application(), web.Application()
    for hook, handler in handlers.items():
        webhooks.router.add_post(f"/{hook}", handler)
    async with serving(webhooks) as url:
        LocalCarrier(
            http,
            HookUrls(**{hook: f"{url}/{hook}" for hook in handlers}),
            Clock(),
            username="sandbox",
            api_key="key",
            service_code=CODE,
            short_code="3375",
        ).add_to(page)
        add_phone(page, CODE)
        async with serving(page) as gateway.url:
            yield gateway


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.fail(MISSING)
    flags = [*FLAGS, *(["--no-sandbox"] if os.getuid() == 0 else [])]
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=program, args=flags)
        yield launched
        await launched.close()


@dataclass(frozen=True, slots=True)
class Handset:
    """The page, and what a person does with it."""

    page: Page

    async def press(self, keys: str) -> None:
        for key in keys:
            await self.page.click(f'#keypad [data-key="{key}"]')

    async def call(self) -> None:
        await self.page.click("#call")

    async def shows(self, text: str, mode: str) -> None:
        await expect(self.page.locator("#screen")).to_have_text(text, use_inner_text=True)
        await expect(self.page.locator("#mode")).to_have_text(mode)

    async def asks(self, text: str) -> None:
        await self.shows(text, "USSD")


@pytest.fixture
async def handset(browser: Browser, gateway: Gateway) -> AsyncIterator[Handset]:
    """A phone just switched on. No test may leave an error or a policy violation in the browser's console."""
    complaints: list[str] = []
    page = await browser.new_page(viewport={"width": 1100, "height": 800})
    page.set_default_timeout(10_000)
    page.on(
        "console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(f"{gateway.url}/phone")
    yield Handset(page)
    await page.close()
    assert [one for one in complaints if "Failed to load resource" not in one] == []


async def test_a_call_by_click_from_the_code_to_the_end(handset: Handset, gateway: Gateway) -> None:
    await handset.press("*384*3375#")
    await expect(handset.page.locator("#typed")).to_have_value(CODE)
    await handset.call()
    await handset.asks(MENU)
    await expect(handset.page.locator("#call-label")).to_have_text("Kirim")
    await handset.press("13")
    await handset.page.click("#erase")
    await handset.call()
    await handset.asks("Tulis singkat: apa, di mana")
    await handset.page.fill("#typed", "Ribut di pasar * jl. 5")
    await handset.call()
    await handset.shows("Terima kasih, 7340-2816", "Selesai")
    await expect(handset.page.locator("#call-label")).to_have_text("Panggil")
    assert gateway.turns == [(PHONE, ""), (PHONE, "1"), (PHONE, "1*Ribut di pasar * jl. 5")]


async def test_a_call_by_keyboard_alone(handset: Handset, gateway: Gateway) -> None:
    keyboard = handset.page.keyboard
    await keyboard.type("*384*33755")
    await keyboard.press("Backspace")
    await keyboard.type("#")
    await keyboard.press("Enter")
    await handset.asks(MENU)
    await keyboard.type("2")
    await keyboard.press("Enter")
    await handset.asks("Tulis singkat: apa, di mana")
    await keyboard.press("Enter")  # an empty answer
    await handset.shows("Terima kasih, 7340-2816", "Selesai")
    assert [text for _, text in gateway.turns] == ["", "2", "2*"]


async def test_the_keyboard_reaches_the_phone_from_anywhere_but_a_form(handset: Handset, gateway: Gateway) -> None:
    await handset.page.click("h1")
    await handset.page.keyboard.type("*123")
    await handset.page.keyboard.press("Backspace")
    await expect(handset.page.locator("#typed")).to_have_value("*12")
    await handset.page.click("#text")
    await handset.page.keyboard.type("99")
    await handset.page.keyboard.press("Escape")
    await expect(handset.page.locator("#typed")).to_have_value("*12")
    await handset.page.click("h1")
    await handset.page.keyboard.press("Escape")
    await expect(handset.page.locator("#typed")).to_have_value("")
    await handset.page.keyboard.press("Enter")  # nothing typed calls the service
    await handset.asks(MENU)


async def test_hanging_up_ends_the_dialogue(handset: Handset, gateway: Gateway) -> None:
    await handset.call()
    await handset.asks(MENU)
    await handset.page.click("#hang-up")
    await expect(handset.page.locator("#mode")).to_have_text("Siap")
    async with asyncio.timeout(5):
        assert await gateway.endings.get() == "Incomplete"


async def test_hanging_up_while_the_gateway_thinks_leaves_nothing_open(handset: Handset, gateway: Gateway) -> None:
    gateway.think = 0.3
    await handset.call()
    await expect(handset.page.locator("#mode")).to_have_text("Menghubungi…")
    await handset.page.keyboard.press("Escape")
    await expect(handset.page.locator("#mode")).to_have_text("Siap")
    async with asyncio.timeout(5):
        assert await gateway.endings.get() == "Incomplete"
    await expect(handset.page.locator("#mode")).to_have_text("Siap")


async def test_a_number_that_leads_nowhere(handset: Handset) -> None:
    await handset.press("110")
    await handset.call()
    await handset.shows("Connection problem or invalid MMI code.", "Selesai")


async def test_the_screen_says_how_long_it_is(handset: Handset) -> None:
    await handset.call()
    await handset.asks(MENU)
    await expect(handset.page.locator("#count")).to_have_text(f"{len(MENU)} septet")


async def test_an_sms_arrives_with_a_badge_and_only_on_its_phone(
    handset: Handset, gateway: Gateway, http: ClientSession
) -> None:
    page = handset.page
    await expect(page.locator("#no-messages")).to_be_visible()
    await gateway.confirm(http, OTHER)
    await gateway.confirm(http)
    await expect(page.locator("#badge")).to_have_text("✉ 1")
    await expect(page.locator("#messages li")).to_have_count(1)
    await expect(page.locator("#messages li")).to_contain_text(CONFIRMATION)
    await page.click("#badge")
    await expect(page.locator("#badge")).to_be_hidden()
    await page.select_option("#subscriber", OTHER)
    await expect(page.locator("#messages li")).to_have_count(1)
    await expect(page.locator("#badge")).to_be_hidden()  # it was there before


async def test_another_number_is_used_and_kept(handset: Handset, gateway: Gateway) -> None:
    page = handset.page
    await page.select_option("#subscriber", label="Nomor lain…")
    await page.fill("#other-number", "08123")
    await page.keyboard.press("Enter")
    await expect(page.locator("#subscriber-error")).to_contain_text("kode negara")
    await page.fill("#other-number", "+254 711 000 101")
    await page.keyboard.press("Enter")
    await expect(page.locator("#subscriber-error")).to_have_text("")
    await handset.call()
    await handset.asks(MENU)
    await page.reload()
    await expect(page.locator("#other-number")).to_have_value("+254711000101")
    await handset.call()
    await handset.asks(MENU)
    assert {phone for phone, _ in gateway.turns} == {"+254711000101"}


async def test_an_sms_is_sent(handset: Handset, gateway: Gateway) -> None:
    await handset.page.fill("#text", "LAPOR ribut di pasar")
    await handset.page.click("#compose button")
    await expect(handset.page.locator("#compose-result")).to_have_text("Terkirim.")
    assert gateway.sms == [(PHONE, "LAPOR ribut di pasar")]


async def test_an_sms_is_written_and_sent_by_keyboard(handset: Handset, gateway: Gateway) -> None:
    keyboard, result = handset.page.keyboard, handset.page.locator("#compose-result")
    await handset.page.get_by_label("Kirim SMS").and_(handset.page.locator("textarea")).focus()
    await keyboard.type("LAPOR 3 KLEGO")
    await keyboard.press("Enter")
    await keyboard.type("tawuran 1*2#")
    await keyboard.press("Tab")
    await keyboard.press("Enter")
    await expect(result).to_have_text("Terkirim.")
    await expect(handset.page.locator("#typed")).to_have_value("")
    await handset.page.locator("#text").focus()
    await keyboard.type("CEK 7340-2817")
    await keyboard.press("Control+Enter")
    await expect(handset.page.locator("#text")).to_have_value("")
    assert gateway.sms == [(PHONE, "LAPOR 3 KLEGO\ntawuran 1*2#"), (PHONE, "CEK 7340-2817")]


async def test_an_empty_sms_is_not_sent(handset: Handset, gateway: Gateway) -> None:
    await handset.page.click("#send-sms")
    await handset.page.locator("#text").press("Control+Enter")
    await expect(handset.page.locator("#compose-result")).to_have_text("")
    assert gateway.sms == []


async def test_an_sms_pressed_twice_is_sent_once_and_what_is_typed_meanwhile_stays(
    handset: Handset, gateway: Gateway
) -> None:
    gateway.think = 0.5
    await handset.page.fill("#text", "BANTUAN")
    await handset.page.click("#send-sms")
    await expect(handset.page.locator("#compose-result")).to_have_text("Mengirim…")
    await handset.page.click("#send-sms")
    await handset.page.fill("#text", "LAPOR 3")
    await expect(handset.page.locator("#compose-result")).to_have_text("Terkirim.")
    await expect(handset.page.locator("#text")).to_have_value("LAPOR 3")
    assert gateway.sms == [(PHONE, "BANTUAN")]


async def test_an_sms_that_the_gateway_does_not_take_is_kept(handset: Handset, gateway: Gateway) -> None:
    gateway.sms_status = 503
    await handset.page.fill("#text", "BANTUAN")
    await handset.page.click("#send-sms")
    await expect(handset.page.locator("#compose-result")).to_have_text(
        "Ditolak (HTTP 502): the gateway answered HTTP 503"
    )
    await expect(handset.page.locator("#text")).to_have_value("BANTUAN")


async def test_an_sms_is_written_on_a_small_phone(handset: Handset, gateway: Gateway) -> None:
    page = handset.page
    await page.set_viewport_size({"width": 320, "height": 640})
    await page.fill("#text", "LAPOR 3 KLEGO " + "tawuran" * 40)
    await page.click("#send-sms")
    await expect(page.locator("#compose-result")).to_have_text("Terkirim.")
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320
    box = await page.locator("#send-sms").bounding_box()
    assert box
    assert box["height"] >= 40


async def test_a_refusal_is_shown_on_the_phone(handset: Handset) -> None:
    await handset.page.evaluate("sessionStorage.setItem('waspada.phone', 'rusak')")
    await handset.page.reload()
    await handset.call()
    await expect(handset.page.locator("#mode")).to_have_text("Gagal")
    await expect(handset.page.locator("#screen")).to_contain_text("Ditolak (HTTP 400): expected")


async def test_a_gateway_that_is_gone_is_said_on_the_phone(handset: Handset) -> None:
    await handset.page.context.set_offline(True)
    await handset.call()
    await handset.shows("Gateway tidak dapat dihubungi. Apakah waspada masih berjalan?", "Gagal")
    await expect(handset.page.locator("#signal")).to_have_attribute(
        "aria-label", "Tidak ada sinyal: gateway tidak dapat dihubungi"
    )
    await handset.page.context.set_offline(False)
    await expect(handset.page.locator("#signal")).to_have_attribute("aria-label", "Ada sinyal")
    await handset.call()
    await handset.asks(MENU)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_fits_a_small_phone(handset: Handset, gateway: Gateway, http: ClientSession, scheme: str) -> None:
    page = handset.page
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    await page.set_viewport_size({"width": 320, "height": 640})
    await gateway.confirm(http)
    await handset.call()
    await handset.asks(MENU)
    await expect(page.locator("#messages li")).to_have_count(1)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320
    smallest = await page.eval_on_selector_all(
        "#keypad button, .controls button", "keys => Math.min(...keys.map(key => key.getBoundingClientRect().height))"
    )
    assert smallest >= 44


async def test_a_full_screen_is_seen_without_scrolling(handset: Handset) -> None:
    await handset.page.set_viewport_size({"width": 320, "height": 640})
    fits = await handset.page.evaluate(
        "text => { const screen = document.getElementById('screen'); screen.textContent = text;"
        " return screen.scrollHeight <= screen.clientHeight }",
        "Kecamatan mana di Pekalongan ya? " * 5 + "0 Kembali 00 Home",
    )
    assert fits


async def test_every_control_has_a_name(handset: Handset) -> None:
    for control in await handset.page.locator("button, input, select, textarea, a").all():
        if not await control.is_visible():
            continue
        snapshot = await control.aria_snapshot()
        assert '"' in snapshot or ":" in snapshot, snapshot
    await expect(handset.page.get_by_label("Kode")).to_be_focused()
    await expect(handset.page.get_by_role("button", name="bintang")).to_be_visible()


async def test_every_text_has_contrast(handset: Handset, gateway: Gateway, http: ClientSession) -> None:
    """AA of WCAG: 4.5 to 1, of each text against the nearest background that has one colour."""
    await gateway.confirm(http)
    await expect(handset.page.locator("#messages li")).to_have_count(1)
    for scheme in ("light", "dark"):
        await handset.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        assert await handset.page.evaluate(CONTRAST) == []


async def test_the_policy_forbids_what_is_not_ours(gateway: Gateway, http: ClientSession) -> None:
    async with http.get(f"{gateway.url}/phone") as response:
        policy = response.headers["Content-Security-Policy"]
        page = await response.text()
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in page.replace("http-equiv", "")
    assert 'lang="id"' in page


CONTRAST = """() => {
  const channels = (colour) => (colour.match(/[\\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (node) => {
    for (; node; node = node.parentElement) {
      const style = getComputedStyle(node);
      const colours = style.backgroundImage.match(/rgba?\\([^)]*\\)/g) ?? [style.backgroundColor];
      const solid = colours.map(channels).filter((colour) => colour.length === 3);
      if (solid.length) return solid;
    }
    return [[255, 255, 255]];
  };
  const faults = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !node.checkVisibility()) continue;
    if (node.matches("script, noscript, option, .visually-hidden")) continue;
    const text = light(channels(getComputedStyle(node).color));
    for (const back of behind(node).map(light)) {
      const ratio = (Math.max(text, back) + 0.05) / (Math.min(text, back) + 0.05);
      if (ratio < 4.5) faults.push(`${walker.currentNode.data.trim()} ${ratio.toFixed(2)}`);
    }
  }
  return faults;
}"""
