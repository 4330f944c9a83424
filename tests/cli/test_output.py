"""Output of the verbs: tables for people, JSON for programs, and files for their owner alone."""

from __future__ import annotations

import json
import stat
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import pytest

from gateway.cli.output import open_output, print_json, print_row, print_rows, with_local_times

ROWS = [{"name": "a", "count": 1, "note": None}, {"name": "long name", "count": 20, "note": "two\nlines"}]


@dataclass(frozen=True, slots=True)
class Sent:
    at: datetime


def test_print_rows_aligns_the_columns_of_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(ROWS, ["name", "count", "note"], as_json=False, if_empty="")

    assert capsys.readouterr().out == "NAME       COUNT  NOTE\na          1\nlong name  20     two lines\n"


def test_print_rows_without_a_row_says_so_to_people_only(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows([], ["name"], as_json=False, if_empty="There is none.")
    print_rows([], ["name"], as_json=True, if_empty="There is none.")

    assert capsys.readouterr().out == "There is none.\n[]\n"


def test_print_rows_as_json_is_one_array(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(ROWS, [], as_json=True, if_empty="")

    assert json.loads(capsys.readouterr().out) == ROWS


def test_print_row_shows_a_value_per_line_and_lists_as_tables(capsys: pytest.CaptureFixture[str]) -> None:
    print_row({"id": 7, "status": "sent", "attempts": [{"at": "08:00", "outcome": "accepted"}]}, as_json=False)

    assert capsys.readouterr().out == ("id      7\nstatus  sent\n\nattempts:\nAT     OUTCOME\n08:00  accepted\n")


def test_print_json_converts_values_of_the_stores(capsys: pytest.CaptureFixture[str]) -> None:
    print_json([Sent(datetime(2026, 11, 23, 8, tzinfo=UTC))])

    assert json.loads(capsys.readouterr().out) == [{"at": "2026-11-23T08:00:00+00:00"}]


def test_open_output_empties_a_file_and_keeps_it_to_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("old content")
    path.chmod(0o644)

    with open_output(path) as file:
        assert path.read_text() == ""
        file.write("new")

    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("new", 0o600)


def test_open_output_names_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    output = open_output(tmp_path / "missing" / "people.csv")

    with pytest.raises(click.ClickException, match="cannot be written: No such file or directory"), output:
        pass


def test_with_local_times_changes_times_and_nothing_else() -> None:
    shown = {
        "at": "2026-11-30T18:31:54.032577+00:00",
        "history": [{"at": "2026-11-30T23:00:00+00:00", "attempts": 2}],
        "text": "2026-11-30",
        "note": None,
    }

    assert with_local_times(shown, ZoneInfo("Asia/Jakarta")) == {
        "at": "2026-12-01 01:31:54 WIB",
        "history": [{"at": "2026-12-01 06:00:00 WIB", "attempts": 2}],
        "text": "2026-11-30",
        "note": None,
    }
