"""Everything that can go wrong between a worker and its carrier, over real HTTP, against the built-in carrier.

Each test says exactly what the carrier was asked to send, how often, and what became of every message.
"""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from gateway.carriers.local.faults import (
    EmptyRecipients,
    Fault,
    Faults,
    HttpStatus,
    MissingRecipients,
    NoAnswer,
    SlowAnswer,
    StatusCodes,
)
from gateway.messages.sending.sender import SenderOptions
from tests.helpers.faults import CONFIRMATION, PACE, Field, each, here_is_asked
from tests.helpers.program import free_port
from tests.helpers.waiting import until

# Nobody knows whether it was sent -----------------------------------------------------------------------------------


@pytest.mark.parametrize("accepts", [True, False])
async def test_no_answer_after_the_request_was_read(here: Field, accepts: bool) -> None:
    here.local.faults = Faults(no_answer=NoAnswer(accepts=accepts, times=1), no_reports=Fault())
    await here.put(3)
    await here.work("unknown", "unknown", "unknown")
    assert here.asked() == (each(3) if accepts else Counter())
    assert here.requested == each(3)
    assert await here.counts() == [(1, 1)] * 3


async def test_an_answer_after_the_deadline(here: Field) -> None:
    """Both times: a confirmation is sent once more, and then nobody guesses."""
    here.local.faults = Faults(slow_answer=SlowAnswer(seconds=0.6), no_reports=Fault())
    await here.put(2, CONFIRMATION)
    await here.work("unknown", "unknown")
    await asyncio.sleep(0.3)
    async with here.worker():
        await here_is_asked(here, 4)
        await asyncio.sleep(0.3)
    assert await here.stage.statuses() == ["unknown"] * 2
    assert here.asked() == each(2, times=2)
    assert await here.counts() == [(2, 2)] * 2


async def test_an_error_within_the_carrier(here: Field) -> None:
    here.local.faults = Faults(http_status=HttpStatus(status=500, times=1), no_reports=Fault())
    await here.put(2)
    await here.work("unknown", "unknown")
    assert here.asked() == Counter()
    assert here.requested == each(2)


@pytest.mark.parametrize(("times", "became"), [(1, "accepted"), (None, "unknown")])
async def test_a_confirmation_is_sent_once_more_after_an_error_within_the_carrier(
    here: Field, times: int | None, became: str
) -> None:
    """Exactly once, whether that goes well or not."""
    here.local.faults = Faults(http_status=HttpStatus(status=500, times=times), no_reports=Fault())
    await here.put(2, CONFIRMATION)
    async with here.worker():

        async def all_tried_again() -> bool:
            return here.requested.total() >= 4

        await until(all_tried_again)
        await here.are(became, became)
        await asyncio.sleep(0.3)  # several looks of the sweep
    assert await here.stage.statuses() == [became] * 2
    assert here.requested == each(2, times=2)
    assert here.asked() == (each(2) if became == "accepted" else Counter())
    assert await here.counts() == [(2, 1 if became == "accepted" else 2)] * 2


async def test_half_the_recipients_are_missing_from_the_answer(here: Field) -> None:
    here.local.faults = Faults(missing_recipients=MissingRecipients(times=1), no_reports=Fault())
    await here.put(6)
    await here.work(*["accepted"] * 3, *["unknown"] * 3)
    assert here.asked() == each(6)


async def test_a_code_outside_the_table(here: Field) -> None:
    here.local.faults = Faults(status_codes=StatusCodes(code=777, times=1), no_reports=Fault())
    await here.put(2)
    await here.work("unknown", "unknown")
    assert here.asked() == each(2)


# Surely not sent ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("faults", "reason", "taken_up"),
    [
        (Faults(http_status=HttpStatus(status=401)), "the carrier does not accept the API key", 0),
        (Faults(http_status=HttpStatus(status=429)), "too many requests", 0),
        (Faults(empty_recipients=EmptyRecipients(message="InsufficientBalance")), "the account has no credit", 10),
        (Faults(empty_recipients=EmptyRecipients()), "the sender name is not registered", 10),
        (Faults(status_codes=StatusCodes(code=405)), "the account has no credit", 10),
    ],
)
async def test_a_fault_of_the_account_pauses_the_channel_until_it_is_resumed(
    here: Field, faults: Faults, reason: str, taken_up: int
) -> None:
    """One call finds it, and nothing else is asked for; later its ten messages are sent again like all others."""
    here.local.faults = faults
    await here.put(150)
    async with here.worker(
        SenderOptions(
            batch_size=200,
            recipients_per_call=10,
            concurrent_calls=1,
            idle_poll=PACE.idle_poll,
            paused_poll=PACE.paused_poll,
        )
    ):
        await here.is_paused(reason)
        await asyncio.sleep(0.2)
        assert here.requested == each(10)
        assert here.asked() == each(taken_up)
        here.local.faults = Faults(no_reports=Fault())
        assert await here.channels.resume("at", "rini")
        await here.are(*["accepted"] * 150)
    assert here.requested == each(150) + each(10)
    assert here.asked() == each(150) + each(taken_up)
    accepted = Counter((sms.to, sms.text) for sms in here.local.messages if sms.message_id)
    assert accepted == each(150)
    assert await here.counts() == [(1, 0)] * 150


async def test_too_many_requests_with_a_time_is_waited_for(here: Field) -> None:
    here.local.faults = Faults(http_status=HttpStatus(status=429, retry_after=1, times=1), no_reports=Fault())
    await here.put(3)
    began = asyncio.get_running_loop().time()
    await here.work("accepted", "accepted", "accepted")
    assert asyncio.get_running_loop().time() - began >= 1
    assert here.asked() == each(3)
    assert here.requested == each(3, times=2)
    assert await here.counts() == [(1, 0)] * 3
    assert not (await here.channels.status_of("at")).paused


async def test_nobody_listens(here: Field) -> None:
    """Refused connections use up a try, and what waits goes out when somebody listens again."""
    url, here.url = here.url, f"http://127.0.0.1:{free_port()}"
    await here.put(2, words="Halo")
    async with here.worker():

        async def both_tried() -> bool:
            return all(row["reason"] == "no connection to the carrier" for row in await here.stage.rows())

        await until(both_tried)
    assert await here.stage.statuses() == ["queued"] * 2
    here.url = url
    async with here.database.begin() as connection:
        await connection.exec_driver_sql("UPDATE messages SET due_at = now()")
    await here.work("accepted", "accepted")
    assert here.asked() == each(2)
    assert await here.counts() == [(2, 0)] * 2
