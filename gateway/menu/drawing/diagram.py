"""Diagram of a menu: its cards and arrows with their positions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import fsum

from gateway.menu.drawing import cards, edges
from gateway.menu.drawing.cards import ADVANCE
from gateway.menu.drawing.layout import Arrow, Slot, lay_out, place_slots
from gateway.menu.limits import Limits
from gateway.menu.model import Menu

_BETWEEN = 30  # cards of a layer
_PASSING = 30  # the breadth of an arrow between cards
_FALL = 84  # from layer to layer
_STUB = 26  # so far an arrow falls straight, past its keys
_HEADS = 26  # between the heads of arrows that lead to one card


class Diagram:
    """Flow of a menu with the positions of all cards and arrows, from the origin."""

    def __init__(self, menu: Menu, language: str, limits: Limits) -> None:
        entered = edges.entry_points(menu, language)
        self._keys = _keys(menu, language)
        arrows = [(entry.name, entry.target) for entry in entered]
        arrows += [arrow for arrow in self._keys if arrow[1] != edges.DROPPED]
        self._layout = lay_out([*(entry.name for entry in entered), *menu.states], arrows)
        self._cards = {entry.name: cards.entry_card(entry) for entry in entered}
        for name, state in menu.states.items():
            least = fsum(_width(self._label(arrow)) for arrow in self._layout.routes if arrow[0] == name)
            self._cards[name] = cards.state_card(menu, state, language, limits, self._jumps(name), least)
        self._middle = place_slots(self._layout, self._room)
        self._tops, self._bottoms = self._bands()
        self.width = max(at + self._room(slot) / 2 for slot, at in self._middle.items())
        self.height = self._bottoms[-1]

    def draw(self) -> Iterator[str]:
        """Yield the SVG of all arrows, then of all cards, then of the keys, so that nothing hides a text."""
        starts, ends = self._ports(outward=True), self._ports(outward=False)
        for arrow in self._layout.routes:
            yield self._arrow(arrow, starts[arrow], ends[arrow])
        for layer, top in zip(self._layout.layers, self._tops, strict=True):
            for slot in layer:
                if not slot.target:
                    card = self._cards[slot.name]
                    yield from card.draw(self._middle[slot] - card.width / 2, top)
        for arrow in self._layout.routes:
            if label := self._label(arrow):
                x, y, width = starts[arrow], self._bottom(arrow[0]) + 6, len(label) * ADVANCE + 4
                yield f'<rect class="ground" x="{x - width / 2:.0f}" y="{y:.0f}" width="{width:.0f}" height="14"/>'
                yield cards.text(x, y + 11, "key", label)

    def _label(self, arrow: Arrow) -> str:
        return ", ".join(self._keys.get(arrow, ()))

    def _jumps(self, name: str) -> list[str]:
        """Describe the edges that have no arrow, as lines for the card of `name`."""
        lines = []
        for (source, target), keys in self._keys.items():
            if source != name or (source, target) in self._layout.routes:
                continue
            if target == edges.DROPPED:
                lines.append(f"{', '.join(keys)} ↩ where it was dropped")
            else:
                sign = "↑" if self._layout.layer_of[target] <= self._layout.layer_of[source] else "↓"
                lines.append(f"{', '.join(keys)} {sign} {target}")
        return lines

    def _room(self, slot: Slot) -> float:
        return _PASSING if slot.target else self._cards[slot.name].width + _BETWEEN

    def _bands(self) -> tuple[list[float], list[float]]:
        """Return the upper and lower edge of every layer, which is as high as its highest card."""
        tops, bottoms, top = [], [], 0.0
        for layer in self._layout.layers:
            tops.append(top)
            bottoms.append(top + max(self._cards[slot.name].height for slot in layer if not slot.target))
            top = bottoms[-1] + _FALL
        return tops, bottoms

    def _bottom(self, name: str) -> float:
        return self._tops[self._layout.layer_of[name]] + self._cards[name].height

    def _ports(self, *, outward: bool) -> dict[Arrow, float]:
        """Return where each arrow leaves its card, or reaches it. They are side by side, ordered by their other end."""
        end, near = (0, 1) if outward else (-1, -2)
        found: dict[Arrow, float] = {}
        for name in self._cards:
            mine = [arrow for arrow in self._layout.routes if arrow[end] == name]
            mine.sort(key=lambda arrow: self._middle[self._layout.routes[arrow][near]])
            widths = [_width(self._label(arrow)) if outward else _HEADS for arrow in mine]
            left = self._middle[Slot(name)] - fsum(widths) / 2
            for arrow, width in zip(mine, widths, strict=True):
                found[arrow] = left + width / 2
                left += width
        return found

    def _arrow(self, arrow: Arrow, start: float, end: float) -> str:
        """Draw an arrow as a curve: straight down beside the cards of a layer, bent between the layers."""
        first, *passed, _ = self._layout.routes[arrow]
        layer = self._layout.layer_of[first.name]
        steps = [f"M{start:.0f} {self._bottom(first.name):.0f}"]
        at = start
        for x in (*(self._middle[slot] for slot in passed), end):
            upper, lower = self._bottoms[layer] + _STUB, self._tops[layer + 1]
            half = (upper + lower) / 2
            steps.append(f"V{upper:.0f}C{at:.0f} {half:.0f} {x:.0f} {half:.0f} {x:.0f} {lower:.0f}")
            at, layer = x, layer + 1
        style = "way otherwise" if self._keys.get(arrow) == [edges.OTHERWISE] else "way"
        return f'<path class="{style}" d="{"".join(steps)}"><title>{arrow[0]} to {arrow[1]}</title></path>'


def _keys(menu: Menu, language: str) -> Mapping[Arrow, Sequence[str]]:
    """Return the keys that lead from one state to another."""
    found: dict[Arrow, list[str]] = {}
    for edge in edges.menu_edges(menu, language):
        found.setdefault((edge.source, edge.target), []).append(edge.key)
    return found


def _width(label: str) -> float:
    return (len(label) + 2) * ADVANCE
