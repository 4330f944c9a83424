"""Conditions on earlier answers, in a language that can be read aloud: `when is now and category in [gesekan, ancam]`.

A condition is a list of clauses joined by `and`. A clause names an answer, or a fact about the caller, and an operator:
`is`, `is not`, `in [...]`, `not in [...]`, or, for a number, `at least N`. An answer that was not given is empty, which
equals none of the values.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gateway.text.errors import ExplainedError

_CLAUSE = re.compile(
    r"(?P<name>\w+) +(?:"
    r"(?P<negated>is not|not in|is|in) +(?P<values>\[[^\[\]]*\]|[^\s\[\]]+)"
    r"|at least +(?P<least>\d{1,6})"
    r")"
)


class NotACondition(ExplainedError, ValueError):
    """Unknown condition. Write `when is now`, `category in [a, b]` or `reports_today at least 3`, joined by `and`."""


@dataclass(frozen=True, slots=True)
class Clause:
    """Test of one answer or fact: it is one of `values`, or none of them, or a number of at least `minimum`."""

    name: str
    values: frozenset[str] = frozenset()
    negated: bool = False
    minimum: int | None = None

    def holds(self, value: str) -> bool:
        if self.minimum is not None:
            return value.isascii() and value.isdecimal() and int(value) >= self.minimum
        return (value in self.values) is not self.negated


@dataclass(frozen=True, slots=True)
class Condition:
    """Conjunction of clauses, and its text in the pack."""

    clauses: tuple[Clause, ...]
    text: str

    def holds(self, known: Mapping[str, str]) -> bool:
        """Return True if all clauses hold for these answers and facts."""
        return all(clause.holds(known.get(clause.name, "")) for clause in self.clauses)


def read_condition(text: str) -> Condition:
    """Parse a condition. Raises `NotACondition`."""
    return Condition(tuple(_clause(part.strip()) for part in re.split(r"\band\b", text)), text)


def _clause(text: str) -> Clause:
    found = _CLAUSE.fullmatch(text)
    if not found:
        raise NotACondition
    if found["least"]:
        return Clause(found["name"], minimum=int(found["least"]))
    word, listed = found["negated"], found["values"]
    if listed.startswith("[") != word.endswith("in"):
        raise NotACondition
    values = frozenset(value.strip() for value in listed.strip("[]").split(","))
    if "" in values:
        raise NotACondition
    return Clause(found["name"], values, negated=word.startswith("not") or word.endswith("not"))


def numbers_between(clauses: Iterable[Clause]) -> list[str]:
    """Return one number of each interval that the numbers in `clauses` bound, as representatives."""
    named = {0}
    for clause in clauses:
        if clause.minimum is not None:
            named.add(clause.minimum)
        for value in filter(is_number, clause.values):
            named |= {int(value), int(value) + 1}
    return [str(number) for number in sorted(named)]


def is_number(value: str) -> bool:
    """Return True for a number that a condition can compare: of at most six digits, without leading zeros."""
    return re.fullmatch(r"0|[1-9][0-9]{0,5}", value) is not None
