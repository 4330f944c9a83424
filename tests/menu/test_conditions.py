"""Conditions: parsing, evaluation, and the states that they skip."""

from __future__ import annotations

import pytest

from gateway.menu.conditions import NotACondition, read_condition
from gateway.menu.model import Menu
from gateway.menu.pack.loader import load
from tests.helpers.dialogue import GIVEN, walk
from tests.helpers.pack_edits import Files

KNOWN = {"when": "now", "category": "gesekan", "reports_today": "5", "stage": ""}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("when is now", True),
        ("when is not now", False),
        ("when in [now, hour]", True),
        ("when not in [now, hour]", False),
        ("category in [gesekan] and when is now", True),
        ("category is ancam and when is now", False),
        ("reports_today at least 5", True),
        ("reports_today at least 6", False),
        ("danger is yes", False),  # not answered: none of the values
        ("danger is not yes", True),
        ("danger at least 0", False),
        ("when at least 1", False),
        ("stage is kampanye", False),
    ],
)
def test_condition_holds_or_not(text: str, holds: bool) -> None:
    assert read_condition(text).holds(KNOWN) is holds


@pytest.mark.parametrize(
    "text",
    [
        *("", "when", "when now", "when is", "when is [now]", "when in now", "when in []", "when in [now,]"),
        *("n at least x", "when is now or when is hour", "when is now and", "and when is now"),
        "when is now, when is hour",
    ],
)
def test_read_condition_refuses_other_texts(text: str) -> None:
    with pytest.raises(NotACondition):
        read_condition(text)


def at(menu: Menu, keys: str, **facts: str) -> str:
    """Return the state that these keys lead to."""
    return walk(menu, keys, given={**GIVEN, **facts}).session.state


@pytest.mark.parametrize(("reports", "state"), [("0", "notice"), ("4", "notice"), ("5", "limit"), ("12", "limit")])
def test_condition_on_a_fact_skips_a_state(menu: Menu, reports: str, state: str) -> None:
    assert at(menu, "1 2", reports_today=reports) == state


def test_condition_on_an_unknown_fact_does_not_hold(menu: Menu) -> None:
    assert at(menu, "1 2") == "notice"


def test_condition_can_test_the_stage_of_the_day(files: Files) -> None:
    menu = load(
        {
            **files,
            "flow.yaml": files["flow.yaml"].replace(
                "only_if: when in [now, hour] and category in [gesekan, ancam, tps, lain]",
                "only_if: stage is pemungutan",
            ),
        }
    )

    assert at(menu, "1 2 1 1 1 1 3", stage="pemungutan") == "danger"
    assert at(menu, "1 2 1 1 1 1 3", stage="kampanye") == "seen"


def test_condition_ignores_an_answer_that_was_taken_back(menu: Menu) -> None:
    changed = "1 2 1 3 1 1 1 0 3"  # now, then back, then earlier today

    assert at(menu, changed) == "seen"


def test_cycle_of_conditions_does_not_hang(files: Files) -> None:
    flow = files["flow.yaml"].replace(
        "  notice:\n", "  notice:\n    only_if: reports_today at least 7\n    otherwise: limit\n"
    )

    assert at(load({**files, "flow.yaml": flow}), "1 2") in ("limit", "notice")
