"""Pure: CSV readers whose rows and diagnostics know their line: one for files of a pack, one for spreadsheets.

Both yield `Row | Diagnostic`, so that a reader of people or of areas mixes its own diagnostics in.

A pack's file is strict: commas, its columns by their exact name, other columns ignored. A spreadsheet is not: Excel
separates with `;` where the comma is the decimal mark (as in Indonesia), so the line of headings decides. It may have
`sep=;` above it, and it has lines of nothing but separators where rows were cleared.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from io import StringIO
from typing import NamedTuple

from gateway.text.diagnostics import Diagnostic, one_of, quoted

MAX_ROWS = 200_000
MAX_CELL_LENGTH = 1000
FORMULA_STARTS = "=+\\-@\uff1d\uff0b\uff0d\uff20"  # of a cell that a spreadsheet executes, in a class of characters
# A number, a date or a time, and an area code that looks like one: a spreadsheet would write it in its own way.
_CONVERTED = re.compile(r"[0-9]+(?:[-/.,:; ][0-9]+){0,2}")
_FORMULA = re.compile(f"[{FORMULA_STARTS}]")
_GUARDED = re.compile(f"'+[{FORMULA_STARTS}0-9]")
_MAX_SHOWN = 40
_SEPARATORS = ",;\t"
_SEPARATOR_LINE = "sep="


def _lower_case(heading: str) -> str:
    return "_".join(heading.casefold().split())


class Row(NamedTuple):
    """Row of a CSV file: the line on which it begins, and its stripped cells by heading."""

    line: int
    cells: Mapping[str, str]


class _Record(NamedTuple):
    """Row as the CSV parser gives it."""

    line: int
    fields: list[str]


def read_pack_rows(text: str, file: str, columns: Sequence[str]) -> Iterator[Row | Diagnostic]:
    """Yield the rows of a pack's file, of which the first is the headings, with the cells of `columns`.

    A missing cell is empty. Blank lines are skipped. A fault of the file as CSV comes first, then the rows before it.
    """
    records = list(_parse(text, file))
    # The parser stops at its first fault, so a diagnostic is the last of the records. It is reported whatever follows.
    yield from (record for record in records if isinstance(record, Diagnostic))
    rows = [record for record in records if isinstance(record, _Record)]
    headings = rows[0] if rows else _Record(1, [])
    if missing := [column for column in columns if column not in headings.fields]:
        yield Diagnostic(file, headings.line, f"missing columns: {', '.join(missing)}")
        return
    places = {column: headings.fields.index(column) for column in columns}
    for line, fields in rows[1:]:
        yield Row(line, {column: fields[place] if place < len(fields) else "" for column, place in places.items()})


def guarded(text: str) -> str:
    """Return a cell for a spreadsheet, behind an apostrophe where it would be executed or converted.

    The reader of spreadsheets removes that apostrophe.
    """
    return f"'{text}" if _FORMULA.match(text) or _CONVERTED.fullmatch(text) or _GUARDED.match(text) else text


def read_spreadsheet_rows(
    text: str, file: str, columns: Sequence[str], column_of: Callable[[str], str] = _lower_case
) -> Iterator[Row | Diagnostic]:
    """Yield the rows of a CSV file as a spreadsheet saves it. Empty rows are skipped.

    Headings may be in any order, and the first of `columns` is required. `column_of` returns the column of a heading,
    empty for one to skip. An unknown heading is a diagnostic, and then there are no rows. Nothing comes after a fault
    of the file as CSV, or after 200,000 rows.
    """
    lines_before, separator, table = _split_separator_line(text.removeprefix("\ufeff"))
    records = _spreadsheet_records(table, file, separator, lines_before)
    first = next(records, None)
    if first is None:
        yield Diagnostic(file, 0, f"it is empty; its first line names the columns, of {', '.join(columns)}")
        return
    if isinstance(first, Diagnostic):
        yield first
        return
    headings = [column_of(field) for field in first.fields]
    if fault := _heading_fault(first.fields, headings, columns, separator):
        yield Diagnostic(file, first.line, fault)
        return
    for count, record in enumerate(records, 1):
        if isinstance(record, Diagnostic):
            yield record
            return
        if count > MAX_ROWS:
            yield Diagnostic(file, record.line, f"a list has at most {MAX_ROWS:,} rows: split it")
            return
        yield _spreadsheet_row(record, headings, file)


def _spreadsheet_row(record: _Record, headings: Sequence[str], file: str) -> Row | Diagnostic:
    line, fields = record
    while len(fields) > len(headings) and not fields[-1]:
        fields.pop()
    if len(fields) > len(headings):
        return Diagnostic(
            file, line, f"{len(fields)} values under {len(headings)} headings: is a quotation mark missing?"
        )
    if any(len(field) > MAX_CELL_LENGTH for field in fields):
        return Diagnostic(file, line, f"a value is longer than {MAX_CELL_LENGTH} characters")
    if any("\0" in field for field in fields):
        return Diagnostic(file, line, "there is a NUL character in it: save it as CSV anew")
    fields += [""] * (len(headings) - len(fields))
    return Row(line, {heading: field for heading, field in zip(headings, fields, strict=True) if heading})


def _spreadsheet_records(table: str, file: str, separator: str, lines_before: int) -> Iterator[_Record | Diagnostic]:
    """Yield the records that are not empty, the headings first, without the apostrophes that guard their cells."""
    for record in _parse(table, file, separator, lines_before):
        if isinstance(record, Diagnostic):
            yield record
            continue
        fields = [field[1:] if _GUARDED.match(field) else field for field in record.fields]
        if any(fields):
            yield _Record(record.line, fields)


def _parse(text: str, file: str, separator: str = ",", lines_before: int = 0) -> Iterator[_Record | Diagnostic]:
    """Yield the records of a CSV text, and a diagnostic at its end where it is not CSV."""
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
    line = lines_before + 1
    try:
        for fields in reader:
            if fields:
                yield _Record(line, [field.strip() for field in fields])
            line = lines_before + reader.line_num + 1  # a quoted field may span several lines
    except csv.Error as error:
        yield Diagnostic(file, line, f"not CSV: {error}")


def _split_separator_line(text: str) -> tuple[int, str, str]:
    """Find the separator of a spreadsheet. Returns how many lines precede the table, the separator and the table."""
    first, _, rest = text.partition("\n")
    declared = first.strip().strip('"').casefold()
    if declared.startswith(_SEPARATOR_LINE) and len(declared) == len(_SEPARATOR_LINE) + 1:
        return 1, declared[-1], rest
    headings = next((line for line in text.splitlines() if line.strip()), "")
    return 0, max(_SEPARATORS, key=headings.count), text


def _heading_fault(
    written: Sequence[str], headings: Sequence[str], columns: Sequence[str], separator: str
) -> str | None:
    paste = f"A first line to paste: {separator.join(columns)}"
    if unknown := [heading for heading in headings if heading and heading not in columns]:
        # A table without headings has somebody's number here: only words are repeated.
        shown = [
            quoted(heading[:_MAX_SHOWN]) if heading.replace("_", "").isalpha() else "one that is no word"
            for heading in unknown
        ]
        return f"unknown columns: {', '.join(dict.fromkeys(shown))}; {one_of(columns)}. {paste}"
    if repeated := sorted({heading for heading in headings if heading and headings.count(heading) > 1}):
        names = [quoted(name) for name, column in zip(written, headings, strict=True) if column in repeated]
        return f"repeated columns: {', '.join(repeated)}; keep one of {', '.join(dict.fromkeys(names))}"
    if columns[0] not in headings:
        return f"the column {columns[0]} is missing; the columns are {', '.join(columns)}. {paste}"
    return None
