"""Pure: incident that a report becomes, and its state machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gateway.incidents.report import Report
from gateway.text.errors import UserError


class IncidentStatus(StrEnum):
    RECEIVED = "received"
    CHECKING = "checking"
    INFO = "info"  # more was asked of the reporter
    FORWARDED = "forwarded"
    ACTION = "action"
    MERGED = "merged"
    CLOSED = "closed"


# State machine (facts/domain.md 6.3). Nine of ten reports are closed without action (6.2), so every open incident may
# be closed, or merged with another. Others act on what is forwarded, so somebody looks at it first: `checking`. Closed
# and merged are final: only `REOPENED` leads out, by an act of its own.
LIFECYCLE: Mapping[IncidentStatus, frozenset[IncidentStatus]] = {
    IncidentStatus.RECEIVED: frozenset({IncidentStatus.CHECKING, IncidentStatus.MERGED, IncidentStatus.CLOSED}),
    IncidentStatus.CHECKING: frozenset(
        {
            IncidentStatus.INFO,
            IncidentStatus.FORWARDED,
            IncidentStatus.ACTION,
            IncidentStatus.MERGED,
            IncidentStatus.CLOSED,
        }
    ),
    IncidentStatus.INFO: frozenset(
        {
            IncidentStatus.CHECKING,
            IncidentStatus.FORWARDED,
            IncidentStatus.ACTION,
            IncidentStatus.MERGED,
            IncidentStatus.CLOSED,
        }
    ),
    IncidentStatus.FORWARDED: frozenset(
        {IncidentStatus.INFO, IncidentStatus.ACTION, IncidentStatus.MERGED, IncidentStatus.CLOSED}
    ),
    IncidentStatus.ACTION: frozenset({IncidentStatus.FORWARDED, IncidentStatus.MERGED, IncidentStatus.CLOSED}),
    IncidentStatus.MERGED: frozenset(),
    IncidentStatus.CLOSED: frozenset(),
}

REOPENED: Mapping[IncidentStatus, IncidentStatus] = {
    IncidentStatus.MERGED: IncidentStatus.CHECKING,
    IncidentStatus.CLOSED: IncidentStatus.CHECKING,
}
"""Status of an incident that is reopened after a slip, by the final status that it had."""

OPEN_STATUSES = frozenset(status for status, targets in LIFECYCLE.items() if targets)


class Veracity(StrEnum):
    """Finding about an incident. Unverified is shown as unverified, everywhere."""

    UNVERIFIED = "unverified"
    TRUE = "true"
    PARTLY = "partly"
    UNTRUE = "untrue"
    UNCLEAR = "unclear"


class TransitionNotAllowed(UserError, ValueError):
    """Move that is not in the lifecycle. The message lists the moves that are."""

    def __init__(self, now: IncidentStatus, to: IncidentStatus) -> None:
        allowed = ", ".join(sorted(LIFECYCLE[now]))
        expected = f"expected one of {allowed}" if allowed else f'"{now}" is final, unless the incident is reopened'
        super().__init__(f'an incident with status "{now}" cannot become "{to}"; {expected}')


def may_move(now: IncidentStatus, to: IncidentStatus) -> bool:
    return to in LIFECYCLE[now]


def check_veracity(to: IncidentStatus, found: Veracity | None) -> None:
    """Raise `ValueError` if `found` cannot be recorded together with a move to `to`."""
    if found is Veracity.UNVERIFIED:
        findings = ", ".join(veracity for veracity in Veracity if veracity is not Veracity.UNVERIFIED)
        raise ValueError(f'"{found}" is no finding; expected one of {findings}')
    if found and to is not IncidentStatus.CLOSED:
        raise ValueError(f'a finding needs the status "{IncidentStatus.CLOSED}", not "{to}"')


@dataclass(frozen=True, slots=True)
class Detail:
    """Text that the reporter added later, by SMS or in a dialogue."""

    text: str
    at: datetime
    channel: str


@dataclass(frozen=True, slots=True)
class NamedReporter:
    """Person with a duty who filed a report: their name in the directory, and the key of their role."""

    name: str = field(repr=False)
    role: str


@dataclass(frozen=True, slots=True)
class Incident:
    """Record of one finished report.

    `phone` is the mask of the reporter's number, empty once that is erased. `details` are what they added later, oldest
    first. `taken_by` is the operator who works on it, empty for none. `new_details_at` is when the reporter last said
    more, unless an operator has acted on the incident since. `reporter` is known only if they report by duty, and
    `repeated` is how many reports came from its number in the day up to it, if they are many and no duty.
    """

    ticket: str
    report: Report
    status: IncidentStatus
    veracity: Veracity
    phone: str
    updated_at: datetime
    details: tuple[Detail, ...] = ()
    taken_by: str = ""
    new_details_at: datetime | None = None
    reporter: NamedReporter | None = None
    repeated: int = 0
