"""Numbers of the handset page in a real browser: read in any spelling, remembered there, and forgotten."""

from __future__ import annotations

from playwright.async_api import expect

from tests.helpers.handset_page import MENU, OTHER, PHONE, Handset, StandInGateway

SPELLINGS = {
    "081230009999": "+6281230009999",
    "0812 3000 9998": "+6281230009998",
    "0812-3000-9997": "+6281230009997",
    "6281230009999": "+6281230009999",
    "62 812 3000 9998": "+6281230009998",
    "+62 (812) 3000.9997": "+6281230009997",
    " 0062 812 3000 9999 ": "+6281230009999",
    "81230009998": "+6281230009998",
    "+254 711 000 101": "+254711000101",
}


async def use(handset: Handset, written: str) -> None:
    await handset.page.select_option("#subscriber", label="Nomor lain…")
    await handset.page.fill("#other-number", written)
    await handset.page.keyboard.press("Enter")


async def test_number_is_read_in_any_spelling(handset: Handset, gateway: StandInGateway) -> None:
    for written, number in SPELLINGS.items():
        await use(handset, written)
        await expect(handset.page.locator("#subscriber")).to_have_value(number)
        await expect(handset.page.locator("#other")).to_be_hidden()

    await handset.call()
    await handset.asks(MENU)
    assert gateway.turns == [("+254711000101", "")]


async def test_other_text_than_a_number_is_refused_in_the_chosen_language(
    handset: Handset, gateway: StandInGateway
) -> None:
    page = handset.page
    for written in ("08123", "klego", "+62", "0812 3000 9999 atau 0812 3000 8888", "<b>1</b>"):
        await use(handset, written)
        await expect(page.locator("#subscriber-error")).to_contain_text("Bukan nomor ponsel")

    await page.get_by_role("button", name="EN, English").click()
    await expect(page.locator("#subscriber-error")).to_contain_text("Not a phone number")

    await page.fill("#other-number", "0812 3000 9999")
    await page.keyboard.press("Enter")
    await expect(page.locator("#subscriber-error")).to_have_text("")


async def test_own_numbers_are_remembered_and_forgotten(handset: Handset, gateway: StandInGateway) -> None:
    page, choice = handset.page, handset.page.locator("#subscriber")
    await expect(page.locator("#remembered")).to_be_hidden()
    await use(handset, "081230009998")
    await expect(choice).to_have_value("+6281230009998")
    await use(handset, "081230009999")
    await expect(choice).to_have_value("+6281230009999")
    await use(handset, PHONE)  # one of the two is not remembered twice
    await expect(choice).to_have_value(PHONE)
    await use(handset, "62 812 3000 9999")
    await expect(choice).to_have_value("+6281230009999")

    await page.reload()
    await expect(choice).to_have_value("+6281230009999")
    await expect(choice.locator("option")).to_have_text(
        [PHONE, OTHER, "+6281230009999", "+6281230009998", "Nomor lain…"]
    )
    await handset.call()
    await handset.asks(MENU)
    assert gateway.turns == [("+6281230009999", "")]

    await page.click("#forget")
    await expect(choice).to_have_value(PHONE)
    await expect(choice.locator("option")).to_have_text([PHONE, OTHER, "Nomor lain…"])
    await expect(page.locator("#mode")).to_have_text("Siap")
    assert "99999" not in await page.evaluate("JSON.stringify([localStorage, sessionStorage])")

    await page.reload()
    await expect(choice.locator("option")).to_have_count(3)


async def test_tabs_of_one_browser_keep_one_list(handset: Handset) -> None:
    page = handset.page
    second = await handset.open_second()
    await use(second, "081230009998")
    await expect(page.locator("#subscriber option")).to_have_text([PHONE, OTHER, "+6281230009998", "Nomor lain…"])

    await use(handset, "081230009999")
    await expect(second.page.locator("#subscriber option")).to_have_count(5)

    await page.click("#forget")
    await expect(second.page.locator("#subscriber option")).to_have_count(4)
    await expect(second.page.locator("#subscriber")).to_have_value("+6281230009998")  # in use there
    assert "9998" not in await page.evaluate("JSON.stringify(localStorage)")


async def test_broken_memory_of_the_browser_does_no_harm(handset: Handset, gateway: StandInGateway) -> None:
    for kept in ("{", "7", '["rusak", 5, null]', "null", '{"a": 1}'):
        await handset.page.evaluate(
            "kept => { localStorage.setItem('waspada.phones', kept);"
            " sessionStorage.setItem('waspada.phone', 'rusak'); }",
            kept,
        )
        await handset.page.reload()
        await expect(handset.page.locator("#subscriber option")).to_have_count(3)

    await handset.call()
    await handset.asks(MENU)
    assert gateway.turns == [(PHONE, "")]
