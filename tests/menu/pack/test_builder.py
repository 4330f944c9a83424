"""Menu that is built from whatever files of a pack could be parsed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.menu.model import Menu
from gateway.menu.pack.loader import load, parse_pack
from tests.helpers.pack_edits import Files, edit_pack


def built(files: Files) -> Menu:
    menu = parse_pack(files).menu
    assert menu
    return menu


def test_without_pack_yaml_there_is_no_menu(files: Files) -> None:
    assert parse_pack({name: text for name, text in files.items() if name != "pack.yaml"}).menu is None


@pytest.mark.parametrize(
    ("old", "new", "entries"),
    [
        ("start: language", "start: nowhere", ("main", "main", "help", "unfinished")),
        ("home: main", "home: nowhere", ("language", "language", "help", "unfinished")),
        ("help: help ", "help: main ", ("language", "main", "", "unfinished")),
        ("resume: unfinished", "resume: about", ("language", "main", "help", "")),
    ],
)
def test_entry_that_cannot_be_used_is_replaced_or_left_out(
    files: Files, old: str, new: str, entries: tuple[str, ...]
) -> None:
    menu = built(edit_pack(files, "flow.yaml", old, new))

    assert (menu.start, menu.home, menu.help, menu.resume) == entries


def test_faulty_state_is_left_out_and_the_others_are_built(files: Files) -> None:
    menu = built(edit_pack(files, "flow.yaml", "do: file_report", "do: dance"))

    assert built(files).states.keys() - menu.states.keys() == {"send_urgent"}


def test_key_without_meaning_has_no_effect_on_its_state(files: Files) -> None:
    menu = built(
        edit_pack(files, "flow.yaml", "your_data: {tell: true}", "your_data: {tell: true, keep: seen, next: main}")
    )

    assert (menu.states["your_data"].keep, menu.states["your_data"].next) == ("", "")


def test_language_without_a_wording_has_no_texts(files: Files) -> None:
    menu = built({name: text for name, text in files.items() if name != "wording/jv.yaml"})

    assert [*menu.wordings] == [*menu.languages]
    assert menu.wordings["jv"].screens == {}


def test_rules_without_a_file_are_the_defaults(files: Files) -> None:
    menu = load({name: text for name, text in files.items() if name != "rules.yaml"})

    assert menu.rules.resume_within == timedelta(hours=24)
    assert menu.rules.resume_needs == {"category"}
    assert (menu.rules.refused_words, menu.rules.strict_stages) == ((), frozenset())


def test_words_of_sms_and_appeals_are_compared_in_lower_case(files: Files) -> None:
    pack = edit_pack(files, "keywords.yaml", "[CEK", "[CeK")
    menu = load(pack)

    assert "cek" in menu.keywords.commands["status"]["id"]
    assert all(word == word.casefold() for word in (*menu.rules.refused_words, *menu.keywords.categories))
