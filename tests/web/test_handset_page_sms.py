"""SMS on the handset in a real browser: received with a badge, written, and sent once."""

from __future__ import annotations

from aiohttp import ClientSession
from playwright.async_api import expect

from gateway.text.gsm import parts
from tests.helpers.handset_page import CONFIRMATION, OTHER, PHONE, Handset, StandInGateway

REPLIES = {
    "Laporan 7340-2816 diterima. Cek: SMS CEK 7340-2816. Darurat 110/112.": ["CEK 7340-2816"],
    "Laporan 7340-2816: Diterima. Balas INFO 7340-2816 lalu isi.": ["CEK 7340-2816", "INFO 7340-2816 …"],
    "Laporan belum selesai. Hubungi *384*3375#, atau balas 1 untuk mengirim.": ["1"],
    "Laporan dereng rampung. Hubungi *384*3375#, utawi wangsuli 1 kangge ngintun.": ["1"],
    "Your report is unfinished. Dial *384*3375#, or reply 1 to send it as it is.": ["1"],
    "Baca https://example.org/7340-2816 atau www.example.org/1 atau example.org/7340-2816": [],
    "Nomor tidak ditemukan. Kirim mis. CEK 7340-2817 dari nomor yang dipakai melapor.": [],
    "Nomor 17340-28161 bukan laporan, 7340-2816-1 juga bukan. Balas 110.": [],
    "Himbauan Klego: keadaan aman. Balas STOP untuk berhenti.": [],
}
LENGTHS = {
    "LAPOR 3 KLEGO": "13/160 · 1 SMS",
    "x" * 160: "160/160 · 1 SMS",
    "x" * 161: "161/306 · 2 SMS",
    "x" * 152 + "€" + "x" * 152: "306/459 · 3 SMS",
    "[" * 80: "160/160 · 1 SMS",
    "ribut \N{FIRE}": "8/70 · 1 SMS · UCS-2",
    "é" * 160: "160/160 · 1 SMS",
    "\N{LEFT SINGLE QUOTATION MARK}" + "x" * 70: "71/134 · 2 SMS · UCS-2",
    "": "",
}


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
        "Ditolak (HTTP 502): gateway tidak menerima SMS ini. Coba lagi."
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
    assert round(box["height"], 2) >= 40


async def test_replies_to_an_sms_are_offered(handset: Handset, gateway: StandInGateway, http: ClientSession) -> None:
    for text in REPLIES:
        await gateway.confirm(http, text=text)

    messages = handset.page.locator("#messages li")
    await expect(messages).to_have_count(len(REPLIES))
    for text, replies in REPLIES.items():
        message = messages.filter(has_text=text)
        await expect(message.locator(".reply")).to_have_text(replies)
    await expect(messages.locator("a")).to_have_count(0)


async def test_reply_is_sent_by_a_tap_or_completed(
    handset: Handset, gateway: StandInGateway, http: ClientSession
) -> None:
    page = handset.page
    await gateway.confirm(http, text="Laporan 7340-2816: Diterima. Balas INFO 7340-2816 lalu isi pesan.")

    await page.get_by_role("button", name="CEK 7340-2816").click()
    await expect(page.locator("#compose-result")).to_have_text("Terkirim: CEK 7340-2816")
    await expect(page.get_by_role("button", name="CEK 7340-2816")).to_have_class("reply sent")

    await page.get_by_role("button", name="INFO 7340-2816 …").click()
    await expect(page.locator("#text")).to_be_focused()
    await page.keyboard.type("di utara")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#compose-result")).to_have_text("Terkirim.")
    assert gateway.sms == [(PHONE, "CEK 7340-2816"), (PHONE, "INFO 7340-2816 di utara")]


async def test_ticket_is_never_broken_at_its_dash(
    handset: Handset, gateway: StandInGateway, http: ClientSession
) -> None:
    """A ticket stays in one line after words of any length."""
    for words in range(8):
        await gateway.confirm(http, text="x " * words * 3 + "7340-2816")
    tickets = handset.page.locator("#messages .ticket")
    await expect(tickets).to_have_count(8)

    for width in range(300, 420, 20):
        await handset.page.set_viewport_size({"width": width, "height": 700})
        lines = await tickets.evaluate_all("all => all.map(ticket => ticket.getClientRects().length)")
        assert lines == [1] * 8


async def test_sms_shows_its_length_and_parts(handset: Handset) -> None:
    for text, shown in LENGTHS.items():
        await handset.page.fill("#text", text)
        await expect(handset.page.locator("#sms-count")).to_have_text(shown)


async def test_parts_are_those_of_the_gateway(handset: Handset) -> None:
    texts = [
        *("x" * length for length in (0, 1, 159, 160, 161, 306, 307, 459, 460)),
        *("x" * before + "€" * 10 + "x" * 150 for before in (143, 145, 152, 153)),
        *("x" * before + "\N{FIRE}" * 9 + "x" * 60 for before in (0, 1, 65, 66, 67)),
        *("x" * before + "e\u0301\N{WOMAN}\u200d\N{PERSONAL COMPUTER}\n" * 12 for before in range(60, 68)),
    ]

    counted = await handset.page.evaluate(
        "texts => import('/phone/static/gsm.js').then(({measureSms}) => texts.map(text => measureSms(text).parts))",
        texts,
    )

    assert counted == [len(parts(text)) for text in texts]


async def test_traffic_of_all_phones_is_masked(handset: Handset, gateway: StandInGateway, http: ClientSession) -> None:
    await gateway.confirm(http, OTHER)

    row = handset.page.locator("#traffic-list li")
    await expect(row).to_contain_text("+62857****008")
    await expect(row).to_contain_text("sampai")
    await expect(handset.page.locator("#no-messages")).to_be_visible()
