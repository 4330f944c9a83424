"""Workers that are killed (SIGKILL) at each step between claim and record. The next one loses and repeats nothing.

The workers are real processes with the real carrier module; the carrier is a server of this test.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from functools import partial

import pytest
from aiohttp import web
from sqlalchemy import select

from gateway.messages.message import MessageClass
from gateway.messages.outbox import NewMessage, enqueue
from gateway.messages.tables import messages
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.vault.vault import Vault
from tests.faults.worker_program import KEY
from tests.helpers.messages import expire_claims
from tests.helpers.phones import NUMBER
from tests.helpers.stuck_writes import stuck_writes
from tests.helpers.waiting import until

TEXTS = ("one", "two", "three")

Start = Callable[[str], Awaitable[Process]]


class Carrier:
    """Messaging API of Africa's Talking that notes its requests. It answers when `answers` is set."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answers = asyncio.Event()
        self.url = ""

    async def send(self, request: web.Request) -> web.Response:
        form = await request.post()
        self.asked.append(str(form["message"]))
        await self.answers.wait()
        recipient = {"statusCode": 101, "number": form["to"], "messageId": f"ATXid_{len(self.asked)}"}
        return web.json_response({"SMSMessageData": {"Message": "", "Recipients": [recipient]}}, status=201)


@pytest.fixture
async def carrier() -> AsyncIterator[Carrier]:
    stand_in = Carrier()
    app = web.Application()
    app.router.add_post("/{path:.*}", stand_in.send)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    stand_in.url = f"http://{host}:{port}"
    yield stand_in
    stand_in.answers.set()
    await runner.cleanup()


@pytest.fixture
async def start(database_url: str, carrier: Carrier) -> AsyncIterator[Start]:
    """Return a function that starts a worker of that name. All are stopped at the end."""
    async with AsyncExitStack() as stack:

        async def started(name: str) -> Process:
            program = (sys.executable, "-m", "tests.faults.worker_program", database_url, carrier.url, name)
            process = await asyncio.create_subprocess_exec(*program)
            stack.push_async_callback(_end, process, signal.SIGTERM)
            return process

        yield started


async def _end(process: Process, how: signal.Signals) -> None:
    if process.returncode is None:
        process.send_signal(how)
        await asyncio.wait_for(process.wait(), 20)


async def put(database: Database, kind: MessageClass = MessageClass.CONFIRMATION) -> None:
    async with database.begin() as connection:
        for words in TEXTS:
            await enqueue(connection, NewMessage(kind, "at", NUMBER, words, "id"), Vault(KEY), Clock().now())


async def facts(database: Database) -> set[tuple[str, int, int]]:
    """Return the distinct statuses, attempts and unknowns of all messages."""
    columns = (messages.c.status, messages.c.attempts, messages.c.unknowns)
    async with database.begin() as connection:
        return {tuple(row) for row in await connection.execute(select(*columns))}


def stopped_at(database: Database, status: str) -> AbstractAsyncContextManager[Callable[[], Awaitable[bool]]]:
    """Let every message that is about to get `status` wait until the block ends."""
    return stuck_writes(database, messages, "UPDATE", f"NEW.status = '{status}'")


async def test_a_worker_killed_while_claiming_has_sent_nothing(
    database: Database, carrier: Carrier, start: Start
) -> None:
    await put(database)
    carrier.answers.set()
    async with stopped_at(database, "sending") as one_waits:
        worker = await start("first")
        await until(one_waits)
        await _end(worker, signal.SIGKILL)
    await start("second")

    await until(lambda: _are(database, {("accepted", 1, 0)}))

    assert Counter(carrier.asked) == Counter(TEXTS), "nothing had been sent before"


async def test_a_worker_killed_before_the_answer_leaves_unknowns_that_are_resent_once(
    database: Database, carrier: Carrier, start: Start
) -> None:
    await put(database)
    worker = await start("first")
    await until(lambda: _asked(carrier, 3))

    await _end(worker, signal.SIGKILL)
    assert await facts(database) == {("sending", 1, 0)}

    await expire_claims(database)
    carrier.answers.set()
    await start("second")
    await until(lambda: _are(database, {("accepted", 2, 1)}))
    assert Counter(carrier.asked) == Counter(TEXTS * 2), "each may have been sent, and was resent once"


async def test_a_worker_killed_before_the_record_leaves_unknowns_that_are_resent_once(
    database: Database, carrier: Carrier, start: Start
) -> None:
    await put(database)
    carrier.answers.set()
    async with stopped_at(database, "accepted") as one_waits:
        worker = await start("first")
        await until(one_waits)
        await until(lambda: _asked(carrier, 3))
        await _end(worker, signal.SIGKILL)
    await expire_claims(database)
    await start("second")

    await until(lambda: _are(database, {("accepted", 2, 1)}))

    assert Counter(carrier.asked) == Counter(TEXTS * 2)


async def test_messages_of_two_killed_workers_stay_unknown(database: Database, carrier: Carrier, start: Start) -> None:
    await put(database)
    for times, name in enumerate(("first", "second"), start=1):
        worker = await start(name)
        await until(partial(_asked, carrier, 3 * times))
        await _end(worker, signal.SIGKILL)
        await expire_claims(database)
    carrier.answers.set()
    await start("third")
    await until(lambda: _are(database, {("unknown", 2, 2)}))

    await asyncio.sleep(0.3)

    assert Counter(carrier.asked) == Counter(TEXTS * 2)


async def test_an_appeal_is_never_resent(database: Database, carrier: Carrier, start: Start) -> None:
    await put(database, MessageClass.APPEAL)
    worker = await start("first")
    await until(lambda: _asked(carrier, 3))
    await _end(worker, signal.SIGKILL)
    await expire_claims(database)
    carrier.answers.set()
    await start("second")
    await until(lambda: _are(database, {("unknown", 1, 1)}))

    await asyncio.sleep(0.3)

    assert Counter(carrier.asked) == Counter(TEXTS)


async def test_a_stopped_worker_records_its_calls(database: Database, carrier: Carrier, start: Start) -> None:
    await put(database)
    worker = await start("first")
    await until(lambda: _asked(carrier, 3))
    worker.send_signal(signal.SIGTERM)
    await asyncio.sleep(0.1)

    carrier.answers.set()

    assert await asyncio.wait_for(worker.wait(), 20) == 0
    assert await facts(database) == {("accepted", 1, 0)}


async def _are(database: Database, expected: set[tuple[str, int, int]]) -> bool:
    return await facts(database) == expected


async def _asked(carrier: Carrier, count: int) -> bool:
    return len(carrier.asked) == count
