"""Everything that can go wrong between a worker and its carrier, over real HTTP, against the built-in carrier.

Each test says exactly what the carrier was asked to send, how often, and what became of every message.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, DummyCookieJar, web

from gateway.carriers.africastalking import AfricasTalking
from gateway.carriers.handset import HookUrls
from gateway.carriers.local import LocalCarrier
from gateway.carriers.local_faults import (
    DuplicateReports,
    EmptyRecipients,
    Fault,
    Faults,
    HttpStatus,
    MissingRecipients,
    NoAnswer,
    SlowAnswer,
    StatusCodes,
)
from gateway.messages.channels import Channels
from gateway.messages.ledger import receipts
from gateway.messages.message import MessageClass
from gateway.messages.outbox import Outbox
from gateway.messages.receipts import Receipts
from gateway.messages.sending import Pace, Sender
from gateway.people.vault import Vault
from gateway.runtime.clock import Clock
from gateway.runtime.embedded import EmbeddedStores
from gateway.runtime.postgres import Database, DatabaseAway, upgrade
from gateway.text.phone import Phone
from tests.faults.worker_program import KEY
from tests.messages.stage import Stage
from tests.program import free_port, until

PACE = Pace(
    idle=timedelta(milliseconds=20),
    paused=timedelta(milliseconds=20),
    resend_after=timedelta(0),
    sweep=timedelta(milliseconds=50),
    outage=timedelta(milliseconds=100),
)
REPLY, CONFIRMATION = MessageClass.REPLY, MessageClass.CONFIRMATION


def phone(number: int) -> Phone:
    return Phone(f"+6281230{number:06}")


@dataclass(slots=True)
class Field:
    """A carrier on this machine, a gateway that sends by it, and a queue."""

    local: LocalCarrier
    http: ClientSession
    database: Database
    url: str
    reported: list[str] = field(default_factory=list)
    requested: Counter[tuple[str, str]] = field(default_factory=Counter)  # number and text, of whatever request came

    @property
    def stage(self) -> Stage:
        return Stage(self.database, Vault(KEY), Clock())

    @property
    def channels(self) -> Channels:
        return Channels(self.database, Clock())

    def account(self) -> AfricasTalking:
        return AfricasTalking("at", "sandbox", "key", self.http, api_url=f"{self.url}/local", total_seconds=0.4)

    async def put(self, count: int, kind: MessageClass = REPLY, words: str = "Halo") -> None:
        for number in range(count):
            await self.stage.put(words, to=phone(number), kind=kind)

    @asynccontextmanager
    async def worker(self, pace: Pace = PACE) -> AsyncIterator[None]:
        outbox = Outbox(self.database, Vault(KEY), Clock())
        sender = Sender(outbox, self.channels, {"at": self.account()}, Clock(), "w1", pace)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(sender.run())
            try:
                yield
            finally:
                sender.stop()

    async def work(self, *statuses: str) -> None:
        """Let a worker work until the messages have come to these."""
        async with self.worker():
            await self.are(*statuses)

    async def are(self, *statuses: str) -> None:
        async def they_are() -> bool:
            return await self.stage.statuses() == list(statuses)

        await until(they_are)

    async def is_paused(self, reason: str) -> None:
        async def it_is() -> bool:
            stands = await self.channels.standing("at")
            return stands.paused and stands.reason == reason

        await until(it_is)

    def asked(self) -> Counter[tuple[str, str]]:
        """Number and text of all that the carrier took up; a request that fails as a whole is none of it."""
        return Counter((sms.to, sms.text) for sms in self.local.messages)

    async def counts(self) -> list[tuple[int, int]]:
        """Attempts and times unknown of each message."""
        return [(row["attempts"], row["unknowns"]) for row in await self.stage.rows()]


def each(count: int, times: int = 1, words: str = "Halo") -> Counter[tuple[str, str]]:
    return Counter({(phone(number).e164, words): times for number in range(count)})


@pytest.fixture
async def here(database: Database) -> AsyncIterator[Field]:
    async with a_field(database) as made:
        yield made


FIELD = web.AppKey("field", Field)


@web.middleware
async def note_request(request: web.Request, handler: Callable[[web.Request], Awaitable[Any]]) -> Any:
    """Count what is asked for before any fault."""
    fields = await request.post()
    if {"to", "message"} <= fields.keys():
        numbers = str(fields["to"]).split(",")
        request.app[FIELD].requested.update((number, str(fields["message"])) for number in numbers)
    return await handler(request)


@asynccontextmanager
async def a_field(database: Database) -> AsyncIterator[Field]:
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(ClientSession(cookie_jar=DummyCookieJar()))
        app = web.Application(middlewares=[note_request])
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        hooks = HookUrls(ussd="", ussd_event="", sms="", receipt=f"{url}/receipt", optout="")
        local = LocalCarrier(
            http,
            hooks,
            Clock(),
            username="sandbox",
            api_key="key",
            service_code="*384*3375#",
            short_code="3375",
            report_seconds=0.02,
        )
        local.faults = Faults(no_reports=Fault())
        made = app[FIELD] = Field(local, http, database, url)

        async def take(request: web.Request) -> web.Response:
            receipt = made.account().read_receipt(await request.read(), request.headers)
            made.reported.append((await Receipts(database, Clock()).take("at", receipt)).value)
            return web.Response(text="ok")

        app.router.add_post("/receipt", take)
        local.add_to(app)
        runner = web.AppRunner(app, shutdown_timeout=1)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield made


# Nobody knows whether it was sent --------------------------------------------------------------------------------


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


async def here_is_asked(here: Field, times: int) -> None:
    async def it_is() -> bool:
        return here.asked().total() >= times

    await until(it_is)


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


# Surely not sent -------------------------------------------------------------------------------------------------


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
    async with here.worker(Pace(batch=200, recipients=10, calls=1, idle=PACE.idle, paused=PACE.paused)):
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
    assert not (await here.channels.standing("at")).paused


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


# Delivery reports ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "faults",
    [
        Faults(early_reports=Fault()),
        Faults(duplicate_reports=DuplicateReports(copies=3)),
        Faults(reordered_reports=Fault()),
        Faults(early_reports=Fault(), reordered_reports=Fault(), duplicate_reports=DuplicateReports()),
    ],
    ids=["early", "repeated", "reordered", "all at once"],
)
async def test_reports_that_come_as_they_like(here: Field, faults: Faults) -> None:
    here.local.faults = faults
    await here.put(4)
    await here.work(*["delivered"] * 4)
    copies = 1 if faults.duplicate_reports is None else faults.duplicate_reports.copies

    async def all_came() -> bool:
        return len(here.reported) == 4 * 2 * copies

    await until(all_came)
    assert await here.stage.statuses() == ["delivered"] * 4
    kept = await here.stage.rows(receipts)
    assert len(kept) == 4 * 2, "one row for each report, however often it came"
    assert sum(row["applied"] for row in kept) == 4
    assert here.reported.count("repeated") == 8 * (copies - 1)
    assert here.requested == here.asked() == each(4)


async def test_a_report_for_a_stranger(here: Field) -> None:
    async with here.http.post(
        f"{here.url}/receipt", data={"id": "ATXid_of_nobody", "status": "Success", "phoneNumber": phone(1).e164}
    ) as answer:
        assert answer.status == 200
    await here.put(1)
    await here.work("accepted")
    (kept,) = await here.stage.rows(receipts)
    assert (kept["message"], kept["applied"]) == (None, False)
    assert here.requested == here.asked() == each(1)


# Workers and stores that go away ---------------------------------------------------------------------------------


@asynccontextmanager
async def programs(database_url: str, url: str, *names: Sequence[str]) -> AsyncIterator[list[Process]]:
    """Worker processes; what still runs at the end is stopped."""
    started = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.faults.worker_program", database_url, f"{url}/local", *name
        )
        for name in names
    ]
    try:
        yield started
    finally:
        for process in started:
            if process.returncode is None:
                process.terminate()
                await asyncio.wait_for(process.wait(), 20)


async def test_two_workers_on_one_queue_of_two_thousand(here: Field, database_url: str) -> None:
    for number in range(2000):
        await here.stage.put(f"text {number % 20}", to=phone(number), kind=REPLY)
    async with programs(database_url, here.url, ["first", "patient"], ["second", "patient"]):
        await here.are(*["accepted"] * 2000)
    assert here.asked() == Counter((phone(number).e164, f"text {number % 20}") for number in range(2000))
    assert set(await here.counts()) == {(1, 0)}


async def test_killed_between_the_claim_and_the_call(here: Field, database_url: str) -> None:
    """Nothing had left, but nobody can know: unknown, and as a confirmation sent once more."""
    await here.put(3, CONFIRMATION)
    async with programs(database_url, here.url, ["first", "dawdles"]) as (worker,):
        await here.are(*["sending"] * 3)
        worker.send_signal(signal.SIGKILL)
        await worker.wait()
    async with programs(database_url, here.url, ["second"]):
        await here.are(*["accepted"] * 3)
    assert here.asked() == each(3)
    assert await here.counts() == [(2, 1)] * 3


async def test_postgresql_is_killed_in_mid_batch_and_comes_back(tmp_path: Path) -> None:
    """What was sent meanwhile is held until it can be written down: nothing is sent twice, nothing is lost."""
    stores = await EmbeddedStores.start(tmp_path / "var")
    try:
        await upgrade(stores.database_url)
        database = Database(stores.database_url)
        async with a_field(database) as here:
            here.local.faults = Faults(slow_answer=SlowAnswer(seconds=0.05), no_reports=Fault())
            for number in range(300):
                await here.stage.put(f"text {number}", to=phone(number), kind=REPLY)
            async with here.worker():
                await here_is_asked(here, 60)
                os.kill(stores.postgres_pid, signal.SIGKILL)
                await asyncio.sleep(0.5)

                async def all_accepted() -> bool:
                    try:
                        return await here.stage.statuses() == ["accepted"] * 300
                    except DatabaseAway:
                        return False

                await until(all_accepted)
            assert here.asked() == Counter((phone(number).e164, f"text {number}") for number in range(300))
            assert set(await here.counts()) == {(1, 0)}
        await database.close()
    finally:
        await stores.stop()
