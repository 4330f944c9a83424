"""Handler of a USSD callback: read the session, step, carry out the effect, store, answer.

An ordinary turn is one Redis read and one compare-and-set. Turns are idempotent: a repeated callback gets the stored
screen again. The gateway always answers: if Redis is unavailable, the dialogue is replayed from the carrier's
transcript, and if all else fails, the resident gets an apology in their language (promises 2 and 4 of the design).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import structlog

from gateway.carriers.carrier import Screen, Turn
from gateway.menu import engine
from gateway.menu.engine import Step
from gateway.menu.limits import Limits
from gateway.menu.model import Menu
from gateway.menu.session import NO_VALUES, Session
from gateway.runtime.clock import Clock
from gateway.runtime.metrics import Metrics
from gateway.runtime.redis import RedisUnavailable
from gateway.text.wording import fill
from gateway.ussd import transcript
from gateway.ussd.dropped_sessions import DroppedSessions
from gateway.ussd.effect_request import EffectRequest
from gateway.ussd.effects import EffectResult, Effects
from gateway.ussd.filing import BY_DUTY
from gateway.ussd.menu_versions import MenuVersions
from gateway.ussd.next_step import go_on_behind, may_have_filed, next_step
from gateway.ussd.sessions import SessionStore, SessionTtl, StoredSession, report_session
from gateway.ussd.transcript import TranscriptVerdict
from gateway.ussd.turn_context import TurnContext
from gateway.ussd.turn_log import turn_fields
from gateway.ussd.unfinished_report import is_worth_watching
from gateway.vault.vault import Vault

log = structlog.get_logger()

MAX_EFFECTS = 4  # of one turn: an effect may lead to another, and a cycle of them must end


@dataclass(frozen=True, slots=True)
class UssdService:
    """Channel as its residents see it: name, code to dial, and size of a screen."""

    channel: str
    service_code: str
    limits: Limits


@dataclass(frozen=True, slots=True)
class TurnDeps:
    versions: MenuVersions
    sessions: SessionStore
    effects: Effects
    dropped: DroppedSessions
    vault: Vault
    clock: Clock
    metrics: Metrics
    shown: Callable[[], Mapping[str, str]] = lambda: NO_VALUES  # values about sent appeals, out of memory


class TurnHandler:
    def __init__(self, deps: TurnDeps, open_s: int) -> None:
        """Create a handler. `open_s` is the TTL in seconds of a session that has nothing worth a longer one."""
        self._deps = deps
        self._open_s = open_s
        self._ttls: dict[str, SessionTtl] = {}
        self._unlabelled: set[str] = set()  # channels whose carrier was seen to echo no label

    async def handle(self, service: UssdService, turn: Turn) -> Screen:
        """Answer `turn` with a screen. Never raises.

        A turn makes at most four store operations, each with its own deadline: the read, the filing, the spooling of a
        report that could not be filed, the write. With the default settings that is 1.8 seconds.
        """
        started = self._deps.clock.monotonic()
        turn = turn._replace(text=transcript.clean(turn.text))
        context = TurnContext(
            turn,
            service.channel,
            service.service_code,
            service.limits,
            self._deps.versions.current,
            self._deps.shown(),
        )
        try:
            step = await self._answer(context)
        except Exception as error:
            log.error(
                "ussd.failed",
                channel=service.channel,
                session=turn.session,
                error=type(error).__name__,
                exc_info=True,
            )
            context.outcome = "failed"
            step = self._apology(context)
        seconds = self._deps.clock.monotonic() - started
        self._deps.metrics.count_turn(context.channel, context.outcome, seconds, context.redis_s, context.sql_s)
        log.info("ussd.turn", **turn_fields(context, step, seconds))
        return Screen(step.screen, step.end, str(context.label_of(step.session)))

    def apology(self, service: UssdService, language: str = "") -> Screen:
        """Return the last screen of a callback that could not be read."""
        menu = self._deps.versions.current
        words = menu.wordings.get(language) or menu.wordings[menu.language]
        values = menu.placeholder_values({}, words.language, {"ussd": service.service_code})
        return Screen(fill(words.apology, values), end=True, label="apology")

    def _apology(self, context: TurnContext) -> Step:
        known = context.stored.menu_session if context.stored else engine.begin(context.menu).session
        service = UssdService(context.channel, context.service_code, context.limits)
        return Step(known, self.apology(service, known.language).text, end=True)

    async def _answer(self, context: TurnContext) -> Step:
        context.phone_key = self._deps.vault.lookup(context.turn.phone)
        await self._read(context)
        context.set_time(self._deps.clock.now())
        await self._forget_filed(context)
        step = next_step(context)
        if step.session.barrier and not step.session.answers.get("ticket"):
            step = await self._recall_ticket(context, step)
        elif may_have_filed(context, step):
            step = await self._recall_filing(context, step)
        if context.keys and context.turn.label is None:
            self._warn_unlabelled(context.channel)
        if context.outcome in (TranscriptVerdict.REPEATED, TranscriptVerdict.LATE):
            return step
        for _ in range(MAX_EFFECTS):
            if not step.effect:
                break
            step = await self._carry_out(context, step)
        if step.effect:
            raise RuntimeError(f'state "{step.session.state}": more than {MAX_EFFECTS} effects in one turn')
        # A failed effect leaves the session unchanged, so that the dialogue can be resumed. A guess is never stored.
        return step if context.failed or context.is_guess else await self._write(context, step)

    async def _read(self, context: TurnContext) -> None:
        started = self._deps.clock.monotonic()
        try:
            context.raw, found = await self._deps.sessions.read(context.phone_key)
        except RedisUnavailable:
            self._deps.metrics.store_errors.labels("redis").inc()
            context.redis_unavailable = True
        else:
            context.load(found, self._deps.versions)
        context.redis_s += self._deps.clock.monotonic() - started

    def _warn_unlabelled(self, channel: str) -> None:
        """Warn once in the life of this process. `context.keys` proves that it is no first callback of a session."""
        if channel not in self._unlabelled:
            self._unlabelled.add(channel)
            log.warning("ussd.unlabelled", channel=channel)

    async def _forget_filed(self, context: TurnContext) -> None:
        """Look whether the report to be offered was sent: its call may have ended while Redis was unavailable."""
        if (dropped := context.dropped_request()) is None:
            return
        started = self._deps.clock.monotonic()
        if await self._deps.effects.find_filed(dropped):
            context.forget_dropped()
        context.sql_s += self._deps.clock.monotonic() - started

    async def _recall_ticket(self, context: TurnContext, step: Step) -> Step:
        """Look up the ticket of a report that was filed before Redis lost the session: a replay has no tickets."""
        found = await self._find_filed(context, step.session)
        context.filed_today = max(1, context.filed_today)
        if found is None:
            return step
        session = step.session._replace(answers={**step.session.answers, **found[1]})
        return engine.show(context.menu, session, context.limits, given=context.given)

    async def _recall_filing(self, context: TurnContext, step: Step) -> Step:
        """Look for the newest report that was filed before Redis lost inputs of this call: it is not asked again."""
        session, recalled = step.session, step
        while found := await self._find_filed(context, session):
            behind = go_on_behind(context, session, found[1])
            if behind is None:
                break
            context.filed_today += 1
            recalled, session = behind, session._replace(filings=session.filings + 1)
        return recalled

    async def _find_filed(self, context: TurnContext, session: Session) -> EffectResult | None:
        started = self._deps.clock.monotonic()
        found = await self._deps.effects.find_filed(self._request(context, session))
        context.sql_s += self._deps.clock.monotonic() - started
        return found

    def _request(self, context: TurnContext, session: Session, effect: str = "") -> EffectRequest:
        # An offered dialogue that is discarded is no longer resumed, but its report is the one to look for.
        first = context.first_session() if effect == "delete_draft" else context.origin(session)
        known = engine.later_answers if effect == "complete_report" else engine.valid_answers
        return EffectRequest(
            channel=context.channel,
            session=report_session(first or context.turn.session, session),
            phone=context.turn.phone,
            language=session.language,
            answers=known(context.menu, session),
            at=context.now,
            resumed=bool(first),
            callback=str(transcript.fingerprint(context.turn.text).checksum),
            call=context.call,
            earlier_calls=context.earlier_calls,
        )

    async def _carry_out(self, context: TurnContext, step: Step) -> Step:
        started = self._deps.clock.monotonic()
        session = step.session
        request = self._request(context, session, step.effect)
        do = self._deps.effects.repeat if context.is_guess else self._deps.effects.carry_out
        outcome, values = await do(step.effect, context.menu, request)
        context.sql_s += self._deps.clock.monotonic() - started
        if context.is_guess and outcome in ("filed", "another"):
            # The call may have gone on since: only an ending which says the same is surely the one that was guessed.
            known = await self._recall_filing(context, Step(session._replace(filings=0)))
            if known.screen and (outcome == "another" or not self._ends(context.menu, session, outcome)):
                return known
        if outcome == "failed":
            context.failed = True
        elif step.effect == "file_report" and outcome != "called_off" and BY_DUTY not in values:
            context.filed_today += 1
        return engine.resume(context.menu, session, outcome, values, context.limits, given=context.given)

    def _ends(self, menu: Menu, session: Session, outcome: str) -> bool:
        return menu.states[menu.states[session.state].options[outcome]].kind.is_end

    async def _write(self, context: TurnContext, step: Step) -> Step:
        session = engine.trim_ended(context.menu, step.session) if step.end else step.session
        stored = context.to_store(session)
        started = self._deps.clock.monotonic()
        try:
            ttl = self._ttl(context.menu).seconds(
                session, ended=step.end and not session.trail, filed=context.filed_today > 0
            )
            writes = [self._deps.sessions.compare_and_set(context.phone_key, context.raw, stored, ttl)]
            besides: list[Awaitable[None]] = []
            if _became_worth_watching(context, step):
                besides.append(self._deps.dropped.watch(context.turn.phone))
            if added := context.completing_request(step.session, self._deps.versions):
                besides.append(self._deps.effects.complete_later(added))
            # Together, so that the pipeline sends all in one round trip.
            other = (await asyncio.gather(*writes, *besides))[0] if besides else await writes[0]
        except RedisUnavailable:
            self._deps.metrics.store_errors.labels("redis").inc()
            # The next turn is replayed from the carrier's transcript. A question cannot be asked again without end.
            return self._apology(context) if context.outcome == "asked_again" else step
        finally:
            context.redis_s += self._deps.clock.monotonic() - started
        if other is None or not _is_ahead(other, stored, context.turn.text):
            return step
        context.outcome = "overtaken"
        menu = self._deps.versions.get(other.menu_version) or context.menu
        return engine.show(menu, other.menu_session, context.limits, given=context.given)

    def _ttl(self, menu: Menu) -> SessionTtl:
        """Return the TTLs of this menu's sessions, computed once."""
        if menu.version not in self._ttls:
            rules = menu.rules
            dropped, language = rules.resume_within.total_seconds(), rules.remember_language.total_seconds()
            self._ttls[menu.version] = SessionTtl(self._open_s, int(dropped), int(language))
        return self._ttls[menu.version]


def _became_worth_watching(context: TurnContext, step: Step) -> bool:
    """Return True if this turn gave the dialogue answers which a dropped session must not lose."""
    if step.end or not is_worth_watching(context.menu, step.session):
        return False
    earlier = context.stored.menu_session if context.stored is not None else None
    if earlier is None or not engine.has_place(context.menu, earlier):
        return True
    return bool(earlier.barrier) != bool(step.session.barrier) or not is_worth_watching(context.menu, earlier)


def _is_ahead(other: StoredSession, ours: StoredSession, text: str) -> bool:
    """Return True if the same callback, or a later one of this session, was faster. Its screen is the one to show."""
    if (other.channel, other.session) != (ours.channel, ours.session):
        return False
    return other.fingerprint == ours.fingerprint or not transcript.starts_with(text, other.fingerprint)
