"""An appeal to thousands over real HTTP, its workers killed at random: everybody at most once, and it all adds up.

The workers are real processes with the real carrier module; the carrier is the built-in one. Some numbers are refused,
of some it says that it does not know, and some people opt out while it runs.
"""

from __future__ import annotations

import asyncio
import random
import signal
import sys
from asyncio.subprocess import Process
from collections import Counter

import aiohttp
from aiohttp import web

from gateway.appeals.appeal import Reason, Status, Total
from gateway.carriers.carrier import OptOut
from gateway.carriers.handset import HookUrls
from gateway.carriers.local import LocalCarrier
from gateway.carriers.local_faults import Faults, Refuse, SlowAnswer
from gateway.messages.inbox import Inbox
from gateway.people.vault import Vault
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from tests.appeals.stage import BUDI, DRAFT, SITI, Office, phone
from tests.carriers.serving import serving
from tests.faults.appeal_worker import TERMS, sleepless
from tests.faults.worker_program import KEY

PEOPLE, KILLS = 3_000, 5
LONGEST_S = 60.0


def _office(database: Database) -> Office:
    """The desk on the real clock."""
    return Office(database, Vault(KEY), Clock(), sleepless(), TERMS)


async def _worker(database_url: str, carrier_url: str, name: str) -> Process:
    program = (sys.executable, "-m", "tests.faults.appeal_worker", database_url, carrier_url, name)
    return await asyncio.create_subprocess_exec(*program, stdout=asyncio.subprocess.DEVNULL)


async def _kill_now_and_then(database_url: str, carrier_url: str, chance: random.Random) -> Process:
    """Workers one after the other, two at a time now and then; the one that is left."""
    for number in range(KILLS):
        both = [await _worker(database_url, carrier_url, f"w{number}-{one}") for one in range(1 + number % 2)]
        await asyncio.sleep(1.2 + chance.random() * 0.5)
        for worker in both:
            worker.send_signal(signal.SIGKILL)
            await worker.wait()
    return await _worker(database_url, carrier_url, "last")


async def test_killed_at_random(database: Database, database_url: str) -> None:
    chance = random.Random(20261127)
    town = _office(database)
    await town.settle(PEOPLE)
    numbers = list(range(PEOPLE))
    chance.shuffle(numbers)
    refused, lost = numbers[: PEOPLE // 50], numbers[PEOPLE // 50 : PEOPLE * 3 // 100]
    leaving = numbers[PEOPLE // 10 : PEOPLE // 10 + PEOPLE * 3 // 100]
    codes = {phone(one).e164: 403 for one in refused} | {phone(one).e164: 500 for one in lost}
    async with aiohttp.ClientSession() as http:
        hooks = HookUrls(**dict.fromkeys(("ussd", "ussd_event", "sms", "receipt", "optout"), "http://127.0.0.1:9/"))
        options = {"username": "sandbox", "api_key": "key", "service_code": "*384*3375#", "short_code": "3375"}
        carrier = LocalCarrier(http, hooks, Clock(), report_seconds=3600, **options)
        carrier.faults = Faults(refuse=Refuse(numbers=codes), slow_answer=SlowAnswer(seconds=0.05))
        app = web.Application()
        carrier.add_to(app)
        async with serving(app) as url:
            appeal = await town.approved()
            working = asyncio.create_task(_kill_now_and_then(database_url, f"{url}/local", chance))
            inbox = Inbox(database, town.vault, town.clock)
            for one in leaving:
                await inbox.take_opt_out("at", OptOut(phone(one), ""))
                await asyncio.sleep(0.05)
            last = await working
            async with asyncio.timeout(LONGEST_S):
                while (await town.campaign.find(appeal)).status is not Status.DONE:
                    assert (await town.ledger.account(appeal, town.menu.timezone)).adds_up
                    await asyncio.sleep(0.2)
            last.terminate()
            await last.wait()
    seen = Counter(message.to for message in carrier.messages)
    assert [number for number, times in seen.items() if times > 1] == []
    account = await town.account(appeal)
    rows = await town.rows(appeal)
    assert (account.frozen, len(rows), account.totals[Total.WAITING]) == (PEOPLE, PEOPLE, 0)
    silenced = {town.vault.open(row["phone_sealed"]).e164 for row in rows if row["status"] == "suppressed"}
    assert silenced and not silenced & seen.keys()
    assert account.suppressed == {Reason.OPTED_OUT.value: len(silenced)}
    # What a killed worker had in its hands was sent or not, and nobody guesses: that is all that is not as it was told.
    assert account.totals[Total.FAILED] <= len(refused)
    assert account.totals[Total.UNKNOWN] <= len(lost) + KILLS * 2 * 50
    assert len(seen) + account.totals[Total.SUPPRESSED] <= PEOPLE
    assert account.totals[Total.ACCEPTED] > PEOPLE * 2 // 3


async def test_a_pause_takes_effect_within_two_seconds(database: Database, database_url: str) -> None:
    town = _office(database)
    await town.settle(1_000)
    async with aiohttp.ClientSession() as http:
        hooks = HookUrls(**dict.fromkeys(("ussd", "ussd_event", "sms", "receipt", "optout"), "http://127.0.0.1:9/"))
        options = {"username": "sandbox", "api_key": "key", "service_code": "*384*3375#", "short_code": "3375"}
        carrier = LocalCarrier(http, hooks, Clock(), report_seconds=3600, **options)
        carrier.faults = Faults(slow_answer=SlowAnswer(seconds=0.2))
        app = web.Application()
        carrier.add_to(app)
        async with serving(app) as url:
            appeal = await town.approved(DRAFT)
            worker = await _worker(database_url, f"{url}/local", "w1")
            async with asyncio.timeout(LONGEST_S):
                while not carrier.messages:  # noqa: ASYNC110 - the carrier tells nobody
                    await asyncio.sleep(0.05)
            await town.campaign.pause(appeal, SITI, "look again")
            await asyncio.sleep(2)
            sent = len(carrier.messages)
            await asyncio.sleep(1)
            assert len(carrier.messages) == sent < 1_000
            assert (await town.statuses(appeal))["queued"] == 0
            await town.campaign.resume(appeal, BUDI)
            await asyncio.sleep(2)
            assert len(carrier.messages) > sent
            await town.campaign.cancel(appeal, SITI, "enough")
            await asyncio.sleep(2)
            assert (await town.account(appeal)).totals[Total.WAITING] == 0
            worker.terminate()
            await worker.wait()
