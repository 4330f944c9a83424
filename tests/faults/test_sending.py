"""Faults between a worker and its carrier, over real HTTP, with the built-in carrier.

Each test checks the exact requests at the carrier, and the status of every message.
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
from tests.helpers.faults import CONFIRMATION, OPTIONS, SendingWorld, expected_calls
from tests.helpers.program import free_port
from tests.helpers.waiting import until

# Nobody knows whether it was sent -----------------------------------------------------------------------------------


@pytest.mark.parametrize("accepts", [True, False])
async def test_no_answer_makes_messages_unknown(world: SendingWorld, accepts: bool) -> None:
    world.local.faults = Faults(no_answer=NoAnswer(accepts=accepts, times=1), no_reports=Fault())
    world.call_seconds = 1.0
    await world.put(3)

    await world.send_until("unknown", "unknown", "unknown")

    assert world.taken_up() == (expected_calls(3) if accepts else Counter())
    assert world.requested == expected_calls(3)
    assert await world.attempts_and_unknowns() == [(1, 1)] * 3


async def test_a_late_answer_makes_messages_unknown_and_is_resent_once(world: SendingWorld) -> None:
    """Both times: a confirmation is resent once, and then stays unknown."""
    world.local.faults = Faults(slow_answer=SlowAnswer(seconds=1.5), no_reports=Fault())
    world.call_seconds = 1.0
    await world.put(2, CONFIRMATION)
    async with world.worker():
        await world.wait_for_calls(4)
        await until(lambda: _both_unknown_twice(world))
        await asyncio.sleep(0.3)  # several looks of the sweep

    assert await world.queue.statuses() == ["unknown"] * 2
    assert world.taken_up() == expected_calls(2, times=2)
    assert await world.attempts_and_unknowns() == [(2, 2)] * 2


async def _both_unknown_twice(world: SendingWorld) -> bool:
    return await world.attempts_and_unknowns() == [(2, 2)] * 2


async def test_a_server_error_makes_messages_unknown(world: SendingWorld) -> None:
    world.local.faults = Faults(http_status=HttpStatus(status=500, times=1), no_reports=Fault())
    await world.put(2)

    await world.send_until("unknown", "unknown")

    assert world.taken_up() == Counter()
    assert world.requested == expected_calls(2)


@pytest.mark.parametrize(("times", "became"), [(1, "accepted"), (None, "unknown")])
async def test_a_confirmation_is_resent_once_after_a_server_error(
    world: SendingWorld, times: int | None, became: str
) -> None:
    """Exactly once, whether it succeeds or not."""
    world.local.faults = Faults(http_status=HttpStatus(status=500, times=times), no_reports=Fault())
    await world.put(2, CONFIRMATION)
    async with world.worker():

        async def all_tried_again() -> bool:
            return world.requested.total() >= 4

        await until(all_tried_again)
        await world.wait_for_statuses(became, became)
        await asyncio.sleep(0.3)  # several looks of the sweep
    assert await world.queue.statuses() == [became] * 2
    assert world.requested == expected_calls(2, times=2)
    assert world.taken_up() == (expected_calls(2) if became == "accepted" else Counter())
    assert await world.attempts_and_unknowns() == [(2, 1 if became == "accepted" else 2)] * 2


async def test_recipients_missing_from_the_answer_are_unknown(world: SendingWorld) -> None:
    world.local.faults = Faults(missing_recipients=MissingRecipients(times=1), no_reports=Fault())
    await world.put(6)

    await world.send_until(*["accepted"] * 3, *["unknown"] * 3)

    assert world.taken_up() == expected_calls(6)


async def test_an_unknown_status_code_makes_messages_unknown(world: SendingWorld) -> None:
    world.local.faults = Faults(status_codes=StatusCodes(code=777, times=1), no_reports=Fault())
    await world.put(2)

    await world.send_until("unknown", "unknown")

    assert world.taken_up() == expected_calls(2)


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
    world: SendingWorld, faults: Faults, reason: str, taken_up: int
) -> None:
    """One call meets the fault, and no other is made. Later its ten messages are sent again like all others."""
    world.local.faults = faults
    await world.put(150)

    async with world.worker(
        SenderOptions(
            batch_size=200,
            recipients_per_call=10,
            concurrent_calls=1,
            idle_poll=OPTIONS.idle_poll,
            paused_poll=OPTIONS.paused_poll,
        )
    ):
        await world.wait_until_paused(reason)
        await asyncio.sleep(0.2)
        assert world.requested == expected_calls(10)
        assert world.taken_up() == expected_calls(taken_up)
        world.local.faults = Faults(no_reports=Fault())
        assert await world.channels.resume("at", "rini")
        await world.wait_for_statuses(*["accepted"] * 150)
    assert world.requested == expected_calls(150) + expected_calls(10)
    assert world.taken_up() == expected_calls(150) + expected_calls(taken_up)

    accepted = Counter((sms.to, sms.text) for sms in world.local.messages if sms.message_id)
    assert accepted == expected_calls(150)
    assert await world.attempts_and_unknowns() == [(1, 0)] * 150


async def test_retry_after_is_respected(world: SendingWorld) -> None:
    world.local.faults = Faults(http_status=HttpStatus(status=429, retry_after=1, times=1), no_reports=Fault())
    await world.put(3)
    began = asyncio.get_running_loop().time()

    await world.send_until("accepted", "accepted", "accepted")

    assert asyncio.get_running_loop().time() - began >= 1
    assert world.taken_up() == expected_calls(3)
    assert world.requested == expected_calls(3, times=2)
    assert await world.attempts_and_unknowns() == [(1, 0)] * 3
    assert not (await world.channels.status_of("at")).paused


async def test_refused_connections_are_retried(world: SendingWorld) -> None:
    """Refused connections cost an attempt. Waiting messages are sent when the carrier listens again."""
    url, world.url = world.url, f"http://127.0.0.1:{free_port()}"
    await world.put(2, words="Halo")
    async with world.worker():

        async def both_tried() -> bool:
            return all(row["reason"] == "no connection to the carrier" for row in await world.queue.rows())

        await until(both_tried)
    assert await world.queue.statuses() == ["queued"] * 2

    world.url = url
    async with world.database.begin() as connection:
        await connection.exec_driver_sql("UPDATE messages SET due_at = now()")
    await world.send_until("accepted", "accepted")
    assert world.taken_up() == expected_calls(2)
    assert await world.attempts_and_unknowns() == [(2, 0)] * 2
