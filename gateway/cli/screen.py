"""Screen of a phone, drawn in the terminal."""

from __future__ import annotations

import textwrap

from rich.cells import cell_len, set_cell_size

_NARROWEST, _WIDEST = 26, 44  # characters between the edges of the frame


def draw_screen(text: str, end: bool) -> str:
    """Draw `text` in a frame. A double lower edge marks the end of the dialogue. A control character is a blank.

    Otherwise a message could move the cursor of the terminal.
    """
    printable = "".join(char if char.isprintable() or char == "\n" else " " for char in text)
    lines = [part for line in printable.split("\n") for part in textwrap.wrap(line, _WIDEST) or [""]]
    width = max(_NARROWEST, *map(cell_len, lines))
    left, edge, right = "╘═╛" if end else "└─┘"
    return "\n".join(
        [
            f"┌{'─' * (width + 2)}┐",
            *(f"│ {set_cell_size(line, width)} │" for line in lines),
            f"{left}{edge * (width + 2)}{right}",
        ]
    )
