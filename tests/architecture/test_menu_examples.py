"""Everything that menus/README.md shows is true: the whole pack, the recipes, and the example of every key.

The recipes of the Indonesian handbook are proven in the same way. A pack is proven here as `waspada check` proves it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.menu import engine
from gateway.menu.conditions import read_condition
from gateway.menu.pack.loader import PackRefused, load
from gateway.runtime.pack_folder import read_pack
from gateway.wiring.pack_loading import load_menu
from tests.architecture.documents import ROOT, Block, Section, section, sections
from tests.architecture.test_menu_reference import KEYS, PAGE
from tests.helpers.dialogue import walk

PEKALONGAN = ROOT / "menus" / "pekalongan"
IN_PACK = "menus/pekalongan/"
HANDBOOK = ROOT / "menus" / "panduan" / "mengubah-menu.md"
RECIPES = [
    found
    for page in (PAGE, HANDBOOK)
    for found in sections(page)
    if any(block.language == "diff" for block in found.blocks)
]

STATES = ("flow.yaml", "states")
PLACES: Mapping[str, tuple[str, ...]] = {  # where the examples of a table belong: a file, and the keys that lead there
    "pack.yaml": ("pack.yaml",),
    "keys": ("pack.yaml", "keys"),
    "flow.yaml": ("flow.yaml",),
    "shortcuts": ("flow.yaml", "shortcuts"),
    "Kinds of state": STATES,
    "Lists": STATES,
    "What can be asked for": STATES,
    "Other keys of a state": STATES,
    "limits": (*STATES, "describe", "limits"),
    "What the gateway does": STATES,
    "wording/LANGUAGE.yaml": ("wording/en.yaml",),
    "errors": ("wording/en.yaml", "errors"),
    "dates": ("wording/en.yaml", "dates"),
    "sms": ("wording/en.yaml", "sms"),
    "keywords.yaml": ("keywords.yaml",),
    "commands": ("keywords.yaml", "commands"),
    "pairs": ("keywords.yaml", "pairs", "uang", "0"),
    "actors": ("keywords.yaml", "actors", "asn"),
    "no_report": ("keywords.yaml", "no_report"),
    "categories.yaml": ("categories.yaml", "asn"),
    "rules.yaml": ("rules.yaml",),
    "resume": ("rules.yaml", "resume"),
    "quiet_hours": ("rules.yaml", "quiet_hours"),
    "stages.yaml": ("stages.yaml", "1"),
    "appeals.yaml": ("appeals.yaml", "damai"),
    "report.yaml": ("report.yaml",),
    "Answers of the pack": ("report.yaml", "answers", "tps"),
    "slots": ("appeals.yaml", "tps_pindah", "slots", "tps"),
    "opt_out": ("wording/en.yaml", "opt_out"),
    "roles.yaml": ("roles.yaml", "fkdm"),
}
WITH_SLOTS = ("appeals.yaml", "tps_pindah")
OPEN = ("states", "shortcuts")  # whose keys are names that the pack gives
WHOLE_STATES = ("Kinds of state", "Lists", "What can be asked for", "What the gateway does")
TABLES = ("areas.csv", "aliases.csv", "neighbours.csv")
EXAMPLES = [(heading, key) for heading in PLACES for key in section(PAGE, heading).examples]


def test_whole_pack_takes_a_report(tmp_path: Path) -> None:
    files = {block.title: block.text for block in section(PAGE, "A whole pack").blocks if block.title}
    menu = load(files)
    done = walk(menu, "1 2")

    assert diagnostics(files, tmp_path) == []
    assert engine.begin(menu).screen == "Village watch. What happened?\n1.Flood\n2.Fire"
    assert done.effect == "file_report"
    assert engine.valid_answers(menu, done.session) == {"category": "flood", "area": "33.75.01.1003"}


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.heading)
def test_recipe_leads_to_a_pack_that_can_go_live(recipe: Section, tmp_path: Path) -> None:
    files = dict(pekalongan())
    for block in recipe.blocks:
        if block.language == "diff":
            name = block.title.removeprefix(IN_PACK)
            files[name] = _edited(files[name], block.text)
        elif block.language == "text":
            assert diagnostics(files, tmp_path) == block.text.splitlines()
        else:
            _copy(files, block)

    assert diagnostics(files, tmp_path) == []


def test_all_recipes_are_found() -> None:
    assert len(RECIPES) == 10 + 6


def _edited(text: str, diff: str) -> str:
    """`text` with one edit, found by its lines that stay or go."""
    lines = diff.splitlines(keepends=True)
    before = "".join(line[1:] for line in lines if line[0] in " -")
    after = "".join(line[1:] for line in lines if line[0] in " +")
    assert text.count(before) == 1, f"this must stand once in the file:\n{before}"
    return text.replace(before, after)


def _copy(files: dict[str, str], block: Block) -> None:
    copy, source, target = block.text.split()
    assert (block.language, copy) == ("sh", "cp")
    files[target.removeprefix(IN_PACK)] = files[source.removeprefix(IN_PACK)]


# The example of every key -----------------------------------------------------------------------------------


def test_every_table_has_a_place_for_its_examples() -> None:
    assert {*PLACES, *TABLES} == KEYS.keys()


@pytest.mark.parametrize("heading", PLACES)
def test_every_key_has_an_example_with_it(heading: str) -> None:
    for key, example in section(PAGE, heading).examples.items():
        said = yaml.load(example, yaml.BaseLoader)
        assert key in _words(said), f"{key}: {example}"


@pytest.mark.parametrize(("heading", "key"), EXAMPLES)
def test_example_of_a_key_fits_a_real_pack(heading: str, key: str, tmp_path: Path) -> None:
    example = yaml.load(section(PAGE, heading).examples[key], yaml.BaseLoader)

    place = WITH_SLOTS if (heading, key) == ("appeals.yaml", "slots") else PLACES[heading]
    found = diagnostics(put(place, example, whole=heading in WHOLE_STATES), tmp_path)
    assert [one for one in found if "say it here too" not in one] == []  # the text of one language alone was changed


@pytest.mark.parametrize("heading", [heading for heading, place in PLACES.items() if place[-1] not in OPEN])
def test_key_that_is_in_no_table_is_refused(heading: str, tmp_path: Path) -> None:
    said = diagnostics(put(PLACES[heading], {"nonsense": "1"}), tmp_path)

    assert [one for one in said if one.startswith(f"{PLACES[heading][0]}:") and "nonsense: unknown key" in one]


def test_unknown_key_of_a_state_or_shortcut_is_refused(tmp_path: Path) -> None:
    for place in ((*STATES, "seen"), ("flow.yaml", "shortcuts", "20")):
        (said,) = diagnostics(put(place, {"nonsense": "1"}), tmp_path)
        assert said.endswith("nonsense: unknown key")


@pytest.mark.parametrize("condition", section(PAGE, "Conditions").keys)
def test_example_of_a_condition_fits_a_real_pack(condition: str, tmp_path: Path) -> None:
    example = {"seen": {"only_if": condition, "otherwise": "describe"}}

    assert read_condition(condition)
    assert diagnostics(put(STATES, example), tmp_path) == []


@pytest.mark.parametrize("file", TABLES)
def test_examples_of_a_csv_file_are_a_row_of_it(file: str, tmp_path: Path) -> None:
    example = section(PAGE, file).examples
    rows = list(csv.DictReader(StringIO(pekalongan()[file])))
    others = [row for row in rows if {**row, **example} != row]
    text = StringIO()
    writer = csv.DictWriter(text, [*rows[0]])
    writer.writeheader()
    writer.writerows([*others, example])

    assert diagnostics({**pekalongan(), file: text.getvalue()}, tmp_path) == []


# Packs in the hand --------------------------------------------------------------------------------------------


@cache
def pekalongan() -> Mapping[str, str]:
    return read_pack(PEKALONGAN)


def diagnostics(files: Mapping[str, str], folder: Path) -> list[str]:
    """Write a pack into a folder. Returns the diagnostics of `waspada check`."""
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    try:
        load_menu(folder, {})
    except PackRefused as refused:
        return [str(diagnostic) for diagnostic in refused.diagnostics]
    return []


def put(place: tuple[str, ...], example: Mapping[str, Any], *, whole: bool = False) -> Mapping[str, str]:
    """Put an example into the pack of Pekalongan: merged with the value at this place, or replacing it as a `whole`."""
    file, *path = place
    content = at = yaml.load(pekalongan()[file], yaml.BaseLoader)
    for key in path:
        at = at[int(key)] if isinstance(at, list) else at[key]
    if whole:
        at.update(example)
    else:
        _join(at, example)
    return {**pekalongan(), file: yaml.safe_dump(content, allow_unicode=True, sort_keys=False)}


def _join(content: dict[str, Any], example: Mapping[str, Any]) -> None:
    for key, value in example.items():
        if isinstance(value, dict) and isinstance(content.get(key), dict):
            _join(content[key], value)
        else:
            content[key] = value


def _words(said: Any) -> Iterator[str]:
    """Yield the keys and values of an example."""
    if isinstance(said, dict):
        for key, value in said.items():
            yield key
            yield from _words(value)
    else:
        yield str(said)
