"""Contract between the gateway and a carrier: our values, and the methods that every carrier has.

A carrier translates, nothing more. It turns the raw body of a webhook into one of these values, and one of these values
into an HTTP call and its outcome. It keeps no session, does not retry and sees no database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, Protocol

from gateway.text.phone import Phone


class BadCallback(ValueError):
    """Malformed callback. `args[0]` says what is wrong, without quoting the body, which may hold a phone number."""


# Callbacks: from the carrier to the gateway -------------------------------------------------------------


class Turn(NamedTuple):
    """USSD callback of one turn. `text` is all inputs of the session, joined by `*` (facts/protocols.md A.5)."""

    session: str
    phone: Phone
    service_code: str
    network: str
    text: str
    label: str | None = (
        None  # of the last screen, as it was written; without it, nothing is sure while Redis is unavailable
    )


class Ending(StrEnum):
    """Reason why a USSD session ended."""

    COMPLETED = "completed"
    ABANDONED = "abandoned"
    FAILED = "failed"
    NOT_UNDERSTOOD = "not_understood"


@dataclass(frozen=True, slots=True)
class SessionEnd:
    """Event at the end of a USSD session. It may be late, repeated, or never come."""

    session: str
    ending: Ending
    hops: int | None
    duration_ms: int | None
    network: str
    cost: str
    error: str


class ReceiptStatus(StrEnum):
    """Status of a message by its delivery report, in our words."""

    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    NOT_UNDERSTOOD = "not_understood"


@dataclass(frozen=True, slots=True)
class Receipt:
    """Delivery report. `raw` is the carrier's own word for the status, which the message history keeps.

    `opted_out`: the reason is that the subscriber wants no messages, as in `Refused`.
    """

    message_id: str
    status: ReceiptStatus
    raw: str
    reason: str
    opted_out: bool = False


@dataclass(frozen=True, slots=True)
class Inbound:
    """Inbound SMS. `sender` is a number, a short code or name as the carrier spells it, or empty if it is no number.

    `id` is empty if the carrier gave none.
    """

    id: str
    sender: Phone | str
    recipient: str
    text: str
    sent_at: datetime | None
    network: str


@dataclass(frozen=True, slots=True)
class OptOut:
    """Opt-out at the carrier: a subscriber wants no more messages from `sender`."""

    phone: Phone
    sender: str


# Replies: from the gateway to the carrier ---------------------------------------------------------------


class Screen(NamedTuple):
    """Next screen of a USSD session. `label` names the menu state, for the carrier's own reports. `end` hangs up."""

    text: str
    end: bool
    label: str


class Reply(NamedTuple):
    """Body and headers of the answer to a USSD callback, which is always HTTP 200 `text/plain`."""

    body: bytes
    headers: Mapping[str, str]


# Outcomes of a send, for one number ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Accepted:
    """Accepted by the carrier, under its `message_id`. Accepted is not delivered."""

    message_id: str


@dataclass(frozen=True, slots=True)
class Deferred:
    """Certainly not sent, and worth a retry: not before `after`, if the carrier named a time (`Retry-After`).

    With `whole_channel` the fault is the account's, not the message's, and the channel is paused.
    """

    reason: str
    after: timedelta | None = None
    whole_channel: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """Certainly not sent, and a retry would not help."""

    reason: str
    opted_out: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """Perhaps sent, perhaps not. Only the rule of the message's class may resend it."""

    reason: str


Outcome = Accepted | Deferred | Refused | Unknown


class Carrier(Protocol):
    """Configured account of one provider. The methods `read_…` take a raw body and raise `BadCallback`.

    `read_inbound` raises it only if nothing is left of a person's SMS. The desk reads the rest.
    """

    def read_turn(self, body: bytes, headers: Mapping[str, str]) -> Turn: ...

    def write_screen(self, screen: Screen) -> Reply: ...

    def read_session_end(self, body: bytes, headers: Mapping[str, str]) -> SessionEnd: ...

    def read_receipt(self, body: bytes, headers: Mapping[str, str]) -> Receipt: ...

    def read_inbound(self, body: bytes, headers: Mapping[str, str]) -> Inbound: ...

    def read_opt_out(self, body: bytes, headers: Mapping[str, str]) -> OptOut: ...

    async def send(self, text: str, recipients: Sequence[Phone]) -> dict[Phone, Outcome]:
        """Send one text to up to 100 numbers. Returns an outcome for each. Raises nothing but `CancelledError`."""
        ...

    async def balance(self) -> str | None:
        """Ask for the account's balance. Returns it in the carrier's words, or None if it does not say in seconds."""
        ...
