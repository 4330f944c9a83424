"""One USSD callback, start to finish: read the session, step, carry out the effect, store, answer.

On an ordinary hop that is one Redis read and one Redis write. The gateway always answers: where a store is away the
dialogue goes on from the carrier's own transcript, and where all else fails the resident gets an apology in his
language (promises 2 and 4 of the design).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import structlog

from gateway.carriers.carrier import Screen, Turn
from gateway.incidents.incident import REQUIRED_ANSWERS
from gateway.menu import engine
from gateway.menu.engine import Step
from gateway.menu.limits import Limits
from gateway.menu.model import Menu
from gateway.runtime.clock import Clock
from gateway.runtime.metrics import Metrics
from gateway.runtime.redis import RedisUnavailable
from gateway.text.wording import fill
from gateway.ussd import transcript
from gateway.ussd.dropped_sessions import DroppedSessions, is_fileable
from gateway.ussd.effect_request import EffectRequest
from gateway.ussd.effects import Effects
from gateway.ussd.menu_versions import MenuVersions
from gateway.ussd.replay import replay_from
from gateway.ussd.screen_label import ScreenLabel, parse_label
from gateway.ussd.sessions import SessionStore, SessionTtl, StoredSession
from gateway.ussd.start import start
from gateway.ussd.transcript import NewInput, TranscriptVerdict
from gateway.ussd.turn_context import TurnContext
from gateway.ussd.turn_log import turn_fields
from gateway.vault.vault import Vault

log = structlog.get_logger()

_LATE = NewInput(TranscriptVerdict.LATE)
MAX_EFFECTS = 4  # of one hop: an effect may lead to another, a ring of them must not hang


@dataclass(frozen=True, slots=True)
class UssdService:
    """A channel as its residents see it: its name, what they dial, and the size of a screen."""

    channel: str
    service_code: str
    limits: Limits


@dataclass(frozen=True, slots=True)
class TurnDeps:
    """What a turn needs of the gateway."""

    versions: MenuVersions
    sessions: SessionStore
    effects: Effects
    dropped: DroppedSessions
    vault: Vault
    clock: Clock
    metrics: Metrics


class TurnHandler:
    """Takes the callbacks of all channels."""

    def __init__(self, deps: TurnDeps, open_s: int) -> None:
        """`open_s` is for how many seconds a dialogue is kept that says nothing worth more."""
        self._deps = deps
        self._open_s = open_s
        self._keepings: dict[str, SessionTtl] = {}

    async def handle(self, service: UssdService, turn: Turn) -> Screen:
        """The screen that answers `turn`. Never raises.

        Every store operation has its own deadline, and a turn makes four of them at most: the read, the filing, the
        keeping of what could not be filed, the write. With the default settings that is 1.8 seconds.
        """
        started = self._deps.clock.monotonic()
        hop = TurnContext(turn, service.channel, service.service_code, service.limits, self._deps.versions.current)
        try:
            step = await self._answer(hop)
        except Exception as error:
            log.error(
                "ussd.failed",
                channel=service.channel,
                session=turn.session,
                error=type(error).__name__,
                exc_info=True,
            )
            hop.outcome = "failed"
            step = self._apology(hop, service)
        seconds = self._deps.clock.monotonic() - started
        self._deps.metrics.count_turn(hop.channel, hop.outcome, seconds, hop.redis_s, hop.sql_s)
        log.info("ussd.turn", **turn_fields(hop, step, seconds))
        place = step.session
        return Screen(step.screen, step.end, str(ScreenLabel(place.state, place.language, place.began)))

    def apology(self, service: UssdService, language: str = "") -> Screen:
        """The last screen of a callback that could not be understood."""
        menu = self._deps.versions.current
        words = menu.wordings.get(language) or menu.wordings[menu.language]
        values = menu.placeholder_values({}, words.language, {"ussd": service.service_code})
        return Screen(fill(words.apology, values), end=True, label="apology")

    def _apology(self, hop: TurnContext, service: UssdService) -> Step:
        known = hop.stored.menu_session if hop.stored else engine.begin(hop.menu).session
        return Step(known, self.apology(service, known.language).text, end=True)

    async def _answer(self, hop: TurnContext) -> Step:
        hop.phone_key = self._deps.vault.lookup(hop.turn.phone)
        await self._read(hop)
        hop.set_time(self._deps.clock.now())
        step = self._step(hop)
        if hop.outcome in (TranscriptVerdict.REPEATED, TranscriptVerdict.LATE):
            return step
        for _ in range(MAX_EFFECTS):
            if not step.effect:
                break
            step = await self._carry_out(hop, step)
        else:
            raise RuntimeError(f"{step.session.state}: the effects of this menu lead to each other")
        # What failed leaves the dialogue where it was, so that it can be gone on with.
        return step if hop.failed else await self._write(hop, step)

    async def _read(self, hop: TurnContext) -> None:
        started = self._deps.clock.monotonic()
        try:
            hop.raw, found = await self._deps.sessions.read(hop.phone_key)
        except RedisUnavailable:
            self._deps.metrics.store_errors.labels("redis").inc()
            hop.redis_unavailable = True
        else:
            hop.load(found, self._deps.versions)
        hop.redis_s += self._deps.clock.monotonic() - started

    def _step(self, hop: TurnContext) -> Step:
        """Where the callback leads. Leaves the outcome and the state that the resident had been in."""
        stored, turn = hop.stored, hop.turn
        if stored is None:
            return self._start(hop)
        hop.state = stored.menu_session.state
        addition = _LATE if hop.superseded else transcript.new_input(stored.fingerprint, turn.text)
        hop.outcome = addition.verdict.value
        if hop.version_unknown:
            # A late callback is of a dialogue that goes on elsewhere: it is answered, and changes nothing.
            hop.outcome = "led_back" if addition.verdict is not TranscriptVerdict.LATE else hop.outcome
            return self._show_in_new_version(hop, stored)
        if addition.verdict is not TranscriptVerdict.NEW:
            return engine.show(hop.menu, stored.menu_session, hop.limits, given=hop.given)
        hop.keys = addition.keys
        label = parse_label(turn.label)
        if label and label.state != stored.menu_session.state:
            # The resident has seen a later screen than we stored: Redis was away in between.
            return self._replay_missed(hop, stored, label)
        step = Step(stored.menu_session)
        for keys in _inputs(hop.menu, stored.menu_session.state, addition.keys):
            step = engine.step(hop.menu, step.session, keys, hop.limits, given=hop.given, today=hop.today)
            if step.effect:
                break
        return step

    def _replay_missed(self, hop: TurnContext, stored: StoredSession, label: ScreenLabel) -> Step:
        """From the stored place by all that was typed since."""
        hop.outcome = "replayed"
        step = replay_from(hop.menu, stored.menu_session, transcript.split_inputs(hop.keys), label, hop.start_inputs())
        if step is None:
            hop.outcome = "lost"
            step = engine.show_home(hop.menu, label.language, hop.limits, given=hop.given, error="lost")
        return step

    def _start(self, hop: TurnContext) -> Step:
        step, hop.outcome = start(
            hop.menu,
            hop.turn,
            hop.service_code,
            hop.start_inputs(),
            hop.resumable_session(),
            surely=not hop.redis_unavailable,
        )
        return step

    def _show_in_new_version(self, hop: TurnContext, stored: StoredSession) -> Step:
        """The menu has changed under the dialogue: the same screen as it is now, or the main menu; nothing is pressed.

        What was typed answered a screen whose options may have moved. A last screen stays what it was.
        """
        place = stored.menu_session
        if engine.has_place(hop.menu, place):
            kind = hop.menu.states[place.state].kind
            if kind.is_end:
                return engine.show(hop.menu, place, hop.limits, given=hop.given)
            if not kind.runs_effect:
                place = place._replace(error="lost", page=0, began=place.began if place.resumed else engine.RESUME)
                return engine.show(hop.menu, place, hop.limits, given=hop.given)
        return engine.show_home(hop.menu, place.language, hop.limits, given=hop.given, error="lost")

    async def _carry_out(self, hop: TurnContext, step: Step) -> Step:
        started = self._deps.clock.monotonic()
        place = step.session
        statement = EffectRequest(
            channel=hop.channel,
            session=hop.origin(place) or hop.turn.session,
            phone=hop.turn.phone,
            language=place.language,
            answers=engine.valid_answers(hop.menu, place),
            at=hop.now,
            callback=str(transcript.fingerprint(hop.turn.text).checksum),
        )
        outcome, learnt = await self._deps.effects.carry_out(step.effect, hop.menu, statement)
        hop.sql_s += self._deps.clock.monotonic() - started
        hop.filed_today += step.effect == "file_report" and outcome != "failed"
        hop.failed |= outcome == "failed"
        return engine.resume(hop.menu, place, outcome, learnt, hop.limits, given=hop.given)

    async def _write(self, hop: TurnContext, step: Step) -> Step:
        place = engine.trim_ended(hop.menu, step.session) if step.end else step.session
        stored = hop.to_store(place)
        started = self._deps.clock.monotonic()
        try:
            seconds = self._keeping(hop.menu).seconds(place, ended=step.end, filed=hop.filed_today > 0)
            writing = self._deps.sessions.compare_and_set(hop.phone_key, hop.raw, stored, seconds)
            if _begins_to_matter(hop, step):
                other, _ = await asyncio.gather(writing, self._deps.dropped.watch(hop.turn.phone))
            else:
                other = await writing
        except RedisUnavailable:
            self._deps.metrics.store_errors.labels("redis").inc()
            return step  # the next hop is replayed from the carrier's text
        finally:
            hop.redis_s += self._deps.clock.monotonic() - started
        if other is None or not _is_ahead(other, stored, hop.turn.text):
            return step
        hop.outcome = "overtaken"
        menu = self._deps.versions.get(other.menu_version) or hop.menu
        return engine.show(menu, other.menu_session, hop.limits, given=hop.given)

    def _keeping(self, menu: Menu) -> SessionTtl:
        """For how long dialogues of this menu are kept; worked out when it is first walked."""
        if menu.version not in self._keepings:
            rules = menu.rules
            dropped, language = rules.resume_within.total_seconds(), rules.remember_language.total_seconds()
            self._keepings[menu.version] = SessionTtl(self._open_s, int(dropped), int(language))
        return self._keepings[menu.version]


def _begins_to_matter(hop: TurnContext, step: Step) -> bool:
    """Whether this hop has made a report of the dialogue, which must not be lost when the call drops."""
    if step.end or not step.session.answers.keys() >= REQUIRED_ANSWERS:
        return False
    if hop.stored is not None and hop.stored.menu_session.answers.keys() >= REQUIRED_ANSWERS:
        return False  # it did before
    return is_fileable(hop.menu, step.session)


def _inputs(menu: Menu, state: str, keys: str) -> list[str]:
    """A `*` is part of what is typed where text is asked for; in a menu it can only be a hop that we missed."""
    return [keys] if "*" not in keys or menu.states[state].kind.is_typed else keys.split("*")


def _is_ahead(other: StoredSession, ours: StoredSession, text: str) -> bool:
    """Whether the same callback, or a later one of its dialling, was faster: then its screen is the one to show."""
    if (other.channel, other.session) != (ours.channel, ours.session):
        return False
    return other.fingerprint == ours.fingerprint or not transcript.starts_with(text, other.fingerprint)
