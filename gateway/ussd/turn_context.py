"""Context of one turn: the callback, the stored session of its phone, and the fields of its log line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from gateway.carriers.carrier import Turn
from gateway.menu import engine
from gateway.menu.limits import Limits
from gateway.menu.model import Menu
from gateway.menu.session import Session
from gateway.text.phone import Phone
from gateway.ussd.effect_request import EffectRequest
from gateway.ussd.menu_versions import MenuVersions
from gateway.ussd.replay import StartInputs
from gateway.ussd.screen_label import ScreenLabel, Spans
from gateway.ussd.sessions import StoredSession, session_hash
from gateway.ussd.transcript import TranscriptVerdict, fingerprint

_NEVER = datetime.min.replace(tzinfo=UTC)


def completing_request(stored: StoredSession, phone: Phone, versions: MenuVersions) -> EffectRequest | None:
    """Return a request for the answers that a session gave after it filed its report. Returns None without any."""
    menu, session = versions.get(stored.menu_version) or versions.current, stored.menu_session
    if not session.barrier or not engine.has_place(menu, session):
        return None
    if not (answers := engine.later_answers(menu, session)):
        return None
    at = datetime.fromtimestamp(stored.stored_at, UTC)
    return EffectRequest(stored.channel, stored.report_session, phone, session.language, answers, at)


def _same_report(session: Session, later: Session) -> bool:
    return (session.barrier, session.filings) == (later.barrier, later.filings)


@dataclass(slots=True)
class TurnContext:
    """Mutable state of one callback, which `TurnHandler` fills in from top to bottom."""

    turn: Turn
    channel: str
    service_code: str
    limits: Limits
    menu: Menu
    shown: Mapping[str, str] = field(default_factory=dict)  # values about sent appeals
    phone_key: bytes = b""
    raw: bytes = b""  # the value in Redis, for the compare-and-set
    redis_unavailable: bool = False
    stored: StoredSession | None = None  # the session that this callback continues
    previous: StoredSession | None = None  # an earlier session of this phone
    version_unknown: bool = False  # of the menu that the stored session began with
    superseded: bool = False  # the callback is of a session that the stored one has replaced
    now: datetime = _NEVER
    today: date = date.min
    given: Mapping[str, str] = field(default_factory=dict)
    filed_today: int = 0  # reports of this phone today
    state: str = ""
    outcome: str = "new"
    keys: str = ""
    spans: Spans = ()  # of the inputs that have a star, this one included
    failed: bool = False
    redis_s: float = 0.0
    sql_s: float = 0.0

    def load(self, stored: StoredSession | None, versions: MenuVersions) -> None:
        """Take over the session in Redis, as the one that continues or as an earlier one.

        A callback of a replaced session counts as a late one of the session that replaced it, whatever its text.
        """
        if stored is None:
            return
        if (stored.channel, stored.session) != (self.channel, self.turn.session):
            if not stored.has_replaced(self.channel, self.turn.session):
                self.previous = stored
                return
            self.superseded = True
        self.stored, self.spans = stored, stored.spans
        menu = versions.get(stored.menu_version)
        self.version_unknown = menu is None
        self.menu = menu or self.menu

    def set_time(self, now: datetime) -> None:
        """Set the time, the local day, and the values that texts and conditions may use."""
        self.now = now
        self.today, stage = self.menu.local_day(now)
        known = self.stored or self.previous
        self.filed_today = known.filed_today(self.today) if known else 0
        self.given = {
            "ussd": self.service_code,
            "reports_today": str(self.filed_today),
            "stage": stage,
            **self.shown,
        }

    def dropped_request(self) -> EffectRequest | None:
        """Return a request for the dialogue that this phone may resume, or None."""
        dropped = self.previous
        if dropped is None or (session := self.resumable_session()) is None:
            return None
        return EffectRequest(dropped.channel, dropped.report_session, self.turn.phone, session.language, {}, self.now)

    def completing_request(self, session: Session, versions: MenuVersions) -> EffectRequest | None:
        """Return a request for what was added to a filed report which the dialogue, now at `session`, leaves behind.

        It was filed in an earlier call, or in this one before the resident went home. Returns None for nothing.
        """
        left = self.stored or self.previous
        if left is None or (self.stored and _same_report(left.menu_session, session)):
            return None
        return completing_request(left, self.turn.phone, versions)

    def forget_dropped(self) -> None:
        """Offer nothing to resume: the report was sent, and Redis does not know. It counts as one of today."""
        if self.previous is not None:
            self.previous = self.previous.without_report(self.menu, self.today, filed=1)
            self.set_time(self.now)

    def start_inputs(self) -> StartInputs:
        """Return the inputs for starting a dialogue, including the language chosen earlier."""
        earlier = self.previous
        language = earlier.menu_session.language if earlier and earlier.menu_session.chosen else ""
        return StartInputs(self.limits, self.given, self.today, language)

    def resumable_session(self) -> Session | None:
        """Return the dropped dialogue that this phone may resume, or None."""
        if self.previous is None or self.previous.age(self.now) > self.menu.rules.resume_within.total_seconds():
            return None
        return self.previous.menu_session if engine.is_worth_resuming(self.menu, self.previous.menu_session) else None

    def origin(self, session: Session) -> str:
        """Return the session in which a resumed dialogue began, if on this channel. Both file the same report."""
        return self.first_session() if session.resumed else ""

    def first_session(self) -> str:
        """Return the session in which the resumed or offered dialogue began, if on this channel."""
        if self.stored is not None:
            return self.stored.origin
        earlier = self.previous
        if earlier is None or earlier.channel != self.channel:
            return ""
        return earlier.origin or earlier.session

    def label_of(self, session: Session) -> ScreenLabel:
        """Return the label of a screen of this turn."""
        state = self.menu.states.get(session.state)
        if state is None or not state.kind.waits_for_input:
            return ScreenLabel(session.state, session.language, session.began)
        if not state.kind.is_typed:
            return ScreenLabel(session.state, session.language, session.began, self.spans)
        late = self.stored if self.outcome == TranscriptVerdict.LATE else None
        length = late.fingerprint.length if late else len(self.turn.text)
        return ScreenLabel(session.state, session.language, session.began, self.spans, length)

    def to_store(self, session: Session) -> StoredSession:
        filed_on = self.today.toordinal() if self.filed_today else 0
        # By position, which takes half the time of keywords. tests/ussd/test_sessions.py guards the order.
        return StoredSession(
            self.channel,
            self.turn.session,
            fingerprint(self.turn.text),
            self.menu.version,
            int(self.now.timestamp()),
            filed_on,
            self.filed_today,
            self.origin(session),
            session,
            self.earlier_calls,
            self.spans,
        )

    @property
    def is_guess(self) -> bool:
        """Return True if only a guess says where the newest input was typed: nothing is stored, and no label came."""
        return self.redis_unavailable and self.turn.label is None and bool(self.turn.text)

    def note_stars(self, spans: Spans, newest: str) -> None:
        """Remember which inputs have a star: those of `spans`, and the `newest` one if it has any."""
        self.spans = spans
        if "*" in newest:
            length = len(self.turn.text)
            self.spans = (*spans, (length - len(newest), length))

    @property
    def call(self) -> int:
        """Return the hash of this call."""
        return session_hash(self.channel, self.turn.session)

    @property
    def earlier_calls(self) -> tuple[int, ...]:
        """Return the hashes of the calls that this one has replaced."""
        if self.stored is not None:
            return self.stored.replaced
        return self.previous.replaced_list_for(self.channel, self.turn.session) if self.previous else ()
