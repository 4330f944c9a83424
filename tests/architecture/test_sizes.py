"""Bounds of files and functions: one idea per file."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.documents import ROOT

MOST_LINES_OF_A_FILE = 400
MOST_LINES_OF_A_FUNCTION = 50


def test_files_and_functions_stay_short() -> None:
    modules = sorted((ROOT / "gateway").rglob("*.py"))

    assert modules
    assert [diagnostic for module in modules for diagnostic in _too_long(module)] == []


def test_files_of_tests_stay_short() -> None:
    tests = sorted((ROOT / "tests").rglob("*.py"))

    assert [path.name for path in tests if path.read_text("utf-8").count("\n") > MOST_LINES_OF_A_FILE] == []


def _too_long(module: Path) -> Iterator[str]:
    source = module.read_text(encoding="utf-8")
    if source.count("\n") > MOST_LINES_OF_A_FILE:
        yield f"{module}: {source.count(chr(10))} lines"
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > MOST_LINES_OF_A_FUNCTION:
                yield f"{module}:{node.lineno}: {node.name} has {lines} lines"
