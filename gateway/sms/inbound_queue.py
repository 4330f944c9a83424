"""The SMS that came in, one after the other: taken up, handled once, and kept for whoever must sort them.

A letter is stored before it is answered with 200 (`messages.inbox`), and handled by a worker afterwards. What was made
of it and the reply are one transaction; what it brings about besides is done so that doing it twice does it once.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, exists, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.messages.inbox import ERASED_SENDER
from gateway.messages.message import MessageClass
from gateway.messages.outbox import NewMessage, enqueue
from gateway.messages.tables import inbound_messages
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.text.phone import Phone
from gateway.vault.vault import CannotOpen, Vault

REPEAT_WINDOW = timedelta(minutes=10)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Disposition(StrEnum):
    """What was made of a letter."""

    REPORT = "report"
    DRAFT = "draft"  # an unfinished report is sent as it is
    STATUS = "status"
    DETAILS = "details"
    ERASED = "erased"
    SUBSCRIBED = "subscribed"
    UNSUBSCRIBED = "unsubscribed"
    UNSUBSCRIBED_WITH_TEXT = "unsubscribed_told"  # and something besides, which somebody must read
    HELP = "help"
    HELP_WITH_TEXT = "help_told"  # the same: a cry for help, perhaps
    LANGUAGE = "language"
    OFFICER = "officer"  # an officer's answer to an alert
    UNSORTED = "unsorted"  # a report of which something is missing
    REPORT_NOT_UNDERSTOOD = "untold"  # a report of which nothing was understood
    OTHER = "other"  # not understood
    REPEATED = "repeated"  # the same text of the same number, a moment ago
    MACHINE = "machine"  # nobody is there to answer: a short code, a name, ourselves, an automatic reply
    FAILED = "failed"  # an error of ours


TO_SORT = frozenset(
    {
        Disposition.UNSORTED,
        Disposition.REPORT_NOT_UNDERSTOOD,
        Disposition.OTHER,
        Disposition.FAILED,
        Disposition.HELP_WITH_TEXT,
        Disposition.UNSUBSCRIBED_WITH_TEXT,
    }
)


@dataclass(frozen=True, slots=True)
class InboundSms:
    """An SMS to us. Without `phone` it is from a short code or a name, or its number was erased."""

    id: int
    channel: str
    carrier_id: str
    phone: Phone | None
    recipient: str
    text: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class SmsReply:
    """What was made of a letter, and the reply, if there shall be one.

    `confirmed` says that the reply went out with what was done: a report is confirmed in its own transaction.
    `afterwards` is what can be done only once all of it stands.
    """

    disposition: Disposition
    text: str = ""
    language: str = ""
    kind: MessageClass = MessageClass.REPLY
    ticket: str | None = None
    confirmed: bool = False
    afterwards: Callable[[], Awaitable[None]] | None = None


class InboundQueue:
    """Takes letters up and files what was made of them. Every method may raise `DatabaseAway`."""

    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock

    @asynccontextmanager
    async def claim_next(self, skip: Collection[int] = ()) -> AsyncIterator[ClaimedSms | None]:
        """The oldest letter that nobody handles yet, held while the block lasts; None where there is none.

        Those `besides` are as good as not there.

        Two workers never hold the same one, nor two of one number: what comes later may take back what came before.
        A block that raises leaves it as it was.
        """
        table, before = inbound_messages.c, inbound_messages.alias().c
        in_turn = ~exists().where(
            before.handled_at.is_(None),
            before.sender_key == table.sender_key,
            before.id < table.id,
            before.id.not_in(skip),
        )
        waiting = select(inbound_messages).where(table.handled_at.is_(None), table.id.not_in(skip), in_turn)
        oldest = waiting.order_by(table.id).limit(1)
        async with self._database.begin() as connection:
            held = oldest.with_for_update(skip_locked=True, of=inbound_messages)
            row = (await connection.execute(held)).mappings().first()
            yield ClaimedSms(connection, row, self._sms_from(row), self._vault, self._clock) if row else None

    async def list_inbound(self, limit: int = 1000, *, to_sort: bool = False) -> Sequence[dict[str, Any]]:
        """What came in, newest first, for lists and JSON; only what the desk must sort, if so asked. Masked."""
        latest = select(inbound_messages).order_by(inbound_messages.c.id.desc()).limit(limit)
        if to_sort:
            latest = latest.where(inbound_messages.c.made.in_(sorted(TO_SORT)))
        async with self._database.begin() as connection:
            rows = (await connection.execute(latest)).mappings().all()
        return [self._shown(row) for row in rows]

    def _shown(self, row: RowMapping) -> dict[str, Any]:
        letter = self._sms_from(row)
        return {
            "id": letter.id,
            "made": row["made"],
            "to_sort": row["made"] in TO_SORT,
            "ticket": row["ticket"],
            "from": letter.phone.masked if letter.phone else row["sender_name"] or "",
            "text": letter.text,
            "channel": letter.channel,
            "received_at": letter.received_at.isoformat(),
        }

    def _sms_from(self, row: RowMapping) -> InboundSms:
        return InboundSms(
            id=row["id"],
            channel=row["channel"],
            carrier_id=row["carrier_id"],
            phone=self._decrypt(row["sender_sealed"]),
            recipient=row["recipient"],
            text=row["text"],
            received_at=row["received_at"],
        )

    def _decrypt(self, sealed: bytes | None) -> Phone | None:
        try:
            return self._vault.open(sealed) if sealed else None
        except CannotOpen:
            return None


class ClaimedSms:
    """A letter in hand: what is known of its sender, and the one place to file what was made of it."""

    def __init__(
        self, connection: AsyncConnection, row: RowMapping, sms: InboundSms, vault: Vault, clock: Clock
    ) -> None:
        self.sms = sms
        self.connection = connection  # of the transaction that files it: what is done on it is done with the filing
        self._sender = row["sender_key"]
        self._vault = vault
        self._clock = clock

    async def is_repeat(self) -> bool:
        """Whether the same number sent the same words a moment before, in capitals or not, and it was no failure."""
        table = inbound_messages.c
        before = exists().where(
            table.sender_key == self._sender,
            _normalised(table.text) == _normalised(literal(self.sms.text)),
            table.id < self.sms.id,
            table.received_at > self.sms.received_at - REPEAT_WINDOW,
            table.made != Disposition.FAILED,
        )
        return bool((await self.connection.execute(select(before))).scalar_one())

    async def count_replies(self, span: timedelta, dispositions: Collection[Disposition] = ()) -> int:
        """How many replies this number has got within the span, or those to letters of which one of these was made."""
        table = inbound_messages.c
        replies = select(func.count()).where(
            table.sender_key == self._sender,
            table.answered,
            table.handled_at > self._clock.now() - span,
        )
        if dispositions:
            replies = replies.where(table.made.in_(dispositions))
        return int((await self.connection.execute(replies)).scalar_one())

    async def record(self, reply: SmsReply) -> None:
        """Put down what was made of it, and queue the reply."""
        now, phone = self._clock.now(), self.sms.phone
        values: dict[str, Any] = {"handled_at": now, "made": reply.disposition, "ticket": reply.ticket}
        values["answered"] = reply.confirmed or bool(reply.text and phone)
        if reply.disposition is Disposition.ERASED:  # this letter, too, tells whose report it was
            values |= ERASED_SENDER
        filing = update(inbound_messages).where(inbound_messages.c.id == self.sms.id).values(values)
        await self.connection.execute(filing)
        if reply.text and phone:
            message = NewMessage(reply.kind, self.sms.channel, phone, reply.text, reply.language)
            await enqueue(self.connection, message, self._vault, now)


def _normalised(said: ColumnElement[str]) -> ColumnElement[str]:
    """A text in small letters, as PostgreSQL knows them, and with nothing but one blank between its words."""
    return func.lower(func.btrim(func.regexp_replace(said, r"\s+", " ", "g")))
