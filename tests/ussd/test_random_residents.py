"""Model test of random residents, over three packs: none is ever stuck, misled or recorded twice.

It belongs to no module. Two state machines of Hypothesis press any keys at any time, and check invariants. The first
runs the engine alone: a replay of the transcript must lead to the same screen as the dialogue itself. The second runs
whole turns over real stores, with repeated and late callbacks and dropped sessions. Both run on an ordinary channel,
and on one with larger screens and keys of its own.
"""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import date
from itertools import count
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from gateway.carriers.carrier import Screen
from gateway.incidents.tables import incidents
from gateway.menu import engine
from gateway.menu.checks.checker import check
from gateway.menu.engine import RESUME, Session, Step
from gateway.menu.limits import DEFAULT, USSD_STRING, Keys, Limits
from gateway.menu.model import Menu, choices
from gateway.menu.pack.loader import load
from gateway.runtime.pack_folder import read_pack
from gateway.text import gsm
from gateway.text import ticket as tickets
from gateway.ussd.replay import StartInputs, replay_to
from gateway.ussd.screen_label import ScreenLabel
from gateway.ussd.transcript import split_inputs
from gateway.ussd.turn import UssdService
from tests.helpers.packs import PACKS
from tests.helpers.phones import phone
from tests.helpers.ussd import SERVICE, VAULT, Resident, UssdGateway, ussd_gateway

MENUS = {name: load(read_pack(PACKS / name)) for name in ("pekalongan", "kab-pekalongan", "tegal")}
GIVEN = {"ussd": SERVICE.service_code, "reports_today": "0", "stage": ""}
TODAY = date(2026, 11, 28)
CHANNELS = {
    "ordinary": DEFAULT,
    "other": Limits(USSD_STRING, keys=Keys(back="70", back_elsewhere="79", home="700", more="78")),
}
LEARNT = {
    "filed": {"ticket": "7340-2817"},
    "found": {"ticket": "7340-2817", "status": "checking", "date": "27/11 13:05"},
}
TICKET = tickets.with_dash(tickets.generate(lambda _: 12345))
ANSWERS = st.lists(st.integers(0, 9), min_size=1, max_size=16)
NAMES = sorted({name for menu in MENUS.values() for name in menu.areas.kelurahan.values()})
MODEL_SETTINGS = settings(
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
Value = TypeVar("Value")


@st.composite
def _mistyped(draw: st.DrawFn) -> str:
    """Draw the name of a place, with a letter missing or two exchanged."""
    name = draw(st.sampled_from(NAMES)).lower()
    at = draw(st.integers(0, len(name) - 2))
    return draw(
        st.sampled_from([name, name[:at] + name[at + 1 :], name[:at] + name[at + 1] + name[at] + name[at + 2 :]])
    )


KEYS = st.one_of(
    st.sampled_from(["1", "1", "1", "2", "2", "3", "4", "5", "7", "9"]),
    st.sampled_from(["1", "2", "3", "8"]),
    st.sampled_from(["0", "00", "98", "99", "70", "700", "78", "79"]),
    st.sampled_from(["", " ", "10", "77", "#", "2811", "31/12", "7340-2817", "7340-2818", "tawuran di pasar"]),
    st.sampled_from(["*", "5*5 meter", "1*1", "**", "x" * 183, "é" * 301, "🚨", "ya\nbegitu"]),
    _mistyped(),
    st.text(max_size=12),
)


_texts = count(1)


def likely(menu: Menu, limits: Limits, place: Session, number: int, ticket: str = TICKET) -> str:
    """Return a likely answer to this screen: mostly the first option, or a text that is unique."""
    state = menu.states[place.state]
    within = place.answers.get(state.within, "") if state.within else ""
    if state.kind.is_typed:
        said = {"text": f"tawuran {next(_texts)}.", "date": "2711", "ticket": ticket, "place_name": NAMES[number]}
        return said[state.source]
    offered = list(choices(menu, state, within))
    return offered[max(number - 6, 0) % len(offered)] if offered else (limits.keys or menu.keys).back


def assert_fits(screen: str, limits: Limits, *, end: bool) -> None:
    """Assert that a network carries this screen: GSM-7 alone, and short enough."""
    assert gsm.encoding(screen) == "gsm7", screen
    assert gsm.septets(f"{'END' if end else 'CON'} {screen}") <= limits.septets, screen


def leads_on(menu: Menu, limits: Limits, place: Session) -> bool:
    """Return True if some key that the screen offers leads to another screen."""
    state, named = menu.states[place.state], limits.keys or menu.keys
    within = place.answers.get(state.within, "") if state.within else ""
    offered = [] if state.kind.is_typed else list(choices(menu, state, within))
    for keys in (*offered, named.back, named.back_elsewhere, named.home, named.more):
        step = engine.step(menu, place, keys, limits, given=GIVEN, today=TODAY)
        if step.effect or step.end or (step.session.state, step.session.page) != (place.state, place.page):
            return True
    return False


def sends(menu: Menu, place: Session) -> bool:
    """Return True if the first option here files the report."""
    options = menu.states[place.state].options.values()
    return any(menu.states[target].source == "file_report" for target in [*options][:1])


# The engine alone -------------------------------------------------------------------------------------------


class EngineModel(RuleBasedStateMachine):
    """State machine of a phone that dials, types and dials again, with random outcomes of effects."""

    def __init__(self, menu: Menu, limits: Limits) -> None:
        super().__init__()
        self.menu = menu
        self.limits = limits
        self.step = Step(Session("", ""))
        self.place = Session("", "")
        self._dial("")

    def _dial(self, shortcut: str) -> None:
        before = self.step.session
        known = bool(before.state)
        dropped = before if known and engine.is_worth_resuming(self.menu, before) else None
        language = before.language if known and before.chosen else ""
        self.text = [shortcut] if shortcut else []
        self.filings = 0
        self.starred = self.refused = self.told = False
        self.certain = True  # the text alone leads here
        begun = engine.begin(self.menu, self.limits, given=GIVEN, language=language, shortcut=shortcut, dropped=dropped)
        self._now(begun, "failed")

    def _now(self, step: Step, ending: str) -> None:
        """Carry out the effects with this outcome, and check the screen."""
        for _ in range(4):
            if not step.effect:
                break
            outcomes = self.menu.states[step.session.state].options
            outcome = ending if ending in outcomes else next(iter(outcomes))
            self.filings += step.effect == "file_report"
            self.certain = False
            learnt = LEARNT.get(outcome, {})
            step = engine.resume(self.menu, step.session, outcome, learnt, self.limits, given=GIVEN)
        self.step = step
        assert not step.effect
        assert self.filings <= 1, "one call, one report"
        apology = self.menu.wordings[step.session.language].apology.partition("{")[0]
        assert not step.screen.startswith(apology)
        assert_fits(step.screen, self.limits, end=step.end)
        assert step.end or leads_on(self.menu, self.limits, step.session), step.session
        assert engine.show(self.menu, step.session, self.limits, given=GIVEN) == step, (
            "the stored session shows the same screen"
        )

    @rule(data=st.data())
    def dial(self, data: st.DataObject) -> None:
        self._dial(data.draw(st.sampled_from(["", "", *self.menu.shortcuts])))

    @precondition(lambda self: not self.step.end)
    @rule(keys=KEYS, ending=st.sampled_from(["filed", "kept", "failed", "found", "none", "locked"]))
    def type(self, keys: str, ending: str) -> None:
        self.press(keys, ending)

    def press(self, keys: str, ending: str) -> None:
        place = self.step.session
        if not (keys or self.text):
            return  # an empty first input leaves the carrier's text as it was
        self.text.append(keys)
        state = self.menu.states[place.state]
        step = engine.step(self.menu, place, keys, self.limits, given=GIVEN, today=TODAY)
        self.starred |= "*" in keys
        self.refused |= bool(step.session.error)
        self._replayed(step, ScreenLabel(place.state, place.language, place.began))
        self.told |= state.kind.is_typed and state.source == "text"
        self._now(step, ending)

    @precondition(lambda self: not self.step.end)
    @rule(answers=ANSWERS, ending=st.sampled_from(["filed", "kept", "failed", "found", "none"]))
    def get_on(self, answers: list[int], ending: str) -> None:
        for number in answers:
            if not self.step.end:
                self.press(likely(self.menu, self.limits, self.step.session, number), ending)

    @precondition(lambda self: self.step.end)
    @rule(keys=KEYS)
    def press_on_after_the_end(self, keys: str) -> None:
        before = self.step.screen
        self._now(engine.step(self.menu, self.step.session, keys, self.limits, given=GIVEN, today=TODAY), "failed")
        assert self.step.screen == before

    def _replayed(self, step: Step, label: ScreenLabel) -> None:
        """Replay the transcript as if Redis had lost the session, and compare."""
        found = replay_to(self.menu, split_inputs("*".join(self.text)), label, StartInputs(self.limits, GIVEN, TODAY))
        if label.began.startswith(RESUME):
            assert found is None
        elif self.certain and not self.starred and not (self.refused and self.told):
            assert found is not None
            assert (found.screen, found.end, found.effect) == (step.screen, step.end, step.effect)
            assert found.session.answers == step.session.answers


@pytest.mark.parametrize("pack", MENUS)
def test_packs_pass_the_checks_on_the_other_channel(pack: str) -> None:
    assert check(MENUS[pack], CHANNELS["other"]) == []


@pytest.mark.parametrize("pack", MENUS)
@pytest.mark.parametrize("channel", CHANNELS)
def test_engine_with_any_keys_never_sticks_or_misleads(pack: str, channel: str) -> None:
    run_state_machine_as_test(
        lambda: EngineModel(MENUS[pack], CHANNELS[channel]),  # type: ignore[arg-type]
        settings=settings(MODEL_SETTINGS, max_examples=30),
    )


# Whole turns ------------------------------------------------------------------------------------------------


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
        self.tickets: dict[str, set[str]] = {}
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
        if call is self.call and not self.taken and (screen.label or "").startswith("ticket."):
            self.ticket = re.findall(r"\d{4}-\d{4}", screen.text)[0]
            self.tickets.setdefault(call.session, set()).add(screen.text)
            assert len(self.tickets[call.session]) == 1, "one call, one ticket"
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
        late = stored is not None and stored.has_replaced(self.world.service.channel, sent[0].session, sent[1])
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
