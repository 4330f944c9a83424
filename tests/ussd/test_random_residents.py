"""Model test of random residents, over three packs: none is ever stuck, misled or recorded twice.

It belongs to no module. A state machine of Hypothesis dials and presses any keys over real stores, with repeated and
late callbacks and dropped sessions. It runs on an ordinary channel, and on one with larger screens and keys of its own.
`test_random_dialogues` does so with the engine alone.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from gateway.carriers.carrier import Screen
from gateway.incidents.tables import incidents
from gateway.menu.model import Menu
from gateway.ussd.turn import UssdService
from tests.helpers.phones import phone
from tests.helpers.random_keys import (
    ANSWERS,
    CHANNELS,
    KEYS,
    MENUS,
    MODEL_SETTINGS,
    TICKET,
    assert_fits,
    leads_on,
    likely,
    sends,
    ticket_on,
)
from tests.helpers.ussd import SERVICE, VAULT, Resident, UssdGateway, ussd_gateway

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class World:
    """Gateway of one pack over real stores with one channel, and the loop that it runs in."""

    menu: Menu
    service: UssdService
    gateway: UssdGateway
    runner: asyncio.Runner

    def run(self, work: Coroutine[Any, Any, Value]) -> Value:
        return self.runner.run(work)


_phones = count(1)


class TurnModel(RuleBasedStateMachine):
    """State machine of a phone, the callbacks that its carrier has sent, and their answers."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.phone = phone(next(_phones))
        self.calls: list[Resident] = []
        self.sent: list[tuple[Resident, str, str | None]] = []  # call, text, label
        self.tickets: set[str] = set()  # that this phone was shown
        self.ticket = TICKET  # of the last report that this phone has filed
        self.open = False
        self.steady = True  # what Redis holds is this call, as far as it has got
        self.taken = False  # what Redis holds is a call that broke off: its ticket answers what comes of this one again
        self._dial("", in_text=True)

    @property
    def call(self) -> Resident:
        return self.calls[-1]

    def _dial(self, suffix: str, *, in_text: bool) -> None:
        self.calls.append(Resident(self.world.gateway.services.turns, self.phone, service=self.world.service))
        if in_text:
            self.call.text = suffix
        self.code = f"{SERVICE.service_code[:-1]}*{suffix}#" if suffix and not in_text else SERVICE.service_code
        self._remember(self._callback(self.call, self.call.text, None))

    def _callback(self, call: Resident, text: str, label: str | None) -> Screen:
        self.sent.append((call, text, label))
        screen = self.world.run(call.callback(text, label, self.code if call is self.call else ""))
        assert screen.label != "apology"
        assert_fits(screen.text, self.world.service.limits, end=screen.end)
        for words in self.world.menu.wordings.values():
            assert not screen.text.startswith(words.apology.partition("{")[0]), screen
        if call is self.call and not self.taken and (ticket := ticket_on(screen)):
            self.ticket = ticket
            self.tickets.add(self.ticket.replace("-", ""))
        return screen

    def _keys(self) -> dict[bytes, bytes]:
        """Return the stored sessions in Redis."""
        ask = self.world.gateway.run_redis
        return {key: self.world.run(ask("GET", key)) for key in self.world.run(ask("KEYS", "waspada:ussd:*"))}

    def _remember(self, screen: Screen) -> None:
        self.call.label, self.open, self.steady, self.taken = screen.label, not screen.end, True, False
        if self.open:
            stored = self.world.run(self.world.gateway.stored(self.phone))
            assert leads_on(self.world.menu, self.world.service.limits, stored.menu_session), stored.menu_session

    @precondition(lambda self: self.open)
    @rule(keys=KEYS)
    def answer(self, keys: str) -> None:
        self.press(keys)

    def press(self, keys: str) -> None:
        self.call.text = f"{self.call.text}*{keys}" if self.call.text else keys
        self._remember(self._callback(self.call, self.call.text, self.call.label))

    @precondition(lambda self: self.open)
    @rule(answers=ANSWERS)
    def get_on(self, answers: list[int]) -> None:
        for number in answers:
            stored = self.world.run(self.world.gateway.services.sessions.read(VAULT.lookup(self.phone)))[1]
            if not self.open or stored is None or stored.session != self.call.session:
                break
            self.press(likely(self.world.menu, self.world.service.limits, stored.menu_session, number, self.ticket))

    @rule(data=st.data(), in_text=st.booleans())
    def dial(self, data: st.DataObject, in_text: bool) -> None:
        suffixes = ["", "", "", *self.world.menu.shortcuts, "77", "1*1", "1*1*2"]
        self._dial(data.draw(st.sampled_from(suffixes)), in_text=in_text)

    @rule(labelled=st.booleans())
    def the_last_callback_again(self, labelled: bool) -> None:
        call, text, label = self.sent[-1]
        first = self._callback(call, text, label if labelled else None)
        again = self._callback(call, text, label)
        assert (again.text, again.end) == (first.text, first.end)

    @rule(data=st.data())
    def an_earlier_callback_of_this_call(self, data: st.DataObject) -> None:
        """Repeat an earlier callback of this call. It changes nothing, unless Redis has another session since."""
        earlier = [one for one in self.sent if one[0] is self.call]
        keys, steady = self._keys(), self.steady
        self._callback(*data.draw(st.sampled_from(earlier)))
        assert not steady or self._keys() == keys

    @precondition(lambda self: len(self.calls) > 1)
    @rule(data=st.data())
    def a_callback_of_a_call_that_broke_off(self, data: st.DataObject) -> None:
        """Repeat a callback of an earlier call. It changes nothing if Redis knows that the call was replaced."""
        sent = data.draw(st.sampled_from([one for one in self.sent if one[0] is not self.call]))
        stored = self.world.run(self.world.gateway.services.sessions.read(VAULT.lookup(self.phone)))[1]
        late = stored is not None and stored.has_replaced(self.world.service.channel, sent[0].session)
        keys = self._keys()
        self._callback(*sent)
        assert not late or self._keys() == keys
        self.steady &= late
        self.taken |= not late

    @precondition(lambda self: self.open)
    @rule(answers=st.lists(st.integers(0, 9), min_size=16, max_size=16), late_after=st.integers(0, 2))
    def the_last_answer_comes_late(self, answers: list[int], late_after: int) -> None:
        """Drop the call before the report is sent, resume it, and let its last answer come late."""
        for number in answers:
            stored = self.world.run(self.world.gateway.services.sessions.read(VAULT.lookup(self.phone)))[1]
            if not self.open or stored is None or stored.session != self.call.session:
                return
            if sends(self.world.menu, stored.menu_session):
                break
            self.press(likely(self.world.menu, self.world.service.limits, stored.menu_session, number, self.ticket))
        first = self.call
        self._dial("", in_text=True)
        for answer in range(3):  # go on, send, and what may still be asked
            if answer == late_after:
                self.steady = False
                self._callback(first, f"{first.text}*1", first.label)
            if self.open:
                self.press("1")

    @rule()
    def redis_forgets(self) -> None:
        self.steady = False
        self.world.run(self.world.gateway.run_redis("FLUSHALL"))

    def teardown(self) -> None:
        rows = self.world.run(self.world.gateway.rows(incidents))
        told = [row["description"] for row in rows if row["description"].endswith(".")]
        assert len(set(told)) == len(told), "a report is filed once, whatever sessions its dialogue had"
        assert self.tickets <= {row["ticket"] for row in rows}, "every ticket is a row"
        self.world.run(self.world.gateway.run_redis("FLUSHALL"))


@pytest.fixture
def world(pack: str, channel: str, redis_url: str, database_url: str, log: io.StringIO) -> Iterator[World]:
    stack = AsyncExitStack()
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        gateway = runner.run(stack.enter_async_context(ussd_gateway(redis_url, database_url, menu=MENUS[pack])))
        yield World(MENUS[pack], replace(SERVICE, limits=CHANNELS[channel]), gateway, runner)
        runner.run(stack.aclose())
    assert "Traceback" not in log.getvalue()


@pytest.mark.parametrize("pack", MENUS)
@pytest.mark.parametrize("channel", CHANNELS)
def test_turns_with_any_callbacks_never_stick_or_file_twice(world: World) -> None:
    run_state_machine_as_test(lambda: TurnModel(world), settings=settings(MODEL_SETTINGS, max_examples=15))  # type: ignore[arg-type]
