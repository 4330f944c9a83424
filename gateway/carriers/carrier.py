"""The contract between the gateway and a carrier: our values, and the verbs that every carrier has.

A carrier translates, nothing more: a raw request becomes one of these values, one of these values becomes
an HTTP call and its outcome. It keeps no session, does not retry and sees no database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, Protocol

from gateway.text.phone import Phone


class BadCallback(ValueError):
    """This callback is malformed. `args[0]` says what is wrong, without quoting what was sent."""


# What a carrier tells us -------------------------------------------------------------------------------


class Turn(NamedTuple):
    """One USSD callback. `text` is everything typed so far, joined by `*` (facts/protocols.md A.5)."""

    session: str
    phone: Phone
    service_code: str
    network: str
    text: str
    label: str | None = None  # the label of the last screen, when the carrier echoes it


class Ending(StrEnum):
    """How a USSD session came to its end."""

    COMPLETED = "completed"
    ABANDONED = "abandoned"
    FAILED = "failed"
    NOT_UNDERSTOOD = "not_understood"


@dataclass(frozen=True, slots=True)
class SessionEnd:
    """The carrier's note that a session is over: late, perhaps missing, perhaps repeated."""

    session: str
    ending: Ending
    hops: int | None
    duration_ms: int | None
    network: str
    cost: str
    error: str


class ReceiptStatus(StrEnum):
    """What a delivery report says, in our words."""

    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    NOT_UNDERSTOOD = "not_understood"


@dataclass(frozen=True, slots=True)
class Receipt:
    """A delivery report. `raw` is the carrier's own word, kept for the ledger."""

    message_id: str
    status: ReceiptStatus
    raw: str
    reason: str


@dataclass(frozen=True, slots=True)
class Inbound:
    """An SMS to us. `sender` is E.164, or a short code or name as the carrier gave it."""

    id: str
    sender: Phone | str
    recipient: str
    text: str
    sent_at: datetime | None
    network: str


@dataclass(frozen=True, slots=True)
class OptOut:
    """A subscriber told the carrier to stop messages from `sender`."""

    phone: Phone
    sender: str


# What we tell a carrier --------------------------------------------------------------------------------


class Screen(NamedTuple):
    """What the resident sees next. `label` names the state, for the carrier's own reports; `end` hangs up."""

    text: str
    end: bool
    label: str


class Reply(NamedTuple):
    """The body and the headers of our answer to a USSD callback; always HTTP 200 text/plain."""

    body: bytes
    headers: Mapping[str, str]


# How a send ended, for one number ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Accepted:
    """The carrier took it and calls it `message_id`. Accepted is not delivered."""

    message_id: str


@dataclass(frozen=True, slots=True)
class Deferred:
    """Surely not sent; may be tried again, not before `after` if the carrier named a time.

    With `whole_channel` the fault is the account's, not the message's: the channel is paused.
    """

    reason: str
    after: timedelta | None = None
    whole_channel: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """Surely not sent, and trying again would not help."""

    reason: str
    opted_out: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may or may not have been sent: nothing may be resent by guessing."""

    reason: str


Outcome = Accepted | Deferred | Refused | Unknown


class Carrier(Protocol):
    """One configured account of one provider. The `read_…` verbs raise `BadCallback`."""

    def read_turn(self, body: bytes, headers: Mapping[str, str]) -> Turn: ...

    def write_screen(self, screen: Screen) -> Reply: ...

    def read_session_end(self, body: bytes, headers: Mapping[str, str]) -> SessionEnd: ...

    def read_receipt(self, body: bytes, headers: Mapping[str, str]) -> Receipt: ...

    def read_inbound(self, body: bytes, headers: Mapping[str, str]) -> Inbound: ...

    def read_opt_out(self, body: bytes, headers: Mapping[str, str]) -> OptOut: ...

    async def send(self, text: str, recipients: Sequence[Phone]) -> dict[Phone, Outcome]:
        """Send one text to up to 100 numbers. Every recipient is in the answer. Never raises."""
        ...

    async def balance(self) -> str | None:
        """What the account has left, in the carrier's own words; None where it does not say within seconds."""
        ...
