"""Request of a dialogue for an effect, and the answers that each effect needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.menu.definitions.report_form import REQUIRED_ANSWERS
from gateway.text.phone import Phone

REQUIRED_BY_EFFECT: Mapping[str, frozenset[str]] = {
    "file_report": REQUIRED_ANSWERS,
    "complete_report": frozenset(),
    "find_report": frozenset({"ticket"}),
    "add_details": frozenset({"ticket", "details"}),
    "erase_number": frozenset({"ticket"}),
    "subscribe": frozenset({"area"}),
    "unsubscribe": frozenset(),
    "delete_draft": frozenset(),
}
"""Answers without which an effect cannot be carried out."""


@dataclass(frozen=True, slots=True)
class EffectRequest:
    """Everything that an effect needs, now or later.

    `session` names the report of the dialogue: the session that it began in (`sessions.report_session`).
    """

    channel: str
    session: str
    phone: Phone
    language: str
    answers: Mapping[str, str]
    at: datetime
    resumed: bool = False  # the dialogue began in an earlier call
    callback: str = ""  # key of its callback within the session, the same for a repeated callback
    call: int | None = None  # hash of the call that it was made in
    earlier_calls: Sequence[int] = ()  # hashes of the calls of this phone that are over
