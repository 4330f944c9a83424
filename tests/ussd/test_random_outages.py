"""Random residents on networks and stores that fail: every row is what was typed, every sentence what is stored.

It belongs to no module. A resident answers what is shown, hangs up, dials again and calls off, files danger and adds to
it, and tells of something else in the same call. Single hops find Redis refusing everything, refusing writes, or losing
one write. The newest callback of a call may be held up and come later, also where Redis has forgotten that the report
was called off meanwhile.
Carriers echo labels or not. `test_random_residents` has the keys that nobody would press.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from gateway.carriers.carrier import Screen
from tests.helpers.packs import MENU
from tests.helpers.phones import phone
from tests.helpers.random_keys import ticket_on
from tests.helpers.ussd import VAULT, Resident, UssdGateway

CALLERS = 10  # of a seed
CALLS = 4  # of a caller
CHOSEN: Mapping[str, tuple[str, Sequence[object]]] = {  # the answer of a question, and what its options are stored as
    "urgent": ("danger", ["yes"]),
    "urgent_kind": ("category", ["gesekan", "ancam", "tps", "lain"]),
    "add_size": ("size", ["few", "some", "many", "unknown"]),
    "add_seen": ("seen", ["self", "told", "media"]),
    "category": ("category", list(MENU.categories)[:6]),
    "when": ("when", ["now", "hour", "today"]),
    "danger": ("danger", ["yes", "no", "unknown"]),
    "size": ("size", ["few", "some", "many", "unknown"]),
    "seen": ("seen", ["self", "told", "media"]),
    "contact": ("contact", [True, False]),
}
TYPED = ("describe", "add_words")  # words for the description
ANSWERS = sorted({name for name, _ in CHOSEN.values()} | {"description"})
ADDING = ("ticket_urgent", "add_size", "add_seen", "add_words", "completed", "not_completed")  # to a filed report
KEYS = {"main": "112", "confirm": "11133", "unfinished": "11133", "limit": "0"}  # one of them
HOME = "00"
TEXTS = ["tawuran {}", "bagi uang {} * 2", "{}*1*1", "5*{} meter", "*{}*", "lihat {}*0*b"]
REFUSED_KEYS = ("77", "88*1", "")
FAULTS = ("refuses", "refuses writes", "loses a write")
SHARE_OF_FAULTS = {True: 0.4, False: 0.1}  # of all hops; without labels little is filed among many


@dataclass(slots=True)
class Filed:
    """Filed report: what its row holds, and what it may hold, since its resident typed it and it may have been lost."""

    told: dict[str, object]
    perhaps: dict[str, list[object]] = field(default_factory=dict)

    def add(self, said: Mapping[str, object], sure: Mapping[str, object]) -> None:
        """Note what was said after it was filed."""
        self.told |= sure
        for name, value in said.items():
            self.perhaps.setdefault(name, []).append(value)

    def assert_is(self, row: Mapping[str, Any]) -> None:
        for name in ANSWERS:
            possible = [self.told[name]] if name in self.told else [*self.perhaps.get(name, []), "", None]
            assert row[name] in possible, (name, row[name], self)


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
        self.filed: dict[str, Filed] = {}  # by the tickets that were seen
        self.adds = self.sure_adds = False  # what is said now, and what is sure, completes the newest of them
        self.sent = False  # this dialogue
        self.called_off = False  # by the newest key, while Redis was available
        self.words = 0

    def _new_call(self) -> Resident:
        return Resident(self.gateway.services.turns, self.phone, labelled=self.labelled)

    async def dial(self) -> None:
        held_up = self._hold_up() if self.state and self.random.random() < 0.7 else None
        self._stop_adding()
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

    async def check_rows(self) -> None:
        """Let the gateway finish what waits, and check each row."""
        self._stop_adding()
        await self._new_call().dial()
        await self._settle()
        rows = await self._rows()
        assert rows.keys() == self.filed.keys()
        for ticket, filed in self.filed.items():
            filed.assert_is(rows[ticket])

    def _hold_up(self) -> tuple[Resident, str, str | None]:
        """Type a key on the screen that is shown, which the carrier does not deliver yet."""
        keys, _ = self._answer()
        return self.call, f"{self.call.text}*{keys}" if self.call.text else keys, self.call.label

    async def _deliver(self, call: Resident, text: str, label: str | None) -> None:
        """Deliver a callback of an earlier call. It changes nothing."""
        before = (await self.gateway.run_redis("GET", self.key), await self._rows())
        await call.callback(text, label)
        assert (await self.gateway.run_redis("GET", self.key), await self._rows()) == before

    async def _deliver_forgotten(self, call: Resident, text: str, label: str | None) -> None:
        """Deliver a callback of a call whose report was called off, while Redis knows nothing. It files nothing."""
        before, rows = await self.gateway.run_redis("GET", self.key), await self._rows()
        await self.gateway.run_redis("DEL", self.key)
        await call.callback(text, label)
        assert await self._rows() == rows
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
            return self._refused()
        if self.state in ADDING and self.random.random() < 0.1:
            return HOME, {}
        if self.state in TYPED:
            self.words += 1
            text = self.random.choice(TEXTS).format(f"{self.phone.masked[-3:]}-{self.words}")
            return text, {"description": text}
        if self.state in CHOSEN:
            name, values = CHOSEN[self.state]
            number = self.random.randrange(len(values))
            return str(number + 1), {name: values[number]}
        return self.random.choice(KEYS.get(self.state, "1")), {}

    def _refused(self) -> tuple[str, dict[str, object]]:
        """Choose keys that a screen refuses. Two of them are taken one by one if Redis has missed the screen."""
        keys = self.random.choice(("", "x" * 183) if self.state in TYPED else REFUSED_KEYS)
        name, values = CHOSEN.get(self.state, ("", ()))
        return keys, {name: values[0]} if keys == "88*1" and name else {}

    async def _see(self, screen: Screen, meaning: dict[str, object], *, stored: bool = True) -> None:
        shown, before = (screen.label or "").partition(".")[0], self.state
        lost = screen.text.startswith(MENU.wordings["id"].errors["lost"])
        if lost:
            self.said = dict(self.sure) if self.sure_adds or shown not in ADDING else {}
        elif shown != before:
            self.said |= meaning
        if shown not in ADDING:
            self._stop_adding()
        if shown in ("main", "language"):
            self.said, self.sent = {}, False
        if shown == "unfinished":
            assert not self.sent, "a report that was filed is not offered again"
        if stored:
            self.sure, self.sure_adds = dict(self.said), shown in ADDING
        self.state = "" if screen.end else shown
        if shown.startswith("ticket") and shown != before:
            await self._note_ticket(ticket_on(screen), lost=lost)
        self.adds = shown in ADDING
        if screen.end:
            await self._end(shown)

    async def _note_ticket(self, ticket: str, *, lost: bool) -> None:
        """Compare the row of a new ticket with what was said. It is an earlier one if the gateway lost its screen."""
        if lost and ticket == [*self.filed][-1]:
            return
        await self._settle()
        assert ticket not in self.filed, "a new telling has a new ticket"
        self.filed[ticket] = Filed(dict(self.said))
        self.sent = True
        self.filed[ticket].assert_is((await self._rows())[ticket])

    def _stop_adding(self) -> None:
        """Note what was added to the newest report: it is stored in the end, as far as Redis has it."""
        if self.adds:
            [*self.filed.values()][-1].add(self.said, self.sure if self.sure_adds else {})
        self.adds = False

    async def _end(self, shown: str) -> None:
        await self._settle()
        rows = await self._rows()
        if shown == "completed":
            newest = [*self.filed][-1]
            self.filed[newest].told |= self.said
            self.filed[newest].assert_is(rows[newest])
        self._stop_adding()
        if shown.startswith(("ticket", "completed")):
            self.said, self.sure = {}, {}
        assert rows.keys() == self.filed.keys(), "each ticket was shown, and each that was shown is stored"
        assert shown != "perhaps_sent"

    async def _settle(self) -> None:
        """Do what a worker does."""
        await self.gateway.services.filing.complete_pending()

    async def _rows(self) -> dict[str, Mapping[str, Any]]:
        """Return the rows of this phone by their tickets."""
        rows = [row for row in await self.gateway.incidents() if row["phone"] == self.phone.masked]
        return {f"{row['ticket'][:4]}-{row['ticket'][4:]}": row for row in rows}


@pytest.mark.parametrize("labelled", [True, False])
@pytest.mark.parametrize("seed", range(6))
async def test_rows_are_what_was_typed_whatever_fails(patient_gateway: UssdGateway, seed: int, labelled: bool) -> None:
    random, filed = Random(seed), 0
    for number in range(1, CALLERS + 1):
        caller = Caller(patient_gateway, number, random, labelled=labelled)
        for _ in range(CALLS):
            await caller.dial()
        await caller.check_rows()
        filed += len(caller.filed)
    assert filed > CALLERS / 2, "most of it is not told in vain"
