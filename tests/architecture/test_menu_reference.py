"""menus/README.md is the menu language: every key of it, no other, and its examples do what they say."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest

from gateway.incidents import incident
from gateway.menu import definition, engine, shapes
from gateway.menu.checking import check
from gateway.menu.conditions import read_condition
from gateway.menu.definition import Kind
from gateway.menu.limits import DEFAULT
from gateway.menu.loading import PackRefused, load
from gateway.places import areas, relations
from gateway.runtime.packs import read_pack
from gateway.ussd.effects import NEEDED
from tests.architecture.documents import ROOT, Block, Section, section, sections

PAGE = ROOT / "menus" / "README.md"
PEKALONGAN = "menus/pekalongan/"
RECIPES = [found for found in sections(PAGE) if any(block.language == "diff" for block in found.blocks)]

KEYS: dict[str, Iterable[str]] = {
    "pack.yaml": shapes.PackShape.model_fields,
    "keys": shapes.KeysShape.model_fields,
    "flow.yaml": shapes.FlowShape.model_fields,
    "shortcuts": shapes.ShortcutShape.model_fields,
    "A state is one of eight things": list(Kind),
    "Lists": shapes.LISTS,
    "What can be asked for": shapes.ASKS,
    "What else a state may say": shapes.StateShape.model_fields.keys() - set(Kind),
    "limits": shapes.Bounds.model_fields,
    "What the gateway does": shapes.EFFECTS,
    "wording/LANGUAGE.yaml": shapes.WordingShape.model_fields,
    "errors": shapes.ERRORS,
    "sms": [*shapes.SMS, *shapes.REMINDER, *shapes.REPLIES],
    "keywords.yaml": shapes.KeywordsShape.model_fields,
    "commands": shapes.COMMANDS,
    "rules.yaml": shapes.RulesShape.model_fields,
    "resume": shapes.ResumeShape.model_fields,
    "quiet_hours": [str(field.alias) for field in shapes.QuietShape.model_fields.values()],
    "appeals.yaml": shapes.TemplateShape.model_fields,
    "stages.yaml": shapes.StageShape.model_fields,
    "areas.csv": areas.COLUMNS,
    "aliases.csv": relations.ALIAS_COLUMNS,
    "neighbours.csv": relations.NEIGHBOUR_COLUMNS,
}
WORDS: dict[str, Iterable[str]] = {
    "A state is one of eight things": shapes.RESUMING,
    "Conditions": definition.FACTS,
    "appeals.yaml": [*definition.Need, *definition.APPEAL_VALUES],
    "What the gateway does": set().union(*shapes.EFFECTS.values(), *NEEDED.values()),
    "wording/LANGUAGE.yaml": [*shapes.NAVIGATION, *definition.GIVEN, *incident.Status, "heading"],
}


@pytest.mark.parametrize("heading", KEYS)
def test_every_key_is_documented_and_no_other(heading: str) -> None:
    assert sorted(section(PAGE, heading).keys) == sorted(KEYS[heading])


@pytest.mark.parametrize("heading", WORDS)
def test_every_word_that_a_key_takes_is_documented(heading: str) -> None:
    named = re.findall(r"\w+", " ".join(section(PAGE, heading).spans))

    assert [word for word in WORDS[heading] if word not in named] == []


def test_every_way_of_ending_stands_beside_its_effect() -> None:
    rows = {line.split("`")[1]: line for line in section(PAGE, "What the gateway does").prose if line.startswith("| `")}

    for effect, outcomes in shapes.EFFECTS.items():
        assert [word for word in (*outcomes, *NEEDED[effect]) if f"`{word}`" not in rows[effect]] == []


def test_the_conditions_are_conditions() -> None:
    examples = section(PAGE, "Conditions").keys

    assert len({found[0].negated for found in (read_condition(text).clauses for text in examples)}) == 2
    assert any(read_condition(text).clauses[0].least for text in examples)


def test_the_documented_answers_are_those_that_a_report_takes() -> None:
    named = set(section(PAGE, "The answers of a report").spans) - {"yes", "no"}

    assert named == incident.ANSWERS | incident.ON_THE_WAY


def test_the_whole_pack_takes_a_report() -> None:
    files = {block.title: block.text for block in section(PAGE, "A whole pack").blocks if block.title}
    menu = load(files)
    done = engine.replay(menu, ["1", "2"])

    assert check(menu, DEFAULT) == []
    assert engine.begin(menu).screen == "Village watch. What happened?\n1.Flood\n2.Fire"
    assert done.effect == "file_report"
    assert engine.answered(menu, done.session) == {"category": "flood", "area": "33.75.01.1003"}


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.heading)
def test_a_recipe_leads_to_a_pack_that_can_go_live(recipe: Section) -> None:
    files = {f"{PEKALONGAN}{name}": text for name, text in read_pack(ROOT / PEKALONGAN).items()}
    for block in recipe.blocks:
        if block.language == "diff":
            files[block.title] = _edited(files[block.title], block.text)
        elif block.language == "text":
            assert _complaints(files) == block.text.splitlines()
        else:
            _copy(files, block)

    assert _complaints(files) == []


def test_the_recipes_are_found() -> None:
    assert len(RECIPES) == 10


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
    files[target] = files[source]


def _complaints(files: dict[str, str]) -> list[str]:
    try:
        menu = load({name.removeprefix(PEKALONGAN): text for name, text in files.items()})
    except PackRefused as refused:
        return [str(complaint) for complaint in refused.complaints]
    return [str(complaint) for complaint in check(menu, DEFAULT)]
