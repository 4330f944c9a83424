"""Random residents on networks and stores that fail: every row is what was typed, every sentence what is stored.

It belongs to no module. A resident answers what is shown, hangs up, dials again and calls off. Single hops find Redis
refusing everything, refusing writes, or losing one write. The newest callback of a call may be held up and come later,
also where Redis has forgotten that the report was called off meanwhile.
Carriers echo labels or not. `test_random_residents` has the keys that nobody would press.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from random import Random

import pytest

from gateway.carriers.carrier import Screen
from tests.helpers.packs import MENU
from tests.helpers.phones import phone
from tests.helpers.ussd import VAULT, Resident, UssdGateway

CALLERS = 10  # of a seed
CALLS = 4  # of a caller
CHOSEN: Mapping[str, Sequence[object]] = {  # what the options of a question are stored as
    "category": list(MENU.categories)[:6],
    "when": ["now", "hour", "today"],
    "danger": ["yes", "no", "unknown"],
    "size": ["few", "some", "many", "unknown"],
    "seen": ["self", "told", "media"],
    "contact": [True, False],
}
TEXTS = ["tawuran {}", "bagi uang {} * 2", "{}*1*1", "5*{} meter", "*{}*", "lihat {}*0*b"]
REFUSED_KEYS = ("77", "88*1", "")
FAULTS = ("refuses", "refuses writes", "loses a write")
SHARE_OF_FAULTS = {True: 0.4, False: 0.1}  # of all hops; without labels little is filed among many


class Caller:
    """Resident who answers what is shown, and remembers what was said."""

    faults = FAULTS

    def __init__(self, gateway: UssdGateway, number: int, random: Random, *, labelled: bool) -> None:
        self.gateway, self.random, self.labelled = gateway, random, labelled
        self.phone = phone(number)
        self.key = f"waspada:ussd:{VAULT.lookup(self.phone)[:8].hex()}"
        self.call = self._new_call()
        self.state = ""
        self.said: dict[str, object] = {}  # by what was shown
        self.sure: dict[str, object] = {}  # by what Redis has stored for certain
        self.filed: set[str] = set()  # tickets seen
        self.sent = False  # this dialogue
        self.called_off = False  # by the newest key, while Redis was available
        self.words = 0

    def _new_call(self) -> Resident:
        return Resident(self.gateway.services.turns, self.phone, labelled=self.labelled)

    async def dial(self) -> None:
        held_up = self._hold_up() if self.state and self.random.random() < 0.7 else None
        self.call, self.said, self.called_off = self._new_call(), dict(self.sure), False
        await self._see(await self.call.dial(), {})
        for _ in range(self.random.randrange(4, 40)):
            if self.state == "":
                break
            await self.press()
            if held_up and self.random.random() < 0.2:
                await self._deliver(*held_up)
        if held_up:
            await self._deliver(*held_up)
            if self.called_off:
                await self._deliver_forgotten(*held_up)

    def _hold_up(self) -> tuple[Resident, str, str | None]:
        """Type a key on the screen that is shown, which the carrier does not deliver yet."""
        keys, _ = self._answer()
        return self.call, f"{self.call.text}*{keys}" if self.call.text else keys, self.call.label

    async def _deliver(self, call: Resident, text: str, label: str | None) -> None:
        """Deliver a callback of an earlier call. It changes nothing."""
        before = (await self.gateway.run_redis("GET", self.key), await self._tickets())
        await call.callback(text, label)
        assert (await self.gateway.run_redis("GET", self.key), await self._tickets()) == before

    async def _deliver_forgotten(self, call: Resident, text: str, label: str | None) -> None:
        """Deliver a callback of a call whose report was called off, while Redis knows nothing. It files nothing."""
        before, tickets = await self.gateway.run_redis("GET", self.key), await self._tickets()
        await self.gateway.run_redis("DEL", self.key)
        await call.callback(text, label)
        assert await self._tickets() == tickets
        await self.gateway.run_redis("SET", self.key, before)

    async def press(self) -> None:
        keys, meaning = self._answer()
        is_faulty = self.random.random() < SHARE_OF_FAULTS[self.labelled]
        fault = self.random.choice(self.faults) if is_faulty else "none"
        async with self._fault(fault):
            screen = await self.call.answer(keys)
        if fault == "loses a write" and self._before:
            await self.gateway.run_redis("SET", self.key, self._before)
        await self._see(screen, meaning, stored=fault == "none")
        self.called_off = fault == "none" and (screen.label or "").startswith(("deleted", "cancelled"))

    @asynccontextmanager
    async def _fault(self, fault: str) -> AsyncIterator[None]:
        """Have Redis fail for this phone: a key of another type refuses what is asked of it."""
        redis = self.gateway.run_redis
        self._before = await redis("GET", self.key)
        if fault == "refuses":
            await redis("DEL", self.key)
            await redis("LPUSH", self.key, "what Redis refuses")
        if fault == "refuses writes":
            await redis("CONFIG", "SET", "maxmemory", "1")
        yield
        await redis("CONFIG", "SET", "maxmemory", "0")
        if fault == "refuses":
            await redis("DEL", self.key)
            if self._before:
                await redis("SET", self.key, self._before)

    def _answer(self) -> tuple[str, dict[str, object]]:
        """Choose what is typed on the screen that is shown. Returns the keys, and what they say."""
        if self.random.random() < 0.1:
            return self.random.choice(REFUSED_KEYS if self.state != "describe" else ("", "x" * 183)), {}
        if self.state == "describe":
            self.words += 1
            text = self.random.choice(TEXTS).format(f"{self.phone.masked[-3:]}-{self.words}")
            return text, {"description": text}
        if self.state in CHOSEN:
            number = self.random.randrange(len(CHOSEN[self.state]))
            return str(number + 1), {self.state: CHOSEN[self.state][number]}
        if self.state in ("confirm", "unfinished"):
            return self.random.choice("11133"), {}
        return "1", {}

    async def _see(self, screen: Screen, meaning: dict[str, object], *, stored: bool = True) -> None:
        shown, before = (screen.label or "").partition(".")[0], self.state
        lost = screen.text.startswith(MENU.wordings["id"].errors["lost"])
        if lost:
            self.said = dict(self.sure)
        elif shown != before:
            self.said |= meaning
        if shown in ("main", "language"):
            self.said, self.sent = {}, False
        if shown == "unfinished":
            assert not self.sent, "a report that was filed is not offered again"
        if stored:
            self.sure = dict(self.said)
        self.state = "" if screen.end else shown
        if screen.end:
            await self._end(screen, shown)

    async def _end(self, screen: Screen, shown: str) -> None:
        rows = [row for row in await self.gateway.incidents() if row["phone"] == self.phone.masked]
        tickets = {f"{row['ticket'][:4]}-{row['ticket'][4:]}" for row in rows}
        if shown == "ticket":
            (ticket,) = [one for one in tickets if one in screen.text]
            assert ticket not in self.filed, "a new telling has a new ticket"
            self.filed.add(ticket)
            self.sent = True
            told = {name: rows[0][name] for name in self.said}
            assert told == self.said
            self.said, self.sure = {}, {}
        assert tickets == self.filed, "each ticket was shown, and each that was shown is stored"
        assert shown != "perhaps_sent"

    async def _tickets(self) -> set[str]:
        return {str(row["ticket"]) for row in await self.gateway.incidents()}


@pytest.mark.parametrize("labelled", [True, False])
@pytest.mark.parametrize("seed", range(6))
async def test_rows_are_what_was_typed_whatever_fails(patient_gateway: UssdGateway, seed: int, labelled: bool) -> None:
    random, filed = Random(seed), 0
    for number in range(1, CALLERS + 1):
        caller = Caller(patient_gateway, number, random, labelled=labelled)
        for _ in range(CALLS):
            await caller.dial()
        filed += len(caller.filed)
    assert filed > CALLERS / 2, "most of it is not told in vain"
