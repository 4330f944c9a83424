"""Unfinished reports: kept when a session drops, so that the desk sees danger and the resident can send them later.

A phone has at most one open draft, its last. A draft that a later report of the same phone has overtaken is settled:
it is shown and filed no more. Whatever ends a draft wipes it and takes back its reminder, in the same transaction.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

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
from sqlalchemy.dialects.postgresql import insert as insert_or_ignore
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.incidents.draft import Draft, DraftStatus, ListedDraft
from gateway.incidents.store import FiledReport, IncidentStore
from gateway.incidents.tables import drafts, incidents
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

ERASED_DRAFT: Mapping[str, Any] = {
    **ERASED_PHONE,
    "answers": {},
    "category": "",
    "area": "",
    "danger": "",
}

_OF_ITS_SESSION = and_(incidents.c.channel == drafts.c.channel, incidents.c.session == drafts.c.session)
_OVERTAKEN = and_(incidents.c.phone_key == drafts.c.phone_key, incidents.c.received_at > drafts.c.left_at)


async def close_drafts(connection: AsyncConnection, which: ColumnElement[bool], to: DraftStatus, now: datetime) -> int:
    """End these open drafts: nothing of what was said stays, and no reminder goes out; how many there were."""
    held = select(drafts.c.id, drafts.c.phone_key).where(_OPEN, which).order_by(drafts.c.id).with_for_update()
    rows = (await connection.execute(held)).all()
    if not rows:
        return 0
    ids = cast([row.id for row in rows], ARRAY(BigInteger))
    closing = update(drafts).where(drafts.c.id == any_(ids)).values(**ERASED_DRAFT, status=to, updated_at=now)
    await connection.execute(closing)
    await _forget_reminders(connection, [row.phone_key for row in rows], now)
    return len(rows)


async def _forget_reminders(connection: AsyncConnection, phone_keys: Sequence[bytes], now: datetime) -> None:
    keys = cast(phone_keys, ARRAY(LargeBinary))
    await erase_numbers(connection, and_(_RESUME, messages.c.phone_key == any_(keys)), now)


class FiledDraft(NamedTuple):
    """A draft that was filed as it was, and as what."""

    draft: Draft
    filed: FiledReport


class DraftStore:
    """Keeps, files, ends and lists drafts. Every method is one transaction and may raise `DatabaseAway`."""

    def __init__(self, database: Database, vault: Vault, clock: Clock, book: IncidentStore) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._book = book

    async def keep(self, draft: Draft, reminder: str | None, due_at: datetime) -> bool:
        """Keep the draft, and queue the SMS `reminder`, if there is one, to be sent at `due_at`.

        It takes the place of an earlier one of the same phone. False, and nothing changes, where this session was
        filed before, or where the phone has filed a report or left a draft since. False also where this very dialogue
        was kept, then gone on with, and has dropped again: the draft says what is known now, and nobody is reminded a
        second time. Raises `TooManyParts`.
        """
        now, key = self._clock.now(), self._vault.lookup(draft.phone)
        async with self._database.begin() as connection:
            # Two sessions of one phone may end at once; each must see what the other has kept.
            await connection.execute(select(func.pg_advisory_xact_lock(_lock_key(key))))
            if await self._is_late(connection, draft, key):
                return False
            if await self._renewed(connection, draft, key, now):
                return False
            await close_drafts(connection, drafts.c.phone_key == key, DraftStatus.SUPERSEDED, now)
            adding = insert_or_ignore(drafts).values(self._row(draft, key, now))
            adding = adding.on_conflict_do_nothing(index_elements=["channel", "session"])
            if (await connection.execute(adding.returning(drafts.c.id))).first() is None:
                await connection.rollback()
                return False
            if reminder is not None:
                message = NewMessage(
                    MessageClass.RESUME, draft.channel, draft.phone, reminder, draft.language, due_at=due_at
                )
                await enqueue(connection, message, self._vault, now)
        return True

    async def _renewed(self, connection: AsyncConnection, draft: Draft, key: bytes, now: datetime) -> bool:
        """Whether this dialogue stands there as an open draft of this phone, which now says what it says by now."""
        row = self._row(draft, key, now)
        renewing = update(drafts).where(
            _OPEN, drafts.c.channel == draft.channel, drafts.c.session == draft.session, drafts.c.phone_key == key
        )
        return (await connection.execute(renewing.values(row))).rowcount > 0

    def _row(self, draft: Draft, key: bytes, now: datetime) -> dict[str, Any]:
        told = draft.report_answers
        return {
            "channel": draft.channel,
            "session": draft.session,
            "phone_sealed": self._vault.seal(draft.phone),
            "phone_key": key,
            "language": draft.language,
            "answers": told,
            "category": told.get("category", ""),
            "area": told.get("area", ""),
            "danger": draft.danger,
            "left_at": draft.left_at,
            "status": DraftStatus.OPEN,
            "updated_at": now,
        }

    async def _is_late(self, connection: AsyncConnection, draft: Draft, key: bytes) -> bool:
        """Whether this draft was kept already, or something that came after it."""
        of_session = (draft.channel, draft.session)
        kept = exists().where(
            or_(
                and_(drafts.c.channel == of_session[0], drafts.c.session == of_session[1], ~_OPEN),
                and_(_OPEN, drafts.c.phone_key == key, drafts.c.left_at >= draft.left_at),
            )
        )
        filed = exists().where(
            or_(
                and_(incidents.c.channel == of_session[0], incidents.c.session == of_session[1]),
                and_(incidents.c.phone_key == key, incidents.c.received_at > draft.left_at),
            )
        )
        return bool((await connection.execute(select(or_(kept, filed)))).scalar_one())

    async def file(
        self,
        phone: Phone,
        confirmation: Callable[[Draft, str], str],
        *,
        since: datetime,
        latest: Draft | None = None,
        within: AsyncConnection | None = None,
    ) -> FiledDraft | None:
        """File the open draft of this phone as it is, if it was left after `since` and is not settled.

        `confirmation` makes the SMS of the draft and its ticket's 8 digits. Called twice, also at the same time, it
        files once and the other answer is None. Raises `ValueError` where too little was told, and what `Book.file`
        raises; then the draft stays open.

        The report is received when its session dropped: what it says of *now* and *today* was said then. When it was
        sent stands in the audit trail. `latest` is the same dialogue as it stands by now, if it was gone on with: it
        tells more. `within` is a connection whose transaction it shall be part of.
        """
        now, key = self._clock.now(), self._vault.lookup(phone)
        last = select(drafts).where(_OPEN, drafts.c.phone_key == key, drafts.c.left_at > since).with_for_update()
        async with nullcontext(within) if within else self._database.begin() as connection:
            row = (await connection.execute(last)).mappings().first()
            if row is None or await _is_overtaken(connection, row):
                return None
            draft = self._draft(row)
            if latest is not None and latest.is_of_same_session(draft) and latest.left_at > draft.left_at:
                draft = latest
            words = partial(confirmation, draft)
            filed = await self._book.file_within(
                connection, draft.to_report(draft.left_at), phone, words, {"by": "sms"}
            )
            await close_drafts(connection, drafts.c.id == row["id"], DraftStatus.FILED, now)
        return FiledDraft(draft, filed)

    async def delete(self, phone: Phone, *, deadline: float | None = None) -> int:
        """The resident discards what he left: wiped, and his number taken out of every reminder; how many drafts."""
        now, key = self._clock.now(), self._vault.lookup(phone)
        async with self._database.begin(deadline=deadline) as connection:
            deleted = await close_drafts(connection, drafts.c.phone_key == key, DraftStatus.DELETED, now)
            await _forget_reminders(connection, [key], now)
        return deleted

    async def expire(self, left_before: datetime) -> int:
        """Wipe what was left before that time and never sent; how many there were."""
        old = drafts.c.left_at < left_before
        async with self._database.begin() as connection:
            return await close_drafts(connection, old, DraftStatus.EXPIRED, self._clock.now())

    async def list_drafts(self, limit: int = 1000) -> Sequence[ListedDraft]:
        """Return the open drafts that no report has replaced, the last left first."""
        settled = exists().where(or_(_OF_ITS_SESSION, _OVERTAKEN))
        latest = select(drafts).where(_OPEN, ~settled).order_by(drafts.c.left_at.desc(), drafts.c.id.desc())
        async with self._database.begin() as connection:
            rows = (await connection.execute(latest.limit(limit))).mappings().all()
        return [self._listed(row) for row in rows]

    def _listed(self, row: RowMapping) -> ListedDraft:
        return ListedDraft(
            channel=row["channel"],
            session=row["session"],
            phone=self._vault.masked(row["phone_sealed"]),
            language=row["language"],
            answers=row["answers"],
            left_at=row["left_at"],
        )

    def _draft(self, row: RowMapping) -> Draft:
        return Draft(
            channel=row["channel"],
            session=row["session"],
            phone=self._vault.open(row["phone_sealed"]),
            language=row["language"],
            answers=row["answers"],
            left_at=row["left_at"],
        )


async def _is_overtaken(connection: AsyncConnection, draft: RowMapping) -> bool:
    """Whether its phone has filed a report since; not its own session, which gets that ticket again."""
    later = exists().where(
        incidents.c.phone_key == draft["phone_key"],
        incidents.c.received_at > draft["left_at"],
        or_(incidents.c.channel != draft["channel"], incidents.c.session != draft["session"]),
    )
    return bool((await connection.execute(select(later))).scalar_one())


def _lock_key(phone_key: bytes) -> int:
    digest = hashlib.blake2b(b"draft of " + phone_key, digest_size=8).digest()
    return int.from_bytes(digest, signed=True)
