"""Look of the handset page in a real browser: small screens, screen readers, contrast and dark mode."""

from __future__ import annotations

import pytest
from aiohttp import ClientSession
from playwright.async_api import expect

from tests.helpers.handset_page import MENU, Handset, StandInGateway

WINDOWS = [
    (320, 568),
    (375, 667),
    (360, 640),
    (412, 915),
    (1280, 800),
    (1366, 768),
    (1024, 600),
    (740, 360),
    (800, 480),
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_page_fits_a_small_phone(
    handset: Handset, gateway: StandInGateway, http: ClientSession, scheme: str
) -> None:
    page = handset.page
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    await page.set_viewport_size({"width": 320, "height": 640})
    await gateway.confirm(http)
    await handset.call()

    await handset.asks(MENU)
    await expect(page.locator("#messages li")).to_have_count(1)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("language", ["ID", "JV", "EN"])
async def test_screen_and_keys_are_visible_together(handset: Handset, language: str) -> None:
    """A whole screen, the line that is typed in, and every key are in the window, and no key is small or cut."""
    page = handset.page
    await page.get_by_role("button", name=language).click()
    await handset.call()
    await handset.asks(MENU)

    for width, height in WINDOWS:
        await page.set_viewport_size({"width": width, "height": height})
        boxes = await page.evaluate(BOXES)
        assert await page.evaluate("scrollY") == 0
        assert len(boxes) == 19
        for name, (left, top, right, bottom, cut) in boxes.items():
            where = f"{name} at {width}x{height}"
            assert round(left, 2) >= 0, where
            assert round(top, 2) >= 0, where
            assert round(right, 2) <= width, where
            assert round(bottom, 2) <= height, where
            assert not cut, where
            assert round(bottom - top, 2) >= 40 or name == "typed", where


async def test_whole_screen_of_182_septets_is_seen_without_scrolling(handset: Handset) -> None:
    text = "Kecamatan mana di Pekalongan ya? " * 5 + "0 Kembali 00 Home"
    assert len(text) == 182

    for width, height in ((320, 568), (375, 667), (360, 640), (1280, 800)):
        await handset.page.set_viewport_size({"width": width, "height": height})
        fits = await handset.page.evaluate(
            "text => { const screen = document.getElementById('screen'); screen.textContent = text;"
            " return screen.scrollHeight <= screen.clientHeight }",
            text,
        )
        assert fits, f"{width}x{height}"


async def test_keys_travel_unless_motion_is_reduced(handset: Handset) -> None:
    page = handset.page
    for motion, travel in (("no-preference", "matrix(1, 0, 0, 1, 0, 2)"), ("reduce", "none")):
        await page.emulate_media(reduced_motion="reduce" if motion == "reduce" else "no-preference")
        await page.keyboard.down("5")
        await expect(page.locator('[data-key="5"]')).to_have_css("transform", travel)
        await page.keyboard.up("5")
        await expect(page.locator('[data-key="5"]')).to_have_css("transform", "none")


async def test_end_does_not_look_like_a_screen_that_asks(handset: Handset) -> None:
    page, status = handset.page, handset.page.locator(".status")
    await handset.call()
    await handset.asks(MENU)
    asking = await status.evaluate("status => getComputedStyle(status).backgroundColor")
    await expect(page.locator("#ending")).to_be_hidden()

    await handset.answer("1")
    await handset.answer("")
    await handset.shows("Terima kasih, 7340-2816", "Selesai")
    await expect(page.locator("#ending")).to_be_visible()
    assert await status.evaluate("status => getComputedStyle(status).backgroundColor") != asking


async def test_every_control_has_a_name(handset: Handset) -> None:
    for control in await handset.page.locator("button, input, select, textarea, a").all():
        if not await control.is_visible():
            continue
        snapshot = await control.aria_snapshot()
        assert '"' in snapshot or ":" in snapshot, snapshot

    await expect(handset.page.get_by_label("Kode")).to_be_focused()
    await expect(handset.page.get_by_role("button", name="bintang")).to_be_visible()


async def test_every_text_has_contrast(handset: Handset, gateway: StandInGateway, http: ClientSession) -> None:
    """WCAG AA asks for 4.5 to 1 between each text and the nearest background of one colour."""
    await gateway.confirm(http)
    await expect(handset.page.locator("#messages li")).to_have_count(1)

    for first in (True, False, False, True):  # ready, asking twice, at the end
        for scheme in ("light", "dark"):
            await handset.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            assert await handset.page.evaluate(CONTRAST) == []
        await handset.answer("" if first else "1")


async def test_content_security_policy_forbids_other_sources(gateway: StandInGateway, http: ClientSession) -> None:
    async with http.get(f"{gateway.url}/phone") as response:
        policy = response.headers["Content-Security-Policy"]
        page = await response.text()

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in page.replace("http-equiv", "")
    assert 'lang="id"' in page


BOXES = """() => Object.fromEntries(
  [...document.querySelectorAll("#screen, #typed, .controls button, #keypad button")].map((one) => {
    const { left, top, right, bottom } = one.getBoundingClientRect();
    const cut = one.matches("button") && (one.scrollWidth > one.clientWidth || one.scrollHeight > one.clientHeight);
    return [one.id || one.dataset.key, [left, top, right, bottom, cut]];
  })
)"""

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
