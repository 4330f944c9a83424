"""Possible values of answers and facts, as far as conditions tell them apart."""

from __future__ import annotations

import re

import pytest

from gateway.menu.checks.answer_values import can_keep, evaluate, fact_combinations, representatives
from gateway.menu.conditions import Clause, read_condition
from gateway.menu.model import Menu
from gateway.menu.pack.loader import load
from tests.helpers.pack_edits import Files, all_diagnostics, edit_pack, line_at

# old, new, the message, and the text on its line; all in flow.yaml
IMPOSSIBLE = [
    (
        "when in [now, hour]",
        "when in [nwo, hour]",
        "danger: only_if: when is never nwo; it can be before, hour, now, today",
        "  danger:",
    ),
    (
        "when in [now, hour]",
        "stage is kampanya",
        "danger: only_if: stage is never kampanya; it can be kampanye, masa_tenang, pemungutan, rekapitulasi",
        "  danger:",
    ),
    ("when in [now, hour]", "when at least 2", "danger: only_if: when is never a number", "  danger:"),
    ("when in [now, hour]", "when_date is monday", "danger: only_if: when_date is never monday", "  danger:"),
    ("when in [now, hour]", "area is 33.75.01.1001", "danger: only_if: area is never 33.75.01.1001", "  danger:"),
    (
        "reports_today at least 5",
        "reports_today is many",
        "limit: only_if: reports_today is never many",
        "  limit:",
    ),
    ("answers: {category: asn}", "answers: {category: ans}", "shortcut 11: category is never ans", "  11: {to"),
]


@pytest.mark.parametrize(
    ("old", "new", "message", "line"), IMPOSSIBLE, ids=[message for _, _, message, _ in IMPOSSIBLE]
)
def test_impossible_value_is_reported_at_its_line(files: Files, old: str, new: str, message: str, line: str) -> None:
    pack = edit_pack(files, "flow.yaml", old, new)

    assert [one for one in all_diagnostics(pack) if one.startswith(f"{line_at(pack, 'flow.yaml', line)}: {message}")]


def clauses(text: str) -> tuple[Clause, ...]:
    return read_condition(text).clauses


def test_representatives_are_the_first_of_values_that_clauses_treat_alike() -> None:
    tested = clauses("size in [few, some] and size is not some")

    assert representatives(tested, ["few", "some", "many", "huge"]) == ["few", "some", "many"]
    assert evaluate(tested, "some") == (True, False)
    assert representatives((), ["few", "some"]) == ["few"]


def test_fact_combinations_without_conditions_on_facts_are_one(files: Files) -> None:
    on_facts = re.compile("only_if: (reports_today|appeals_sent) .*")
    flow, conditions = on_facts.subn("only_if: when is now", files["flow.yaml"])

    assert conditions == 3
    assert fact_combinations(load({**files, "flow.yaml": flow})) == [{}]


def test_fact_combinations_cross_every_fact_that_conditions_test(files: Files) -> None:
    pack = edit_pack(files, "flow.yaml", "when in [now, hour]", "when in [now, hour] and stage is masa_tenang")

    combinations = [dict(found) for found in fact_combinations(load(pack))]

    assert combinations == [
        {"reports_today": reports, "stage": stage, "appeals_sent": appeals}
        for reports in ("", "5")
        for stage in ("", "masa_tenang")
        for appeals in ("", "0", "1")
    ]


@pytest.mark.parametrize(
    ("state", "value", "possible"),
    [
        ("when", "now", True),
        ("when", "later", False),
        ("kelurahan", "33.75.01.1003", True),
        ("kelurahan", "33.75.01.1001", False),
        ("which_place", "33.75.01.1003", True),
        ("date", "2026-11-27", True),
        ("date", "27/11", False),
        ("ask_ticket", "7340-2817", True),
        ("ask_ticket", "73402817", False),
        ("describe", "halo", True),
        ("describe", "x" * 183, False),
        ("describe", "", True),  # its option on `0`
        ("seen", "", False),
    ],
)
def test_can_keep_only_what_an_answer_is_kept_as(menu: Menu, state: str, value: str, possible: bool) -> None:
    assert can_keep(menu, menu.states[state], value) is possible
