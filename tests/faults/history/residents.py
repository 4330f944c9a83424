"""Simulated residents: they dial, answer, hang up, dial again, and write SMS, each from a chance of their own.

Some callbacks are held up on their way: the resident sees nothing, hangs up and dials again, and then it arrives.
Others are repeated, at once or late. Half of the phones are on a carrier that echoes labels.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from random import Random
from typing import Any

from gateway.menu.model import Menu
from tests.faults.history.line import Line
from tests.faults.history.manners import Manners, letter
from tests.faults.history.screens import TICKET, ScreenReader, Seen

MOST_HOPS = 45
_HELD_SHARE, _SEND_HELD_SHARE, _REPEATED_SHARE, _LATE_SHARE = 0.012, 0.08, 0.03, 0.02
_HELD_S, _THINKS_S = (0.2, 3.0), (0.03, 0.2)
_REDIAL_SHARE, _SMS_SHARE, _OPT_OUT_SHARE = 0.7, 0.2, 0.02


@dataclass(frozen=True, slots=True)
class _Sent:
    """Callback as it was sent, to be repeated."""

    call: str
    text: str
    typed: str | None
    label: str | None


class SimulatedResident:
    """One phone."""

    def __init__(
        self, number: int, phone: str, line: Line, menu: Menu, chance: Random, *, holds_up: bool = True
    ) -> None:
        """`holds_up` lets some callbacks arrive seconds after they were typed."""
        self._phone = phone
        self._line = line
        self._menu = menu
        self._chance = chance
        self._holds_up = holds_up
        self._labelled = number % 2 == 0
        self._reader = ScreenReader(menu)
        self._manners = Manners(menu, chance)
        self._sent: list[_Sent] = []
        self._background: set[asyncio.Task[None]] = set()
        self._ids = 0
        self._name = f"{number:04d}{chance.getrandbits(48):012x}"

    async def live(self, until: float) -> None:
        """Use the service until this time, then wait for all that is still on its way."""
        redials = False
        while time.time() < until:
            if not redials and self._chance.random() < _SMS_SHARE:
                await self._write()
            elif not redials and self._chance.random() < _OPT_OUT_SHARE:
                await self._line.opt_out(self._phone)
            else:
                finished = await self._call(until)
                redials = not finished and self._chance.random() < _REDIAL_SHARE
            await self._think()
        await asyncio.gather(*self._background)

    async def _call(self, until: float) -> bool:
        """Dial and answer. Returns True if the service has ended the call."""
        self._ids += 1
        call, text, label = f"ATUid_{self._name}{self._ids:04x}", "", None
        reply = await self._line.hop(call, self._phone, "", None, None)
        for _ in range(MOST_HOPS):
            seen = self._reader.read(reply.body[4:])
            self._remember(seen)
            if not reply.body.startswith("CON ") or time.time() > until:
                break
            await self._think()
            typed = self._manners.answer(seen)
            if typed is None:
                break
            text = f"{text}*{typed}" if text else typed
            label = reply.label if self._labelled else None
            sent = _Sent(call, text, typed, label)
            if self._is_held(seen):
                self._run(self._arrive_late(sent))
                return False
            reply = await self._line.hop(call, self._phone, text, typed, label)
            self._repeat(sent)
        if self._chance.random() < 0.5:
            self._run(self._line.end(call, self._phone))
        return reply.body.startswith("END ")

    def _is_held(self, seen: Seen) -> bool:
        return self._holds_up and self._chance.random() < (_SEND_HELD_SHARE if seen.state == "confirm" else _HELD_SHARE)

    async def _arrive_late(self, sent: _Sent) -> None:
        at = time.time()
        await asyncio.sleep(self._chance.uniform(*_HELD_S))
        await self._line.hop(sent.call, self._phone, sent.text, sent.typed, sent.label, at=at, shown=False)

    def _repeat(self, sent: _Sent) -> None:
        """Repeat this callback, or an earlier one, now and then."""
        self._sent.append(sent)
        chance = self._chance.random()
        if chance < _REPEATED_SHARE:
            self._run(self._copy(sent, self._chance.choice([0.0, 0.3, 2.0])))
        elif chance < _REPEATED_SHARE + _LATE_SHARE:
            self._run(self._copy(self._chance.choice(self._sent[-25:]), 0.0))

    async def _copy(self, sent: _Sent, after_s: float) -> None:
        await asyncio.sleep(after_s)
        await self._line.hop(sent.call, self._phone, sent.text, sent.typed, sent.label, repeated=True, shown=False)

    async def _write(self) -> None:
        self._ids += 1
        text = letter(self._chance, self._menu, self._manners.ticket)
        await self._line.sms(f"sms-{self._name}{self._ids:04x}", self._phone, text)

    def _remember(self, seen: Seen) -> None:
        if seen.state == "ticket":
            self._manners.ticket = TICKET.findall(seen.text)[0]

    async def _think(self) -> None:
        await asyncio.sleep(self._chance.uniform(*_THINKS_S))

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
