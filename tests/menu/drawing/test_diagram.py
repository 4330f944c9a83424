"""Cards and arrows of a diagram."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from gateway.menu.drawing import edges
from gateway.menu.drawing.svg import svg
from gateway.menu.model import Menu
from tests.helpers.drawings import LANGUAGES, SVG, one_line


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_edge_is_an_arrow_or_a_line_of_its_card(menu: Menu, language: str) -> None:
    root = ElementTree.fromstring(svg(menu, language))
    arrows = {title.text for title in root.findall(f".//{SVG}path/{SVG}title")}
    cards = {group.get("id"): one_line(" ".join(group.itertext())) for group in root.iter(f"{SVG}g")}

    for way in edges.menu_edges(menu, language):
        jumps = re.findall(rf"(\S+(?:, \S+)*) [↑↓] {way.target}\b", cards[f"at-{way.source}"])
        drawn = f"{way.source} to {way.target}" in arrows
        resumed = way.target == edges.DROPPED and f"{way.key} ↩" in cards[f"at-{way.source}"]
        assert drawn or resumed or any(way.key in keys.split(", ") for keys in jumps), way


@pytest.mark.parametrize("language", LANGUAGES)
def test_cards_do_not_overlap(menu: Menu, language: str) -> None:
    root = ElementTree.fromstring(svg(menu, language))
    boxes = []
    for group in root.iter(f"{SVG}g"):
        card = group.find(f"{SVG}rect[@class='card']")
        if card is not None and not (group.get("id") or "").startswith("at-legend"):
            left, top = map(float, re.findall(r"-?\d+", group.get("transform") or ""))
            boxes.append((left, top, left + float(card.get("width") or 0), top + float(card.get("height") or 0)))

    assert len(boxes) == len(menu.states) + len(edges.entry_points(menu, language))
    for number, (left, top, right, bottom) in enumerate(boxes):
        assert left >= 0
        for left2, top2, right2, bottom2 in boxes[number + 1 :]:
            assert right <= left2 or right2 <= left or bottom <= top2 or bottom2 <= top
