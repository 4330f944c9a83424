"""menus/README.md is the menu language: every key of it, and no other."""

from __future__ import annotations

import re
from collections.abc import Iterable
from inspect import isclass
from typing import get_args

import pytest
from pydantic import BaseModel, RootModel

from gateway.accounts.roles import DeskRole
from gateway.incidents import incident
from gateway.menu import days, model
from gateway.menu.checks import pack_files
from gateway.menu.conditions import read_condition
from gateway.menu.definitions import report_form, rules
from gateway.menu.kinds import ask, choose_from, do, fields, resume
from gateway.menu.kinds.base import StateShape
from gateway.menu.kinds.table import KINDS
from gateway.menu.pack import role_schema, rules_schema, schema
from gateway.places import area_links, areas
from gateway.ussd.effect_request import REQUIRED_BY_EFFECT
from tests.architecture.documents import ROOT, section, sections

PAGE = ROOT / "menus" / "README.md"

SHAPES: dict[str, type[BaseModel]] = {
    "pack.yaml": schema.PackShape,
    "keys": schema.KeysShape,
    "flow.yaml": schema.FlowShape,
    "shortcuts": schema.ShortcutShape,
    "limits": fields.InputLimitsShape,
    "wording/LANGUAGE.yaml": schema.WordingShape,
    "dates": schema.DatesShape,
    "keywords.yaml": schema.KeywordsShape,
    "pairs": schema.WordPairShape,
    "actors": schema.ActorShape,
    "no_report": schema.NoReportShape,
    "categories.yaml": schema.CategoryShape,
    "rules.yaml": rules_schema.RulesShape,
    "resume": rules_schema.ResumeShape,
    "quiet_hours": rules_schema.QuietShape,
    "appeals.yaml": rules_schema.TemplateShape,
    "slots": rules_schema.SlotShape,
    "opt_out": schema.OptOutShape,
    "stages.yaml": rules_schema.StageShape,
    "report.yaml": schema.ReportShape,
    "Answers of the pack": schema.AnswerShape,
    "roles.yaml": role_schema.RoleShape,
}
KEYS: dict[str, Iterable[str]] = {
    **{
        heading: [field.alias or name for name, field in shape.model_fields.items()]
        for heading, shape in SHAPES.items()
    },
    "Kinds of state": KINDS,
    "Other keys of a state": StateShape.model_fields.keys() - KINDS.keys(),
    "Lists": (*choose_from.LISTS, *areas.DEFAULT_LEVELS),
    "What can be asked for": ask.ASKS,
    "What the gateway does": do.EFFECTS,
    "errors": [*schema.ERRORS, schema.SHORT, schema.NUMBER, *days.DATE_ERRORS],
    "sms": schema.ALL_SMS,
    "commands": get_args(schema.Command),
    "areas.csv": areas.columns_of(areas.DEFAULT_LEVELS),
    "aliases.csv": area_links.ALIAS_COLUMNS,
    "neighbours.csv": area_links.NEIGHBOUR_COLUMNS,
}
WORDS: dict[str, Iterable[str]] = {
    "Kinds of state": resume.RESUME_OPTIONS,
    "Conditions": model.FACTS,
    "categories.yaml": [*DeskRole, schema.RECEIVED, schema.RESUME],
    "Answers of the pack": report_form.AnswerType,
    "appeals.yaml": [*rules.Need, *model.APPEAL_PLACEHOLDERS],
    "What the gateway does": set().union(*do.EFFECTS.values(), *REQUIRED_BY_EFFECT.values()),
    "wording/LANGUAGE.yaml": [*schema.NAVIGATION, *model.GATEWAY_PLACEHOLDERS, *incident.IncidentStatus, "heading"],
}


@pytest.mark.parametrize("heading", KEYS)
def test_every_key_is_documented_and_no_other(heading: str) -> None:
    assert sorted(section(PAGE, heading).keys) == sorted(KEYS[heading])


def test_every_file_has_its_section() -> None:
    names = [name for name in vars(pack_files).values() if isinstance(name, str) and name.endswith((".yaml", ".csv"))]

    assert len(names) == 12
    assert [name for name in names if name not in {found.heading for found in sections(PAGE)}] == []


def test_every_shape_has_its_table() -> None:
    shapes = (schema, rules_schema, role_schema, fields)
    members = [member for module in shapes for member in vars(module).values()]
    known = {shape for shape in members if isclass(shape) and issubclass(shape, BaseModel)}
    lists = {shape for shape in known if issubclass(shape, RootModel)}
    bases = {BaseModel, schema.StrictModel, schema.FLOW_SCHEMA}

    assert known - lists - bases == {*SHAPES.values(), StateShape}


@pytest.mark.parametrize("heading", WORDS)
def test_every_word_that_a_key_takes_is_documented(heading: str) -> None:
    named = re.findall(r"\w+", " ".join(section(PAGE, heading).spans))

    assert [word for word in WORDS[heading] if word not in named] == []


def test_every_outcome_is_documented_with_its_effect() -> None:
    rows = {line.split("`")[1]: line for line in section(PAGE, "What the gateway does").prose if line.startswith("| `")}

    for effect, outcomes in do.EFFECTS.items():
        assert [word for word in (*outcomes, *REQUIRED_BY_EFFECT[effect]) if f"`{word}`" not in rows[effect]] == []


def test_documented_conditions_are_valid() -> None:
    examples = section(PAGE, "Conditions").keys

    assert len({found[0].negated for found in (read_condition(text).clauses for text in examples)}) == 2
    assert any(read_condition(text).clauses[0].minimum for text in examples)


def test_documented_answers_are_those_of_a_report() -> None:
    named = set(section(PAGE, "The answers of a report").spans) - {"yes", "no"}

    assert named == report_form.BUILT_IN_ANSWERS.keys() | report_form.NAVIGATION_ANSWERS
