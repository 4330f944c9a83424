"""Worker of appeals: begin scheduled appeals, expand them, pause those that fail, and apply pauses to their messages.

Every step is a short transaction that begins by reading the appeal's row with a lock. So a worker may be killed at any
point, any number of workers may run at once, and the steps of one appeal follow one another.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime

import structlog
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.appeals.appeal import MAYBE_SENT, Appeal, AppealStatus
from gateway.appeals.audience import Group, InvalidAudience
from gateway.appeals.audience_sql import AudienceQuery
from gateway.appeals.expansion import Expansion, expand_next_chunk, try_expansion_lock
from gateway.appeals.incident_link import incident_area
from gateway.appeals.rules import blocking_reason, first_send_at
from gateway.appeals.store import WORKER, audience_query, find_appeal, give_public_number, pause_appeal, update_appeal
from gateway.appeals.tables import appeals
from gateway.appeals.terms import Terms, terms_of
from gateway.appeals.texts import render_texts
from gateway.appeals.workflow import AppealSettings
from gateway.menu.model import Menu
from gateway.messages.holds import apply_hold, requeue_held
from gateway.messages.message import MessageStatus
from gateway.messages.tables import HELD, QUEUED, SENDING, holds, messages
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database, DatabaseUnavailable

log = structlog.get_logger()

_BATCH = 5_000  # messages that one transaction holds, releases or cancels
_PENDING = (QUEUED, HELD, SENDING)
_OUTCOMES = MAYBE_SENT | {MessageStatus.REFUSED}


class AppealWorker:
    """Worker of appeals. May raise `DatabaseUnavailable`. The next pass does whatever this one could not."""

    def __init__(self, database: Database, clock: Clock, menu: Callable[[], Menu], settings: AppealSettings) -> None:
        """`menu` returns the pack in force."""
        self._database = database
        self._clock = clock
        self._menu = menu
        self._settings = settings

    async def run_once(self) -> bool:
        """Do one step of every active appeal. Returns True if there is more to do at once."""
        busy = False
        for appeal in await self._active_appeals():
            busy |= await _isolated(self._advance, appeal)
        for appeal in await self._held_appeals():
            busy |= await _isolated(self._apply_hold, appeal)
        return busy

    async def _active_appeals(self) -> Sequence[int]:
        """Return the running appeals, and the scheduled ones that are due."""
        table = appeals.c
        due = func.coalesce(table.starts_at, table.created_at) <= self._clock.now()
        active = (table.status == AppealStatus.RUNNING) | ((table.status == AppealStatus.SCHEDULED) & due)
        async with self._database.begin() as connection:
            return (await connection.execute(select(table.id).where(active).order_by(table.id))).scalars().all()

    async def _held_appeals(self) -> Sequence[int]:
        async with self._database.begin() as connection:
            return (await connection.execute(select(holds.c.appeal).order_by(holds.c.appeal))).scalars().all()

    # Running appeals -------------------------------------------------------------------------------------------

    async def _advance(self, number: int) -> bool:
        """Begin, pause, finish or expand an appeal. Returns True if there is more to do at once."""
        now = self._clock.now()
        async with self._database.begin() as connection:
            appeal = await find_appeal(connection, number, locked=True)
            if appeal.status is AppealStatus.SCHEDULED:
                running = AppealStatus.RUNNING
                await update_appeal(connection, number, WORKER, "begun", now, status=running, judged_from=now)
                appeal = await _numbered(connection, appeal)
                log.info("appeal.begun", appeal=number, people=appeal.audience_size)
            elif appeal.status is not AppealStatus.RUNNING:
                return False
            elif appeal.public_number is None:  # begun by an earlier release
                appeal = await _numbered(connection, appeal)
            is_over = appeal.expanded >= appeal.audience_size and not await _has_pending(connection, number)
            await _record_first_send(connection, appeal)
            if is_over:  # it is done even if its last sends failed: a pause would have nothing left to hold
                await update_appeal(connection, number, WORKER, "done", now, status=AppealStatus.DONE)
                log.info("appeal.done", appeal=number)
                return False
            if reason := await self._pause_reason(connection, appeal, now):
                await pause_appeal(connection, number, WORKER, reason, now)
                log.warning("appeal.paused", appeal=number, reason=reason)
                return True
            due_at = first_send_at(appeal.draft, self._menu(), now)
            if await requeue_held(connection, number, _BATCH, due_at, now):
                return True
            if appeal.expanded < appeal.audience_size:
                return await self._expand(connection, appeal, due_at, now)
        return False

    async def _pause_reason(self, connection: AsyncConnection, appeal: Appeal, now: datetime) -> str:
        """Return the reason that a running appeal must pause, or an empty text."""
        if fault := blocking_reason(appeal.draft, self._menu(), now, len(appeal.approvers), begun=True):
            return fault
        if appeal.draft.channel not in self._settings.service_codes:
            return f"there is no channel {appeal.draft.channel}"
        auto_pause, table = self._settings.auto_pause, messages.c
        since = appeal.failures_count_from or now
        # All statuses are read and filtered here: asked for the outcomes alone, PostgreSQL would rather sort all sent
        # messages than walk the index on `sent_at`.
        sends = select(table.status).where(table.appeal == appeal.id, table.sent_at >= since)
        last_sends = sends.order_by(table.sent_at.desc()).limit(auto_pause.window)
        statuses = (await connection.execute(last_sends)).scalars()
        outcomes = [MessageStatus(status) for status in statuses if status in _OUTCOMES]
        refused, unknown = outcomes.count(MessageStatus.REFUSED), outcomes.count(MessageStatus.UNKNOWN)
        return auto_pause.reason(refused, unknown, len(outcomes))

    async def _expand(self, connection: AsyncConnection, appeal: Appeal, due_at: datetime, now: datetime) -> bool:
        """Expand one chunk, unless enough messages are queued. Returns True if it did, or paused the appeal."""
        if await self._has_enough_queued(connection, appeal.id):
            return False
        if not await try_expansion_lock(connection):
            return False
        menu, draft = self._menu(), appeal.draft
        try:
            query = audience_query(draft, menu)
        except InvalidAudience as error:
            await pause_appeal(connection, appeal.id, WORKER, f"the pack has changed: {error}", now)
            log.warning("appeal.paused", appeal=appeal.id, reason=str(error))
            return True
        area = await incident_area(connection, draft.ticket, menu)
        given = self._settings.values_for(draft.channel, appeal.public_number)
        texts = render_texts(draft.texts, menu, given, area)
        terms = terms_of(draft.template, menu)
        count = await expand_next_chunk(connection, Expansion(appeal, query, texts, due_at, terms), now)
        log.info("appeal.expanded", appeal=appeal.id, people=count)
        return count > 0

    async def _has_enough_queued(self, connection: AsyncConnection, appeal: int) -> bool:
        limit = self._settings.max_queued
        queued = select(1).where(messages.c.appeal == appeal, messages.c.status == QUEUED).limit(limit)
        counting = select(func.count()).select_from(queued.subquery())
        return int((await connection.execute(counting)).scalar_one()) >= limit

    # Held appeals ----------------------------------------------------------------------------------------------

    async def _apply_hold(self, number: int) -> bool:
        """Apply the hold of an appeal to some of its waiting messages. Returns True if there is more to do at once.

        The hold of a cancelled appeal is deleted after its last message.
        """
        now = self._clock.now()
        async with self._database.begin() as connection:
            appeal = await find_appeal(connection, number, locked=True)
            if await apply_hold(connection, number, _BATCH, now):
                return True
            is_cancelled = appeal.status is AppealStatus.CANCELLED
            if is_cancelled and appeal.expanded < appeal.audience_size:
                return await self._expand_cancelled(connection, appeal, now)
            is_over = is_cancelled and not await _has_pending(connection, number)
            await _record_first_send(connection, appeal)
            if is_over:
                await connection.execute(delete(holds).where(holds.c.appeal == number))
        return False

    async def _expand_cancelled(self, connection: AsyncConnection, appeal: Appeal, now: datetime) -> bool:
        """Expand one chunk into suppressed messages, so that each person has a result. Returns True if it did."""
        menu = self._menu()
        try:
            query = audience_query(appeal.draft, menu)
        except InvalidAudience:  # the pack no longer has what it names: any area of the person will do
            query = AudienceQuery(Group(), menu.areas, tuple(appeal.texts), "")
        return await expand_next_chunk(connection, Expansion(appeal, query, (), now, Terms(), cancelled=True), now) > 0


async def _numbered(connection: AsyncConnection, appeal: Appeal) -> Appeal:
    """Give the appeal its public number. Returns it with the number."""
    return replace(appeal, public_number=await give_public_number(connection, appeal.id))


async def _isolated(step: Callable[[int], Awaitable[bool]], appeal: int) -> bool:
    """Do a step of one appeal, whose failure must not stop the others. Returns True if there is more to do at once."""
    try:
        return await step(appeal)
    except DatabaseUnavailable:
        raise
    except Exception as error:
        log.error("appeal.step_failed", appeal=appeal, error=type(error).__name__, exc_info=True)
        return False


async def _record_first_send(connection: AsyncConnection, appeal: Appeal) -> None:
    """Record the time of the first sent SMS, once there is one.

    Callers look for pending messages first: a message that is sent in between is then found here.
    """
    if appeal.went_out_at is not None:
        return
    table = messages.c
    maybe_sent = table.status.in_([status.value for status in MAYBE_SENT])
    sends = select(table.sent_at).where(table.appeal == appeal.id, table.sent_at.is_not(None), maybe_sent)
    first = (await connection.execute(sends.order_by(table.sent_at).limit(1))).scalar()
    if first is not None:
        await connection.execute(update(appeals).where(appeals.c.id == appeal.id).values(went_out_at=first))


async def _has_pending(connection: AsyncConnection, appeal: int) -> bool:
    """Return True if a message of the appeal is still to be sent, or at the carrier without an outcome."""
    for status in _PENDING:  # one query each, since each status has an index of its own
        pending = select(messages.c.id).where(messages.c.appeal == appeal, messages.c.status == status).limit(1)
        if (await connection.execute(pending)).first() is not None:
            return True
    return False
