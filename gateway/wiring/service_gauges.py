"""Gauges of the service, and the counts of its stores that they show."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial

from gateway.appeals.store import read_progress
from gateway.incidents.drafts import DraftStore
from gateway.messages.channel_state import Channels
from gateway.messages.message import MessageClass
from gateway.messages.outbox import Outbox
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.sms.inbound_queue import InboundQueue
from gateway.ussd.pending_reports import PendingReports
from gateway.web.service_gauges import ServiceGauges, Values


class ServiceCounts:
    """Counts of the stores, each by the values of its labels. All may raise `StoreUnavailable`."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        channels: Collection[str],
        drafts: DraftStore,
        inbound: InboundQueue,
        outbox: Outbox,
        channel_state: Channels,
        pending: PendingReports,
    ) -> None:
        self._database = database
        self._clock = clock
        self._channels = channels
        self._drafts = drafts
        self._inbound = inbound
        self._outbox = outbox
        self._channel_state = channel_state
        self._pending = pending

    async def drafts_with_danger(self, deadline: float) -> Values:
        return {(): await self._drafts.count_marked(deadline=deadline)}

    async def inbox_to_sort(self, deadline: float) -> Values:
        return {(): await self._inbound.count_to_sort(deadline=deadline)}

    async def calls_for_help(self, deadline: float) -> Values:
        return {(): await self._inbound.count_calls_for_help(deadline=deadline)}

    async def queue_depth(self, deadline: float) -> Values:
        return {(): await self._outbox.count_queued(deadline=deadline)}

    async def oldest_queued(self, deadline: float) -> Values:
        due = await self._outbox.oldest_due(deadline=deadline)
        now = self._clock.now()
        return {(kind.value,): (now - due[kind]).total_seconds() if kind in due else 0.0 for kind in MessageClass}

    async def channel_paused(self, deadline: float) -> Values:
        statuses = await self._channel_state.statuses(deadline=deadline)
        return {(name,): float(name in statuses and statuses[name].paused) for name in self._channels}

    async def appeal_people(self, deadline: float) -> Values:
        async with self._database.begin(deadline=deadline) as connection:
            sent, left = await read_progress(connection)
        return {("sent",): sent, ("left",): left}

    async def pending_reports(self, _: float) -> Values:
        return {(): await self._pending.count()}

    def gauges(self, monotonic: Callable[[], float]) -> ServiceGauges:
        """Return the gauges of both stores."""
        stores = [
            [(name, meaning, labels, partial(read, self)) for name, meaning, labels, read in gauges]
            for gauges in (POSTGRES_GAUGES, REDIS_GAUGES)
        ]
        return ServiceGauges(stores, monotonic)


POSTGRES_GAUGES = (
    ("drafts_with_danger", "Unfinished reports of danger.", (), ServiceCounts.drafts_with_danger),
    ("inbox_to_sort", "Inbound SMS that an operator must read.", (), ServiceCounts.inbox_to_sort),
    ("queue_depth", "Messages that wait to be sent.", (), ServiceCounts.queue_depth),
    ("calls_for_help", "Inbound SMS that call for help.", (), ServiceCounts.calls_for_help),
    ("oldest_queued_seconds", "Delay of the oldest SMS that is due.", ("class",), ServiceCounts.oldest_queued),
    ("channel_paused", "1 while a channel is paused.", ("channel",), ServiceCounts.channel_paused),
    ("appeal_people", "People of appeals that go out.", ("state",), ServiceCounts.appeal_people),
)
REDIS_GAUGES = (("pending_reports", "Reports in Redis that wait for PostgreSQL.", (), ServiceCounts.pending_reports),)
