"""Cards of a drawing: a phone's display for each state and entry, with notes around it.

All text is set in one monospaced font, so that sizes can be computed without a font.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from gateway.menu.drawing import edges
from gateway.menu.drawing.edges import EntryPoint
from gateway.menu.limits import Limits
from gateway.menu.model import Menu, State

COLUMNS = 26  # of a small phone's display
ADVANCE = 6.63  # of a character at 11 px
LINE = 14
EDGE = 10  # between a card's edge and its text
HEAD = 22  # the height of a card's name
GAP = 6


@dataclass(frozen=True, slots=True)
class Card:
    """Box of the drawing. From top to bottom: its name, notes, the screen, and edges without an arrow."""

    key: str
    style: str  # entry, screen, effect or end
    title: str
    tag: str = ""
    notes: tuple[str, ...] = ()
    screen: tuple[str, ...] = ()
    jumps: tuple[str, ...] = ()
    hover: str = ""  # tooltip, if it is more than the name
    least_width: float = 0

    @property
    def width(self) -> float:
        lines = [*self.notes, *self.jumps]
        head = (len(self.title) + len(self.tag) + (2 if self.tag else 0)) * ADVANCE
        screen = COLUMNS * ADVANCE + 2 * GAP if self.screen else 0
        return max(head, screen, self.least_width, *(len(line) * ADVANCE for line in lines), 0) + 2 * EDGE

    @property
    def _head(self) -> float:
        return HEAD if self.title else GAP

    @property
    def height(self) -> float:
        parts = [self._head]
        parts += [len(lines) * LINE + GAP for lines in (self.notes, self.jumps) if lines]
        if self.screen:
            parts.append(len(self.screen) * LINE + 3 * GAP)
        return sum(parts)

    def draw(self, left: float, top: float) -> Iterator[str]:
        """Yield the SVG of the card, with its upper left corner at this point."""
        radius = 8 if self.style in ("screen", "end") else 16
        yield f'<g id="at-{self.key}" class="{self.style}" transform="translate({left:.0f} {top:.0f})">'
        yield f"<title>{escape_xml(self.hover or self.title or ' '.join(self.notes))}</title>"
        yield f'<rect class="card" width="{self.width:.0f}" height="{self.height:.0f}" rx="{radius}"/>'
        y = self._head
        if self.title:
            yield text(EDGE, 16, "name", self.title)
        if self.tag:
            yield text(self.width - EDGE, 16, "tag", self.tag)
        yield from _lines(EDGE, y, "note", self.notes)
        y += len(self.notes) * LINE + GAP if self.notes else 0
        if self.screen:
            height = len(self.screen) * LINE + 2 * GAP
            wide = self.width - 2 * EDGE
            yield f'<rect class="display" x="{EDGE}" y="{y:.0f}" width="{wide:.0f}" height="{height}" rx="3"/>'
            yield from _lines(EDGE + GAP, y + GAP, "words", self.screen)
            y += height + GAP
        yield from _lines(EDGE, y, "jump", self.jumps)
        yield "</g>"


def entry_card(entry: EntryPoint) -> Card:
    return Card(entry.name, "entry", "", notes=tuple(line for part in entry.lines for line in wrap(part)))


def state_card(
    menu: Menu, state: State, language: str, limits: Limits, jumps: Sequence[str], least_width: float
) -> Card:
    """Make the card of a state. `jumps` describe its edges without an arrow."""
    notes = [line for note in edges.state_notes(menu, state) for line in wrap(note)]
    if state.kind.runs_effect:
        return Card(
            state.name, "effect", state.name, notes=(*notes, state.source), jumps=tuple(jumps), least_width=least_width
        )
    shown = edges.screens(menu, state, language, limits)
    tag = "END" if state.kind.is_end else ""
    if len(shown.pages) > 1:
        tag = f"1/{len(shown.pages)}"
    if shown.example:
        notes += wrap(f"e.g. {shown.example}")
    return Card(
        state.name,
        "end" if state.kind.is_end else "screen",
        state.name,
        tag=tag,
        notes=tuple(notes),
        screen=tuple(line for part in shown.pages[0].split("\n") for line in wrap(part)),
        jumps=tuple(jumps),
        hover="\n\n".join((state.name, *shown.pages)) if len(shown.pages) > 1 else "",
        least_width=least_width,
    )


def wrap(words: str) -> list[str]:
    """Wrap a text to the lines of a display. An empty text is one empty line."""
    return textwrap.wrap(printable(words), COLUMNS) or [""]


def _lines(x: float, top: float, style: str, lines: Sequence[str]) -> Iterator[str]:
    for number, line in enumerate(lines, start=1):
        if line:
            yield text(x, top + number * LINE - 3, style, line)


def text(x: float, y: float, style: str, words: str) -> str:
    """Make the SVG of a line of text."""
    return f'<text class="{style}" x="{x:.0f}" y="{y:.0f}">{escape_xml(words)}</text>'


def escape_xml(words: str) -> str:
    """Escape a text for XML, which allows no control characters."""
    return escape("\n".join(map(printable, words.split("\n"))), quote=False)


def printable(words: str) -> str:
    """Replace every character of a line that cannot be printed with a blank."""
    return "".join(character if character.isprintable() else " " for character in words)
