"""Answers of a report as a person writes them: `--answer` of `waspada incidents list`, and what `set` is given."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime

import click

from gateway.incidents.filters import AnswerTest
from gateway.incidents.operator_actions import DAYS
from gateway.menu.model import Menu
from gateway.menu.report_form import AnswerType, DeclaredAnswer
from gateway.places.area_cell import AreaResolver
from gateway.text.diagnostics import quoted, unknown
from gateway.text.times import NotATime, parse_since

_HINT, _GIVEN = "--answer", "NAME=VALUE"
_TYPED = re.compile(r"\s*([^<>=]+?)\s*(>=|<=|=|>|<)\s*(.+?)\s*")
_DAY = DeclaredAnswer(AnswerType.DATE)
_RANGES = (AnswerType.NUMBER, AnswerType.DATE)


def answer_tested(menu: Menu, typed: str) -> AnswerTest:
    """Return the test that was typed, as `depth=knee` or `people>=5`. Raises `click.BadParameter`."""
    found = _TYPED.fullmatch(typed)
    if not found:
        raise click.BadParameter(
            f"write a name, a sign and a value, as size=many, not {quoted(typed)}", param_hint=_HINT
        )
    name, comparison, value = _name(menu, found[1], _HINT), found[2], found[3]
    declared = menu.form.answers[name]
    if comparison != "=" and declared.type not in _RANGES:
        raise click.BadParameter(f"{name} is no number and no day: write {name}=VALUE", param_hint=_HINT)
    values = _values(menu, name, declared, value)
    return AnswerTest(name, values, comparison, declared.type is AnswerType.NUMBER, declared.personal)


def answer_given(menu: Menu, typed: str, now: datetime) -> tuple[str, str]:
    """Return the name and the value of an answer that is to be set, as `tps=12`. Raises `click.BadParameter`.

    A day is read as `--since` is: `30/11/2026`, `kemarin`. An empty value stays empty.
    """
    name, equals, value = (part.strip() for part in typed.partition("="))
    if not equals:
        raise click.BadParameter(f"write a name and a value, as tps=12, not {quoted(typed)}", param_hint=_GIVEN)
    name = name if name in DAYS else _name(menu, name, _GIVEN)
    declared = menu.form.answers.get(name, _DAY)
    if not value:
        return name, ""
    if declared.type is AnswerType.DATE:
        return name, _day(menu, value, now)
    if declared.type is AnswerType.CHOICE:
        return name, _choice(menu, name, value, _GIVEN)
    if declared.type is AnswerType.PLACE:
        return name, _place(menu, value)
    if not declared.fits(value):
        raise click.BadParameter(f"expected {declared.expected} for {name}, not {quoted(value)}", param_hint=_GIVEN)
    return name, value


def _day(menu: Menu, typed: str, now: datetime) -> str:
    try:
        day = parse_since(typed).at(menu.timezone, now).astimezone(menu.timezone).date()
    except NotATime as error:
        raise click.BadParameter(str(error), param_hint=_GIVEN) from None
    return day.isoformat()


def _place(menu: Menu, typed: str) -> str:
    cell = AreaResolver(menu.areas, menu.gazetteer).resolve(typed)
    if len(cell.codes) != 1:
        raise click.BadParameter(f"unknown place {quoted(typed)}; {cell.advice}", param_hint=_GIVEN)
    return cell.codes[0]


def _name(menu: Menu, typed: str, hint: str) -> str:
    """Return the answer of this key or label."""
    labels = {
        menu.answer_label(name, language).casefold(): name for language in menu.languages for name in menu.form.answers
    }
    known = {**labels, **{name: name for name in menu.form.answers}}
    if typed.casefold() not in known:
        raise click.BadParameter(unknown("answer", typed, menu.form.answers), param_hint=hint)
    return known[typed.casefold()]


def _values(menu: Menu, name: str, declared: DeclaredAnswer, typed: str) -> Collection[str]:
    match declared.type:
        case AnswerType.CHOICE:
            return (_choice(menu, name, typed, _HINT),)
        case AnswerType.PLACE:
            cell = AreaResolver(menu.areas, menu.gazetteer).resolve(typed)
            if not cell.codes:
                raise click.BadParameter(f"unknown place {quoted(typed)}; {cell.advice}", param_hint=_HINT)
            return [code for named in cell.codes for code in (named, *menu.areas.inside(named))]
        case AnswerType.TEXT:
            return (typed,)
    if not declared.fits(typed):
        raise click.BadParameter(f"expected {declared.expected} for {name}, not {quoted(typed)}", param_hint=_HINT)
    return (typed,)


def _choice(menu: Menu, name: str, typed: str, hint: str) -> str:
    """Return the value of this key or of a label in any language."""
    labelled = {value for words in menu.wordings.values() for value in words.labels.get(name, {})}
    offered = {value for state in menu.states.values() if state.keep == name for value in state.options}
    values = sorted(labelled | offered)
    texts = {
        menu.answer_text(name, value, language).casefold(): value for language in menu.languages for value in values
    }
    known = {**texts, **{value: value for value in values}}
    if typed.casefold() not in known:
        raise click.BadParameter(unknown(f"value of {name}", typed, values), param_hint=hint)
    return known[typed.casefold()]
