"""A menu as Mermaid text, which no text of a pack can break."""

from __future__ import annotations

import json
import re

import pytest

from gateway.menu.drawing import edges
from gateway.menu.drawing.svg import mermaid
from gateway.menu.limits import DEFAULT
from gateway.menu.model import Menu
from gateway.menu.pack.loader import load
from tests.helpers.drawings import HOSTILE, LANGUAGES, READ, Edited, lines_of_label
from tests.helpers.pack_edits import Files


def test_every_edge_is_a_link_of_the_chart(menu: Menu) -> None:
    chart = mermaid(menu, "en")

    assert 'at_main -->|"2 Report an incident"| at_limit' in chart
    assert 'at_limit -.->|"otherwise"| at_notice' in chart
    assert 'at_kecamatan -->|"typed"| at_place_name' in chart
    assert 'at_category -->|"categories"| at_kecamatan' in chart
    assert 'at_send -->|"kept"| at_saved' in chart
    assert 'at_danger -->|"2 No<br/>3 Do not know"| at_size' in chart
    assert "in_enter_redial --> at_unfinished" in chart
    assert 'at_unfinished -->|"1 Continue"| dropped' in chart
    assert re.search(r"at_ticket\(\[.*\]\):::last", chart)


@pytest.mark.parametrize("language", LANGUAGES)
def test_node_shows_every_page_line_by_line(menu: Menu, language: str) -> None:
    labels = dict(re.findall(r'^    at_(\w+)[\[(]+"(.*)"', mermaid(menu, language), re.MULTILINE))

    for state in menu.states.values():
        if not state.kind.runs_effect:
            pages = edges.screens(menu, state, language, DEFAULT).pages
            shown = [line for page in pages for line in page.split("\n")]
            lines = [line for line in lines_of_label(labels[state.name]) if not re.fullmatch(r"\(\d/\d\)", line)]
            assert lines[0] == state.name
            assert lines[-len(shown) :] == shown


def test_state_may_have_a_name_that_mermaid_reserves(files: Files) -> None:
    renamed = {
        name: text.replace("help: help ", "help: end ").replace("\n  help:", "\n  end:", name != "keywords.yaml")
        for name, text in files.items()
    }
    chart = mermaid(load(renamed), "id")

    assert "in_enter_wrong --> at_end\n" in chart
    assert not re.search(r"^\s*end\b", chart, re.MULTILINE)


@pytest.mark.parametrize("words", ["", HOSTILE, *READ])
def test_label_has_no_characters_that_mermaid_interprets(edited: Edited, words: str) -> None:
    menu = edited("wording/id.yaml", '"Anda tahu dari mana?"', json.dumps(f"{words}\n{words}"))

    for label in re.findall(r'"([^"]*)"', mermaid(menu, "id")):
        for line in label.split("<br/>"):
            assert re.fullmatch(r"(?:[\w .,:?!/()'+%=-]|#\d+;)*", line), line
            assert not re.search(r":\S|:$|www\.|^[-+=]|^\d+[.)] ", line), line
            assert not re.search(r"(?<![^\W_])_|_(?![^\W_])", line), line
            assert not re.search(r"#36;#36;|#92;n|#58;fa-", line), line
