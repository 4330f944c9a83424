"""Appeal by a carrier that takes seconds for each request: it can be stopped, and delays no other message.

The worker is `waspada worker` with hundreds of the appeal's messages claimed and a dozen requests in flight, each with
one number, as if every person had a text of their own.
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
ANSWER_S, TAKES_EFFECT_S = 3.0, 2.0
REQUESTS = 12  # in flight at the same time (messages/sending/worker.py)
LOST_AFTER_S = 300  # the default: a claimed message may wait for long
HIGH_PRIORITY = (MessageClass.ALERT, MessageClass.CONFIRMATION, MessageClass.REPLY, MessageClass.STATUS)


@asynccontextmanager
async def _open_during_an_appeal(
    folder: Path, redis_url: str, database_url: str
) -> AsyncIterator[tuple[WorkerWorld, int]]:
    """Open a world in which the first requests of an appeal have just begun. Yields it and the appeal."""
    async with open_worker_world(folder, redis_url, database_url, recipients=1, lost_after_s=LOST_AFTER_S) as world:
        _slow_carrier_down(world, ANSWER_S)
        await world.appeals.add_subscribers(PEOPLE)
        appeal = await world.appeals.approved_appeal()
        worker = await world.start_worker()
        await world.wait_for_requests(REQUESTS)
        yield world, appeal
        assert await worker.end_with(signal.SIGTERM) == 0


def _slow_carrier_down(world: WorkerWorld, seconds: float) -> None:
    """Let the carrier take so long for each request, from the next one on."""
    world.carrier.faults = WITHOUT_REPORTS.model_copy(update={"slow_answer": SlowAnswer(seconds=seconds)})


async def _assert_no_more_requests(world: WorkerWorld, appeal: int) -> None:
    """Check that two seconds from now nothing is sent, neither while requests are in flight nor after they end."""
    await asyncio.sleep(TAKES_EFFECT_S)
    requested = dict(world.requested)

    async def all_have_ended() -> bool:
        return not (await world.appeals.statuses(appeal))[MessageStatus.SENDING]

    await until(all_have_ended)
    await asyncio.sleep(1)

    assert dict(world.requested) == requested


async def test_pause_and_cancel_stop_claimed_messages_too(tmp_path: Path, redis_url: str, database_url: str) -> None:
    async with _open_during_an_appeal(tmp_path, redis_url, database_url) as (world, appeal):
        appeals = world.appeals

        async def far_more_is_claimed_than_can_be_sent() -> bool:
            return (await appeals.statuses(appeal))[MessageStatus.SENDING] > REQUESTS * 10

        await until(far_more_is_claimed_than_can_be_sent)

        # The next ten people opt out, and the appeal is paused while the second dozen of requests is in flight.
        leaving = {phone(number).e164 for number in range(REQUESTS, REQUESTS + 10)}
        for number in range(REQUESTS, REQUESTS + 10):
            await appeals.services.inbox.store_opt_out("at", OptOut(phone(number), ""))
        await world.wait_for_requests(2 * REQUESTS)
        await appeals.workflow.pause(appeal, SITI, "look again")

        await _assert_no_more_requests(world, appeal)
        accepted = len(world.requested)
        assert accepted == 2 * REQUESTS
        held = PEOPLE - accepted - 10
        assert await appeals.statuses(appeal) == {"accepted": accepted, "suppressed": 10, "held": held}

        # It is resumed, and cancelled after the next request.
        await appeals.workflow.resume(appeal, BUDI)
        await world.wait_for_requests(accepted + 1)
        await appeals.workflow.cancel(appeal, SITI, "enough")

        await _assert_no_more_requests(world, appeal)
        assert leaving.isdisjoint(world.requested)
        assert set(world.requested.values()) == {1}
        results = await appeals.load_results(appeal)
        sent = len(world.requested)
        assert results.totals == {**dict.fromkeys(Total, 0), Total.ACCEPTED: sent, Total.SUPPRESSED: PEOPLE - sent}
        assert results.suppressed == {
            SuppressionReason.OPTED_OUT: 10,
            SuppressionReason.CALLED_OFF: PEOPLE - sent - 10,
        }


async def test_messages_of_higher_priority_do_not_wait(tmp_path: Path, redis_url: str, database_url: str) -> None:
    async with _open_during_an_appeal(tmp_path, redis_url, database_url) as (world, appeal):
        appeals = world.appeals
        for turn in range(2):
            waiting = {phone(PEOPLE + turn * 10 + number): kind for number, kind in enumerate(HIGH_PRIORITY)}
            async with appeals.database.begin() as connection:
                for one, kind in waiting.items():
                    message = NewMessage(kind, "at", one, f"to {one}", "id")
                    await enqueue(connection, message, appeals.vault, appeals.services.clock.now())

            async def all_are_sent(numbers: frozenset[str] = frozenset(one.e164 for one in waiting)) -> bool:
                return numbers <= world.requested.keys()

            await until(all_are_sent, TAKES_EFFECT_S)

        _slow_carrier_down(world, 0.5)  # the worker waits for the requests in flight when it ends
        await world.wait_for_requests(2 * REQUESTS + 2 * len(HIGH_PRIORITY))
        assert (await appeals.workflow.find(appeal)).status is AppealStatus.RUNNING, "and the appeal goes on"
