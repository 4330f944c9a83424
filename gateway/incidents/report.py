"""Pure: report of a finished dialogue.

Category, area and the answers to closed questions are keys of the pack: short words that this module keeps and never
interprets. The time of the event is kept as precisely as it was answered: `when` is the chosen key, `when_date` the
day if one was typed, `known_date` the day since when the reporter knows. Answers that the pack declares are kept as
they are (`menu.definitions.report_form`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from typing import Protocol, Self

from gateway.menu.definitions.report_form import ReportForm

LONGEST_DESCRIPTION = 1000  # characters of an SMS; a description typed in a dialogue is shorter (menu/limits.py)
_KEY = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_SESSION_NAME = re.compile(r"[ -~]{1,128}")  # a session as the carrier calls it (facts/protocols.md A.1)
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")  # a line break is allowed
_CONTACT = {"": None, "yes": True, "no": False}
CONTACT_ANSWERS = frozenset(_CONTACT) - {""}


def check_description(text: str) -> None:
    """Raise `ValueError`, which quotes nothing, if `text` cannot be a description."""
    if len(text) > LONGEST_DESCRIPTION:
        raise ValueError(f"a description has {len(text)} characters; expected at most {LONGEST_DESCRIPTION}")
    if _CONTROL.search(text):
        raise ValueError("a description has control characters; expected text and line breaks")


def clean_description(text: str) -> str:
    """Make a valid description of `text`: cut it to length, and replace control characters by blanks."""
    return _CONTROL.sub(" ", text)[:LONGEST_DESCRIPTION].strip()


def check_session(session: str) -> None:
    """Raise `ValueError` if a carrier cannot have given this name to a session."""
    if not _SESSION_NAME.fullmatch(session):
        raise ValueError("the name of a session has 1 to 128 printable ASCII characters")


def check_has_zone(name: str, at: datetime) -> None:
    if at.tzinfo is None:
        raise ValueError(f"{name} has no time zone; expected an aware datetime")


class Told(Protocol):
    """Answers of a dialogue, and where they were given: those of a draft, or of a request to file them."""

    @property
    def answers(self) -> Mapping[str, str]: ...
    @property
    def language(self) -> str: ...
    @property
    def channel(self) -> str: ...
    @property
    def session(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Report:
    """Answers of a finished dialogue. An answer that was skipped, or never asked for, is empty.

    `answers` are those that the pack declares, without the personal ones, which are erased with the reporter's number.
    """

    category: str
    area: str
    language: str
    channel: str
    session: str
    received_at: datetime
    when: str = ""
    when_date: date | None = None
    known_date: date | None = None
    danger: str = ""
    description: str = ""
    contact: bool | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    personal_answers: Mapping[str, str] = field(default_factory=dict)
    recognised: bool = False  # in an SMS that did not ask to report

    def __post_init__(self) -> None:
        for name in ("category", "area", "language", "channel"):
            _check_key(name, getattr(self, name))
        for name in ("when", "danger"):
            if getattr(self, name):
                _check_key(name, getattr(self, name))
        check_session(self.session)
        check_has_zone("received_at", self.received_at)
        check_description(self.description)
        for name, value in (*self.answers.items(), *self.personal_answers.items()):
            _check_key("the name of an answer", name)
            check_description(value)

    @classmethod
    def from_answers(
        cls,
        answers: Mapping[str, str],
        form: ReportForm,
        *,
        language: str,
        channel: str,
        session: str,
        received_at: datetime,
        earlier: bool = False,
    ) -> Self:
        """Make a report of the answers of a dialogue. Raises `ValueError`, which quotes no answer.

        Answers that the form does not declare are refused, so that a pack cannot ask for something that no field can
        hold. With `earlier` they may be of an earlier edition of the pack (`ReportForm.read`).
        """
        own = form.read(answers, earlier=earlier)
        if answers.get("contact", "") not in _CONTACT:
            raise ValueError('unknown answer to "contact"; expected yes, no or nothing')
        return cls(
            category=answers.get("category", ""),
            area=answers.get("area", ""),
            language=language,
            channel=channel,
            session=session,
            received_at=received_at,
            when=answers.get("when", ""),
            when_date=_parse_day("when_date", answers.get("when_date", "")),
            known_date=_parse_day("known_date", answers.get("known_date", "")),
            danger=answers.get("danger", ""),
            description=answers.get("description", ""),
            contact=_CONTACT[answers.get("contact", "")],
            answers=own.plain,
            personal_answers=own.personal,
        )

    @classmethod
    def from_told(cls, told: Told, form: ReportForm, received_at: datetime, *, earlier: bool = False) -> Self:
        """Make a report of what was told, as `from_answers` does. Raises `ValueError`."""
        return cls.from_answers(
            told.answers,
            form,
            language=told.language,
            channel=told.channel,
            session=told.session,
            received_at=received_at,
            earlier=earlier,
        )

    @property
    def all_answers(self) -> Mapping[str, str]:
        """Answers that the pack declares, with the personal ones."""
        return {**self.answers, **self.personal_answers}

    def known_since(self, zone: tzinfo) -> date:
        """Return the day since when the reporter knows: as they said, or else the day of the event.

        Without any, it is the day of the report.
        """
        return self.known_date or self.when_date or self.received_at.astimezone(zone).date()

    def deadline(self, days: int, zone: tzinfo) -> date | None:
        """Return the last of the `days` from the day since when the reporter knows. Returns None for no days."""
        return self.known_since(zone) + timedelta(days=days) if days else None


def _check_key(name: str, value: str) -> None:
    if not _KEY.fullmatch(value):
        raise ValueError(f'"{name}" is no short key; expected 1 to 64 letters, digits, dots, dashes or underscores')


def _parse_day(name: str, text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f'"{name}" is no day; expected YYYY-MM-DD') from None
