"""Form of a report: the answers that mean something to the program, and those that a pack declares in report.yaml.

A built-in answer has a field of its own in a report. All others are the pack's: the program keeps them as they are, and
knows no more of them than their declaration says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from gateway.menu.limits import USSD_STRING

LARGEST_NUMBER = 999_999  # conditions compare numbers of at most six digits
_KEY = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,5}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")  # a line break is allowed


class AnswerType(StrEnum):
    """Type of an answer: one of the keys of a list, a whole number, words, a day, or the code of a place."""

    CHOICE = "choice"
    NUMBER = "number"
    TEXT = "text"
    DATE = "date"
    PLACE = "place"


REQUIRED_ANSWERS = frozenset({"category", "area"})
BUILT_IN_ANSWERS: Mapping[str, AnswerType] = {
    "category": AnswerType.CHOICE,
    "area": AnswerType.PLACE,
    "when": AnswerType.CHOICE,
    "when_date": AnswerType.DATE,
    "known_date": AnswerType.DATE,
    "danger": AnswerType.CHOICE,
    "description": AnswerType.TEXT,
    "contact": AnswerType.CHOICE,
}
"""Answers that mean something to the program, and their types."""

IN_DANGER = "yes"
"""Answer to `danger` that marks a report. A pack that asks must have it among its options."""

NAVIGATION_ANSWERS = frozenset({"language", "kecamatan", "place_name"})  # steer the dialogue; other fields hold them
RESERVED_ANSWERS = frozenset({*BUILT_IN_ANSWERS, *NAVIGATION_ANSWERS, "details", "status", "answers"})
"""Names that a pack cannot give to an answer of its own."""


class UnfitAnswer(ValueError):
    """Answer that its declaration does not allow. The message never quotes it."""


@dataclass(frozen=True, slots=True)
class DeclaredAnswer:
    """Answer that a pack declares.

    `least` and `most` bound a number, or the characters of a text.
    """

    type: AnswerType = AnswerType.CHOICE
    least: int = 0
    most: int = LARGEST_NUMBER
    personal: bool = False  # erased together with the reporter's number
    asked: bool = True  # by the dialogue

    def fits(self, value: str) -> bool:
        """Return True if `value`, which is not empty, is of the declared type and within its bounds."""
        match self.type:
            case AnswerType.NUMBER:
                return bool(_NUMBER.fullmatch(value)) and self.least <= int(value) <= self.most
            case AnswerType.TEXT:
                return len(value) <= self.most and not _CONTROL.search(value)
            case AnswerType.DATE:
                return _is_day(value)
        return bool(_KEY.fullmatch(value))

    @property
    def expected(self) -> str:
        """Words for what an answer should be."""
        match self.type:
            case AnswerType.NUMBER:
                return f"a number from {self.least} to {self.most}"
            case AnswerType.TEXT:
                return f"a text of at most {self.most} characters"
            case AnswerType.DATE:
                return "a day as YYYY-MM-DD"
        return "a short key"


@dataclass(frozen=True, slots=True)
class OwnAnswers:
    """Answers of a report that are the pack's own, without the empty ones, and the personal ones apart."""

    plain: Mapping[str, str] = field(default_factory=dict)
    personal: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReportForm:
    """Answers that a pack declares, by name, in the order of lists."""

    answers: Mapping[str, DeclaredAnswer] = field(default_factory=dict)
    steering: frozenset[str] = NAVIGATION_ANSWERS  # with the pack's levels of place

    @property
    def names(self) -> Iterable[str]:
        """Names of all answers that a report can hold."""
        return (*BUILT_IN_ANSWERS, *self.answers)

    def of_report(self, answers: Mapping[str, str]) -> dict[str, str]:
        """Return the answers that a report has a field for, and those that steered the dialogue to them."""
        known = {*self.names, *self.steering}
        return {name: answer for name, answer in answers.items() if name in known}

    def read(self, answers: Mapping[str, str], *, earlier: bool = False) -> OwnAnswers:
        """Check the answers that are not built in. Raises `UnfitAnswer`.

        With `earlier` they may have been given under an earlier edition of the pack. One that is declared no more, or
        otherwise, is then kept as a personal one, so that no report is lost with it.
        """
        plain: dict[str, str] = {}
        personal: dict[str, str] = {}
        for name in answers.keys() - BUILT_IN_ANSWERS.keys() - self.steering:
            value, declared = answers[name], self.answers.get(name)
            if declared is None and not earlier:
                known = ", ".join(sorted(self.names))
                raise UnfitAnswer(f"a report has no field for the answer {name}; expected some of {known}")
            if not value:
                continue
            if declared is not None and declared.fits(value):
                (personal if declared.personal else plain)[name] = value
            elif earlier:
                personal[name] = _CONTROL.sub(" ", value)[:USSD_STRING]
            elif declared is not None:
                raise UnfitAnswer(f'the answer to "{name}" does not fit; expected {declared.expected}')
        return OwnAnswers(self._ordered(plain), self._ordered(personal))

    def _ordered(self, answers: Mapping[str, str]) -> dict[str, str]:
        """Return the answers in the order of their declarations, with those of an earlier edition at the end."""
        names = [*(name for name in self.answers if name in answers), *sorted(answers.keys() - self.answers.keys())]
        return {name: answers[name] for name in names}


DEFAULT_FORM = ReportForm({"size": DeclaredAnswer(asked=False), "seen": DeclaredAnswer(asked=False)})
"""Form of a pack without report.yaml: the answers that every pack had before there was one."""


def _is_day(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False
