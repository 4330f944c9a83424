"""SMS on the handset in a real browser: received with a badge, written, and sent once."""

from __future__ import annotations

from aiohttp import ClientSession
from playwright.async_api import expect

from tests.helpers.handset_page import CONFIRMATION, OTHER, PHONE, Handset, StandInGateway


async def test_sms_arrives_with_a_badge_on_its_phone_only(
    handset: Handset, gateway: StandInGateway, http: ClientSession
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


async def test_sms_is_sent_by_click(handset: Handset, gateway: StandInGateway) -> None:
    await handset.page.fill("#text", "LAPOR ribut di pasar")
    await handset.page.click("#compose button")

    await expect(handset.page.locator("#compose-result")).to_have_text("Terkirim.")
    assert gateway.sms == [(PHONE, "LAPOR ribut di pasar")]


async def test_sms_is_written_and_sent_by_keyboard(handset: Handset, gateway: StandInGateway) -> None:
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


async def test_empty_sms_is_not_sent(handset: Handset, gateway: StandInGateway) -> None:
    await handset.page.click("#send-sms")
    await handset.page.locator("#text").press("Control+Enter")

    await expect(handset.page.locator("#compose-result")).to_have_text("")
    assert gateway.sms == []


async def test_sms_sent_twice_leaves_once_and_keeps_the_next_text(handset: Handset, gateway: StandInGateway) -> None:
    gateway.think = 0.5
    await handset.page.fill("#text", "BANTUAN")
    await handset.page.click("#send-sms")

    await expect(handset.page.locator("#compose-result")).to_have_text("Mengirim…")

    await handset.page.click("#send-sms")
    await handset.page.fill("#text", "LAPOR 3")
    await expect(handset.page.locator("#compose-result")).to_have_text("Terkirim.")
    await expect(handset.page.locator("#text")).to_have_value("LAPOR 3")
    assert gateway.sms == [(PHONE, "BANTUAN")]


async def test_sms_refused_by_the_gateway_keeps_its_text(handset: Handset, gateway: StandInGateway) -> None:
    gateway.sms_status = 503
    await handset.page.fill("#text", "BANTUAN")

    await handset.page.click("#send-sms")

    await expect(handset.page.locator("#compose-result")).to_have_text(
        "Ditolak (HTTP 502): the gateway answered HTTP 503"
    )
    await expect(handset.page.locator("#text")).to_have_value("BANTUAN")


async def test_sms_form_fits_a_small_phone(handset: Handset, gateway: StandInGateway) -> None:
    page = handset.page
    await page.set_viewport_size({"width": 320, "height": 640})
    await page.fill("#text", "LAPOR 3 KLEGO " + "tawuran" * 40)
    await page.click("#send-sms")

    await expect(page.locator("#compose-result")).to_have_text("Terkirim.")
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320

    box = await page.locator("#send-sms").bounding_box()
    assert box
    assert box["height"] >= 40
