"""Output of the verbs: tables, JSON and files. `gateway.text.json_values` converts values to JSON types."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, TextIO

import click

from gateway.text.json_values import to_json

_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,15}(?:Z|[+-][0-9]{2}:[0-9]{2})")


@contextmanager
def open_output(path: Path | None) -> Iterator[TextIO]:
    """Open the file, empty and readable by its owner alone, or stdout."""
    if path is None:
        yield sys.stdout
        return
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            os.fchmod(descriptor, 0o600)
            file.truncate(0)
            yield file
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}") from None


def print_json(value: object) -> None:
    """Print values of the stores as one JSON document, for programs."""
    json.dump(to_json(value), sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")


def print_rows(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], as_json: bool, if_empty: str) -> None:
    """Print `rows` as a JSON array, or as a table of `columns`, or `if_empty` if there are none."""
    if as_json:
        print_json(rows)
        return
    if not rows:
        click.echo(if_empty)
        return
    lines = [
        [column.upper() for column in columns],
        *([_format_cell(row[column]) for column in columns] for row in rows),
    ]
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    for line in lines:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def print_row(row: Mapping[str, Any], as_json: bool) -> None:
    """Print `row` as a JSON object, or one value per line and a table for each list of rows."""
    if as_json:
        print_json(row)
        return
    plain = {name: value for name, value in row.items() if not isinstance(value, list)}
    width = max(map(len, plain), default=0)
    for name, value in plain.items():
        click.echo(f"{name:<{width}}  {_format_cell(value)}".rstrip())
    for name, rows in row.items():
        if isinstance(rows, list) and rows:
            columns = list(dict.fromkeys(column for entry in rows for column in entry))
            click.echo(f"\n{name}:")
            print_rows([{column: entry.get(column, "") for column in columns} for entry in rows], columns, False, "")


def _format_cell(value: object) -> str:
    """Return a value on one line. Characters that do not print become blanks: no SMS may move a cursor."""
    text = "" if value is None else str(value)
    return text if text.isprintable() else "".join(char if char.isprintable() else " " for char in text)


def with_local_times(value: Any, zone: tzinfo) -> Any:
    """Return a value of JSON with its times, which have an offset, as the clock there shows them."""
    if isinstance(value, dict):
        return {name: with_local_times(one, zone) for name, one in value.items()}
    if isinstance(value, list):
        return [with_local_times(one, zone) for one in value]
    if isinstance(value, str) and _TIME.fullmatch(value):
        return f"{datetime.fromisoformat(value).astimezone(zone):%Y-%m-%d %H:%M:%S %Z}"
    return value
