"""Store of drafts: kept when a session drops, so that the desk sees danger and the resident can send them later.

A phone has at most one open draft, its last. A draft is settled when the same phone has filed a later report: it is no
longer listed or filed. Whatever ends a draft erases it and cancels its reminder, in the same transaction.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    LargeBinary,
    RowMapping,
    and_,
    any_,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.incidents.calling_off import SendingCall, mark_calls, was_called_off
from gateway.incidents.draft import Draft, DraftStatus, ListedDraft
from gateway.incidents.report import Report
from gateway.incidents.restricted import Withheld
from gateway.incidents.store import FiledReport, IncidentStore
from gateway.incidents.tables import drafts, incidents
from gateway.menu.definitions.report_form import IN_DANGER, ReportForm
from gateway.messages.erasure import erase_numbers
from gateway.messages.message import MessageClass
from gateway.messages.outbox import NewMessage, enqueue
from gateway.messages.tables import messages
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.text.phone import Phone
from gateway.vault.columns import ERASED_PHONE
from gateway.vault.vault import Vault

# Written into the statement, not bound: PostgreSQL must see the word to use the partial index made for it.
_OPEN = drafts.c.status == literal(DraftStatus.OPEN.value, literal_execute=True)
_RESUME = messages.c["class"] == literal(MessageClass.RESUME.value, literal_execute=True)
_MARKED = or_(drafts.c.urgent, drafts.c.danger == IN_DANGER)  # releases before did not write `urgent`

# Three answers have a column of their own as well, which is erased with them.
ERASED_DRAFT: Mapping[str, Any] = {
    **ERASED_PHONE,
    "answers": {},
    "category": "",
    "area": "",
    "danger": "",
    "urgent": False,
}

# Either settles a draft.
_FILED_IN_ITS_SESSION = and_(incidents.c.channel == drafts.c.channel, incidents.c.session == drafts.c.session)
_FILED_LATER = and_(incidents.c.phone_key == drafts.c.phone_key, incidents.c.received_at > drafts.c.left_at)

_SETTLED = exists().where(or_(_FILED_IN_ITS_SESSION, _FILED_LATER))


async def close_drafts(connection: AsyncConnection, which: ColumnElement[bool], to: DraftStatus, now: datetime) -> int:
    """End these open drafts: erase their answers and cancel their reminders. Returns their number."""
    # Rows are locked in the order of their ids, so that two closings at once cannot deadlock.
    locked = select(drafts.c.id, drafts.c.phone_key).where(_OPEN, which).order_by(drafts.c.id).with_for_update()
    rows = (await connection.execute(locked)).all()
    if not rows:
        return 0
    ids = cast([row.id for row in rows], ARRAY(BigInteger))
    closing = update(drafts).where(drafts.c.id == any_(ids)).values(**ERASED_DRAFT, status=to, updated_at=now)
    await connection.execute(closing)
    await _cancel_reminders(connection, [row.phone_key for row in rows], now)
    return len(rows)


async def _cancel_reminders(connection: AsyncConnection, phone_keys: Sequence[bytes], now: datetime) -> None:
    keys = cast(phone_keys, ARRAY(LargeBinary))
    await erase_numbers(connection, and_(_RESUME, messages.c.phone_key == any_(keys)), now)


@dataclass(frozen=True, slots=True)
class FiledDraft:
    draft: Draft
    filed: FiledReport
    report: Report


class DraftStore:
    """Store of drafts. Every method is one transaction and may raise `DatabaseUnavailable`."""

    def __init__(self, database: Database, vault: Vault, clock: Clock, incidents: IncidentStore) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._incidents = incidents

    async def keep(self, draft: Draft, reminder: str | None, due_at: datetime, left_in: int | None = None) -> bool:
        """Keep the draft, and queue the SMS `reminder`, if there is one, to be sent at `due_at`.

        It supersedes an earlier draft of the same phone. Returns False, and changes nothing, if this session was filed
        before, if the phone has filed a report or left a draft since, or if it has called off what it told in the
        call `left_in`. Returns False also if this dialogue was kept,
        then resumed, and has dropped again: its draft gets the new answers, and no second reminder is queued. Raises
        `TooManyParts`.
        """
        now, key = self._clock.now(), self._vault.lookup(draft.phone)
        async with self._database.begin() as connection:
            # Advisory lock: two sessions of one phone may end at once, and each must see the draft of the other.
            await connection.execute(select(func.pg_advisory_xact_lock(_lock_key(key))))
            called_off = await was_called_off(connection, key, SendingCall(left_in))
            if called_off or await self._is_late(connection, draft, key):
                return False  # a repeated or late end of the session
            if await self._update_open(connection, draft, key, now):
                return False  # resumed, and dropped again
            await close_drafts(connection, drafts.c.phone_key == key, DraftStatus.SUPERSEDED, now)
            reminded_at = None if reminder is None else now
            row = {**self._row(draft, key, now), "reminded_at": reminded_at}
            adding = postgresql_insert(drafts).values(row)
            adding = adding.on_conflict_do_nothing(index_elements=["channel", "session"])
            if (await connection.execute(adding.returning(drafts.c.id))).first() is None:
                await connection.rollback()  # the earlier draft stays open: another phone has this session
                return False
            if reminder is not None:
                message = NewMessage(
                    MessageClass.RESUME, draft.channel, draft.phone, reminder, draft.language, due_at=due_at
                )
                await enqueue(connection, message, self._vault, now)
        return True

    async def remind(self, draft: Draft, reminder: str, due_at: datetime) -> bool:
        """Queue the SMS `reminder` of an open draft that has had none. Returns False otherwise.

        The desk may have had the draft before its session was over. Raises `TooManyParts`.
        """
        now = self._clock.now()
        marking = update(drafts).where(
            _OPEN,
            drafts.c.channel == draft.channel,
            drafts.c.session == draft.session,
            drafts.c.phone_key == self._vault.lookup(draft.phone),
            drafts.c.reminded_at.is_(None),
            ~_SETTLED,
        )
        message = NewMessage(MessageClass.RESUME, draft.channel, draft.phone, reminder, draft.language, due_at=due_at)
        async with self._database.begin() as connection:
            if not (await connection.execute(marking.values(reminded_at=now))).rowcount:
                return False
            await enqueue(connection, message, self._vault, now)
        return True

    async def _update_open(self, connection: AsyncConnection, draft: Draft, key: bytes, now: datetime) -> bool:
        """Write the new answers into the open draft of this dialogue. Returns False if there is none."""
        updating = update(drafts).where(
            _OPEN, drafts.c.channel == draft.channel, drafts.c.session == draft.session, drafts.c.phone_key == key
        )
        return (await connection.execute(updating.values(self._row(draft, key, now)))).rowcount > 0

    def _row(self, draft: Draft, key: bytes, now: datetime) -> dict[str, Any]:
        answers = dict(draft.answers)
        return {
            "channel": draft.channel,
            "session": draft.session,
            "phone_sealed": self._vault.seal(draft.phone),
            "phone_key": key,
            "language": draft.language,
            "answers": answers,
            "category": answers.get("category", ""),
            "area": answers.get("area", ""),
            "danger": draft.danger,
            "urgent": draft.is_pressing,
            "left_at": draft.left_at,
            "status": DraftStatus.OPEN,
            "updated_at": now,
        }

    async def _is_late(self, connection: AsyncConnection, draft: Draft, key: bytes) -> bool:
        """Return True if this draft, or a later draft or report of its phone, is known already."""
        same_session = and_(drafts.c.channel == draft.channel, drafts.c.session == draft.session)
        kept = exists().where(
            or_(
                and_(same_session, ~_OPEN),
                and_(_OPEN, drafts.c.phone_key == key, drafts.c.left_at > draft.left_at),
                and_(_OPEN, drafts.c.phone_key == key, drafts.c.left_at == draft.left_at, ~same_session),
            )
        )
        filed = exists().where(
            or_(
                and_(incidents.c.channel == draft.channel, incidents.c.session == draft.session),
                and_(incidents.c.phone_key == key, incidents.c.received_at > draft.left_at),
            )
        )
        return bool((await connection.execute(select(or_(kept, filed)))).scalar_one())

    async def file(
        self,
        phone: Phone,
        confirmation: Callable[[Draft, str], str],
        form: ReportForm,
        *,
        since: datetime,
        latest: Draft | None = None,
        within: AsyncConnection | None = None,
        unsent: str = "",
    ) -> FiledDraft | None:
        """File the open draft of this phone as it is, if it was left after `since` and is not settled.

        `confirmation` makes the SMS of the draft and its ticket's 8 digits, `form` reads its answers. `latest` is the
        same dialogue with its newest answers, if it was resumed. `within` is a connection whose transaction it joins:
        call `announce` once that is committed. `unsent` is the reason why that SMS is not sent. Idempotent: called
        twice, also at the same time, it files once, and the other call returns None. Raises `ValueError` if required
        answers are missing, and the errors of `IncidentStore.file`. The draft then stays open.

        The time of the report is the end of its session, because the answers *now* and *today* were given then. The
        audit trail has the time when it was sent.
        """
        now, key = self._clock.now(), self._vault.lookup(phone)
        # Row lock: of two calls at once, the second waits here and then finds no open draft.
        newest = select(drafts).where(_OPEN, drafts.c.phone_key == key, drafts.c.left_at > since).with_for_update()
        async with nullcontext(within) if within else self._database.begin() as connection:
            row = (await connection.execute(newest)).mappings().first()
            if row is None or await _is_settled(connection, row):
                return None
            draft = self._draft(row)
            if latest is not None and latest.is_of_same_session(draft) and latest.left_at > draft.left_at:
                draft = latest  # resumed since it was kept: it has newer answers
            words, report = partial(confirmation, draft), draft.to_report(draft.left_at, form)
            filed = await self._incidents.file_within(connection, report, phone, words, {"by": "sms"}, unsent)
            await close_drafts(connection, drafts.c.id == row["id"], DraftStatus.FILED, now)
        done = FiledDraft(draft, filed, report)
        if within is None:
            self.announce(done)
        return done

    def announce(self, done: FiledDraft) -> None:
        """Log and count the report of a filed draft, once its transaction is committed."""
        self._incidents.announce(done.report, done.filed)

    async def delete(self, phone: Phone, *, calls: Sequence[int] = (), deadline: float | None = None) -> int:
        """Erase the open draft of this phone, and its number in every reminder. Returns the number of drafts.

        What was sent in one of these `calls`, and arrives from now on, is not filed.
        """
        now, key = self._clock.now(), self._vault.lookup(phone)
        async with self._database.begin(deadline=deadline) as connection:
            await mark_calls(connection, key, calls, now)
            deleted = await close_drafts(connection, drafts.c.phone_key == key, DraftStatus.DELETED, now)
            await _cancel_reminders(connection, [key], now)
        return deleted

    async def expire(self, left_before: datetime) -> int:
        """Erase the open drafts that were left before this time. Returns their number."""
        old = drafts.c.left_at < left_before
        async with self._database.begin() as connection:
            return await close_drafts(connection, old, DraftStatus.EXPIRED, self._clock.now())

    async def list_drafts(self, limit: int = 1000, hidden: Collection[str] = ()) -> Sequence[ListedDraft]:
        """Return the open drafts that are not settled, the last left first, without those of `hidden` categories."""
        newest = (
            select(drafts)
            .where(_OPEN, ~_SETTLED, drafts.c.category.not_in(sorted(hidden)))
            .order_by(drafts.c.left_at.desc(), drafts.c.id.desc())
        )
        async with self._database.begin() as connection:
            rows = (await connection.execute(newest.limit(limit))).mappings().all()
        return [self._listed(row) for row in rows]

    async def count_withheld(self, hidden: Collection[str]) -> Withheld:
        """Count the open drafts of `hidden` categories that are not settled."""
        counting = select(func.count(), func.max(drafts.c.left_at)).where(
            _OPEN, ~_SETTLED, drafts.c.category.in_(sorted(hidden))
        )
        async with self._database.begin() as connection:
            count, last_at = (await connection.execute(counting)).one()
        return Withheld(count, last_at)

    async def count_marked(self, *, deadline: float | None = None) -> int:
        """Count the open drafts of danger that are not settled."""
        marked = select(func.count()).select_from(drafts).where(_OPEN, ~_SETTLED, _MARKED)
        async with self._database.begin(deadline=deadline) as connection:
            return int((await connection.execute(marked)).scalar_one())

    def _listed(self, row: RowMapping) -> ListedDraft:
        return ListedDraft(
            channel=row["channel"],
            session=row["session"],
            phone=self._vault.masked(row["phone_sealed"], row["phone_key"]),
            language=row["language"],
            answers=row["answers"],
            left_at=row["left_at"],
            urgent=row["urgent"],
        )

    def _draft(self, row: RowMapping) -> Draft:
        return Draft(
            channel=row["channel"],
            session=row["session"],
            phone=self._vault.open(row["phone_sealed"], row["phone_key"]),
            language=row["language"],
            answers=row["answers"],
            left_at=row["left_at"],
            urgent=row["urgent"],
        )


async def _is_settled(connection: AsyncConnection, draft: RowMapping) -> bool:
    """Return True if its phone has filed a later report in another session.

    A report of its own session does not count: filing the draft then completes it and returns its ticket.
    """
    later = exists().where(
        incidents.c.phone_key == draft["phone_key"],
        incidents.c.received_at > draft["left_at"],
        or_(incidents.c.channel != draft["channel"], incidents.c.session != draft["session"]),
    )
    return bool((await connection.execute(select(later))).scalar_one())


def _lock_key(phone_key: bytes) -> int:
    # An advisory lock takes 64 bits. The prefix keeps these locks apart from others on the same phone.
    digest = hashlib.blake2b(b"draft of " + phone_key, digest_size=8).digest()
    return int.from_bytes(digest, signed=True)
