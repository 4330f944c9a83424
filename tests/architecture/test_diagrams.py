"""The state diagrams and the table of classes in gateway/README.md are drawn from what the program goes by.

`make test TEST_ARGS=--update` draws them anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from enum import StrEnum
from typing import TypeVar

import pytest

from gateway.appeals import appeal
from gateway.incidents.incident import LIFECYCLE
from gateway.messages.message import CLASSES, TRANSITIONS
from tests.architecture.documents import ROOT

PAGE = ROOT / "gateway" / "README.md"
Stage = TypeVar("Stage", bound=StrEnum)


@pytest.mark.parametrize(
    ("name", "table"), [("messages", TRANSITIONS), ("appeals", appeal.MOVES), ("incidents", LIFECYCLE)]
)
def test_diagram_matches_its_table(
    name: str, table: Mapping[StrEnum, frozenset[StrEnum]], request: pytest.FixtureRequest
) -> None:
    page = PAGE.read_text(encoding="utf-8")
    drawn = re.sub(rf"(<!-- {name}: .*? -->\n)(```mermaid\n.*?```\n)?", rf"\1{_diagram(table)}", page, flags=re.DOTALL)
    if request.config.getoption("--update"):
        PAGE.write_text(drawn, encoding="utf-8")
        page = drawn

    assert f"<!-- {name}: " in page
    assert page == drawn


def test_documented_table_of_classes_is_the_code_s(request: pytest.FixtureRequest) -> None:
    page = PAGE.read_text(encoding="utf-8")
    drawn = re.sub(r"(<!-- classes: .*? -->\n)((?:\|.*\n)*)", rf"\1{_classes()}", page)
    if request.config.getoption("--update"):
        PAGE.write_text(drawn, encoding="utf-8")
        page = drawn

    assert "<!-- classes: " in page
    assert page == drawn


def _classes() -> str:
    """Return the rights of each class of message, the highest priority first."""
    lines = [
        "| class | priority | expires after | most parts | quiet hours | resend of unknown |",
        "|---|---|---|---|---|---|",
    ]
    for kind, rules in CLASSES.items():
        hours = rules.expiry // timedelta(hours=1)
        quiet = "kept" if rules.quiet_hours else "no"
        resend = "once" if rules.resend_unknown == 1 else "never"
        lines.append(f"| `{kind}` | {rules.priority} | {hours} h | {rules.max_parts} | {quiet} | {resend} |")
    return "".join(f"{line}\n" for line in lines)


class _Door(StrEnum):
    NEW = "new"
    OPEN = "open"
    CLOSED = "closed"


def test_common_transition_is_drawn_once() -> None:
    moves = {
        _Door.NEW: frozenset({_Door.OPEN, _Door.CLOSED}),
        _Door.OPEN: frozenset({_Door.NEW, _Door.CLOSED}),
        _Door.CLOSED: frozenset[_Door](),
    }

    assert list(_lines(moves)) == [
        "state unfinished {",
        "    [*] --> new",
        "    new --> open",
        "    open --> new",
        "}",
        "unfinished --> closed",
        "closed --> [*]",
    ]


def _diagram(table: Mapping[Stage, frozenset[Stage]]) -> str:
    lines = "".join(f"    {line}\n" for line in _lines(table))
    return f"```mermaid\nstateDiagram-v2\n{lines}```\n"


def _lines(table: Mapping[Stage, frozenset[Stage]]) -> Iterator[str]:
    """Draw a table in Mermaid. Transitions of all unfinished statuses are one arrow from a frame around them."""
    unfinished = [status for status, targets in table.items() if targets]
    shared = frozenset.intersection(*(table[status] for status in unfinished))
    frame = "    " if shared else ""
    if shared:
        yield "state unfinished {"
    yield f"{frame}[*] --> {next(iter(table))}"
    for status in unfinished:
        yield from (f"{frame}{status} --> {target}" for target in table if target in table[status] - shared)
    if shared:
        yield "}"
        yield from (f"unfinished --> {target}" for target in table if target in shared)
    yield from (f"{status} --> [*]" for status in table if not table[status])
