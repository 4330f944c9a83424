"""Pure: what is left of a dialogue that broke off before its report was sent, and what may become of it.

A draft is open until the resident sends it, discards it or leaves another one, or until its time is over. Whatever
ends it, the answers and the number go: what was sent stands in its incident, and the rest is nobody's business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.incidents.incident import NAVIGATION_ANSWERS, REPORT_ANSWERS, Report, check_description, check_session
from gateway.text.phone import Phone

_LONGEST_ANSWER = 64  # characters of any answer that is not told in words
IN_DANGER = "yes"
"""The answer kept as `danger` that marks a draft. A pack that asks must have it among its options."""


class DraftStatus(StrEnum):
    """What became of a draft: an open one ends as one of the others, for good."""

    OPEN = "open"
    FILED = "filed"
    DELETED = "deleted"  # by the resident
    SUPERSEDED = "superseded"  # by a later one, or by a report
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Draft:
    """The answers of a session that ended before its report was sent, and when that was.

    Raises `ValueError`, which quotes no answer, where one of them is longer than a report can hold.
    """

    channel: str
    session: str
    phone: Phone
    language: str
    answers: Mapping[str, str]
    left_at: datetime

    def __post_init__(self) -> None:
        check_session(self.session)
        if self.left_at.tzinfo is None:
            raise ValueError("left_at needs a time zone")
        for name, answer in self.report_answers.items():
            check_description(answer)
            if name != "description" and len(answer) > _LONGEST_ANSWER:
                raise ValueError(f"the answer to {name} has more than {_LONGEST_ANSWER} characters")

    def is_of_same_session(self, other: Draft) -> bool:
        """Whether both are left of the same dialogue."""
        return (self.channel, self.session, self.phone) == (other.channel, other.session, other.phone)

    @property
    def report_answers(self) -> dict[str, str]:
        """The answers that a report has a place for; what else the dialogue asked is nothing to keep."""
        return {name: answer for name, answer in self.answers.items() if name in REPORT_ANSWERS | NAVIGATION_ANSWERS}

    @property
    def danger(self) -> str:
        """The answer about danger; empty where it was not reached."""
        return self.answers.get("danger", "")

    @property
    def mentions_danger(self) -> bool:
        """Whether it mentions danger, so that the desk must look at it."""
        return self.danger == IN_DANGER

    def to_report(self, at: datetime) -> Report:
        """The report that these answers make as they are, received `at` that time. Raises `ValueError`."""
        return Report.from_answers(
            self.report_answers, language=self.language, channel=self.channel, session=self.session, received_at=at
        )


@dataclass(frozen=True, slots=True)
class ListedDraft:
    """Open draft as lists show it. `phone` is masked, or `?` if it cannot be decrypted."""

    channel: str
    session: str
    phone: str
    language: str
    answers: Mapping[str, str]
    left_at: datetime

    @property
    def mentions_danger(self) -> bool:
        return self.answers.get("danger") == IN_DANGER
