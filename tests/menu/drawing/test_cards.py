"""Cards of states."""

from __future__ import annotations

from xml.etree import ElementTree

from gateway.menu.drawing.svg import svg
from gateway.menu.model import Menu
from tests.helpers.drawings import SVG


def test_card_of_a_list_shows_its_first_page_and_their_number(menu: Menu) -> None:
    root = ElementTree.fromstring(svg(menu, "id"))
    card = next(group for group in root.iter(f"{SVG}g") if group.get("id") == "at-category")
    texts = [text.text or "" for text in card.findall(f"{SVG}text")]

    assert "1/2" in texts
    assert "98.Lanjut" in texts
    assert "9.Lainnya" not in texts
    assert "9.Lainnya" in (card.findtext(f"{SVG}title") or ""), "the other pages are there where the mouse rests"
