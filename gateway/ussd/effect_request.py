"""Request of a dialogue for an effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gateway.text.phone import Phone


@dataclass(frozen=True, slots=True)
class EffectRequest:
    """Everything that an effect needs, now or later. `session` is the one that the dialogue began in."""

    channel: str
    session: str
    phone: Phone
    language: str
    answers: Mapping[str, str]
    at: datetime
    callback: str = ""  # key of its callback within the session, the same for a repeated callback
