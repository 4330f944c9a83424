"""Pure: CSV as spreadsheets write it → rows under known headings, each with the line on which it begins.

A spreadsheet separates with `;` where the comma is the decimal mark (as in Indonesia), so the line of headings decides;
it may say `sep=;` above it, and it leaves lines of nothing but separators where rows were cleared.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from io import StringIO

from gateway.text.diagnostics import Diagnostic

MOST_ROWS = 200_000
LONGEST_CELL = 1000
_SEPARATORS = ",;\t"
_FORMULA = ("=", "+", "-", "@")
_SAYS_SEPARATOR = "sep="

Row = tuple[int, Mapping[str, str]]


def read_sheet(text: str, file: str, columns: Sequence[str]) -> Iterator[Row | Diagnostic]:
    """The rows as `(line, cells by heading)`, every cell stripped, empty rows left out; and what is wrong, in between.

    Headings may stand in any order and case; one that is not in `columns` is refused, and then there are no rows.
    Nothing comes after a complaint about the file as CSV, or after 200,000 rows.
    """
    records = _records(text, file)
    first = next(records, None)
    if first is None or isinstance(first, Diagnostic):
        yield first or Diagnostic(file, 0, f"it is empty; its first line names the columns, of {', '.join(columns)}")
        return
    line, fields = first
    headings = ["_".join(field.casefold().split()) for field in fields]
    if wrong := _wrong_headings(headings, columns):
        yield Diagnostic(file, line, wrong)
        return
    for rows, record in enumerate(records, 1):
        if isinstance(record, Diagnostic):
            yield record
            return
        if rows > MOST_ROWS:
            yield Diagnostic(file, record[0], f"a list has at most {MOST_ROWS:,} rows: split it")
            return
        yield _row(record, headings, file)


def _row(record: tuple[int, list[str]], headings: Sequence[str], file: str) -> Row | Diagnostic:
    line, fields = record
    while len(fields) > len(headings) and not fields[-1]:
        fields.pop()
    if len(fields) > len(headings):
        return Diagnostic(
            file, line, f"{len(fields)} values under {len(headings)} headings: is a quotation mark missing?"
        )
    if any(len(field) > LONGEST_CELL for field in fields):
        return Diagnostic(file, line, f"a value is longer than {LONGEST_CELL} characters")
    if any("\0" in field for field in fields):
        return Diagnostic(file, line, "there is a NUL character in it: save it as CSV anew")
    fields += [""] * (len(headings) - len(fields))
    return line, {heading: field for heading, field in zip(headings, fields, strict=True) if heading}


def _records(text: str, file: str) -> Iterator[tuple[int, list[str]] | Diagnostic]:
    """The rows that are not empty, the headings being the first, each with its line."""
    before, separator, body = _separated(text.removeprefix("\ufeff"))
    reader = csv.reader(StringIO(body, newline=""), delimiter=separator, strict=True)
    line = before + 1
    try:
        for fields in reader:
            cells = [_bare(field.strip()) for field in fields]
            if any(cells):
                yield line, cells
            line = before + reader.line_num + 1  # a quoted field may go over several lines
    except csv.Error as error:
        yield Diagnostic(file, line, f"not CSV: {error}")


def _bare(cell: str) -> str:
    """The cell without the apostrophe that keeps a spreadsheet from taking it for a formula."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in _FORMULA else cell


def _separated(text: str) -> tuple[int, str, str]:
    """How many lines stand before the sheet itself, what separates its cells, and the sheet."""
    first, _, rest = text.partition("\n")
    said = first.strip().strip('"').casefold()
    if said.startswith(_SAYS_SEPARATOR) and len(said) == len(_SAYS_SEPARATOR) + 1:
        return 1, said[-1], rest
    heading = next((line for line in text.splitlines() if line.strip()), "")
    return 0, max(_SEPARATORS, key=heading.count), text


def _wrong_headings(headings: Sequence[str], columns: Sequence[str]) -> str | None:
    known = f"known are {', '.join(columns)}"
    if unknown := [heading for heading in headings if heading and heading not in columns]:
        # A sheet without headings has somebody's number here: what is no word is not repeated.
        shown = [
            repr(heading[:40]) if heading.replace("_", "").isalpha() else "one that is no word" for heading in unknown
        ]
        return f"unknown columns: {', '.join(dict.fromkeys(shown))}; {known}"
    if twice := sorted({heading for heading in headings if heading and headings.count(heading) > 1}):
        return f"{', '.join(twice)} stands there twice"
    if columns[0] not in headings:
        return f"the column {columns[0]} is missing; {known}"
    return None
