"""Edges of the menu graph, entries, notes and screens of a drawing."""

from __future__ import annotations

import pytest

from gateway.menu.drawing.edges import DROPPED, Edge, entry_points, menu_edges, screens, state_notes
from gateway.menu.limits import DEFAULT
from gateway.menu.model import Menu
from gateway.menu.pack.loader import parse_pack
from tests.helpers.pack_edits import Files, edit_pack


@pytest.mark.parametrize(
    ("state", "edges"),
    [
        ("your_data", []),
        ("confirm", [("send", "1", "Send"), ("change", "2", "Change"), ("ask_cancel", "3", "Cancel")]),
        ("kecamatan", [("kelurahan", "kecamatan", ""), ("place_name", "typed", "")]),
        ("describe", [("contact", "typed", ""), ("contact", "0", "Skip")]),
        ("unfinished", [(DROPPED, "1", "Continue"), ("main", "2", "Another report"), ("ask_delete", "3", "Delete")]),
        (
            "send",
            [
                ("ticket", "filed", ""),
                ("saved", "kept", ""),
                ("perhaps_sent", "unknown", ""),
                ("deleted", "called_off", ""),
                ("not_sent", "failed", ""),
            ],
        ),
        ("limit", [("ask_ticket", "1", "Check my report"), ("later", "0", "Leave"), ("notice", "otherwise", "")]),
    ],
)
def test_edges_of_a_state_are_in_the_order_of_its_keys(
    menu: Menu, state: str, edges: list[tuple[str, str, str]]
) -> None:
    found = [(edge.target, edge.key, edge.label) for edge in menu_edges(menu, "en") if edge.source == state]

    assert found == edges


def test_words_of_an_edge_are_its_key_and_label() -> None:
    assert Edge("a", "b", "1", "Yes").words == "1 Yes"
    assert Edge("a", "b", "typed").words == "typed"


def test_shortcuts_to_one_state_are_one_entry(menu: Menu) -> None:
    found = {entry.name: entry for entry in entry_points(menu, "en")}

    assert len(found["enter-shortcut-limit"].lines) == 9
    assert found["enter-shortcut-ask_ticket"].lines == ("*20#",)
    assert (found["enter-dial"].target, found["enter-again"].target) == ("language", "main")


def test_notes_say_when_a_state_is_shown(menu: Menu) -> None:
    assert state_notes(menu, menu.states["danger"]) == [
        "only if when in [now, hour] and category in [gesekan, ancam, tps, lain]"
    ]
    assert state_notes(menu, menu.states["which_place"]) == ["only if several places are meant"]
    assert state_notes(menu, menu.states["place_name"]) == ["answered by what was typed before"]
    assert state_notes(menu, menu.states["about"]) == []


def test_screen_that_cannot_be_laid_out_is_one_page(files: Files) -> None:
    wrong = parse_pack(edit_pack(files, "wording/en.yaml", "What happened?", "What \u2018happened\u2019?")).menu
    assert wrong

    shown = screens(wrong, wrong.states["category"], "en", DEFAULT).pages

    assert len(shown) == 1
    assert shown[0].startswith("What \u2018happened\u2019?\n1.")
