"""Pure: what a finished dialogue reports, the record that it becomes, and the stages that a record goes through.

Category, area and the answers to closed questions are keys of the pack: short words that this module keeps and never
interprets. When it happened is kept as precisely as it was answered, and no more: `when` is the key that was chosen,
`when_date` the day if one was typed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Self

LONGEST_DESCRIPTION = 1000  # characters, which come by SMS; one typed in a dialogue is shorter (menu/limits.py)
_KEY = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_NAME = re.compile(r"[ -~]{1,128}")  # a session as the carrier calls it (facts/protocols.md A.1)
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")  # a line break is none
_CONTACT = {"": None, "yes": True, "no": False}
REQUIRED_ANSWERS = frozenset({"category", "area"})
REPORT_ANSWERS = frozenset({*REQUIRED_ANSWERS, "when", "when_date", "danger", "size", "seen", "description", "contact"})
TYPED_ANSWERS = frozenset({"when_date", "description"})  # all other answers are chosen
CONTACT_ANSWERS = frozenset(_CONTACT) - {""}  # the answers to `contact`
NAVIGATION_ANSWERS = frozenset(
    {"language", "kecamatan", "place_name"}
)  # lead the dialogue; the record has them already


class IncidentStatus(StrEnum):
    """Where an incident stands at the desk."""

    RECEIVED = "received"
    CHECKING = "checking"
    INFO = "info"  # more was asked of the reporter
    FORWARDED = "forwarded"
    ACTION = "action"
    MERGED = "merged"
    CLOSED = "closed"


# facts/domain.md 6.3. Nine of ten reports are closed without action (6.2): an open one may be closed, or merged with
# another, from wherever it stands. Closed and merged are final.
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


class Veracity(StrEnum):
    """What checking found. Unverified is shown as unverified, everywhere."""

    UNVERIFIED = "unverified"
    TRUE = "true"
    PARTLY = "partly"
    UNTRUE = "untrue"
    UNCLEAR = "unclear"


def may_move(now: IncidentStatus, to: IncidentStatus) -> bool:
    """Whether the lifecycle leads from `now` straight `to` there."""
    return to in LIFECYCLE[now]


def check_veracity(to: IncidentStatus, found: Veracity | None) -> None:
    """Raise `ValueError` where `found`, what checking has found, is not said together with a move `to` there."""
    if found is Veracity.UNVERIFIED:
        raise ValueError("unverified is what nobody has checked: it is no result")
    if found and to is not IncidentStatus.CLOSED:
        raise ValueError("what was found is said when an incident is closed")


def check_description(text: str) -> None:
    """Raise `ValueError`, which quotes nothing, where `text` is not what a resident may tell in words."""
    if len(text) > LONGEST_DESCRIPTION:
        raise ValueError(f"a description has at most {LONGEST_DESCRIPTION} characters")
    if _CONTROL.search(text):
        raise ValueError("a description holds no control characters")


def clean_description(text: str) -> str:
    """`text` as a report can hold it: what is too long is cut, and a control character is a blank."""
    return _CONTROL.sub(" ", text)[:LONGEST_DESCRIPTION].strip()


def check_session(session: str) -> None:
    """Raise `ValueError` where this is no name that a carrier gives to a session."""
    if not _NAME.fullmatch(session):
        raise ValueError("a report needs the carrier's name of its session")


@dataclass(frozen=True, slots=True)
class Report:
    """What a finished dialogue says. An answer that was skipped, or never asked for, is empty."""

    category: str
    area: str
    language: str
    channel: str
    session: str
    received_at: datetime
    when: str = ""
    when_date: date | None = None
    danger: str = ""
    size: str = ""
    seen: str = ""
    description: str = ""
    contact: bool | None = None

    def __post_init__(self) -> None:
        for name in ("category", "area", "language", "channel"):
            if not _KEY.fullmatch(getattr(self, name)):
                raise ValueError(f"a report needs a short key as its {name}")
        for name in ("when", "danger", "size", "seen"):
            if getattr(self, name) and not _KEY.fullmatch(getattr(self, name)):
                raise ValueError(f"the answer to {name} is not a short key")
        check_session(self.session)
        if self.received_at.tzinfo is None:
            raise ValueError("received_at needs a time zone")
        check_description(self.description)

    @classmethod
    def from_answers(
        cls, answers: Mapping[str, str], *, language: str, channel: str, session: str, received_at: datetime
    ) -> Self:
        """The report that these answers of a dialogue make. Raises `ValueError`, which quotes no answer.

        An answer that nobody here knows is refused, so that a pack cannot ask for what would be thrown away.
        """
        if unknown := set(answers) - REPORT_ANSWERS - NAVIGATION_ANSWERS:
            raise ValueError(f"a report has no place for the answers {', '.join(sorted(unknown))}")
        if answers.get("contact", "") not in _CONTACT:
            raise ValueError("the answer to contact is yes, no or empty")
        return cls(
            category=answers.get("category", ""),
            area=answers.get("area", ""),
            language=language,
            channel=channel,
            session=session,
            received_at=received_at,
            when=answers.get("when", ""),
            when_date=_day(answers.get("when_date", "")),
            danger=answers.get("danger", ""),
            size=answers.get("size", ""),
            seen=answers.get("seen", ""),
            description=answers.get("description", ""),
            contact=_CONTACT[answers.get("contact", "")],
        )


@dataclass(frozen=True, slots=True)
class Incident:
    """The record of one finished report.

    `phone` is the mask of the reporter's number, empty once that is erased; `details` is what he told later.
    """

    ticket: str
    report: Report
    status: IncidentStatus
    veracity: Veracity
    phone: str
    updated_at: datetime
    details: tuple[str, ...] = ()


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("the answer to when_date is not a day") from None
