"""Pure: draft, the answers of a session that dropped before its report was sent, and its state machine.

A draft is open until the resident sends it, discards it or leaves another one, or until its time is over. Whatever
ends it, its answers and its number are erased: a sent draft lives on as an incident, and the rest is private.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.incidents.report import Report, check_description, check_has_zone, check_session
from gateway.menu.definitions.report_form import IN_DANGER, REQUIRED_ANSWERS, ReportForm
from gateway.menu.limits import USSD_STRING
from gateway.text.phone import Phone

_MAX_ANSWER_CHARS = USSD_STRING  # of any answer but the description


class DraftStatus(StrEnum):
    """Status of a draft. An open one ends as one of the others, which are final."""

    OPEN = "open"
    FILED = "filed"
    DELETED = "deleted"  # by the resident
    SUPERSEDED = "superseded"  # by a later draft, or by a report
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Draft:
    """Answers of a session that ended before its report was sent, and the time when it ended.

    `answers` are those that a report has a field for (`ReportForm.of_report`). Raises `ValueError`, which quotes no
    answer, if an answer is longer than a report can hold.
    """

    channel: str
    session: str
    phone: Phone
    language: str
    answers: Mapping[str, str]
    left_at: datetime
    urgent: bool = False  # it speaks of danger, or of a kind that is

    def __post_init__(self) -> None:
        check_session(self.session)
        check_has_zone("left_at", self.left_at)
        for name, answer in self.answers.items():
            check_description(answer)
            if name != "description" and len(answer) > _MAX_ANSWER_CHARS:
                raise ValueError(
                    f'the answer to "{name}" has {len(answer)} characters; expected at most {_MAX_ANSWER_CHARS}'
                )

    def is_of_same_session(self, other: Draft) -> bool:
        return (self.channel, self.session, self.phone) == (other.channel, other.session, other.phone)

    @property
    def danger(self) -> str:
        return self.answers.get("danger", "")

    @property
    def is_pressing(self) -> bool:
        return self.urgent or self.danger == IN_DANGER

    @property
    def is_fileable(self) -> bool:
        """Return True if it has the answers of a report. One of danger is kept without its place too."""
        return all(self.answers.get(name) for name in REQUIRED_ANSWERS)

    def to_report(self, received_at: datetime, form: ReportForm) -> Report:
        """Make a report of the answers as they are. Raises `ValueError`.

        The form may be that of a later edition of the pack than the one that asked.
        """
        return Report.from_told(self, form, received_at, earlier=True)


@dataclass(frozen=True, slots=True)
class ListedDraft:
    """Open draft as lists show it. `phone` is masked, or `?` if it cannot be decrypted."""

    channel: str
    session: str
    phone: str
    language: str
    answers: Mapping[str, str]
    left_at: datetime
    urgent: bool = False

    @property
    def is_pressing(self) -> bool:
        return self.urgent or self.answers.get("danger") == IN_DANGER
