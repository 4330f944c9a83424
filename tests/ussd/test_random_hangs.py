"""Random residents over stores that hang on single hops: every row is what was typed, every sentence what is stored.

It belongs to no module. `test_random_outages` has the same residents over stores that refuse. A store that hangs goes
on later with what it was asked: what a resident was told may still be stored, or not.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

import pytest

from gateway.carriers.carrier import Screen
from gateway.ussd.transcript import fingerprint
from tests.helpers.gateway import Deadlines
from tests.helpers.outages import OwnRedis, PostgresGate
from tests.helpers.ussd import VAULT, UssdGateway, ussd_gateway
from tests.helpers.waiting import until
from tests.ussd.test_random_outages import Caller, Filed

CALLERS, CALLS = 5, 3
OVERTAKEN_S = 0.1  # until PostgreSQL has done what it was asked while it hung


class HangingCaller(Caller):
    """Resident some of whose hops find Redis, PostgreSQL or both hanging."""

    faults = ("redis", "postgres", "both")

    def __init__(
        self,
        gateway: UssdGateway,
        number: int,
        random: Random,
        own_redis: OwnRedis,
        postgres: PostgresGate,
        *,
        labelled: bool,
    ) -> None:
        super().__init__(gateway, number, random, labelled=labelled)
        self.own_redis, self.postgres = own_redis, postgres
        self.open_ends: list[dict[str, object]] = []  # told of reports that are saved, or perhaps sent

    @asynccontextmanager
    async def _fault(self, fault: str) -> AsyncIterator[None]:
        self._before = b""
        if fault in ("redis", "both"):
            self.own_redis.hang()
        if fault in ("postgres", "both"):
            self.postgres.freeze()
        yield
        self.own_redis.resume()
        await self.postgres.open()
        if fault != "none":
            await until(self.gateway.reaches_redis)
        if fault in ("postgres", "both"):
            await asyncio.sleep(OVERTAKEN_S)

    async def _see(self, screen: Screen, meaning: dict[str, object], *, stored: bool = True) -> None:
        await until(self.gateway.reaches_redis)
        _, found = await self.gateway.services.sessions.read(VAULT.lookup(self.phone))
        is_stored = found is not None and found.session == self.call.session
        is_stored = is_stored and found is not None and found.fingerprint == fingerprint(self.call.text)
        await super()._see(screen, meaning, stored=is_stored)

    async def _end(self, shown: str) -> None:
        if shown in ("saved", "perhaps_sent"):
            self.open_ends.append(dict(self.said))
            self.sent = shown == "saved"
            self.said, self.sure = {}, {}
            await self._settle()
        else:
            await super()._end(shown)

    async def _settle(self) -> None:
        await self.gateway.services.filing.file_pending()
        await super()._settle()
        await self._find_open_ends()

    async def _find_open_ends(self) -> None:
        """Take the reports that were saved, or perhaps sent, for filed once they are. Each is what was typed."""
        for ticket, row in (await self._rows()).items():
            for told in self.open_ends if ticket not in self.filed else ():
                if told == {name: row[name] for name in told}:
                    self.open_ends.remove(told)
                    self.filed = {ticket: Filed(told), **self.filed}  # nothing is added to it
                    break


@pytest.fixture
async def hanging_gateway(own_redis: OwnRedis, postgres: PostgresGate, log: io.StringIO) -> AsyncIterator[UssdGateway]:
    """Open a gateway that does not wait long for a store."""
    deadlines = Deadlines(redis_deadline_ms=150, sql_deadline_ms=300)
    async with ussd_gateway(own_redis.url, postgres.url, log=log, **deadlines) as opened:
        yield opened


@pytest.mark.parametrize("labelled", [True, False])
@pytest.mark.parametrize("seed", range(2))
async def test_rows_are_what_was_typed_whatever_hangs(
    hanging_gateway: UssdGateway, own_redis: OwnRedis, postgres: PostgresGate, seed: int, labelled: bool
) -> None:
    random, filed = Random(seed), 0
    for number in range(1, CALLERS + 1):
        caller = HangingCaller(hanging_gateway, number, random, own_redis, postgres, labelled=labelled)
        for _ in range(CALLS):
            await caller.dial()
        await caller.check_rows()
        filed += len(caller.filed)
    # Without labels nothing is filed while Redis is slow, as it may be on a busy machine.
    assert filed or not labelled, "not all of it is told in vain"
