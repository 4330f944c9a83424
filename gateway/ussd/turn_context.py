"""One callback under way: what it says, what was known of its phone, and what its line in the log will say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from gateway.carriers.carrier import Turn
from gateway.menu import engine
from gateway.menu.engine import Session
from gateway.menu.limits import Limits
from gateway.menu.model import Menu
from gateway.ussd.menu_versions import MenuVersions
from gateway.ussd.replay import StartInputs
from gateway.ussd.sessions import StoredSession
from gateway.ussd.transcript import fingerprint

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class TurnContext:
    """What `Turns` fills in from top to bottom."""

    turn: Turn
    channel: str
    service_code: str
    limits: Limits
    menu: Menu
    phone_key: bytes = b""
    raw: bytes = b""  # what stood in Redis
    redis_unavailable: bool = False
    stored: StoredSession | None = None  # the dialogue of this session
    previous: StoredSession | None = None  # an earlier one of this phone
    version_unknown: bool = False  # its menu is not known any more
    superseded: bool = False  # it has taken the place of the session that this callback is of
    now: datetime = _NEVER
    today: date = date.min
    given: Mapping[str, str] = field(default_factory=dict)
    filed_today: int = 0  # reports of this phone today
    state: str = ""
    outcome: str = "new"
    keys: str = ""
    failed: bool = False
    redis_s: float = 0.0
    sql_s: float = 0.0

    def load(self, stored: StoredSession | None, versions: MenuVersions) -> None:
        """Take what Redis holds of this phone: the dialogue that goes on, or one that was.

        A late callback of a session that another one has replaced is one of the dialogue that goes on.
        """
        if stored is None:
            return
        if (stored.channel, stored.session) != (self.channel, self.turn.session):
            if not stored.has_replaced(self.channel, self.turn.session, self.turn.text):
                self.previous = stored
                return
            self.superseded = True
        self.stored = stored
        menu = versions.get(stored.menu_version)
        self.version_unknown = menu is None
        self.menu = menu or self.menu

    def set_time(self, now: datetime) -> None:
        """Work out the day, and what texts and conditions may ask for."""
        self.now = now
        self.today, stage = self.menu.local_day(now)
        standing = self.stored or self.previous
        self.filed_today = standing.filed_today(self.today) if standing else 0
        self.given = {
            "ussd": self.service_code,
            "reports_today": str(self.filed_today),
            "stage": stage,
        }

    def start_inputs(self) -> StartInputs:
        """What a beginning hangs on: among it the language that this phone has chosen before, if it has."""
        earlier = self.previous
        language = earlier.menu_session.language if earlier and earlier.menu_session.chosen else ""
        return StartInputs(self.limits, self.given, self.today, language)

    def resumable_session(self) -> Session | None:
        """The place of an earlier dialogue that may be gone on with."""
        if self.previous is None or self.previous.age(self.now) > self.menu.rules.resume_within.total_seconds():
            return None
        return self.previous.menu_session if engine.is_worth_resuming(self.menu, self.previous.menu_session) else None

    def origin(self, place: Session) -> str:
        """The session that a resumed dialogue was begun in, if it was this channel's: its report is the same one."""
        if not place.resumed:
            return ""
        if self.stored is not None:
            return self.stored.origin
        earlier = self.previous
        if earlier is None or earlier.channel != self.channel:
            return ""
        return earlier.origin or earlier.session

    def to_store(self, place: Session) -> StoredSession:
        """The dialogue as it shall rest."""
        filed_on = self.today.toordinal() if self.filed_today else 0
        at, text, origin = int(self.now.timestamp()), fingerprint(self.turn.text), self.origin(place)
        version, session, replaced = self.menu.version, self.turn.session, self._replaced()
        # By position, which takes half of what it takes by name.
        return StoredSession(
            self.channel, session, text, version, at, filed_on, self.filed_today, origin, place, replaced
        )

    def _replaced(self) -> tuple[tuple[int, int], ...]:
        if self.stored is not None:
            return self.stored.replaced
        return self.previous.replaced_list_for(self.channel, self.turn.session) if self.previous else ()
