"""Drawings of a menu: they show all of it, and no text of a pack can break them."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import pytest

from gateway.menu.drawing.svg import mermaid, svg
from gateway.menu.limits import Limits
from gateway.menu.model import Menu
from gateway.menu.pack.loader import load
from tests.helpers.drawings import HOSTILE, LANGUAGES, READ, SVG, Edited, one_line, words_of_mermaid, words_of_svg
from tests.helpers.pack_edits import Files

DRAWN = {
    "svg": lambda menu, language: words_of_svg(svg(menu, language)),
    "mermaid": lambda menu, language: words_of_mermaid(mermaid(menu, language)),
}


# All that there is -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", DRAWN)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_option_and_shortcut_is_drawn(menu: Menu, language: str, form: str) -> None:
    said = DRAWN[form](menu, language)

    wanted = list(menu.states)
    for state in menu.states.values():
        if not state.kind.runs_effect:
            texts = menu.wordings[language].screens[state.words]
            wanted.append(texts["heading"].split("\n")[0].replace("{svc}", menu.service))
            wanted += [label for name, label in texts.items() if name != "heading"]
        wanted += [state.source] if state.kind.runs_effect else []
        wanted += [f"only if {state.condition.text}"] if state.condition else []
    for keys, shortcut in menu.shortcuts.items():
        given = [menu.label(answer, value, language) for answer, value in shortcut.answers.items()]
        wanted.append(" ".join([f"*{keys}#", *given]))
    assert [words for words in wanted if one_line(words) not in said] == []


def test_smaller_screen_has_more_pages(menu: Menu) -> None:
    assert "1/2" in words_of_svg(svg(menu, "id"))
    assert "1/4" in words_of_svg(svg(menu, "id", Limits(septets=110)))
    assert "(1/2)" in words_of_mermaid(mermaid(menu, "id"))
    assert "(4/4)" in words_of_mermaid(mermaid(menu, "id", Limits(septets=110)))


# An SVG of its own -------------------------------------------------------------------------------------------


def test_svg_has_a_description_and_no_external_parts(menu: Menu) -> None:
    drawn = svg(menu, "id")
    root = ElementTree.fromstring(drawn)
    names = [element.get("id") for element in root.iter() if element.get("id")]

    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "title description"
    assert root.findtext(f"{SVG}title") == "Siaga Pilkada (Kota Pekalongan), Indonesia"
    assert f"{len(menu.states)} states" in (root.findtext(f"{SVG}desc") or "")
    assert len(names) == len(set(names))
    assert not re.search(r"<script|<image|<a |href|@import|@font-face|url\((?!#)", drawn)
    assert "http" not in drawn.replace('xmlns="http://www.w3.org/2000/svg"', "")


def test_drawings_of_the_same_menu_have_the_same_bytes(files: Files) -> None:
    first, second = load(files), load(dict(reversed([*files.items()])))

    assert svg(first, "id") == svg(second, "id") == svg(first, "id")
    assert mermaid(first, "id") == mermaid(second, "id")


# Whatever the pack says --------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", DRAWN)
@pytest.mark.parametrize(
    "words",
    [HOSTILE, "a long name of an option " * 9, "W" * 90, "1. list", "# heading", "{tiket} and {more}", "“é”", *READ],
)
def test_hostile_text_is_drawn_as_text(edited: Edited, form: str, words: str) -> None:
    menu = edited("wording/id.yaml", "report: Lapor kejadian", f"report: {json.dumps(words)}")

    said = DRAWN[form](menu, "id")

    assert one_line(words).replace(" ", "") in said.replace(" ", ""), "a display may break it anywhere"


@pytest.mark.parametrize("form", DRAWN)
def test_unprintable_characters_are_left_out(edited: Edited, form: str) -> None:
    menu = edited("wording/id.yaml", "report: Lapor kejadian", r'report: "Lapor\0\x07\e[31m\nsekarang"')

    assert not re.search(r"[^\n -~\xa0-\uffff]", svg(menu, "id") if form == "svg" else mermaid(menu, "id"))
    assert "sekarang" in DRAWN[form](menu, "id")
