"""CSV that somebody keeps by hand, as its wanted columns, every row with the line on which it begins."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO

from gateway.text.diagnostics import Diagnostic


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its stripped values in the order in which the columns were asked for; a missing one is empty."""

    line: int
    values: tuple[str, ...]


def read_columns(text: str, file: str, columns: Sequence[str]) -> tuple[list[Row], list[Diagnostic]]:
    """The rows of a CSV text with a line of headings, and what is wrong with it as CSV. Blank lines are passed over."""
    records: list[tuple[int, list[str]]] = []
    diagnostics: list[Diagnostic] = []
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    line = 1
    try:
        for fields in reader:
            if fields:
                records.append((line, [field.strip() for field in fields]))
            line = reader.line_num + 1  # a quoted field may go over several lines
    except csv.Error as error:
        diagnostics.append(Diagnostic(file, line, f"not CSV: {error}"))
    heading, headings = records[0] if records else (1, [])
    if missing := [column for column in columns if column not in headings]:
        return [], [*diagnostics, Diagnostic(file, heading, f"the columns {', '.join(missing)} are missing")]
    places = [headings.index(column) for column in columns]
    return [Row(line, _values(fields, places)) for line, fields in records[1:]], diagnostics


def _values(fields: Sequence[str], places: Sequence[int]) -> tuple[str, ...]:
    return tuple(fields[place] if place < len(fields) else "" for place in places)
