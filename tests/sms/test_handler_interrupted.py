"""Interrupted handling: a killed worker, a fault of ours, an unavailable store. Each SMS is handled once."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest

from gateway.audit import audit
from gateway.incidents.tables import incidents
from gateway.messages.tables import inbound_messages, messages
from gateway.people.tables import subscriptions
from gateway.runtime import logs
from gateway.runtime.postgres import Database, DatabaseUnavailable
from gateway.runtime.redis import RedisUnavailable
from gateway.text.phone import Phone
from tests.helpers.clocks import ManualClock
from tests.helpers.outages import OwnRedis, PostgresGate
from tests.helpers.sms import KLEGO, MENU, NUMBER, OTHER, SmsWorld, drop_session, open_sms_world, pack_sms
from tests.helpers.stuck_writes import failing_writes, stuck_writes
from tests.helpers.waiting import until

# Cut short ----------------------------------------------------------------------------------------------------------


async def send_interrupted(world: SmsWorld, text: str) -> str:
    """Handle an SMS by a worker that is killed, then by another. Returns the one reply."""
    await world.store_sms(text)
    await world.handle_and_kill()
    assert await world.handler.handle_all() == 1
    (reply,) = await world.replies()
    return reply


async def test_an_interrupted_report_is_filed_once(world: SmsWorld) -> None:
    reply = await send_interrupted(world, "LAPOR 3 KLEGO tawuran")
    assert reply == pack_sms("received", category="gesekan", area=KLEGO, ticket=await world.newest_ticket())
    assert len(await world.rows(incidents)) == len(await world.rows(messages)) == len(await world.rows(audit)) == 1

    (sms,) = await world.rows(inbound_messages)
    assert sms["ticket"] == (await world.incidents())[0]["ticket"]


async def test_every_other_interrupted_command_is_executed_once(world: SmsWorld) -> None:
    await world.send_sms("LAPOR 3 KLEGO")
    ticket = await world.newest_ticket()
    assert await send_interrupted(world, f"INFO {ticket} lari") == pack_sms("added", ticket=ticket)
    assert (await world.incidents())[0]["details"] == ["lari"]
    assert await send_interrupted(world, "CEK 7340-2817") == pack_sms("not_found")

    (key,) = await world.run_redis("KEYS", "waspada:tries:*")
    assert await world.run_redis("SCARD", key) == 1, "one try"
    assert await send_interrupted(world, "REG KLEGO") == pack_sms("sub_ok", area=KLEGO)
    assert len(await world.rows(subscriptions)) == 1
    assert await send_interrupted(world, "STOP") == pack_sms("unsub_ok")
    assert await send_interrupted(world, "apa ini") == pack_sms("unknown")
    assert await send_interrupted(world, f"HAPUS {ticket}") == pack_sms("erased", ticket=ticket), (
        "not: a ticket that is not his"
    )
    assert await send_interrupted(world, "BAHASA jawa") == pack_sms("language", "jv")
    assert [row["action"] for row in await world.rows(audit)].count("incident.number_erased") == 1


async def test_an_interrupted_draft_is_filed_once(world: SmsWorld, clock: ManualClock) -> None:
    await drop_session(world, clock)

    assert await send_interrupted(world, "1") == pack_sms(
        "received", category="gesekan", area=(await world.incidents())[0]["area"], ticket=await world.newest_ticket()
    )
    assert len(await world.incidents()) == 1


async def test_concurrent_workers_handle_each_sms_once(world: SmsWorld) -> None:
    for number in range(6):
        await world.store_sms(f"LAPOR 3 KLEGO tawuran {number}", Phone(f"+2547110001{number:02}"))
        await world.store_sms("apa ini")
        await world.store_sms("apa itu")
    while sum(await asyncio.gather(*(world.handler.handle_all() for _ in range(3)))):
        pass

    assert len(await world.incidents()) == len(await world.confirmations()) - 1 == 6
    assert await world.replies() == [pack_sms("unknown")], "one a day, whoever handles them"
    assert "" not in await world.dispositions()


async def test_a_failed_sms_does_not_block_others(world: SmsWorld, log: io.StringIO) -> None:
    """Here the pack loses a text between the SMS and its reply."""
    words = MENU.wordings["id"]
    texts = {name: text for name, text in words.sms.items() if name != "help"}
    broken = replace(MENU, version="broken", wordings={**MENU.wordings, "id": replace(words, sms=texts)})
    world.services.versions.activate(broken)
    await world.store_sms("BANTUAN")

    await world.store_sms("REG")
    assert await world.handler.handle_all() == 2
    assert await world.dispositions() == ["failed", "subscribed"]

    logs.flush()
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert [line["error"] for line in lines if line["event"] == "sms.failed"] == ["KeyError"]
    assert NUMBER.e164[-9:] not in log.getvalue()

    world.services.versions.activate(MENU)
    assert await world.send_sms("BANTUAN"), "it may be sent again"


async def test_a_failed_statement_rolls_back_the_command_and_blocks_nothing(world: SmsWorld, log: io.StringIO) -> None:
    """The reply cannot be queued. Changes in the transaction of the SMS are rolled back, and the desk sees it."""
    await world.send_sms("LAPOR 3 KLEGO")
    for text in (f"HAPUS {await world.newest_ticket()}", "apa ini"):
        await world.store_sms(text)
    await world.store_sms("BANTUAN", OTHER)
    reply = "NEW.class = 'reply' AND NEW.text NOT LIKE 'Darurat%'"

    async with failing_writes(world.services.database, messages, "INSERT", reply):
        assert await world.handler.handle_all() == 3

    assert await world.dispositions() == ["report", "failed", "failed", "help"]
    assert [incident["phone"] for incident in await world.incidents()] == [NUMBER.masked], "not erased"
    assert await world.replies(OTHER) == [pack_sms("help")]
    assert log.getvalue().count('"sms.failed"') == 2
    assert await world.send_sms(f"HAPUS {await world.newest_ticket()}") == pack_sms(
        "erased", ticket=await world.newest_ticket()
    )


async def test_an_sms_that_cannot_be_recorded_is_retried_later_and_blocks_nothing(
    world: SmsWorld, clock: ManualClock
) -> None:
    for text, sender in (("REG", NUMBER), ("BANTUAN", NUMBER), ("BANTUAN", OTHER)):
        await world.store_sms(text, sender)
    async with failing_writes(world.services.database, inbound_messages, "UPDATE", "NEW.text = 'REG'"):
        await world.handler.handle_all()
        assert await world.dispositions() == ["", "help", "help"]
        assert await world.handler.handle_all() == 0, "not tried again and again"

    clock.advance(minutes=1)

    assert await world.handler.handle_all() == 1
    assert await world.dispositions() == ["subscribed", "help", "help"]


async def test_an_sms_waits_again_when_postgresql_fails_while_it_is_handled(
    unreliable_world: SmsWorld, postgres: PostgresGate, database: Database
) -> None:
    """The SMS waits again, and does not count as failed."""
    await unreliable_world.store_sms("apa ini")

    async with stuck_writes(database, inbound_messages) as one_waits:
        worker = asyncio.create_task(unreliable_world.handler.handle_all())
        await until(one_waits)
        await postgres.close()
        with pytest.raises(DatabaseUnavailable):
            await worker
    await postgres.open()

    assert await unreliable_world.handler.handle_all() == 1
    assert await unreliable_world.dispositions() == ["other"]


# Stores away --------------------------------------------------------------------------------------------------------

WAITING = ["LAPOR 3 KLEGO tawuran", "BAHASA jawa", "REG", "apa ini"]


async def all_done_once(world: SmsWorld) -> None:
    assert await world.handler.handle_all() == len(WAITING)
    assert await world.dispositions() == ["report", "language", "subscribed", "other"]
    assert len(await world.replies()) == 4
    assert len(await world.incidents()) == len(await world.rows(subscriptions)) == 1
    assert await world.handler.handle_all() == 0


async def test_every_sms_waits_while_postgresql_is_unavailable(
    unreliable_world: SmsWorld, postgres: PostgresGate
) -> None:
    for text in WAITING:
        await unreliable_world.store_sms(text)
    await postgres.close()
    with pytest.raises(DatabaseUnavailable):
        await unreliable_world.handler.handle_all()
    await postgres.open()
    await all_done_once(unreliable_world)


@pytest.mark.parametrize("how", ["hangs", "dies"])
async def test_every_sms_waits_while_redis_is_unavailable(
    unreliable_world: SmsWorld, own_redis: OwnRedis, how: str
) -> None:
    for text in WAITING:
        await unreliable_world.store_sms(text)
    own_redis.hang() if how == "hangs" else await own_redis.kill()

    for _ in range(2):
        with pytest.raises(RedisUnavailable):
            await unreliable_world.handler.handle_all()
    assert await unreliable_world.dispositions() == [""] * 4

    own_redis.resume() if how == "hangs" else await own_redis.start()
    await all_done_once(unreliable_world)


@pytest.fixture
async def processes(redis_url: str, database_url: str, clock: ManualClock) -> AsyncIterator[list[SmsWorld]]:
    """Open one gateway twice, as two processes with connections of their own."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(open_sms_world(redis_url, database_url, clock)) for _ in range(2)]


async def test_concurrent_processes_handle_each_sms_once(processes: list[SmsWorld]) -> None:
    for number in range(12):
        await processes[0].store_sms(f"LAPOR 3 KLEGO tawuran {number // 2}", Phone(f"+2547110001{number // 2:02}"))
    while sum(await asyncio.gather(*(one.handler.handle_all() for one in processes))):
        pass

    assert sorted(await processes[0].dispositions()) == ["repeated"] * 6 + ["report"] * 6
    assert len(await processes[0].incidents()) == len(await processes[0].confirmations()) == 6
