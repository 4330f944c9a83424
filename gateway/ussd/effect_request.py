"""What a dialogue has to say when it comes to an effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gateway.text.phone import Phone


@dataclass(frozen=True, slots=True)
class EffectRequest:
    """Who says what: all that an effect needs, now or later. `session` is the one that the dialogue was begun in."""

    channel: str
    session: str
    phone: Phone
    language: str
    answers: Mapping[str, str]
    at: datetime
    callback: str = ""  # tells the callback that it came with from the others of its session, however often it comes
