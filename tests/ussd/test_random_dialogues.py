"""Model test of random dialogues of the engine, over three packs: none is ever stuck or misled.

It belongs to no module. A replay of the typed transcript must lead to the same screen as the dialogue itself.
"""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from gateway.menu import engine
from gateway.menu.checks.checker import check
from gateway.menu.engine import RESUME, Session, Step
from gateway.menu.limits import Limits
from gateway.menu.model import Menu
from gateway.ussd.replay import StartInputs, replay_to
from gateway.ussd.screen_label import ScreenLabel, Spans, parse_label
from tests.helpers.random_keys import (
    ANSWERS,
    CHANNELS,
    GIVEN,
    KEYS,
    MENUS,
    MODEL_SETTINGS,
    TODAY,
    assert_fits,
    leads_on,
    likely,
)

LEARNT = {
    "filed": {"ticket": "7340-2817"},
    "found": {"ticket": "7340-2817", "status": "checking", "date": "27/11 13:05"},
}


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
        self.spans: Spans = ()
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
            is_filed = step.effect == "file_report" and outcome == "filed"
            self.filings += is_filed
            self.certain &= is_filed  # a replay takes a filing to have gone well
            learnt = LEARNT.get(outcome, {})
            step = engine.resume(self.menu, step.session, outcome, learnt, self.limits, given=GIVEN)
        self.step = step
        assert not step.effect
        assert self.filings <= max(1, step.session.filings), "each report of a call is known to be another one"
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
        before = len("*".join(self.text)) if self.text else 0
        self.text.append(keys)
        text = "*".join(self.text)
        is_typed = self.menu.states[place.state].kind.is_typed
        step = engine.step(self.menu, place, keys, self.limits, given=GIVEN, today=TODAY)
        label = ScreenLabel(place.state, place.language, place.began, self.spans, before if is_typed else None)
        self.certain &= is_typed or "*" not in keys  # a star on a menu is never stepped with
        self._replayed(step, text, label)
        if "*" in keys:
            self.spans = (*self.spans, (len(text) - len(keys), len(text)))
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

    def _replayed(self, step: Step, text: str, label: ScreenLabel) -> None:
        """Replay the transcript as if Redis had lost the session, and compare."""
        found = replay_to(self.menu, (), text, label, StartInputs(self.limits, GIVEN, TODAY))
        if label.began.startswith(RESUME):
            assert found is None
        elif self.certain:
            assert found is not None
            assert parse_label(str(label)) == label
            filed = self.filings > 0  # a replay does not know the ticket
            shown = step.screen.replace(LEARNT["filed"]["ticket"], "") if filed else step.screen
            assert (found.step.screen, found.step.end, found.step.effect) == (shown, step.end, step.effect)
            answers = {name: value for name, value in step.session.answers.items() if name != "ticket" or not filed}
            assert (found.step.session.answers, found.newest) == (answers, self.text[-1])


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
