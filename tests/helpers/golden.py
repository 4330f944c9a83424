"""Golden files: a statement or another long text, written down. `pytest --update` writes them anew."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlglot
from sqlalchemy import ClauseElement
from sqlalchemy.dialects.postgresql.base import PGDialect

from tests.helpers.packs import ROOT

SQL = ROOT / "tests" / "sql"


def sql_of(statement: ClauseElement) -> str:
    """Render `statement` laid out for reading, with `:name` for each parameter."""
    dialect = PGDialect(paramstyle="pyformat")  # type: ignore[no-untyped-call]
    compiled = str(statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True}))
    (laid_out,) = sqlglot.transpile(compiled, read="postgres", write="postgres", pretty=True)
    return re.sub(r"%\((\w+)\)s", r":\1", laid_out) + "\n"


def assert_golden_sql(name: str, statement: ClauseElement, request: pytest.FixtureRequest) -> None:
    """Compare `statement` with `tests/sql/NAME.sql`, or write that file with `--update`."""
    assert_golden(SQL / f"{name}.sql", sql_of(statement), request)


def assert_golden(path: Path, text: str, request: pytest.FixtureRequest) -> None:
    """Compare `text` with the file, or write it with `--update`."""
    if request.config.getoption("--update"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")

    assert path.read_text(encoding="utf-8") == text, "run pytest with --update and review the difference"
