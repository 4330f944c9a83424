"""Option `--answer` of `waspada incidents list`: an answer that the pack declares, as a person writes it."""

from __future__ import annotations

import re
from collections.abc import Collection

import click

from gateway.incidents.filters import AnswerTest
from gateway.menu.model import Menu
from gateway.menu.report_form import AnswerType, DeclaredAnswer
from gateway.places.area_cell import AreaResolver
from gateway.text.diagnostics import quoted, unknown

_HINT = "--answer"
_TYPED = re.compile(r"\s*([^<>=]+?)\s*(>=|<=|=|>|<)\s*(.+?)\s*")
_RANGES = (AnswerType.NUMBER, AnswerType.DATE)


def answer_tested(menu: Menu, typed: str) -> AnswerTest:
    """Return the test that was typed, as `depth=knee` or `people>=5`. Raises `click.BadParameter`."""
    found = _TYPED.fullmatch(typed)
    if not found:
        raise click.BadParameter(
            f"write a name, a sign and a value, as size=many, not {quoted(typed)}", param_hint=_HINT
        )
    name, comparison, value = _name(menu, found[1]), found[2], found[3]
    declared = menu.form.answers[name]
    if comparison != "=" and declared.type not in _RANGES:
        raise click.BadParameter(f"{name} is no number and no day: write {name}=VALUE", param_hint=_HINT)
    values = _values(menu, name, declared, value)
    return AnswerTest(name, values, comparison, declared.type is AnswerType.NUMBER, declared.personal)


def _name(menu: Menu, typed: str) -> str:
    """Return the answer of this key or label."""
    labels = {
        menu.answer_label(name, language).casefold(): name for language in menu.languages for name in menu.form.answers
    }
    known = {**labels, **{name: name for name in menu.form.answers}}
    if typed.casefold() not in known:
        raise click.BadParameter(unknown("answer", typed, menu.form.answers), param_hint=_HINT)
    return known[typed.casefold()]


def _values(menu: Menu, name: str, declared: DeclaredAnswer, typed: str) -> Collection[str]:
    match declared.type:
        case AnswerType.CHOICE:
            return (_choice(menu, name, typed),)
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


def _choice(menu: Menu, name: str, typed: str) -> str:
    """Return the value of this key or of a label in any language."""
    labelled = {value for words in menu.wordings.values() for value in words.labels.get(name, {})}
    offered = {value for state in menu.states.values() if state.keep == name for value in state.options}
    values = sorted(labelled | offered)
    texts = {
        menu.answer_text(name, value, language).casefold(): value for language in menu.languages for value in values
    }
    known = {**texts, **{value: value for value in values}}
    if typed.casefold() not in known:
        raise click.BadParameter(unknown(f"value of {name}", typed, values), param_hint=_HINT)
    return known[typed.casefold()]
