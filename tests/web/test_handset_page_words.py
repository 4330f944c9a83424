"""Languages of the handset page in a real browser: its own words, in three languages."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.async_api import expect

from gateway.web import handset_page
from tests.helpers.handset_page import MENU, Handset, StandInGateway

PAGES = Path(handset_page.__file__).parent / "pages"


async def test_page_speaks_the_chosen_language_and_remembers_it(handset: Handset) -> None:
    page = handset.page
    await expect(page.locator("html")).to_have_attribute("lang", "id")
    await expect(page.get_by_role("button", name="ID, Bahasa Indonesia")).to_have_attribute("aria-pressed", "true")

    await page.get_by_role("button", name="EN, English").click()
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await expect(page.get_by_role("button", name="Call")).to_be_visible()
    await expect(page.get_by_role("button", name="star")).to_be_visible()
    await expect(page.locator("#mode")).to_have_text("Ready")
    await expect(page.locator("#screen")).to_contain_text("Type a code, then Call.")
    assert await page.title() == "Test phone Waspada"

    await page.reload()
    await expect(page.get_by_role("heading", name="Inbox")).to_be_visible()

    await page.get_by_role("button", name="JV, Basa Jawa").click()
    await expect(page.locator("#mode")).to_have_text("Siaga")
    await expect(page.get_by_label("Kothak mlebet")).to_be_visible()


async def test_language_changes_in_the_middle_of_a_dialogue(handset: Handset) -> None:
    await handset.call()
    await handset.asks(MENU)

    await handset.page.get_by_role("button", name="EN, English").click()

    await handset.asks(MENU)
    await expect(handset.page.locator("#call-label")).to_have_text("Send")
    await expect(handset.page.get_by_label("Answer")).to_be_visible()


async def test_errors_are_in_the_chosen_language(handset: Handset, gateway: StandInGateway) -> None:
    page = handset.page
    gateway.sms_status = 503
    await page.get_by_role("button", name="EN, English").click()

    await handset.press("110")
    await handset.call()
    await handset.shows("Connection problem or invalid MMI code.", "Failed")

    await page.get_by_role("button", name="JV, Basa Jawa").click()
    await expect(page.locator("#screen")).to_have_text("Sambungan wonten alangan utawi kode MMI mboten leres.")

    await page.fill("#text", "BANTUAN")
    await page.click("#send-sms")
    await expect(page.locator("#compose-result")).to_contain_text("Dipuntolak (HTTP 502)")

    await page.get_by_role("button", name="EN, English").click()
    await expect(page.locator("#compose-result")).to_contain_text("Refused (HTTP 502)")


async def test_unknown_language_in_the_browser_is_ignored(handset: Handset) -> None:
    await handset.page.evaluate("localStorage.setItem('waspada.language', 'constructor')")
    await handset.page.reload()

    await expect(handset.page.locator("#mode")).to_have_text("Siap")


async def test_every_word_has_all_languages_and_a_place(handset: Handset) -> None:
    words = await handset.page.evaluate("import('/phone/static/words.js').then(({WORDS}) => WORDS)")
    template = (PAGES / "phone.html").read_text()
    source = template + "".join(path.read_text() for path in (PAGES / "phone").glob("*.js") if path.name != "words.js")

    assert list(words) == ["id", "jv", "en"]
    for language in ("jv", "en"):
        assert list(words[language]) == list(words["id"])
        for key, text in words["id"].items():
            assert re.findall(r"\{\d\}", words[language][key]) == re.findall(r"\{\d\}", text), key
    unused = [key for key in words["id"] if f'"{key}"' not in source and f"'{key}'" not in source]
    assert unused == []
    for key in re.findall(r'data-word(?:-label)?="(\w+)"', template):
        assert key in words["id"]


async def test_words_of_the_template_are_those_of_the_table(handset: Handset) -> None:
    """The page is Indonesian before its script runs."""
    words = await handset.page.evaluate("import('/phone/static/words.js').then(({WORDS}) => WORDS.id)")
    written = re.findall(r'data-word="(\w+)"[^>]*>([^<]*)<', (PAGES / "phone.html").read_text())

    assert len(written) > 25
    for key, text in written:
        assert text == words[key]
