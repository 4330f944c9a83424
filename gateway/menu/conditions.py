"""Conditions on earlier answers, as a person reads them aloud: `when is now and category in [gesekan, ancam]`.

A condition is clauses joined by `and`. A clause names an answer, or a fact that the gateway knows of the caller, and
says what it must be: `is`, `is not`, `in [...]`, `not in [...]`, or, for a number, `at least N`. An answer that was not
given is empty, which is none of the values.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_CLAUSE = re.compile(
    r"(?P<name>\w+) +(?:"
    r"(?P<negated>is not|not in|is|in) +(?P<values>\[[^\[\]]*\]|[^\s\[\]]+)"
    r"|at least +(?P<least>\d{1,6})"
    r")"
)


class NotACondition(ValueError):
    """A condition is such as `when is now`, `category in [a, b]`, `reports_today at least 3`, joined by `and`."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


@dataclass(frozen=True, slots=True)
class Clause:
    """One answer or fact, and what it must be: one of `values` (or none of them), or a number of `least` or more."""

    name: str
    values: frozenset[str] = frozenset()
    negated: bool = False
    minimum: int | None = None

    def holds(self, value: str) -> bool:
        if self.minimum is not None:
            return value.isascii() and value.isdigit() and int(value) >= self.minimum
        return (value in self.values) is not self.negated


@dataclass(frozen=True, slots=True)
class Condition:
    """All of its clauses must hold. `said` is how the pack says it."""

    clauses: tuple[Clause, ...]
    text: str

    def holds(self, known: Mapping[str, str]) -> bool:
        """Whether it is true of these answers and facts."""
        return all(clause.holds(known.get(clause.name, "")) for clause in self.clauses)


def read_condition(text: str) -> Condition:
    """The condition that `text` says. Raises `NotACondition`."""
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
