"""Turns while a store is unavailable: answered in time, truthfully, and nothing is lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from gateway.carriers.carrier import Screen
from tests.helpers.outages import OwnRedis, PostgresGate
from tests.helpers.phones import NUMBER
from tests.helpers.ussd import TO_CONFIRM, TO_DESCRIBE, WHOLE_REPORT, Resident, UssdGateway, expected_screen

LONGEST_S = 2.0  # promise 4
Outage = Callable[[], Awaitable[None]]


@pytest.fixture(params=["hangs", "refuses"])
def redis_outage(request: pytest.FixtureRequest, own_redis: OwnRedis) -> tuple[Outage, Outage]:
    """Outage of Redis: it refuses or hangs, and comes back with its data."""

    async def hang() -> None:
        own_redis.hang()

    async def resume() -> None:
        own_redis.resume()

    return (hang, resume) if request.param == "hangs" else (own_redis.kill, own_redis.start)


@pytest.fixture(params=["hangs", "refuses"])
def stop_postgres(request: pytest.FixtureRequest, postgres: PostgresGate) -> Outage:
    async def freeze() -> None:
        postgres.freeze()

    return freeze if request.param == "hangs" else postgres.close


async def answer_in_time(answer: Awaitable[Screen]) -> Screen:
    """Return the answer, and fail if it takes longer than promised."""
    began = time.monotonic()
    screen = await answer
    assert time.monotonic() - began < LONGEST_S
    return screen


async def test_redis_unavailable_in_mid_dialogue_continues_by_replay(
    unreliable_gateway: UssdGateway, redis_outage: tuple[Outage, Outage]
) -> None:
    stop_redis, restore_redis = redis_outage
    resident = Resident(unreliable_gateway.services.turns)
    await resident.walk(WHOLE_REPORT[:7])

    await stop_redis()
    assert (await answer_in_time(resident.answer(WHOLE_REPORT[7]))).text == expected_screen(*WHOLE_REPORT[:8])
    assert (await answer_in_time(resident.answer(WHOLE_REPORT[8]))).text == expected_screen(*WHOLE_REPORT[:9])

    await restore_redis()
    for number in range(9, len(WHOLE_REPORT) - 1):
        screen = await answer_in_time(resident.answer(WHOLE_REPORT[number]))
        assert screen.text == expected_screen(*WHOLE_REPORT[: number + 1]), "the older session makes no wrong step"
    assert (await answer_in_time(resident.answer(WHOLE_REPORT[-1]))).label == "ticket_plain.id"

    (incident,) = await unreliable_gateway.incidents()
    assert (incident["description"], incident["contact"]) == ("tawuran di pasar", True)


async def test_redis_unavailable_throughout_still_files_the_report(
    unreliable_gateway: UssdGateway, own_redis: OwnRedis
) -> None:
    await own_redis.kill()
    resident = Resident(unreliable_gateway.services.turns)
    screen = await answer_in_time(resident.dial())

    for number, keys in enumerate(WHOLE_REPORT):
        assert screen.text == expected_screen(*WHOLE_REPORT[:number])
        screen = await answer_in_time(resident.answer(keys))

    assert screen.label == "ticket_plain.id"
    assert await answer_in_time(resident.callback(resident.text)) == screen, "a repeated callback gets the same ticket"
    assert len(await unreliable_gateway.incidents()) == len(await unreliable_gateway.confirmations()) == 1


async def test_redis_hanging_answers_many_residents_in_time(
    unreliable_gateway: UssdGateway, own_redis: OwnRedis
) -> None:
    """Concurrent turns share one round trip and one wait. None queues behind the deadlines of others."""
    own_redis.hang()
    residents = [Resident(unreliable_gateway.services.turns) for _ in range(40)]

    screens = await asyncio.gather(*(answer_in_time(resident.callback("1*2*1")) for resident in residents))
    assert {screen.text for screen in screens} == {expected_screen("1", "2", "1")}

    own_redis.resume()


async def test_postgresql_unavailable_at_the_last_step_keeps_the_report(
    unreliable_gateway: UssdGateway, postgres: PostgresGate, stop_postgres: Outage
) -> None:
    resident = Resident(unreliable_gateway.services.turns)
    await resident.walk(TO_CONFIRM)
    await stop_postgres()

    screen = await answer_in_time(resident.answer("1"))
    assert (screen.label, screen.end) == ("saved.id", True)
    assert await answer_in_time(resident.callback(resident.text)) == screen

    ((name, entry),) = (await unreliable_gateway.pending()).items()
    assert name.decode().startswith(f"at:{resident.session}:")
    assert b"tawuran di pasar" in entry
    assert NUMBER.e164[-7:].encode() not in entry

    await postgres.open()
    assert await unreliable_gateway.services.filing.file_pending() == 1
    assert await unreliable_gateway.services.filing.file_pending() == 0
    assert await unreliable_gateway.pending() == {}

    (incident,), (confirmation,) = await unreliable_gateway.incidents(), await unreliable_gateway.confirmations()
    assert (incident["phone"], incident["description"]) == (NUMBER.masked, "tawuran di pasar")
    assert (confirmation["ticket"], confirmation["to"]) == (incident["ticket"], NUMBER.masked)
    assert (await resident.callback(resident.text)).label == "saved.id", "a repeated callback gets the same screen"
    assert len(await unreliable_gateway.incidents()) == 1


async def test_last_step_repeated_when_postgresql_is_back_files_once(
    unreliable_gateway: UssdGateway, postgres: PostgresGate
) -> None:
    """Repeat the callback after Redis lost the session and kept the report: one incident."""
    resident = Resident(unreliable_gateway.services.turns)
    await resident.walk(TO_CONFIRM)
    await postgres.close()
    await resident.answer("1")
    (session,) = await unreliable_gateway.run_redis("KEYS", "waspada:ussd:*")
    await unreliable_gateway.run_redis("DEL", session)

    await postgres.open()

    assert (await resident.callback(resident.text, "confirm.id")).label == "ticket_plain.id"
    assert await unreliable_gateway.services.filing.file_pending() == 1, "no report is pending"
    assert len(await unreliable_gateway.incidents()) == len(await unreliable_gateway.confirmations()) == 1


@pytest.mark.parametrize(
    ("stop_postgres", "label"), [("hangs", "perhaps_sent.id"), ("refuses", "not_sent.id")], indirect=["stop_postgres"]
)
async def test_both_stores_unavailable_at_the_last_step_says_what_is_known(
    unreliable_gateway: UssdGateway, own_redis: OwnRedis, stop_postgres: Outage, label: str
) -> None:
    """PostgreSQL that does not answer may still commit. One that is not there cannot."""
    resident = Resident(unreliable_gateway.services.turns)
    await resident.walk(TO_CONFIRM)
    own_redis.hang()
    await stop_postgres()

    screen = await answer_in_time(resident.answer("1"))
    assert (screen.label, screen.end) == (label, True)

    own_redis.resume()
    assert await unreliable_gateway.pending() == {}


async def test_redis_hanging_at_the_last_step_files_the_report(
    unreliable_gateway: UssdGateway, own_redis: OwnRedis
) -> None:
    resident = Resident(unreliable_gateway.services.turns)
    await resident.walk(TO_CONFIRM)

    own_redis.hang()
    assert (await answer_in_time(resident.answer("1"))).label == "ticket_plain.id"

    own_redis.resume()
    assert (await answer_in_time(resident.callback(resident.text, "confirm"))).label == "ticket_plain.id"
    assert len(await unreliable_gateway.incidents()) == 1


async def test_redis_unavailable_keeps_a_star_in_a_description(
    unreliable_gateway: UssdGateway, own_redis: OwnRedis
) -> None:
    """Only the label of the answered screen tells a typed star from the next answer."""
    resident = Resident(unreliable_gateway.services.turns)
    await resident.walk(TO_DESCRIBE)

    await own_redis.kill()
    assert (await resident.answer("gang 3 * 2")).text == expected_screen(*TO_DESCRIBE, "?")
    assert (await resident.answer("1")).text == expected_screen(*TO_DESCRIBE, "?", "1")
    assert (await resident.answer("1")).label == "ticket_plain.id"

    (incident,) = await unreliable_gateway.incidents()
    assert (incident["description"], incident["contact"]) == ("gang 3 * 2", True)
