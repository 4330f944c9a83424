"""Names and sentences of the program by the rules of English in gateway/README.md.

Ruff checks the mood of a docstring's first verb (D401). What no linter knows is here: a docstring says what a function
does, what it returns has a sentence of its own, and a class name belongs to one class.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.documents import ROOT

INTERROGATIVES = frozenset(
    ("what", "whatever", "whether", "how", "who", "whoever", "whom", "whose", "where", "when", "which", "why")
)
NO_BEGINNINGS = frozenset(
    ("the", "a", "an", "one", "all", "every", "each", "as", "those", "this", "these", "that", "it", "its", "they")
)
MOST_WORDS = 20
PRIVATE_WORDS = re.compile(r"\b(he|him|his|himself|stands?(?!-in)|away)\b", re.IGNORECASE)
"""A row has a status, it does not stand. A store is unavailable, not away. A person is *they*."""

_SENTENCE = re.compile(r".+?[.:!?](?=\s|$)|.+", re.DOTALL)
_CODE = re.compile(r"`[^`]*`")
_WORD = re.compile(r"[\w'/-]+")


def _modules() -> list[str]:
    paths = (path.relative_to(ROOT).as_posix() for path in (ROOT / "gateway").rglob("*.py"))
    return sorted(path for path in paths if "/migrations/versions/" not in path)


def _docstrings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield the docstrings of a module, its classes and its functions, each with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text:
                yield node.body[0].lineno, text


def _faults(text: str) -> Iterator[str]:
    """Yield the rules that a docstring breaks."""
    plain = _CODE.sub("code", text.removeprefix("Pure: "))
    sentence = _SENTENCE.match(plain)
    words = _WORD.findall(sentence[0]) if sentence else []
    first = words[0].casefold() if words else ""
    if first in INTERROGATIVES:
        yield f"begins with {words[0]!r}: say what it does, then what it returns"
    if first in NO_BEGINNINGS:
        yield f"begins with {words[0]!r}: a function begins with a verb, a class or module with a noun phrase"
    if sentence and ";" in sentence[0]:
        yield "has a semicolon in its first sentence: make it two"
    if len(words) > MOST_WORDS:
        yield f"has {len(words)} words in its first sentence; at most {MOST_WORDS}"


def _prose(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the docstrings and comments of a file, each with its line."""
    text = path.read_text(encoding="utf-8")
    yield from _docstrings(ast.parse(text))
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


@pytest.mark.parametrize("module", _modules())
def test_docstrings_follow_the_rules_of_english(module: str) -> None:
    tree = ast.parse((ROOT / module).read_text(encoding="utf-8"))

    broken = [f"{module}:{line} {fault}" for line, text in _docstrings(tree) for fault in _faults(text)]

    assert broken == []


@pytest.mark.parametrize("module", _modules())
def test_docstrings_and_comments_use_no_private_words(module: str) -> None:
    found = [
        f"{module}:{line} says {word[0]!r}"
        for line, text in _prose(ROOT / module)
        for word in PRIVATE_WORDS.finditer(_CODE.sub("", text))
    ]

    assert found == []


def test_tests_say_what_they_test() -> None:
    tests = {path: ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "tests").rglob("*.py")}
    docstrings = [(path, line, text.split()[0]) for path, tree in tests.items() for line, text in _docstrings(tree)]
    names = [
        node.name
        for tree in tests.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]

    assert [f"{path}:{line}" for path, line, word in docstrings if word.casefold() in INTERROGATIVES] == []
    assert [name for name in names if re.match(r"test_(it|what|who|whether|how)_", name)] == []


def test_class_names_are_unique_in_the_package() -> None:
    homes = defaultdict(list)
    for module in _modules():
        for node in ast.walk(ast.parse((ROOT / module).read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                homes[node.name].append(module)

    assert {name: modules for name, modules in homes.items() if len(modules) > 1} == {}


@pytest.mark.parametrize(
    ("docstring", "fault"),
    [
        ("What it returns.", "begins with 'What'"),
        ("Whether it is so.", "begins with 'Whether'"),
        ("The rows of a table.", "begins with 'The'"),
        ("Count them; how many there were.", "semicolon"),
        ("Do " + "much " * 20 + "here.", "22 words"),
    ],
)
def test_a_docstring_that_breaks_a_rule_is_found(docstring: str, fault: str) -> None:
    assert [fault in found for found in _faults(docstring)] == [True]


def test_a_docstring_by_the_rules_is_let_through() -> None:
    assert list(_faults("Reserve capacity for `parts`. Returns (granted, seconds); neither blocks.")) == []
