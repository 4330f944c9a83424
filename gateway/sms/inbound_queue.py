"""Queue of inbound SMS: claim one, record its result and reply, list them for the desk.

An inbound SMS is committed before its callback is answered (`messages.inbox`), and handled by a worker afterwards. Its
result and the reply are one transaction. Everything else that handling does is idempotent, so an SMS whose handling was
interrupted is handled again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import takewhile
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, and_, exists, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.messages.inbox import ERASED_SENDER
from gateway.messages.message import MessageClass
from gateway.messages.outbox import NewMessage, enqueue
from gateway.messages.tables import inbound_messages
from gateway.people.duty import find_on_duty
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.text.phone import Phone
from gateway.vault.vault import CannotOpen, Vault

REPEAT_WINDOW = timedelta(minutes=10)
MAX_RECENT = 12
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Disposition(StrEnum):
    """Result of handling an inbound SMS."""

    REPORT = "report"
    DRAFT = "draft"  # an unfinished report was filed as it is
    STATUS = "status"
    APPEAL = "appeal"  # asked if an appeal is official
    DETAILS = "details"
    ERASED = "erased"
    SUBSCRIBED = "subscribed"
    UNSUBSCRIBED = "unsubscribed"
    UNSUBSCRIBED_WITH_TEXT = "unsubscribed_told"  # and more text, which an operator must read
    SUPERSEDED = "superseded"  # a wish to join or to leave that is older than another one, and changes nothing
    HELP = "help"
    HELP_WITH_TEXT = "help_told"  # a call for help, which an operator must read first
    LANGUAGE = "language"
    QUIET = "quiet"  # all is quiet, says somebody whose duty it is to report
    ANSWER = "answer"  # to a question of the desk
    OFFICER = "officer"  # an officer's answer to an alert
    UNSORTED = "unsorted"  # a command of which something is missing
    REPORT_NOT_UNDERSTOOD = "untold"  # nothing of the report was understood
    THANKS = "thanks"
    OTHER = "other"  # not understood
    REPEATED = "repeated"  # the same number sent the same text a moment before
    MACHINE = "machine"  # from a short code, a name, ourselves, or an automatic reply: no person would read a reply
    FAILED = "failed"  # by a fault of the gateway


REPEATABLE_ONCE = (Disposition.REPORT, Disposition.DRAFT, Disposition.DETAILS, Disposition.REPEATED)
"""Dispositions that the same words have once in ten minutes. What was not understood is answered again."""
SETTLED = (Disposition.REPORT, Disposition.DRAFT)
"""Dispositions after which a new report begins."""

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
    """Inbound SMS. Without `phone` its sender is a short code or a name, or the number was erased.

    `anonymous`: the carrier named no sender that can be read, so only an operator can do something with it.
    """

    id: int
    channel: str
    carrier_id: str
    phone: Phone | None
    recipient: str
    text: str
    received_at: datetime
    anonymous: bool = False


@dataclass(frozen=True, slots=True)
class SmsReply:
    """Result of an inbound SMS, and the reply, if there is one.

    `confirmed`: the command has queued its reply in its own transaction, as a report does. `afterwards` is called when
    the result is committed.
    """

    disposition: Disposition
    text: str = ""
    language: str = ""
    kind: MessageClass = MessageClass.REPLY
    ticket: str | None = None
    confirmed: bool = False
    afterwards: Callable[[], Awaitable[None]] | None = None


@dataclass(frozen=True, slots=True)
class RecentSms:
    """SMS that the same number sent a moment before. `is_sorted`: an operator has dealt with it."""

    id: int
    text: str
    disposition: Disposition
    ticket: str | None
    received_at: datetime
    is_sorted: bool


@dataclass(frozen=True, slots=True)
class HandledSms:
    """Inbound SMS in a list. `disposition` is None while it waits; `sender` is a masked number, a name, or `?`."""

    id: int
    disposition: Disposition | None
    to_sort: bool
    ticket: str | None
    sender: str
    text: str
    channel: str
    received_at: datetime
    sorted_by: str = ""


def is_to_sort() -> ColumnElement[bool]:
    """Build the condition that an operator must read an inbound SMS and nobody has sorted it yet."""
    return and_(inbound_messages.c.made.in_(sorted(TO_SORT)), inbound_messages.c.sorted_at.is_(None))


class InboundQueue:
    """Queue of inbound SMS. Every method may raise `DatabaseUnavailable`."""

    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock

    @asynccontextmanager
    async def claim_next(self, skip: Collection[int] = ()) -> AsyncIterator[ClaimedSms | None]:
        """Claim the oldest waiting SMS while the block lasts. Yields None if there is none. Skips the ids in `skip`.

        Two workers never claim the same SMS, nor two of one number: a later one may revoke an earlier one. If the block
        raises, the SMS waits again.
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
            # The row lock is the claim. It ends with the transaction, also if this process is killed.
            claim = oldest.with_for_update(skip_locked=True, of=inbound_messages)
            row = (await connection.execute(claim)).mappings().first()
            yield ClaimedSms(connection, row, self._sms_from(row), self._vault, self._clock) if row else None

    async def list_inbound(
        self, limit: int = 1000, *, to_sort: bool = False, ticket: str = "", number: int = 0
    ) -> Sequence[HandledSms]:
        """Return inbound SMS, newest first, or the one with this number.

        With `to_sort` only those that an operator must still read, calls for help before all others.
        """
        newest = inbound_messages.c.id.desc()
        latest = select(inbound_messages).limit(limit)
        if to_sort:
            is_call = inbound_messages.c.made == Disposition.HELP_WITH_TEXT
            latest = latest.where(is_to_sort()).order_by(is_call.desc(), newest)
        else:
            latest = latest.order_by(newest)
        if number:
            latest = latest.where(inbound_messages.c.id == number)
        if ticket:
            latest = latest.where(inbound_messages.c.ticket == ticket)
        async with self._database.begin() as connection:
            rows = (await connection.execute(latest)).mappings().all()
        return [self._handled_from(row) for row in rows]

    async def count_to_sort(self, *, deadline: float | None = None) -> int:
        counted = select(func.count()).select_from(inbound_messages).where(is_to_sort())
        async with self._database.begin(deadline=deadline) as connection:
            return int((await connection.execute(counted)).scalar_one())

    async def count_calls_for_help(self, *, deadline: float | None = None) -> int:
        """Count the calls for help that nobody has sorted yet."""
        is_call = inbound_messages.c.made == Disposition.HELP_WITH_TEXT
        counted = select(func.count()).select_from(inbound_messages).where(is_to_sort(), is_call)
        async with self._database.begin(deadline=deadline) as connection:
            return int((await connection.execute(counted)).scalar_one())

    def _handled_from(self, row: RowMapping) -> HandledSms:
        sms = self._sms_from(row)
        disposition = Disposition(row["made"]) if row["made"] else None
        return HandledSms(
            id=sms.id,
            disposition=disposition,
            to_sort=disposition in TO_SORT and row["sorted_at"] is None,
            ticket=row["ticket"],
            sender=sms.phone.masked if sms.phone else row["sender_name"] or ("?" if sms.anonymous else ""),
            text=sms.text,
            channel=sms.channel,
            received_at=sms.received_at,
            sorted_by=row["sorted_by"] or "",
        )

    def _sms_from(self, row: RowMapping) -> InboundSms:
        return InboundSms(
            id=row["id"],
            channel=row["channel"],
            carrier_id=row["carrier_id"],
            phone=self._decrypt(row["sender_sealed"], row["sender_key"]),
            recipient=row["recipient"],
            text=row["text"],
            received_at=row["received_at"],
            anonymous=row["sender_name"] == "",
        )

    def _decrypt(self, sealed: bytes | None, key: bytes | None) -> Phone | None:
        try:
            return self._vault.open(sealed, key) if sealed else None
        except CannotOpen:
            return None


class ClaimedSms:
    """Inbound SMS that this worker has claimed. Its result is recorded here, in the transaction of the claim."""

    def __init__(
        self, connection: AsyncConnection, row: RowMapping, sms: InboundSms, vault: Vault, clock: Clock
    ) -> None:
        self.sms = sms
        self.connection = connection  # of the claim: what is done on it is committed with the result
        self._sender = row["sender_key"]
        self._vault = vault
        self._clock = clock

    async def is_repeat(self) -> bool:
        """Return True if the same words of this number became a report or details in the last ten minutes."""
        table = inbound_messages.c
        before = exists().where(
            table.sender_key == self._sender,
            _normalised(table.text) == _normalised(literal(self.sms.text)),
            table.id < self.sms.id,
            table.received_at > self.sms.received_at - REPEAT_WINDOW,
            table.made.in_(REPEATABLE_ONCE),
        )
        return bool((await self.connection.execute(select(before))).scalar_one())

    async def list_recent(self) -> Sequence[RecentSms]:
        """Return the SMS that this number sent in the ten minutes before, newest first, at most a dozen."""
        table = inbound_messages.c
        before = select(table.id, table.text, table.made, table.ticket, table.received_at, table.sorted_at).where(
            table.sender_key == self._sender,
            table.id < self.sms.id,
            table.received_at > self.sms.received_at - REPEAT_WINDOW,
            table.handled_at.is_not(None),
        )
        rows = (await self.connection.execute(before.order_by(table.id.desc()).limit(MAX_RECENT))).all()
        return [
            RecentSms(row.id, row.text, Disposition(row.made), row.ticket, row.received_at, row.sorted_at is not None)
            for row in rows
        ]

    async def mark_as_details(self, recent: RecentSms, ticket: str) -> None:
        """Record that an earlier SMS belongs to the report of this ticket."""
        row = inbound_messages.c.id == recent.id
        changed = {"made": Disposition.DETAILS, "ticket": ticket}
        await self.connection.execute(update(inbound_messages).where(row).values(changed))

    async def is_on_duty(self, roles: Collection[str]) -> bool:
        """Return True if its sender has one of these roles in the directory."""
        return self._sender is not None and await find_on_duty(self.connection, self._sender, roles) is not None

    async def count_replies(self, span: timedelta, dispositions: Collection[Disposition] = ()) -> int:
        """Count the replies to this number within `span`, or only those to SMS with one of `dispositions`."""
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
        """Record the result, and queue the reply."""
        now, phone = self._clock.now(), self.sms.phone
        values: dict[str, Any] = {"handled_at": now, "made": reply.disposition, "ticket": reply.ticket}
        values["answered"] = reply.confirmed or bool(reply.text and phone)
        if reply.disposition is Disposition.ERASED:  # the command itself would tell whose report it was
            values |= ERASED_SENDER
        statement = update(inbound_messages).where(inbound_messages.c.id == self.sms.id).values(values)
        await self.connection.execute(statement)
        if reply.text and phone:
            message = NewMessage(reply.kind, self.sms.channel, phone, reply.text, reply.language)
            await enqueue(self.connection, message, self._vault, now)


def _normalised(text: ColumnElement[str]) -> ColumnElement[str]:
    """Build the SQL expression of a text in lower case, with single spaces between its words."""
    return func.lower(func.btrim(func.regexp_replace(text, r"\s+", " ", "g")))


def unsettled(recent: Sequence[RecentSms]) -> list[str]:
    """Return the texts since the last report that an operator must read, the oldest first."""
    since = takewhile(lambda sms: sms.disposition not in SETTLED, recent)
    is_open = TO_SORT - {Disposition.FAILED}
    return [sms.text for sms in since if sms.disposition in is_open and not sms.is_sorted][::-1]
