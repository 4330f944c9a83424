"""Screen of a phone in the terminal."""

from __future__ import annotations

import pytest

from gateway.cli.screen import draw_screen


@pytest.mark.parametrize(("end", "lower_edge"), [(False, "└" + "─" * 28 + "┘"), (True, "╘" + "═" * 28 + "╛")])
def test_lower_edge_is_double_at_the_end_of_a_dialogue(end: bool, lower_edge: str) -> None:
    assert draw_screen("Menu", end).splitlines()[-1] == lower_edge


def test_long_lines_are_wrapped() -> None:
    lines = draw_screen("kata " * 40, end=False).splitlines()

    assert {len(line) for line in lines} == {48}


def test_frame_counts_wide_characters_as_two_cells() -> None:
    assert draw_screen("文文", end=True).splitlines()[1] == "│ 文文" + " " * 23 + "│"


def test_control_characters_are_blanks() -> None:
    assert draw_screen("a\x1b[31mb\r\x07", end=True).splitlines()[1].startswith("│ a [31mb ")


def test_empty_lines_are_kept() -> None:
    assert len(draw_screen("a\n\nb", end=False).splitlines()) == 5
