"""An appeal by a carrier that takes seconds for each call: it can be stopped, and nobody waits behind it.

The worker is `waspada worker` with hundreds of the appeal's messages claimed and a dozen calls under way, each with
one number, as where everybody reads a text of his own.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from gateway.appeals.appeal import AppealStatus, SuppressionReason, Total
from gateway.carriers.carrier import OptOut
from gateway.carriers.local.faults import SlowAnswer
from gateway.messages.message import MessageClass, MessageStatus
from gateway.messages.outbox import NewMessage, enqueue
from tests.helpers.appeal_faults import WITHOUT_REPORTS, WorkerWorld, open_worker_world
from tests.helpers.appeals import BUDI, SITI
from tests.helpers.phones import phone
from tests.helpers.waiting import until

PEOPLE = 400
ANSWERS_S, TAKES_EFFECT_S = 3.0, 2.0
CALLS = 12  # under way at the same time (messages/sending/worker.py)
LOST_AFTER_S = 300  # the default: what is claimed may wait for long


@asynccontextmanager
async def _under_way(folder: Path, redis_url: str, database_url: str) -> AsyncIterator[tuple[WorkerWorld, int]]:
    """A world where the first calls of an appeal have just begun; the appeal."""
    async with open_worker_world(folder, redis_url, database_url, recipients=1, lost_after_s=LOST_AFTER_S) as world:
        _answers_after(world, ANSWERS_S)
        await world.appeals.add_subscribers(PEOPLE)
        appeal = await world.appeals.approved_appeal()
        worker = await world.start_worker()
        await world.wait_for_requests(CALLS)
        yield world, appeal
        assert await worker.end_with(signal.SIGTERM) == 0


def _answers_after(world: WorkerWorld, seconds: float) -> None:
    """From the next call on, the carrier takes so long for each."""
    world.carrier.faults = WITHOUT_REPORTS.model_copy(update={"slow_answer": SlowAnswer(seconds=seconds)})


async def _stands_still(world: WorkerWorld, appeal: int) -> None:
    """Nothing reaches the carrier any more, two seconds from now: when the calls under way have ended, nor then."""
    await asyncio.sleep(TAKES_EFFECT_S)
    seen = dict(world.requested)

    async def all_have_ended() -> bool:
        return not (await world.appeals.statuses(appeal))[MessageStatus.SENDING]

    await until(all_have_ended)
    await asyncio.sleep(1)
    assert dict(world.requested) == seen


async def test_what_was_claimed_is_stopped_too(tmp_path: Path, redis_url: str, database_url: str) -> None:
    async with _under_way(tmp_path, redis_url, database_url) as (world, appeal):
        appeals = world.appeals
        claimed = (await appeals.statuses(appeal))[MessageStatus.SENDING]
        assert claimed > CALLS * 10, "far more is claimed than can leave"
        inbox = appeals.services.inbox
        leaving = {phone(number).e164 for number in range(CALLS, CALLS + 10)}  # whose turn it would be next
        for number in range(CALLS, CALLS + 10):
            await inbox.store_opt_out("at", OptOut(phone(number), ""))
        await world.wait_for_requests(CALLS + 1)
        await appeals.workflow.pause(appeal, SITI, "look again")
        await _stands_still(world, appeal)
        accepted = len(world.requested)
        assert accepted == 2 * CALLS
        assert await appeals.statuses(appeal) == {
            "accepted": accepted,
            "suppressed": 10,
            "held": PEOPLE - accepted - 10,
        }
        await appeals.workflow.resume(appeal, BUDI)
        await world.wait_for_requests(accepted + 1)
        await appeals.workflow.cancel(appeal, SITI, "enough")
        await _stands_still(world, appeal)
        assert leaving.isdisjoint(world.requested)
        assert set(world.requested.values()) == {1}
        account = await appeals.load_results(appeal)
        sent = len(world.requested)
        assert account.totals == {**dict.fromkeys(Total, 0), Total.ACCEPTED: sent, Total.SUPPRESSED: PEOPLE - sent}
        assert account.suppressed == {SuppressionReason.OPTED_OUT: 10, SuppressionReason.CALLED_OFF: PEOPLE - sent - 10}


async def test_nobody_waits_behind_it(tmp_path: Path, redis_url: str, database_url: str) -> None:
    pressing = (MessageClass.ALERT, MessageClass.CONFIRMATION, MessageClass.REPLY, MessageClass.STATUS)
    async with _under_way(tmp_path, redis_url, database_url) as (world, appeal):
        appeals = world.appeals
        for turn in range(2):
            waiting = {phone(PEOPLE + turn * 10 + number): kind for number, kind in enumerate(pressing)}
            async with appeals.database.begin() as connection:
                for one, kind in waiting.items():
                    message = NewMessage(kind, "at", one, f"to {one}", "id")
                    await enqueue(connection, message, appeals.vault, appeals.services.clock.now())

            async def all_have_left(numbers: frozenset[str] = frozenset(one.e164 for one in waiting)) -> bool:
                return numbers <= world.requested.keys()

            await until(all_have_left, TAKES_EFFECT_S)
        _answers_after(world, 0.5)  # the worker waits for the calls under way when it ends
        await world.wait_for_requests(2 * CALLS + 2 * len(pressing))
        assert (await appeals.workflow.find(appeal)).status is AppealStatus.RUNNING, "and the appeal goes on"
