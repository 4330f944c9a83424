"""Senders at work in a test, a claim and a carrier for them, and what a test waits for."""

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
from tests.helpers.messages import Stage, ToldCarrier

BRISK = SenderOptions(
    idle_poll=timedelta(milliseconds=5),
    paused_poll=timedelta(milliseconds=5),
    sweep_interval=timedelta(milliseconds=10),
    outage_retry=timedelta(milliseconds=10),
)


class Held(ToldCarrier):
    """A carrier that takes a call and answers it when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()
        self.let = asyncio.Event()

    async def send(self, text: str, recipients: Sequence[Phone]) -> dict[Phone, Outcome]:
        self.asked.set()
        await self.let.wait()
        return await super().send(text, recipients)


@asynccontextmanager
async def working(*senders: Sender) -> AsyncIterator[None]:
    """These senders at work; they stop in order at the end."""
    async with asyncio.TaskGroup() as tasks:
        for sender in senders:
            tasks.create_task(sender.run())
        try:
            yield
        finally:
            for sender in senders:
                sender.stop()


async def ended(stage: Stage) -> bool:
    return not {"queued", "sending"} & set(await stage.statuses())


def sender(outbox: Outbox, clock: Clock, carrier: Carrier, name: str = "w1", pace: SenderOptions = BRISK) -> Sender:
    return of_channels(outbox, {"at": carrier}, clock, name, pace)


def of_channels(
    outbox: Outbox,
    carriers: Mapping[str, Carrier],
    clock: Clock,
    name: str = "w1",
    pace: SenderOptions = BRISK,
    **others: Any,
) -> Sender:
    return Sender(outbox, Channels(outbox.database, clock), carriers, clock, name, pace, **others)


def a_claim(message: int, text: str, to: Phone) -> Claim:
    return Claim(message, MessageClass.APPEAL, "at", to, text, None, 1, "w1")


async def has_become(stage: Stage, message: int, status: str, reason: str) -> bool:
    row = await stage.row(message)
    return (row["status"], row["reason"]) == (status, reason)


async def logged(logs: list[EventDict], event: str) -> bool:
    return any(line["event"] == event for line in logs)
