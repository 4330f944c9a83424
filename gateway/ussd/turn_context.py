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
from gateway.ussd.sessions import Stored
from gateway.ussd.transcript import mark

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
    redis_away: bool = False
    stored: Stored | None = None  # the dialogue of this session
    before: Stored | None = None  # an earlier one of this phone
    outdated: bool = False  # its menu is not known any more
    superseded: bool = False  # it has taken the place of the session that this callback is of
    now: datetime = _NEVER
    today: date = date.min
    given: Mapping[str, str] = field(default_factory=dict)
    filed: int = 0  # reports of this phone today
    state: str = ""
    outcome: str = "new"
    keys: str = ""
    failed: bool = False
    redis_s: float = 0.0
    sql_s: float = 0.0

    def load(self, stored: Stored | None, versions: MenuVersions) -> None:
        """Take what Redis holds of this phone: the dialogue that goes on, or one that was.

        A late callback of a session that another one has replaced is one of the dialogue that goes on.
        """
        if stored is None:
            return
        if (stored.channel, stored.session) != (self.channel, self.turn.session):
            if not stored.is_after(self.channel, self.turn.session, self.turn.text):
                self.before = stored
                return
            self.superseded = True
        self.stored = stored
        menu = versions.of(stored.menu)
        self.outdated = menu is None
        self.menu = menu or self.menu

    def set_time(self, now: datetime) -> None:
        """Work out the day, and what texts and conditions may ask for."""
        self.now = now
        self.today, stage = self.menu.local_day(now)
        standing = self.stored or self.before
        self.filed = standing.filed_today(self.today) if standing else 0
        self.given = {
            "ussd": self.service_code,
            "reports_today": str(self.filed),
            "stage": stage,
        }

    def start_inputs(self) -> StartInputs:
        """What a beginning hangs on: among it the language that this phone has chosen before, if it has."""
        earlier = self.before
        language = earlier.place.language if earlier and earlier.place.chosen else ""
        return StartInputs(self.limits, self.given, self.today, language)

    def dropped(self) -> Session | None:
        """The place of an earlier dialogue that may be gone on with."""
        if self.before is None or self.before.age(self.now) > self.menu.rules.resume_within.total_seconds():
            return None
        return self.before.place if engine.is_worth_resuming(self.menu, self.before.place) else None

    def origin(self, place: Session) -> str:
        """The session that a resumed dialogue was begun in, if it was this channel's: its report is the same one."""
        if not place.resumed:
            return ""
        if self.stored is not None:
            return self.stored.origin
        earlier = self.before
        if earlier is None or earlier.channel != self.channel:
            return ""
        return earlier.origin or earlier.session

    def to_store(self, place: Session) -> Stored:
        """The dialogue as it shall rest."""
        filed_on = self.today.toordinal() if self.filed else 0
        at, text, origin = int(self.now.timestamp()), mark(self.turn.text), self.origin(place)
        version, session, replaced = self.menu.version, self.turn.session, self._replaced()
        # By position, which takes half of what it takes by name.
        return Stored(self.channel, session, text, version, at, filed_on, self.filed, origin, place, replaced)

    def _replaced(self) -> tuple[tuple[int, int], ...]:
        if self.stored is not None:
            return self.stored.replaced
        return self.before.replaced_by(self.channel, self.turn.session) if self.before else ()
