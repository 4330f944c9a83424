"""One USSD callback, start to finish: read the session, step, carry out the effect, store, answer.

On an ordinary hop that is one Redis read and one Redis write. The gateway always answers: where a store is away the
dialogue goes on from the carrier's own transcript, and where all else fails the resident gets an apology in his
language (promises 2 and 4 of the design).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import structlog

from gateway.carriers.carrier import Screen, Turn
from gateway.menu import engine
from gateway.menu.definition import Kind, Menu
from gateway.menu.engine import Limits, Step
from gateway.people.vault import Vault
from gateway.runtime.clock import Clock
from gateway.runtime.metrics import Metrics
from gateway.runtime.redis import RedisAway
from gateway.text.wording import fill
from gateway.ussd import transcript
from gateway.ussd.filing import Filing
from gateway.ussd.replaying import replay
from gateway.ussd.sessions import Sessions, Stored
from gateway.ussd.transcript import Reading
from gateway.ussd.unfiled import Finished

log = structlog.get_logger()

LONGEST_LOGGED_INPUT = 24


@dataclass(frozen=True, slots=True)
class Service:
    """A channel as its residents see it: its name, what they dial, and the size of a screen."""

    channel: str
    service_code: str
    limits: Limits


@dataclass(slots=True)
class _Hop:
    """One callback under way, and what its line in the log will say."""

    turn: Turn
    service: Service
    phone_key: bytes
    today: date
    given: dict[str, str]
    raw: bytes = b""
    stored: Stored | None = None
    state: str = ""
    outcome: str = "new"
    keys: str = ""
    redis_s: float = 0.0
    sql_s: float = 0.0


class Turns:
    """Takes the callbacks of all channels."""

    def __init__(
        self, menu: Menu, sessions: Sessions, filing: Filing, vault: Vault, clock: Clock, metrics: Metrics
    ) -> None:
        self._menu = menu
        self._sessions = sessions
        self._filing = filing
        self._vault = vault
        self._clock = clock
        self._metrics = metrics

    async def take(self, service: Service, turn: Turn) -> Screen:
        """The screen that answers `turn`. Never raises.

        Every store operation has its own deadline, and a turn makes four of them at most: the read, the filing, the
        keeping of what could not be filed, the write. With the default settings that is 1.8 seconds.
        """
        started = self._clock.monotonic()
        hop = _Hop(
            turn,
            service,
            self._vault.lookup(turn.phone),
            self._clock.now().astimezone(self._menu.timezone).date(),
            {"ussd": service.service_code},
        )
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
            step = self._apology(hop)
        self._account(hop, step, self._clock.monotonic() - started)
        return Screen(step.screen, step.end, step.session.state)

    def apology(self, service: Service, language: str = "") -> Screen:
        """The last screen of a callback that could not be understood."""
        words = self._menu.wordings.get(language) or self._menu.wordings[self._menu.language]
        values = self._menu.values({}, words.language, {"ussd": service.service_code})
        return Screen(fill(words.apology, values), end=True, label="apology")

    def _apology(self, hop: _Hop) -> Step:
        known = hop.stored.place if hop.stored else engine.begin(self._menu).session
        return Step(known, self.apology(hop.service, known.language).text, end=True)

    async def _answer(self, hop: _Hop) -> Step:
        await self._read(hop)
        step = self._step(hop)
        if hop.outcome not in (Reading.NEW, "replayed"):
            return step
        if step.effect:
            step = await self._file(hop, step)
        return await self._write(hop, step)

    async def _read(self, hop: _Hop) -> None:
        started = self._clock.monotonic()
        try:
            hop.raw, stored = await self._sessions.read(hop.phone_key)
        except RedisAway:
            self._metrics.store_errors.labels("redis").inc()
        else:
            dialling = (hop.service.channel, hop.turn.session)
            # A state of another version of the pack may not exist in this one: such a session is replayed.
            if stored and (stored.channel, stored.session) == dialling and stored.menu == self._menu.version:
                hop.stored = stored
        hop.redis_s += self._clock.monotonic() - started

    def _step(self, hop: _Hop) -> Step:
        """Where the callback leads. Leaves the outcome and the state that the resident had been in."""
        stored, turn = hop.stored, hop.turn
        if stored is None:
            return self._replay(hop)
        hop.state = stored.place.state
        addition = transcript.added(stored.text, turn.text)
        hop.outcome = addition.reading.value
        if addition.reading is not Reading.NEW:
            return engine.show(self._menu, stored.place, hop.service.limits, given=hop.given)
        missed_some = turn.label is not None and turn.label != stored.place.state
        if missed_some:  # the resident has seen a later screen than we stored: Redis was away in between
            return self._replay(hop)
        hop.keys = addition.keys
        step = Step(stored.place)
        for keys in self._inputs(stored.place.state, addition.keys):
            step = engine.step(self._menu, step.session, keys, hop.service.limits, given=hop.given, today=hop.today)
            if step.effect:
                break
        return step

    def _inputs(self, state: str, keys: str) -> list[str]:
        """A `*` is part of what is typed where text is asked for; in a menu it can only be a hop that we missed."""
        return [keys] if "*" not in keys or self._menu.states[state].kind is Kind.ASK else keys.split("*")

    def _replay(self, hop: _Hop) -> Step:
        """The dialogue from its start, by all that was typed: a first dial, a dialled suffix, or a lost session."""
        inputs = transcript.whole(hop.turn.text, hop.turn.service_code, hop.service.service_code)
        hop.outcome = "replayed" if inputs else Reading.NEW.value
        return replay(self._menu, inputs, hop.turn.label, hop.service.limits, given=hop.given, today=hop.today)

    async def _file(self, hop: _Hop, step: Step) -> Step:
        started = self._clock.monotonic()
        place = step.session
        outcome, learnt = await self._filing.file(
            Finished(
                channel=hop.service.channel,
                session=hop.turn.session,
                phone=hop.turn.phone,
                language=place.language,
                answers=engine.answered(self._menu, place),
                received_at=self._clock.now(),
            )
        )
        hop.sql_s += self._clock.monotonic() - started
        return engine.resume(self._menu, place, outcome, learnt, hop.service.limits, given=hop.given)

    async def _write(self, hop: _Hop, step: Step) -> Step:
        stored = Stored(hop.service.channel, hop.turn.session, hop.turn.text, self._menu.version, step.session)
        started = self._clock.monotonic()
        try:
            other = await self._sessions.write(hop.phone_key, hop.raw, stored)
        except RedisAway:
            self._metrics.store_errors.labels("redis").inc()
            return step  # the next hop is replayed from the carrier's text
        finally:
            hop.redis_s += self._clock.monotonic() - started
        if other is None or not _is_ahead(other, stored):
            return step
        hop.outcome = "overtaken"
        return engine.show(self._menu, other.place, hop.service.limits, given=hop.given)

    def _account(self, hop: _Hop, step: Step, seconds: float) -> None:
        place = step.session
        state = self._menu.states.get(hop.state)  # what a failed hop found stored may be no state at all
        asks = state is not None and state.kind is Kind.ASK
        elide = asks or hop.outcome == "replayed" or len(hop.keys) > LONGEST_LOGGED_INPUT
        self._metrics.turn(hop.service.channel, hop.outcome, seconds, hop.redis_s, hop.sql_s)
        fields: dict[str, Any] = (
            {"ticket": place.answers["ticket"].replace("-", "")} if "ticket" in place.answers else {}
        )
        log.info(
            "ussd.turn",
            channel=hop.service.channel,
            session=hop.turn.session,
            state=hop.state,
            next=place.state,
            outcome=hop.outcome,
            input=f"({len(hop.keys)} characters)" if elide else hop.keys,
            screen=step.screen,
            end=step.end,
            language=place.language,
            ms=round(seconds * 1000, 2),
            redis_ms=round(hop.redis_s * 1000, 2),
            sql_ms=round(hop.sql_s * 1000, 2),
            **fields,
        )


def _is_ahead(other: Stored, ours: Stored) -> bool:
    """Whether the same callback, or a later one of its dialling, was faster: then its screen is the one to show."""
    if (other.channel, other.session) != (ours.channel, ours.session):
        return False
    return other.text == ours.text or not ours.text.startswith(other.text)
