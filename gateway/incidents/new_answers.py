"""Answers of a report that its incident lacks, or that differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import RowMapping

from gateway.incidents.report import Report
from gateway.menu.definitions.report_form import BUILT_IN_ANSWERS

_OWN_ANSWERS = ("answers", "personal_answers")  # of the pack


class NewAnswers(NamedTuple):
    """Values of the columns of an incident that change, and the names of the answers in them."""

    columns: Mapping[str, Any]
    names: tuple[str, ...]


def new_answers(report: Report, row: RowMapping, *, replace: bool = True) -> NewAnswers:
    """Return the answers of a report that its row lacks, and with `replace` those that differ too."""
    answers = {name: getattr(report, name) for name in BUILT_IN_ANSWERS}
    new = {name: answer for name, answer in answers.items() if answer not in ("", None) and answer != row[name]}
    new = {name: answer for name, answer in new.items() if replace or row[name] in ("", None)}
    names = [*new]
    for column in _OWN_ANSWERS:
        known = row[column]
        given = {name: answer for name, answer in getattr(report, column).items() if answer != known.get(name)}
        if given := {name: answer for name, answer in given.items() if replace or not known.get(name)}:
            new[column] = {**known, **given}
            names += given
    return NewAnswers(new, tuple(sorted(names)))
