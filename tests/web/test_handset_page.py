"""Handset in a real browser: calls by click and by keyboard, hanging up, and errors."""

from __future__ import annotations

import asyncio

from playwright.async_api import expect

from tests.helpers.handset_page import CODE, MENU, NETWORK_ERROR, PHONE, Handset, StandInGateway


async def test_call_by_clicks_from_the_code_to_the_last_screen(handset: Handset, gateway: StandInGateway) -> None:
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
    await expect(handset.page.locator("#ending")).to_contain_text("Selesai · 3 layar · 0:")
    await expect(handset.page.locator("#call-label")).to_have_text("Panggil")
    assert gateway.turns == [(PHONE, ""), (PHONE, "1"), (PHONE, "1*Ribut di pasar * jl. 5")]


async def test_call_by_keyboard_alone(handset: Handset, gateway: StandInGateway) -> None:
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


async def test_keys_typed_outside_a_form_reach_the_phone(handset: Handset, gateway: StandInGateway) -> None:
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

    await handset.page.keyboard.press("Enter")  # without a code, the service is called
    await handset.asks(MENU)


async def test_hanging_up_ends_the_dialogue(handset: Handset, gateway: StandInGateway) -> None:
    await handset.call()
    await handset.asks(MENU)

    await handset.page.click("#hang-up")
    await expect(handset.page.locator("#mode")).to_have_text("Siap")

    async with asyncio.timeout(5):
        assert await gateway.endings.get() == "Incomplete"


async def test_hanging_up_during_a_callback_ends_the_session(handset: Handset, gateway: StandInGateway) -> None:
    gateway.think = 0.3
    await handset.call()

    await expect(handset.page.locator("#mode")).to_have_text("Menghubungi…")

    await handset.page.keyboard.press("Escape")
    await expect(handset.page.locator("#mode")).to_have_text("Siap")

    async with asyncio.timeout(5):
        assert await gateway.endings.get() == "Incomplete"
    await expect(handset.page.locator("#mode")).to_have_text("Siap")


async def test_unknown_code_shows_a_network_error(handset: Handset) -> None:
    await handset.press("110")
    await handset.call()

    await handset.shows(NETWORK_ERROR, "Gagal")


async def test_refusal_of_the_carrier_is_shown_on_the_phone(handset: Handset) -> None:
    await handset.page.evaluate("document.getElementById('typed').value = '*'.repeat(65)")

    await handset.call()

    await expect(handset.page.locator("#mode")).to_have_text("Gagal")
    await expect(handset.page.locator("#screen")).to_contain_text("Ditolak (HTTP 400)")


async def test_unreachable_gateway_is_shown_on_the_phone(handset: Handset) -> None:
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


async def test_phone_works_in_a_browser_that_keeps_nothing(handset: Handset) -> None:
    page = handset.page
    await page.add_init_script(
        "for (const name of ['localStorage', 'sessionStorage'])"
        " Object.defineProperty(window, name, { get() { throw new DOMException('forbidden', 'SecurityError'); } });"
    )
    await page.reload()
    await page.get_by_role("button", name="EN, English").click()
    await page.select_option("#subscriber", label="Other number…")
    await page.fill("#other-number", "0812 3000 9999")
    await page.keyboard.press("Enter")
    await expect(page.locator("#subscriber")).to_have_value("+6281230009999")

    await handset.call()
    await handset.asks(MENU)
