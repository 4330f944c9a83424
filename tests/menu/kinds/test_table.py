"""The recipe for a new kind of state in menus/README.md: a module and one line of the table."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from gateway.menu import engine
from gateway.menu.checks.checker import check
from gateway.menu.drawing.svg import mermaid, svg
from gateway.menu.kinds.base import QUESTION, PackKind, StateShape
from gateway.menu.kinds.table import KINDS
from gateway.menu.limits import DEFAULT
from gateway.menu.model import Menu, State
from gateway.menu.navigation import forward
from gateway.menu.pack.loader import PackRefused, load
from gateway.menu.pack.schema import flow_schema
from gateway.menu.session import GivenValues, Session
from gateway.text.wording import Wording
from tests.helpers.dialogue import walk
from tests.helpers.pack_edits import EN, ID, JV, Files, edit_pack, line_at

ROOT = Path(__file__).parents[3]


class Rate(PackKind):
    """`rate: N`: a grade from 1 to N, whose options need no words."""

    name = "rate"
    is_question = True
    value_type = int
    fields = frozenset({*QUESTION, "next"})

    def source_of(self, raw: StateShape) -> str:
        return str(raw.value(self.name))

    def faults(self, raw: StateShape) -> Iterator[str]:
        if not raw.next:
            yield f"{self.name} needs next"

    def choices_of(self, menu: Menu, state: State, within: str) -> Sequence[str]:
        return self.possible_values(menu, state, ())

    def option_text(self, menu: Menu, state: State, words: Wording, value: str, offered: Collection[str]) -> str:
        return f"{value} of {len(offered)}"

    def choose(self, menu: Menu, state: State, session: Session, value: str, given: GivenValues) -> Session:
        return forward(menu, session, state.next, {state.keep: value}, given)

    def possible_values(self, menu: Menu, state: State, clauses: Sequence[object]) -> Sequence[str]:
        return [str(grade) for grade in range(1, int(state.source) + 1)]

    def edges_of(self, state: State) -> Iterator[tuple[str, str, str]]:
        yield f"1-{state.source}", state.next, ""


GRADE = "grade: {rate: 5, keep: grade, next: contact}"
SCHEMA = flow_schema({**KINDS, Rate.name: Rate()})


@pytest.fixture
def rating_files(files: Files) -> Mapping[str, str]:
    """The pack of Pekalongan with a grade instead of the description of hearsay."""
    rated = edit_pack(files, "flow.yaml", "self: describe, told: describe", "self: describe, told: grade")
    rated = edit_pack(rated, "flow.yaml", "  describe:\n", f"  {GRADE}\n  describe:\n")
    for language in (ID, EN, JV):
        rated = edit_pack(rated, language, "  describe:", '  grade: {heading: "1-5?"}\n  describe:')
    return rated


def test_pack_with_a_new_kind_passes_all_checks(rating_files: Files) -> None:
    assert check(load(rating_files, SCHEMA)) == []


def test_state_of_a_new_kind_is_shown_and_answered(rating_files: Files) -> None:
    menu = load(rating_files, SCHEMA)

    asked = walk(menu, "1 2 1 3 1 2 3 2")
    answered = walk(menu, "4", asked.session)

    assert asked.screen == "1-5?\n1.1 of 5\n2.2 of 5\n3.3 of 5\n4.4 of 5\n5.5 of 5\n0.Kembali"
    assert engine.valid_answers(menu, answered.session)["grade"] == "4"
    assert answered.session.state == "contact"


def test_state_of_a_new_kind_is_drawn(rating_files: Files) -> None:
    menu = load(rating_files, SCHEMA)

    assert 'at_grade -->|"1-5"| at_contact' in mermaid(menu, "en", DEFAULT)
    assert 'id="at-grade"' in svg(menu, "en", DEFAULT)


def test_fault_in_a_state_of_a_new_kind_has_its_line(rating_files: Files) -> None:
    broken = edit_pack(rating_files, "flow.yaml", "keep: grade, next: contact", "keep: grade")

    with pytest.raises(PackRefused) as refused:
        load(broken, SCHEMA)

    assert f"{line_at(broken, 'flow.yaml', '  grade: {rate')}: grade: rate needs next" in str(refused.value)


def test_kind_that_is_not_in_the_table_is_an_unknown_key(rating_files: Files) -> None:
    with pytest.raises(PackRefused, match=r"states\.grade\.rate: unknown key"):
        load(rating_files)


def test_kinds_are_called_as_their_key() -> None:
    assert {name: kind.name for name, kind in KINDS.items()} == {name: name for name in KINDS}


def test_no_module_outside_the_kinds_asks_for_the_name_of_one() -> None:
    """Only the entries `help` and `resume`, and questions with error lines of their own, must be of a certain kind."""
    classes = {type(kind).__name__ for kind in KINDS.values()}
    naming = {}
    for path in sorted((ROOT / "gateway").rglob("*.py")):
        imported = {
            alias.name
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("gateway.menu.kinds")
            for alias in node.names
        }
        if imported & classes and path.parent.name != "kinds":
            naming[path.relative_to(ROOT).as_posix()] = imported & classes

    assert naming == {
        "gateway/menu/pack/references.py": {"Ask", "Resume", "Tell"},
        "gateway/menu/pack/shown_errors.py": {"Ask"},
    }
