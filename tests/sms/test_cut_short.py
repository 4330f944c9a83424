"""A letter is handled once, whatever cuts it short: a worker that dies, an error of ours, a store that is away."""

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
from gateway.runtime.postgres import DatabaseUnavailable
from gateway.runtime.redis import RedisUnavailable
from gateway.text.phone import Phone
from tests.helpers.clocks import ManualClock
from tests.helpers.outages import OwnRedis, PostgresGate
from tests.helpers.sms import KLEGO, MENU, NUMBER, OTHER, Killed, Room, drop, refusing, room, sms

# Cut short ----------------------------------------------------------------------------------------------------------


async def twice(desk: Room, text: str) -> str:
    """Have this handled by a worker that dies at the end, then by another; the one reply."""
    await desk.receive(text)
    desk.letters.deaths = 1
    with pytest.raises(Killed):
        await desk.post.handle_all()
    assert await desk.post.handle_all() == 1
    (reply,) = await desk.replies()
    return reply


async def test_a_report_cut_short_is_filed_once(desk: Room) -> None:
    reply = await twice(desk, "LAPOR 3 KLEGO tawuran")
    assert reply == sms("received", category="gesekan", area=KLEGO, ticket=await desk.ticket())
    assert len(await desk.rows(incidents)) == len(await desk.rows(messages)) == len(await desk.rows(audit)) == 1
    (letter,) = await desk.rows(inbound_messages)
    assert letter["ticket"] == (await desk.incidents())[0]["ticket"]


async def test_every_other_command_cut_short_is_done_once(desk: Room) -> None:
    await desk.says("LAPOR 3 KLEGO")
    ticket = await desk.ticket()
    assert await twice(desk, f"INFO {ticket} lari") == sms("added", ticket=ticket)
    assert (await desk.incidents())[0]["details"] == ["lari"]
    assert await twice(desk, "CEK 7340-2817") == sms("not_found")
    (key,) = await desk.gateway.run_redis("KEYS", "waspada:tries:*")
    assert await desk.gateway.run_redis("SCARD", key) == 1, "one try"
    assert await twice(desk, "REG KLEGO") == sms("sub_ok", area=KLEGO)
    assert len(await desk.rows(subscriptions)) == 1
    assert await twice(desk, "STOP") == sms("unsub_ok")
    assert await twice(desk, "apa ini") == sms("unknown")
    assert await twice(desk, f"HAPUS {ticket}") == sms("erased", ticket=ticket), "not: a ticket that is not his"
    assert await twice(desk, "BAHASA jawa") == sms("language", "jv")
    assert [row["action"] for row in await desk.rows(audit)].count("incident.number_erased") == 1


async def test_a_draft_cut_short_is_filed_once(desk: Room, clock: ManualClock) -> None:
    await drop(desk, clock)
    assert await twice(desk, "1") == sms(
        "received", category="gesekan", area=(await desk.incidents())[0]["area"], ticket=await desk.ticket()
    )
    assert len(await desk.incidents()) == 1


async def test_two_workers_at_once(desk: Room) -> None:
    for number in range(6):
        await desk.receive(f"LAPOR 3 KLEGO tawuran {number}", Phone(f"+2547110001{number:02}"))
        await desk.receive("apa ini")
        await desk.receive("apa itu")
    while sum(await asyncio.gather(*(desk.post.handle_all() for _ in range(3)))):
        pass
    assert len(await desk.incidents()) == len(await desk.gateway.confirmations()) - 1 == 6
    assert await desk.replies() == [sms("unknown")], "one a day, whoever handles them"
    assert "" not in await desk.made()


async def test_an_error_of_ours_holds_nothing_up(desk: Room, log: io.StringIO) -> None:
    """Here the pack has lost a text between the letter and its answer."""
    words = MENU.wordings["id"]
    texts = {name: text for name, text in words.sms.items() if name != "help"}
    broken = replace(MENU, version="broken", wordings={**MENU.wordings, "id": replace(words, sms=texts)})
    desk.gateway.services.versions.activate(broken)
    await desk.receive("BANTUAN")
    await desk.receive("REG")
    assert await desk.post.handle_all() == 2
    assert await desk.made() == ["failed", "subscribed"]
    logs.flush()
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert [line["error"] for line in lines if line["event"] == "sms.failed"] == ["KeyError"]
    assert NUMBER.e164[-9:] not in log.getvalue()
    desk.gateway.services.versions.activate(MENU)
    assert await desk.says("BANTUAN"), "it may be sent again"


async def test_a_statement_that_fails_holds_nothing_up_and_leaves_nothing_half_done(
    desk: Room, log: io.StringIO
) -> None:
    """The reply cannot be queued: what was done within the letter's transaction is undone, and the desk sees it."""
    await desk.says("LAPOR 3 KLEGO")
    for text in (f"HAPUS {await desk.ticket()}", "apa ini"):
        await desk.receive(text)
    await desk.receive("BANTUAN", OTHER)
    reply = "NEW.class = 'reply' AND NEW.text NOT LIKE 'Darurat%'"
    async with refusing(desk.gateway.services.database, messages, "INSERT", reply):
        assert await desk.post.handle_all() == 3
    assert await desk.made() == ["report", "failed", "failed", "help"]
    assert [incident["phone"] for incident in await desk.incidents()] == [NUMBER.masked], "not erased"
    assert await desk.replies(OTHER) == [sms("help")]
    assert log.getvalue().count('"sms.failed"') == 2
    assert await desk.says(f"HAPUS {await desk.ticket()}") == sms("erased", ticket=await desk.ticket())


async def test_a_letter_that_cannot_even_be_filed_keeps_back_no_later_one(desk: Room, clock: ManualClock) -> None:
    for text, sender in (("REG", NUMBER), ("BANTUAN", NUMBER), ("BANTUAN", OTHER)):
        await desk.receive(text, sender)
    async with refusing(desk.gateway.services.database, inbound_messages, "UPDATE", "NEW.text = 'REG'"):
        await desk.post.handle_all()
        assert await desk.made() == ["", "help", "help"]
        assert await desk.post.handle_all() == 0, "not tried again and again"
    clock.advance(minutes=1)
    assert await desk.post.handle_all() == 1
    assert await desk.made() == ["subscribed", "help", "help"]


async def test_postgresql_away_in_mid_letter(shaky: Room, postgres: PostgresGate) -> None:
    """When the letter is in hand and nothing is made of it yet: it waits, and is no failure."""
    await shaky.receive("apa ini")
    shaky.letters.opened = postgres.close
    with pytest.raises(DatabaseUnavailable):
        await shaky.post.handle_all()
    shaky.letters.opened = None
    await postgres.open()
    assert await shaky.post.handle_all() == 1
    assert await shaky.made() == ["other"]


# Stores away --------------------------------------------------------------------------------------------------------

WAITING = ["LAPOR 3 KLEGO tawuran", "BAHASA jawa", "REG", "apa ini"]


async def all_done_once(desk: Room) -> None:
    assert await desk.post.handle_all() == len(WAITING)
    assert await desk.made() == ["report", "language", "subscribed", "other"]
    assert len(await desk.replies()) == 4
    assert len(await desk.incidents()) == len(await desk.rows(subscriptions)) == 1
    assert await desk.post.handle_all() == 0


async def test_postgresql_away(shaky: Room, postgres: PostgresGate) -> None:
    for text in WAITING:
        await shaky.receive(text)
    await postgres.close()
    with pytest.raises(DatabaseUnavailable):
        await shaky.post.handle_all()
    await postgres.open()
    await all_done_once(shaky)


@pytest.mark.parametrize("how", ["hangs", "dies"])
async def test_redis_away(shaky: Room, own_redis: OwnRedis, how: str) -> None:
    for text in WAITING:
        await shaky.receive(text)
    own_redis.hang() if how == "hangs" else await own_redis.kill()
    for _ in range(2):
        with pytest.raises(RedisUnavailable):
            await shaky.post.handle_all()
    assert await shaky.made() == [""] * 4
    own_redis.resume() if how == "hangs" else await own_redis.start()
    await all_done_once(shaky)


@pytest.fixture
async def crowd(redis_url: str, database_url: str, clock: ManualClock) -> AsyncIterator[list[Room]]:
    """Two worker processes of one gateway, each with connections of its own."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(room(redis_url, database_url, clock)) for _ in range(2)]


async def test_two_processes_at_once(crowd: list[Room]) -> None:
    for number in range(12):
        await crowd[0].receive(f"LAPOR 3 KLEGO tawuran {number // 2}", Phone(f"+2547110001{number // 2:02}"))
    while sum(await asyncio.gather(*(one.post.handle_all() for one in crowd))):
        pass
    assert sorted(await crowd[0].made()) == ["repeated"] * 6 + ["report"] * 6
    assert len(await crowd[0].incidents()) == len(await crowd[0].gateway.confirmations()) == 6
