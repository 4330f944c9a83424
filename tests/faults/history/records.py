"""Records of a run, as plain values: callbacks, SMS both ways, troubles, and what the stores hold in the end.

Times are seconds since 1970. The checker needs nothing else, so that a test can write a history by hand.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

CALL_S = 10.0
"""Seconds within which a process that is up must have answered a carrier."""


@dataclass(frozen=True, slots=True)
class Hop:
    """USSD callback with its answer. `typed` is None for the first of a call."""

    call: str
    phone: str
    text: str
    typed: str | None
    at: float  # typed, which may be long before it is sent
    sent: float
    answered: float | None = None
    status: int = 0
    body: str = ""
    web: str = ""
    shown: bool = True  # the resident saw the answer
    repeated: bool = False  # a copy of an earlier callback

    @property
    def screen(self) -> str:
        """Text that the resident saw. Empty without an answer."""
        return self.body[4:] if self.shown and self.is_screen else ""

    @property
    def is_screen(self) -> bool:
        return self.status == 200 and self.body[:4] in ("CON ", "END ")


@dataclass(frozen=True, slots=True)
class Inbound:
    """SMS of a resident, or an opt-out that the carrier reports (`hook` is `optout`)."""

    id: str
    phone: str
    text: str
    sent: float
    answered: float | None = None
    status: int = 0
    web: str = ""
    hook: str = "sms"

    @property
    def is_taken(self) -> bool:
        return self.status == 200


@dataclass(frozen=True, slots=True)
class Outbound:
    """SMS that the carrier was asked to send to one number. `answer` is `whole` if the gateway was told so."""

    to: str
    text: str
    at: float
    answer: str = "whole"


@dataclass(frozen=True, slots=True)
class Row:
    """Stored report."""

    ticket: str
    phone: str
    session: str
    received_at: float
    category: str
    area: str
    when: str
    when_date: date | None = None
    danger: str = ""
    size: str = ""
    seen: str = ""
    description: str = ""
    contact: bool | None = None
    language: str = "id"


@dataclass(frozen=True, slots=True)
class Message:
    """Message of the outbox."""

    kind: str
    phone: str
    text: str
    status: str
    ticket: str = ""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Fault that was made. `target` is a process (`web0`, `worker1`) or a store (`redis`, `postgres`)."""

    kind: str
    target: str
    began: float
    ended: float

    def overlaps(self, began: float, ended: float, margin: float = 0.5) -> bool:
        return self.began - margin <= ended and began <= self.ended + margin


@dataclass(slots=True)
class History:
    """Whole run. The rows, messages and consents are those of its end."""

    hops: list[Hop] = field(default_factory=list)
    inbound: list[Inbound] = field(default_factory=list)
    outbound: list[Outbound] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    subscribed: set[str] = field(default_factory=set)  # phones with a consent that stands
    waiting: str = ""  # what was still to be done when the run gave up waiting
    log: Sequence[str] = ()

    def troubled(self, targets: Sequence[str], began: float, ended: float, margin: float = 0.5) -> bool:
        """Return True if one of the targets was in trouble at some time between the two."""
        return any(one.target in targets and one.overlaps(began, ended, margin) for one in self.troubles)

    def calls_of(self, phone: str) -> Iterator[Hop]:
        """Yield what this phone did, in the order in which it was typed, without copies."""
        own = (hop for hop in self.hops if hop.phone == phone and not hop.repeated)
        yield from sorted(own, key=lambda hop: hop.at)

    @property
    def phones(self) -> list[str]:
        return sorted({hop.phone for hop in self.hops} | {one.phone for one in self.inbound})


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Promise that was not kept: which, in a sentence, with the lines that show it. Numbers are masked."""

    promise: str
    sentence: str
    excerpt: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "\n".join((f"[{self.promise}] {self.sentence}", *(f"    {line}" for line in self.excerpt)))
