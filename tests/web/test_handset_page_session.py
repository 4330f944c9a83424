"""Session of the handset in a real browser: its time, its end by the network, and a lost signal."""

from __future__ import annotations

import asyncio

from playwright.async_api import Browser, expect

from tests.helpers.handset_page import MENU, Handset, StandInGateway, open_handset
from tests.helpers.web import serve_gateway

CODE = "*384*3375#"


async def test_clock_counts_the_whole_session_and_ends_it(handset: Handset, gateway: StandInGateway) -> None:
    page = handset.page
    await page.clock.install()
    await page.reload()
    await expect(page.locator("#clock")).to_be_hidden()
    await handset.call()
    await handset.asks(MENU)
    await expect(page.locator("#left")).to_have_text("3:00")

    await page.clock.run_for(100_000)
    await handset.answer("1")
    await handset.asks("Tulis singkat: apa, di mana")  # an answer gives no more time
    await expect(page.locator("#left")).to_have_text("1:20")
    assert 54 < float(await page.locator("#ring").get_attribute("stroke-dashoffset") or "") < 57

    await page.clock.run_for(81_000)
    await expect(page.locator("#mode")).to_have_text("Waktu habis")
    await expect(page.locator("#screen")).to_contain_text("waktu 180 detik habis")
    await expect(page.locator("#clock")).to_be_hidden()
    async with asyncio.timeout(30):
        assert await gateway.endings.get() == "Incomplete"

    await handset.call()
    await handset.asks(MENU)
    await expect(page.locator("#left")).to_have_text("3:00")
    await page.click("#hang-up")
    await expect(page.locator("#clock")).to_be_hidden()


async def test_lost_signal_ends_the_session_without_its_end(handset: Handset, gateway: StandInGateway) -> None:
    page = handset.page
    await expect(page.locator("#lose-signal")).to_be_disabled()
    await handset.call()
    await handset.asks(MENU)

    await page.click("#lose-signal")
    await expect(page.locator("#mode")).to_have_text("Terputus")
    await expect(page.locator("#screen")).to_contain_text("Sinyal hilang.")

    await handset.call()
    await handset.asks(MENU)
    await page.click("#hang-up")
    async with asyncio.timeout(30):
        assert await gateway.endings.get() == "Incomplete"  # of the second session, and there is no other
    assert gateway.endings.empty()


async def test_keyboard_stays_on_the_phone_after_a_lost_signal(handset: Handset) -> None:
    await handset.call()
    await handset.asks(MENU)

    await handset.page.focus("#lose-signal")
    await handset.page.keyboard.press("Enter")

    await expect(handset.page.locator("#mode")).to_have_text("Terputus")
    await expect(handset.page.locator("#typed")).to_be_focused()


async def test_signal_lost_while_calling_opens_no_session(handset: Handset, gateway: StandInGateway) -> None:
    gateway.think = 0.3
    await handset.call()
    await expect(handset.page.locator("#mode")).to_have_text("Menghubungi…")

    await handset.page.click("#lose-signal")

    async with handset.page.expect_response("**/local/ussd"):
        await expect(handset.page.locator("#mode")).to_have_text("Terputus")
    assert gateway.endings.empty()


async def test_session_that_the_carrier_has_ended_is_told(handset: Handset, gateway: StandInGateway) -> None:
    await handset.call()
    await handset.asks(MENU)
    second = await handset.open_second()
    await second.call()  # the same phone dials again, and ends its first session
    await second.asks(MENU)

    await handset.call()

    await handset.shows("Sesi sudah berakhir. Panggil lagi.", "Gagal")


async def test_dialogue_goes_on_after_a_lost_signal(browser: Browser, redis_url: str, database_url: str) -> None:
    async with (
        serve_gateway(redis_url, database_url, demo=True) as gateway,
        open_handset(browser, gateway.url) as handset,
    ):
        for keys in (CODE, "1", "1", "1", "3"):
            await handset.answer(keys)
        asked = await handset.page.inner_text("#screen")

        await handset.page.click("#lose-signal")
        await handset.answer(CODE)
        await expect(handset.page.locator("#screen")).to_contain_text("Lanjut")

        await handset.answer("1")
        await handset.asks(asked)
