"""Drawing of a menu as an SVG that shows every screen.

Back, home and more are not drawn, since they are on every screen. The same menu gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.menu.drawing import cards
from gateway.menu.drawing.cards import Card
from gateway.menu.drawing.diagram import Diagram
from gateway.menu.drawing.mermaid import mermaid
from gateway.menu.limits import DEFAULT, Limits
from gateway.menu.model import Menu

__all__ = ["mermaid", "svg"]

_LEFT = 40
_TOP = 150
_BOTTOM = 40
_NARROWEST = 1280

_STYLE = """
text { font: 11px "DejaVu Sans Mono", Menlo, Consolas, "Liberation Mono", monospace; fill: #1e293b; white-space: pre }
text.title { font-size: 22px; font-weight: bold }
text.name { font-weight: bold }
text.tag { text-anchor: end; fill: #64748b }
text.note { fill: #9a5b00 }
text.jump { fill: #475569 }
text.words { fill: #1c2b14 }
text.key { text-anchor: middle; font-weight: bold }
.ground { fill: #f8fafc }
.card { fill: #ffffff; stroke: #475569; stroke-width: 1.2 }
.display { fill: #e3edd8; stroke: #b9c9a8 }
.end .card { fill: #fdecec; stroke: #b42318; stroke-width: 1.6 }
.end text.tag { fill: #b42318; font-weight: bold }
.effect .card { fill: #ede9fe; stroke: #6d28d9 }
.effect text.note { fill: #6d28d9 }
.entry .card { fill: #1e3a5f; stroke: none }
.entry text.note { fill: #ffffff }
.way { fill: none; stroke: #475569; stroke-width: 1.4; marker-end: url(#head) }
.otherwise { stroke-dasharray: 5 4; stroke: #b7791f }
"""
_HEAD = (
    '<marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto">'
    '<path d="M0 0L10 5L0 10z" fill="#475569"/></marker>'
)
_LEGEND = (
    Card("legend-entry", "entry", "", notes=("a way in",)),
    Card("legend-screen", "screen", "screen", tag="1/3", screen=("its first page of three",)),
    Card("legend-effect", "effect", "what the gateway does", notes=("and its outcomes",)),
    Card("legend-end", "end", "last screen", tag="END"),
)
_REMARKS = (
    "Keys stand at the arrows; typed: words or digits; the name of a list: any of its options.",
    "Dashed: the way where the condition does not hold. ↑ ↓ name: a way to that card, without an arrow.",
    "Not drawn, on every screen: back, home, more. {…}: an answer, filled in on the phone.",
)


def svg(menu: Menu, language: str, limits: Limits = DEFAULT) -> str:
    """Draw a menu as a self-contained SVG: every state with its screen in `language`."""
    picture = Diagram(menu, language, limits)
    width, height = max(picture.width + 2 * _LEFT, _NARROWEST), _TOP + picture.height + _BOTTOM
    title = f"{menu.service} ({menu.name}), {menu.languages[language]}"
    described = f"The flow of the menu from the first screen down: {len(menu.states)} states with their screens."
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="title description" '
            f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}">',
            f'<title id="title">{cards.escape_xml(title)}</title>',
            f'<desc id="description">{described}</desc>',
            f"<style>{_STYLE}</style>",
            f"<defs>{_HEAD}</defs>",
            f'<rect class="ground" width="{width:.0f}" height="{height:.0f}"/>',
            cards.text(_LEFT, 44, "title", title),
            *_legend(),
            f'<g transform="translate({(width - picture.width) / 2:.0f} {_TOP})">',
            *picture.draw(),
            "</g>",
            "</svg>\n",
        ]
    )


def _legend() -> Iterator[str]:
    left = float(_LEFT)
    for card in _LEGEND:
        yield from card.draw(left, 66)
        left += card.width + 20
    for number, remark in enumerate(_REMARKS):
        yield cards.text(left, 78 + number * 18, "jump", remark)
