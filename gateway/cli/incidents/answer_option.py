"""Answers of a report as a person writes them: `--answer` of `waspada incidents list`, and what `set` is given."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import click

from gateway.cli.incidents.places import areas_named, place_named
from gateway.incidents.filters import AnswerTest
from gateway.incidents.operator_actions import SETTABLE_DAYS
from gateway.menu.definitions.report_form import AnswerType, DeclaredAnswer
from gateway.menu.model import Menu
from gateway.text.diagnostics import quoted, unknown
from gateway.text.times import NotATime, parse_since

_TESTED = re.compile(r"\s*([^<>=]+?)\s*(>=|<=|=|>|<)\s*(.+?)\s*")
_DAY = DeclaredAnswer(AnswerType.DATE)
_RANGES = (AnswerType.NUMBER, AnswerType.DATE)


def answer_tested(menu: Menu, typed: str, now: datetime) -> AnswerTest:
    """Return the test that was typed, as `depth=knee` or `people>=5`. Raises `click.BadParameter`."""
    reader = _AnswerReader(menu, now, "--answer")
    found = _TESTED.fullmatch(typed)
    if not found:
        raise reader.refusal(f"write a name, a sign and a value, as size=many, not {quoted(typed)}")
    name, comparison, value = reader.name(found[1]), found[2], found[3]
    declared = menu.form.answers[name]
    if comparison != "=" and declared.type not in _RANGES:
        raise reader.refusal(f"{name} is no number and no day: write {name}=VALUE")
    is_place = declared.type is AnswerType.PLACE
    values: Collection[str] = (
        areas_named(menu, value, reader.hint) if is_place else (reader.value(name, declared, value),)
    )
    return AnswerTest(name, values, comparison, declared.type is AnswerType.NUMBER, declared.personal)


def answer_given(menu: Menu, typed: str, now: datetime) -> tuple[str, str]:
    """Return the name and the value of an answer that is to be set, as `tps=12`. Raises `click.BadParameter`.

    An empty value stays empty.
    """
    reader = _AnswerReader(menu, now, "NAME=VALUE")
    name, equals, value = (part.strip() for part in typed.partition("="))
    if not equals:
        raise reader.refusal(f"write a name and a value, as tps=12, not {quoted(typed)}")
    name = name if name in SETTABLE_DAYS else reader.name(name)
    return name, reader.value(name, menu.form.answers.get(name, _DAY), value) if value else ""


@dataclass(frozen=True, slots=True)
class _AnswerReader:
    """Reader of the names and values of answers, in any language of the pack. `hint` names the parameter in errors."""

    menu: Menu
    now: datetime
    hint: str

    def refusal(self, message: str) -> click.BadParameter:
        return click.BadParameter(message, param_hint=self.hint)

    def name(self, typed: str) -> str:
        """Return the answer of this key or label. Raises `click.BadParameter`."""
        menu = self.menu
        labels = {
            menu.answer_label(name, language).casefold(): name
            for language in menu.languages
            for name in menu.form.answers
        }
        known = {**labels, **{name: name for name in menu.form.answers}}
        if typed.casefold() not in known:
            raise self.refusal(unknown("answer", typed, menu.form.answers))
        return known[typed.casefold()]

    def value(self, name: str, declared: DeclaredAnswer, typed: str) -> str:
        """Return the value that was typed. A day is read as `--since` is: `kemarin`. Raises `click.BadParameter`."""
        match declared.type:
            case AnswerType.CHOICE:
                return self._choice(name, typed)
            case AnswerType.PLACE:
                return place_named(self.menu, typed, self.hint)
            case AnswerType.DATE:
                return self._day(typed)
        if not declared.fits(typed):
            raise self.refusal(f"expected {declared.expected} for {name}, not {quoted(typed)}")
        return typed

    def _day(self, typed: str) -> str:
        try:
            at = parse_since(typed).at(self.menu.timezone, self.now)
        except NotATime as error:
            raise self.refusal(str(error)) from None
        return at.astimezone(self.menu.timezone).date().isoformat()

    def _choice(self, name: str, typed: str) -> str:
        """Return the value of this key or of a label in any language."""
        menu = self.menu
        labelled = {value for words in menu.wordings.values() for value in words.labels.get(name, {})}
        offered = {value for state in menu.states.values() if state.keep == name for value in state.options}
        values = sorted(labelled | offered)
        texts = {
            menu.answer_text(name, value, language).casefold(): value for language in menu.languages for value in values
        }
        known = {**texts, **{value: value for value in values}}
        if typed.casefold() not in known:
            raise self.refusal(unknown(f"value of {name}", typed, values))
        return known[typed.casefold()]
