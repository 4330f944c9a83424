"""The worker of the appeals: begins what is due, expands it, holds what is paused, stops what goes wrong.

Every step is a short transaction that begins with what stands, so that a worker may be killed anywhere, and any number
of them may work at once. Steps of one appeal follow one another: each holds the appeal's row.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import structlog
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.appeals.appeal import MAYBE_SENT, Appeal, AppealStatus
from gateway.appeals.audience import Group, InvalidAudience
from gateway.appeals.audience_sql import AudienceQuery
from gateway.appeals.expansion import Expansion, expand_next_chunk, try_expansion_lock
from gateway.appeals.rules import blocking_reason, first_send_at
from gateway.appeals.store import WORKER, audience_query, find_appeal, pause_appeal, update_appeal
from gateway.appeals.tables import appeals
from gateway.appeals.texts import render_texts
from gateway.appeals.workflow import AppealSettings, incident_area
from gateway.menu.model import Menu
from gateway.messages.holds import apply_hold, requeue_held
from gateway.messages.message import MessageStatus
from gateway.messages.tables import HELD, QUEUED, SENDING, holds, messages
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database, DatabaseUnavailable

log = structlog.get_logger()

_BATCH = 5_000  # messages that one transaction holds, releases or calls off
_WAITING = (QUEUED, HELD, SENDING)
_OUTCOMES = MAYBE_SENT | {MessageStatus.REFUSED}


class AppealWorker:
    """Keeps appeals going. May raise `DatabaseAway`; what it has not done then, the next look does."""

    def __init__(self, database: Database, clock: Clock, menu: Callable[[], Menu], settings: AppealSettings) -> None:
        """`menu` gives the pack that is in force."""
        self._database = database
        self._clock = clock
        self._menu = menu
        self._settings = settings

    async def run_once(self) -> bool:
        """Do one step of every appeal that is at work; whether there is more to do at once."""
        busy = False
        for appeal in await self._at_work():
            busy |= await _isolated(self._step, appeal)
        for appeal in await self._held():
            busy |= await _isolated(self._settle, appeal)
        return busy

    async def _at_work(self) -> Sequence[int]:
        table = appeals.c
        due = func.coalesce(table.starts_at, table.created_at) <= self._clock.now()
        at_work = (table.status == AppealStatus.RUNNING) | ((table.status == AppealStatus.SCHEDULED) & due)
        async with self._database.begin() as connection:
            return (await connection.execute(select(table.id).where(at_work).order_by(table.id))).scalars().all()

    async def _held(self) -> Sequence[int]:
        async with self._database.begin() as connection:
            return (await connection.execute(select(holds.c.appeal).order_by(holds.c.appeal))).scalars().all()

    # A running appeal ------------------------------------------------------------------------------------------

    async def _step(self, number: int) -> bool:
        now = self._clock.now()
        async with self._database.begin() as connection:
            appeal = await find_appeal(connection, number, locked=True)
            if appeal.status is AppealStatus.SCHEDULED:
                await update_appeal(
                    connection, number, WORKER, "begun", now, status=AppealStatus.RUNNING, judged_from=now
                )
                log.info("appeal.begun", appeal=number, people=appeal.audience_size)
            elif appeal.status is not AppealStatus.RUNNING:
                return False
            over = appeal.expanded >= appeal.audience_size and not await _has_pending(connection, number)
            await _record_first_send(connection, appeal)
            if over:  # whatever went wrong: a pause would hold nothing any more
                await update_appeal(connection, number, WORKER, "done", now, status=AppealStatus.DONE)
                log.info("appeal.done", appeal=number)
                return False
            if reason := await self._fault(connection, appeal, now):
                await pause_appeal(connection, number, WORKER, reason, now)
                log.warning("appeal.paused", appeal=number, reason=reason)
                return True
            due_at = first_send_at(appeal.draft, self._menu(), now)
            if await requeue_held(connection, number, _BATCH, due_at, now):
                return True
            if appeal.expanded < appeal.audience_size:
                return await self._expand(connection, appeal, due_at, now)
        return False

    async def _fault(self, connection: AsyncConnection, appeal: Appeal, now: datetime) -> str:
        """Why it must pause; empty if it may go on."""
        if fault := blocking_reason(appeal.draft, self._menu(), now, len(appeal.approvers), begun=True):
            return fault
        if appeal.draft.channel not in self._settings.service_codes:
            return f"there is no channel {appeal.draft.channel}"
        brake, table = self._settings.auto_pause, messages.c
        # Looked through by its index: PostgreSQL, asked for the outcomes alone, would rather sort all that was sent.
        latest = select(table.status).where(
            table.appeal == appeal.id, table.sent_at >= (appeal.failures_count_from or now)
        )
        statuses = (await connection.execute(latest.order_by(table.sent_at.desc()).limit(brake.window))).scalars()
        ended = [MessageStatus(status) for status in statuses if status in _OUTCOMES]
        return brake.reason(ended.count(MessageStatus.REFUSED), ended.count(MessageStatus.UNKNOWN), len(ended))

    async def _expand(self, connection: AsyncConnection, appeal: Appeal, due_at: datetime, now: datetime) -> bool:
        """Expand one chunk, unless enough of it waits already; whether that was done."""
        queued = (
            select(1)
            .where(messages.c.appeal == appeal.id, messages.c.status == QUEUED)
            .limit(self._settings.max_queued)
        )
        waiting = select(func.count()).select_from(queued.subquery())
        if int((await connection.execute(waiting)).scalar_one()) >= self._settings.max_queued:
            return False
        if not await try_expansion_lock(connection):
            return False
        menu, draft = self._menu(), appeal.draft
        try:
            reach = audience_query(draft, menu)
        except InvalidAudience as error:
            await pause_appeal(connection, appeal.id, WORKER, f"the pack has changed: {error}", now)
            log.warning("appeal.paused", appeal=appeal.id, reason=str(error))
            return True
        place = await incident_area(connection, draft.ticket)
        texts = render_texts(draft.texts, menu, self._settings.service_codes[draft.channel], place)
        count = await expand_next_chunk(connection, Expansion(appeal, reach, texts, due_at), now)
        log.info("appeal.expanded", appeal=appeal.id, people=count)
        return count > 0

    # A held one ------------------------------------------------------------------------------------------------

    async def _settle(self, number: int) -> bool:
        """Make what waits of a held appeal what its hold says. The hold of a cancelled one ends with its last row."""
        now = self._clock.now()
        async with self._database.begin() as connection:
            appeal = await find_appeal(connection, number, locked=True)
            if await apply_hold(connection, number, _BATCH, now):
                return True
            if appeal.status is AppealStatus.CANCELLED and appeal.expanded < appeal.audience_size:
                return await self._call_off(connection, appeal, now)
            over = appeal.status is AppealStatus.CANCELLED and not await _has_pending(connection, number)
            await _record_first_send(connection, appeal)
            if over:
                await connection.execute(delete(holds).where(holds.c.appeal == number))
        return False

    async def _call_off(self, connection: AsyncConnection, appeal: Appeal, now: datetime) -> bool:
        """Expand one chunk of those who will get nothing, so that each has a line; whether that was done."""
        menu = self._menu()
        try:
            reach = audience_query(appeal.draft, menu)
        except InvalidAudience:  # the pack has lost what it names: then nobody asks where they are meant to live
            reach = AudienceQuery(Group(), menu.areas, tuple(appeal.texts), "")
        return await expand_next_chunk(connection, Expansion(appeal, reach, (), now, cancelled=True), now) > 0


async def _isolated(step: Callable[[int], Awaitable[bool]], appeal: int) -> bool:
    """Do a step of one appeal; its failure is that of no other. Whether there is more to do at once."""
    try:
        return await step(appeal)
    except DatabaseUnavailable:
        raise
    except Exception as error:
        log.error("appeal.step_failed", appeal=appeal, error=type(error).__name__, exc_info=True)
        return False


async def _record_first_send(connection: AsyncConnection, appeal: Appeal) -> None:
    """Write down when the first SMS of it left, once one has; after the last look at what still waits of it."""
    if appeal.went_out_at is not None:
        return
    table = messages.c
    left = table.status.in_([status.value for status in MAYBE_SENT])
    first = select(table.sent_at).where(table.appeal == appeal.id, table.sent_at.is_not(None), left)
    at = (await connection.execute(first.order_by(table.sent_at).limit(1))).scalar()
    if at is not None:
        await connection.execute(update(appeals).where(appeals.c.id == appeal.id).values(went_out_at=at))


async def _has_pending(connection: AsyncConnection, appeal: int) -> bool:
    """Whether anything of it is still to be sent, or on its way. Each status is asked for by an index of its own."""
    for status in _WAITING:
        waiting = select(messages.c.id).where(messages.c.appeal == appeal, messages.c.status == status).limit(1)
        if (await connection.execute(waiting)).first() is not None:
            return True
    return False
