"""Store of channel states: pause and resume by a fault, by a probe, by hand, and concurrently."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from gateway.audit import audit
from gateway.messages.channel_state import Channels, ChannelStatus
from gateway.messages.outbox import Outbox
from tests.helpers.clocks import ManualClock
from tests.helpers.messages import MessageQueue


async def test_a_channel_without_a_fault_runs(channels: Channels) -> None:
    assert await channels.status_of("at") == ChannelStatus()
    assert not await channels.resume("at", "rini")
    assert await channels.statuses() == {"at": await channels.status_of("at")}


async def test_consecutive_faults_double_the_pause(channels: Channels, clock: ManualClock) -> None:
    for seconds in (30, 60, 120, 240, 300, 300):
        status = await channels.pause_for_fault("at", "no credit", probing=True)
        assert status.until == clock.now() + timedelta(seconds=seconds)
        clock.advance(seconds=seconds)
    assert status.since == clock.now() - timedelta(seconds=30 + 60 + 120 + 240 + 300 + 300)


async def test_a_time_given_by_the_carrier_is_respected(channels: Channels, clock: ManualClock) -> None:
    status = await channels.pause_for_fault("at", "too many requests", timedelta(seconds=7))
    assert status.until == clock.now() + timedelta(seconds=7)


async def test_concurrent_faults_count_once(channels: Channels, clock: ManualClock) -> None:
    await asyncio.gather(*(channels.pause_for_fault("at", "no credit") for _ in range(8)))
    status = await channels.status_of("at")

    assert (status.faults, status.until) == (1, clock.now() + timedelta(seconds=30))


async def test_a_pause_by_hand_outlasts_faults_and_probes(channels: Channels, clock: ManualClock) -> None:
    await channels.pause("at", "the contract ends +6281230004567", "rini")
    await channels.pause_for_fault("at", "no credit")
    assert not await channels.resume_after_probe("at")

    status = await channels.status_of("at")
    assert (status.reason, status.until, status.by) == ("the contract ends +62812****567", None, "rini")
    assert status.last_error == "no credit"
    assert not status.may_be_probed(clock.now() + timedelta(days=1))


async def test_changes_by_hand_are_noted_in_the_audit_trail(channels: Channels, queue: MessageQueue) -> None:
    await channels.pause_for_fault("at", "no credit")
    assert await channels.resume("at", "rini")

    await channels.pause("at", "a drill", "rini")
    found = [(row["actor"], row["action"], row["subject"], row["detail"]) for row in await queue.rows(audit)]
    assert found == [
        ("rini", "channel.resumed", "channel at", {"was": "no credit"}),
        ("rini", "channel.paused", "channel at", {"reason": "a drill"}),
    ]


@pytest.mark.parametrize("waiting", [True, False])
async def test_a_paused_channel_is_probed_by_one_worker_with_one_message(
    outbox: Outbox, channels: Channels, queue: MessageQueue, clock: ManualClock, waiting: bool
) -> None:
    if waiting:
        for _ in range(3):
            await queue.put()
    await channels.pause_for_fault("at", "no credit")
    assert await outbox.claim(10, "w1", "at") == []
    assert await outbox.claim_probe("w1", "at") == []

    clock.advance(seconds=30)
    assert await outbox.claim(10, "w1", "at") == [], "its rest is over, but only a probe goes out"

    probes = await asyncio.gather(*(outbox.claim_probe(f"w{number}", "at") for number in range(4)))
    assert sum(map(len, probes)) == (1 if waiting else 0)

    if not waiting:
        await queue.put()
        assert len(await outbox.claim_probe("w1", "at")) == 1, "the next look finds one"


async def test_a_lost_probe_is_repeated_by_another_worker(
    outbox: Outbox, channels: Channels, queue: MessageQueue, clock: ManualClock
) -> None:
    await queue.put()
    await queue.put()
    await channels.pause_for_fault("at", "no credit")

    clock.advance(seconds=30)
    assert len(await outbox.claim_probe("w1", "at")) == 1

    clock.advance(seconds=59)
    assert await outbox.claim_probe("w2", "at") == []

    clock.advance(seconds=1)
    assert len(await outbox.claim_probe("w2", "at")) == 1
    assert await channels.resume_after_probe("at")
    assert not (await channels.status_of("at")).paused
