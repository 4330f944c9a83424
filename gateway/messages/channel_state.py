"""Circuit breaker of a channel: pause, probe, resume. Its state is one row that all workers share.

A fault of the account (no credit, a wrong key, too many requests) pauses the channel: for as long as the carrier asks
for, else for 30 seconds, doubled with each consecutive fault up to five minutes. Then one worker probes it with one
message, which resumes the channel or pauses it for longer. So a channel resumes by itself when its account is refilled,
and an operator can resume it at once. A pause by hand is never probed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import fields as fields_of
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    RowMapping,
    exists,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.audit import INSERT_AUDIT, audit_row
from gateway.messages.tables import channel_states
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.text.phone import mask_in

_FIRST_PAUSE = timedelta(seconds=30)
_LONGEST_PAUSE = timedelta(minutes=5)
_PROBE_TIMEOUT = timedelta(minutes=1)  # until another worker may probe, if this one does not record the result
_MAX_REASON_LENGTH = 200
WORKER = "worker"


class ChannelState(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"


_PAUSED = literal(ChannelState.PAUSED.value, literal_execute=True)


@dataclass(frozen=True, slots=True)
class ChannelStatus:
    """Status of a channel. A channel that never had a fault has no row, and runs."""

    state: ChannelState = ChannelState.RUNNING
    reason: str = ""
    since: datetime | None = None
    until: datetime | None = None
    by: str = ""
    faults: int = 0
    last_error: str = ""
    last_error_at: datetime | None = None

    @property
    def paused(self) -> bool:
        return self.state is ChannelState.PAUSED

    def may_be_probed(self, now: datetime) -> bool:
        """Return True if its pause has run out."""
        return self.paused and self.until is not None and self.until <= now


def is_paused(channel: str) -> ColumnElement[bool]:
    """Build the SQL condition that this channel is paused."""
    return exists().where(channel_states.c.channel == channel, channel_states.c.state == _PAUSED)


async def acquire_probe(connection: AsyncConnection, channel: str, now: datetime) -> bool:
    """Claim the probe of a paused channel. Returns True to one worker, and to no other for a minute."""
    table = channel_states.c
    due = select(table.channel).where(table.channel == channel, table.state == _PAUSED, table.until <= now)
    claim = (
        update(channel_states)
        .where(table.channel.in_(due.with_for_update(skip_locked=True)))
        .values(until=now + _PROBE_TIMEOUT)
        .returning(table.channel)
    )
    return (await connection.execute(claim)).first() is not None


async def release_probe(connection: AsyncConnection, channel: str, now: datetime) -> None:
    """Undo `acquire_probe`, for want of a message to probe with."""
    await connection.execute(update(channel_states).where(channel_states.c.channel == channel).values(until=now))


class Channels:
    """Store of channel states. Every method is one transaction and may raise `DatabaseUnavailable`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def status_of(self, channel: str) -> ChannelStatus:
        return (await self.statuses()).get(channel, ChannelStatus())

    async def statuses(self, *, deadline: float | None = None) -> Mapping[str, ChannelStatus]:
        """Return the status of each channel that ever had a fault or was paused."""
        async with self._database.begin(deadline=deadline) as connection:
            rows = (await connection.execute(select(channel_states))).mappings().all()
        return {row["channel"]: _status_from(row) for row in rows}

    async def pause_for_fault(
        self, channel: str, reason: str, after: timedelta | None = None, *, probing: bool = False
    ) -> ChannelStatus:
        """Pause the channel for a fault of its account, or extend the pause. Returns its new status.

        Faults of calls that were under way when it was paused count as one with the first. A fault of a probe counts.
        """
        now = self._clock.now()
        words = mask_in(reason)[:_MAX_REASON_LENGTH]
        async with self._database.begin() as connection:
            status = await _lock_status(connection, channel, now)
            change: dict[str, Any] = {"last_error": words, "last_error_at": now}
            by_hand = status.paused and status.until is None
            already_paused = status.paused and not probing and not status.may_be_probed(now)
            if not by_hand:
                faults = status.faults + (0 if already_paused else 1)
                pause = after or min(_FIRST_PAUSE * 2 ** min(faults - 1, 8), _LONGEST_PAUSE)
                until = max(now + pause, status.until) if already_paused and status.until else now + pause
                since = status.since if status.paused else now
                change |= {"state": ChannelState.PAUSED, "reason": words, "since": since, "until": until}
                change |= {"by": WORKER, "faults": faults}
            return await _update_status(connection, channel, change)

    async def resume_after_probe(self, channel: str) -> bool:
        """Resume the channel after a successful probe. Returns False if it was paused by hand meanwhile."""
        table = channel_states.c
        async with self._database.begin() as connection:
            resume = (
                update(channel_states)
                .where(table.channel == channel, table.state == _PAUSED, table.until.is_not(None))
                .values(_running_values(WORKER, self._clock.now()))
            )
            return (await connection.execute(resume)).rowcount > 0

    async def note_error(self, channel: str, reason: str) -> None:
        """Note the latest error of a channel without pausing it."""
        now = self._clock.now()
        async with self._database.begin() as connection:
            await _lock_status(connection, channel, now)
            await _update_status(
                connection, channel, {"last_error": mask_in(reason)[:_MAX_REASON_LENGTH], "last_error_at": now}
            )

    async def pause(self, channel: str, reason: str, actor: str) -> None:
        """Pause the channel by hand, until an operator resumes it."""
        now = self._clock.now()
        words = mask_in(reason)[:_MAX_REASON_LENGTH]
        change = {"state": ChannelState.PAUSED, "reason": words, "since": now, "until": None, "by": actor}
        await self._change_by_hand(channel, actor, "channel.paused", change, {"reason": words})

    async def resume(self, channel: str, actor: str) -> bool:
        """Resume the channel, whatever paused it. Returns True if it was paused."""
        return await self._change_by_hand(
            channel, actor, "channel.resumed", _running_values(actor, self._clock.now()), {}
        )

    async def _change_by_hand(
        self, channel: str, actor: str, action: str, change: Mapping[str, Any], detail: Mapping[str, str]
    ) -> bool:
        now = self._clock.now()
        async with self._database.begin() as connection:
            status = await _lock_status(connection, channel, now)
            if not status.paused and change["state"] is ChannelState.RUNNING:
                return False
            await _update_status(connection, channel, change)
            was = {"was": status.reason} if status.paused else {}
            await connection.execute(
                INSERT_AUDIT, audit_row(now, actor, action, f"channel {channel}", {**detail, **was})
            )
        return status.paused


def _running_values(by: str, now: datetime) -> dict[str, Any]:
    return {"state": ChannelState.RUNNING, "reason": "", "since": now, "until": None, "by": by, "faults": 0}


async def _lock_status(connection: AsyncConnection, channel: str, now: datetime) -> ChannelStatus:
    """Create the row of the channel if there is none, and lock it. Returns its status."""
    row = {"channel": channel, "last_error": "", **_running_values("", now)}
    await connection.execute(insert(channel_states).values(row).on_conflict_do_nothing())
    lock = select(channel_states).where(channel_states.c.channel == channel).with_for_update()
    return _status_from((await connection.execute(lock)).mappings().one())


async def _update_status(connection: AsyncConnection, channel: str, change: Mapping[str, Any]) -> ChannelStatus:
    update_row = (
        update(channel_states).where(channel_states.c.channel == channel).values(change).returning(channel_states)
    )
    return _status_from((await connection.execute(update_row)).mappings().one())


def _status_from(row: RowMapping) -> ChannelStatus:
    fields: dict[str, Any] = {field.name: row[field.name] for field in fields_of(ChannelStatus)}
    return ChannelStatus(**fields | {"state": ChannelState(row["state"])})
