"""Keys of the handset in a real browser: letters, the counters of what is typed and shown, and the sound."""

from __future__ import annotations

from playwright.async_api import expect

from tests.helpers.handset_page import MENU, Handset, StandInGateway


async def type_letters(handset: Handset, *presses: str) -> None:
    """Press each of these keys so many times, and wait between them for the end of the second."""
    for keys in presses:
        await handset.press(keys)
        await handset.settle()


async def test_letters_are_typed_by_pressing_again(handset: Handset, gateway: StandInGateway) -> None:
    await handset.stop_time()
    page, typed = handset.page, handset.page.locator("#typed")
    await handset.call()
    await handset.asks(MENU)
    await page.click("#shift")
    await expect(page.locator("#shift-mode")).to_have_text("abc")

    await handset.press("55555533")  # k: round the four characters of 5 once, and on to the second
    await expect(page.locator("#letters")).to_have_text("def3")
    await expect(page.locator("#letters b")).to_have_text("e")
    await expect(typed).to_have_value("ke")

    await page.click("#erase")
    await page.click("#erase")
    await handset.press("5555553336664666")  # klego would need pauses for no key twice in a row
    await expect(typed).to_have_value("kfogo")

    await page.fill("#typed", "")
    await type_letters(handset, "55", "555334666")
    await expect(typed).to_have_value("klego")

    await handset.call()
    await handset.asks("Tulis singkat: apa, di mana")
    assert gateway.turns[-1][1] == "klego"
    await expect(page.locator("#shift-mode")).to_have_text("123")


async def test_mode_is_shown_and_changed_as_on_a_phone(handset: Handset) -> None:
    await handset.stop_time()
    page, typed, mode = handset.page, handset.page.locator("#typed"), handset.page.locator("#shift-mode")
    await handset.press("22#")
    await expect(typed).to_have_value("22#")
    await page.click("#erase")

    await page.click("#shift")
    await handset.press("23")
    await handset.press("#")
    await expect(mode).to_have_text("ABC")
    await handset.press("41")
    await handset.press("0*")
    await expect(typed).to_have_value("22adG. *")

    await handset.press("#")
    await expect(mode).to_have_text("123")
    await handset.press("5500")
    await expect(typed).to_have_value("22adG. *5500")


async def test_held_key_types_its_digit_and_held_hash_changes_the_mode(handset: Handset) -> None:
    page, typed = handset.page, handset.page.locator("#typed")
    for key, mode in (("#", "abc"), ("7", "abc")):
        await page.hover(f'[data-key="{key}"]')
        await page.mouse.down()
        await expect(page.locator("#shift-mode")).to_have_text(mode)
        if key == "7":
            await expect(typed).to_have_value("7")
        await page.mouse.up()

    await handset.press("7")
    await expect(typed).to_have_value("7p")


async def test_keyboard_types_as_before_among_letters(handset: Handset) -> None:
    await handset.stop_time()
    page, typed = handset.page, handset.page.locator("#typed")
    await page.click("#shift")
    await handset.press("2")
    await page.keyboard.type("22 Klego*1#")
    await handset.press("2")
    await page.keyboard.press("Backspace")
    await expect(typed).to_have_value("a22 Klego*1#")

    await page.click("h1")
    await page.keyboard.type("22")
    await expect(typed).to_have_value("a22 Klego*1#22")


async def test_keypad_is_used_by_keyboard_alone(handset: Handset) -> None:
    await handset.stop_time()
    page = handset.page
    await page.focus('[data-key="5"]')
    await page.keyboard.press("Enter")
    await page.keyboard.press("Space")
    await expect(page.locator("#typed")).to_have_value("55")

    await page.focus("#shift")
    await page.keyboard.press("Enter")
    await page.focus('[data-key="5"]')
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await expect(page.locator("#typed")).to_have_value("55k")


async def test_typed_text_is_counted(handset: Handset) -> None:
    counts = {
        "klego": "5/182",
        "a€": "3/182",
        "ribut\N{FIRE}": "7/80",
        "e\u0301": "1/182",
        "x" * 182: "182/182",
        "": "",
    }
    for typed, shown in counts.items():
        await handset.page.fill("#typed", typed)
        await expect(handset.page.locator("#typed-count")).to_have_text(shown)


async def test_full_line_keeps_its_last_letter(handset: Handset) -> None:
    await handset.stop_time()
    page = handset.page
    await page.fill("#typed", "x" * 182)
    await page.click("#shift")

    await handset.press("2225")

    await expect(page.locator("#typed")).to_have_value("x" * 182)


async def test_screen_is_counted_by_the_limit_of_the_channel(handset: Handset, gateway: StandInGateway) -> None:
    page = handset.page
    await expect(page.locator("#count")).to_have_text("")  # no network sent the words of an idle phone

    await handset.call()
    await handset.asks(MENU)
    await expect(page.locator("#count")).to_have_text(f"{len(MENU)}/160")
    share = await page.locator("#count-bar").evaluate(
        "bar => bar.firstElementChild.getBoundingClientRect().width / bar.getBoundingClientRect().width"
    )
    assert abs(share - len(MENU) / 160) < 0.2  # it may be moving yet


async def test_keys_are_silent_until_somebody_wants_their_click(handset: Handset) -> None:
    page = handset.page
    await page.evaluate(COUNT_TONES)
    await handset.press("12")
    assert await page.evaluate("window.tones") == 0

    await page.click("summary")
    await page.check("#sound")
    await handset.press("12")
    assert await page.evaluate("window.tones") == 3

    await page.reload()
    await page.click("summary")
    await expect(page.locator("#sound")).to_be_checked()


COUNT_TONES = """() => {
  const { start } = AudioScheduledSourceNode.prototype;
  window.tones = 0;
  AudioScheduledSourceNode.prototype.start = function (...at) {
    window.tones += 1;
    start.apply(this, at);
  };
}"""
