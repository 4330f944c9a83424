"""A phone's screen as text, for the terminal."""

from __future__ import annotations

import textwrap

from rich.cells import cell_len, set_cell_size

_NARROWEST, _WIDEST = 26, 44


def draw_screen(text: str, end: bool) -> str:
    """`text` in a frame; a double lower edge says that the dialogue is over. Control characters show as a blank."""
    harmless = "".join(char if char.isprintable() or char == "\n" else " " for char in text)
    lines = [part for line in harmless.split("\n") for part in textwrap.wrap(line, _WIDEST) or [""]]
    width = max(_NARROWEST, *map(cell_len, lines))
    left, edge, right = "╘═╛" if end else "└─┘"
    return "\n".join(
        [
            f"┌{'─' * (width + 2)}┐",
            *(f"│ {set_cell_size(line, width)} │" for line in lines),
            f"{left}{edge * (width + 2)}{right}",
        ]
    )
