"""Senders at work in a test, carriers and claims for them, and conditions to wait for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from structlog.typing import EventDict

from gateway.carriers.carrier import Carrier, Outcome
from gateway.messages.channel_state import Channels
from gateway.messages.claims import Claim
from gateway.messages.message import MessageClass
from gateway.messages.outbox import Outbox
from gateway.messages.sending.sender import Sender, SenderOptions
from gateway.runtime.clock import Clock
from gateway.text.phone import Phone
from tests.helpers.messages import MessageQueue, ScriptedCarrier

FAST = SenderOptions(
    idle_poll=timedelta(milliseconds=5),
    paused_poll=timedelta(milliseconds=5),
    sweep_interval=timedelta(milliseconds=10),
    outage_retry=timedelta(milliseconds=10),
)


class WaitingCarrier(ScriptedCarrier):
    """Carrier that answers its calls when `released` is set. `called` is set by the first call."""

    def __init__(self) -> None:
        super().__init__()
        self.called = asyncio.Event()
        self.released = asyncio.Event()

    async def send(self, text: str, recipients: Sequence[Phone]) -> dict[Phone, Outcome]:
        self.called.set()
        await self.released.wait()
        return await super().send(text, recipients)


@asynccontextmanager
async def running(*senders: Sender) -> AsyncIterator[None]:
    """Run these senders while the block lasts, then stop them in order."""
    async with asyncio.TaskGroup() as tasks:
        for sender in senders:
            tasks.create_task(sender.run())
        try:
            yield
        finally:
            for sender in senders:
                sender.stop()


def sender(outbox: Outbox, clock: Clock, carrier: Carrier, name: str = "w1", options: SenderOptions = FAST) -> Sender:
    """Return the sender of one channel, `at`."""
    return sender_of(outbox, {"at": carrier}, clock, name, options)


def sender_of(
    outbox: Outbox,
    carriers: Mapping[str, Carrier],
    clock: Clock,
    name: str = "w1",
    options: SenderOptions = FAST,
    **others: Any,
) -> Sender:
    """Return the sender of these channels."""
    return Sender(outbox, Channels(outbox.database, clock), carriers, clock, name, options, **others)


def make_claim(message: int, text: str, to: Phone) -> Claim:
    return Claim(message, MessageClass.APPEAL, "at", to, text, None, 1, "w1")


async def is_drained(queue: MessageQueue) -> bool:
    """Return True if no message is queued or claimed."""
    return not {"queued", "sending"} & set(await queue.statuses())


async def has_status(queue: MessageQueue, message: int, status: str, reason: str) -> bool:
    row = await queue.row(message)
    return (row["status"], row["reason"]) == (status, reason)


async def was_logged(logs: list[EventDict], event: str) -> bool:
    return any(line["event"] == event for line in logs)
