"""Redaction of the log that `waspada logs` prints: nothing of restricted reports is shown.

What was said in the dialogue of one is not even written (`ussd/turn_log.py`), apart from the screens before its
category was chosen. The log of the process itself has its ticket.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from gateway.cli.reading import HIDDEN
from gateway.incidents.restricted import Reader, RestrictedReports
from gateway.runtime.postgres import DatabaseUnavailable
from gateway.sms.tickets_in_text import all_tickets
from gateway.text import ticket as tickets

TURN = "ussd.turn"
_WORDS = frozenset({"state", "next", "input", "screen"})  # of a turn: what was shown and chosen
_NAMING = ("ticket", "screen", "input")  # fields that may have a ticket

Lines = Sequence[dict[str, Any]]
Redact = Callable[[Lines], Awaitable[list[dict[str, Any]]]]


class LogRedaction:
    """Hides what the log has of restricted reports: their tickets, and the dialogues that led to them."""

    def __init__(self, reports: RestrictedReports, nobody: Reader | None) -> None:
        """`nobody` is the reader without any right, None while the pack cannot be read: then no line has a ticket."""
        self._reports = reports
        self._nobody = nobody
        self._sessions: set[Any] = set()

    async def check(self, ticket: str) -> None:
        """Raise `ReportWithheld` if this is the ticket of a restricted report."""
        if self._nobody and (number := tickets.parse(ticket)):
            await self._reports.check(number, self._nobody)

    async def apply(self, lines: Lines) -> list[dict[str, Any]]:
        """Return the lines without what they have of restricted reports. Without PostgreSQL, no line has a ticket."""
        named = {ticket for line in lines for name in _NAMING for ticket in _tickets_in(line.get(name))}
        try:
            hidden = await self._reports.hidden_among(named, self._nobody) if self._nobody else frozenset(named)
        except DatabaseUnavailable:
            hidden = frozenset(named)
        self._sessions |= {line.get("session") for line in lines if line.get("restricted")}
        return [self._without(line, hidden) for line in lines]

    def _without(self, line: dict[str, Any], hidden: frozenset[str]) -> dict[str, Any]:
        line = {**line, **{name: HIDDEN for name in _NAMING if hidden & _tickets_in(line.get(name))}}
        if line.get("event") == TURN and line.get("session") in self._sessions:
            line = {**line, **dict.fromkeys(_WORDS & line.keys(), HIDDEN)}
        return line


def _tickets_in(value: object) -> frozenset[str]:
    return all_tickets(value) if isinstance(value, str) else frozenset()
