"""Look of the handset page in a real browser: small screens, screen readers, contrast and dark mode."""

from __future__ import annotations

import pytest
from aiohttp import ClientSession
from playwright.async_api import expect

from tests.helpers.handset_page import MENU, Handset, StandInGateway


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

    smallest = await page.eval_on_selector_all(
        "#keypad button, .controls button", "keys => Math.min(...keys.map(key => key.getBoundingClientRect().height))"
    )
    assert smallest >= 44


async def test_full_screen_is_visible_without_scrolling(handset: Handset) -> None:
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


async def test_every_text_has_contrast(handset: Handset, gateway: StandInGateway, http: ClientSession) -> None:
    """WCAG AA asks for 4.5 to 1 between each text and the nearest background of one colour."""
    await gateway.confirm(http)
    await expect(handset.page.locator("#messages li")).to_have_count(1)

    for scheme in ("light", "dark"):
        await handset.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        assert await handset.page.evaluate(CONTRAST) == []


async def test_content_security_policy_forbids_other_sources(gateway: StandInGateway, http: ClientSession) -> None:
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
