"""A menu as the engine walks it: states, words and lists of one pack, checked and complete.

Nothing here is built by hand: `loading.load` makes a `Menu` from a pack's files or says what is wrong with them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

from gateway.menu.conditions import Clause, Condition
from gateway.menu.limits import Keys, Limits
from gateway.menu.rules import AppealTemplate, Keywords, PackRules, Stage
from gateway.menu.session import NO_VALUES, GivenValues, Session
from gateway.places.areas import Areas
from gateway.places.gazetteer import Gazetteer
from gateway.text.wording import Wording, fill


class StateKind(ABC):
    """Behaviour of one kind of state, for the engine, the checks and the drawing.

    Each module of `kinds/` defines one. A state carries its kind, so that no hop has to look it up.
    """

    name: ClassVar[str]  # the key that a state of this kind begins with in flow.yaml
    runs_effect: ClassVar[bool] = False  # no screen: the caller carries out `State.source`
    is_end: ClassVar[bool] = False  # its screen closes the session
    waits_for_input: ClassVar[bool] = True
    is_question: ClassVar[bool] = False  # its answers lead onward
    is_typed: ClassVar[bool] = False  # an answer is typed, not chosen
    is_list: ClassVar[bool] = False  # its options are those of a list of the pack, `State.source`
    can_go_back: ClassVar[bool] = True
    can_finish: ClassVar[bool] = False  # a dialogue may well finish here

    @abstractmethod
    def choices_of(self, menu: Menu, state: State, within: str) -> Sequence[str]:
        """Return the values of the keys `1`, `2`, …, where the answer `within` narrows the list."""

    @abstractmethod
    def option_text(self, menu: Menu, state: State, words: Wording, value: str, offered: Collection[str]) -> str:
        """Return the text of the option `value` on a screen that offers `offered`."""

    @abstractmethod
    def move(
        self,
        menu: Menu,
        state: State,
        session: Session,
        keys: str,
        limits: Limits,
        given: GivenValues,
        today: date | None,
    ) -> Session:
        """Return the position after an input that is no navigation key for home or back."""

    @abstractmethod
    def possible_values(self, menu: Menu, state: State, clauses: Sequence[Clause]) -> Sequence[str]:
        """Return the values that the answer can have, with representatives for typed ones.

        The empty answer of `State.zero` is left out.
        """

    @abstractmethod
    def can_keep(self, menu: Menu, state: State, value: str) -> bool:
        """Return True if the answer can be `value`, which is not empty."""

    @abstractmethod
    def moves_of(self, menu: Menu, state: State, session: Session, given: GivenValues) -> Iterator[Session]:
        """Yield the positions that the state leads to without an answer that is kept."""

    @abstractmethod
    def direct_targets(self, state: State) -> Mapping[str, str]:
        """Return the options that lead to their state even if its condition does not hold."""

    @abstractmethod
    def edges_of(self, state: State) -> Iterator[tuple[str, str, str]]:
        """Yield the options as (key, target, option) for a drawing.

        The target is empty for the position of a dropped dialogue, the option is empty if it has no text.
        """


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """One step of the dialogue."""

    name: str
    kind: StateKind
    line: int
    options: Mapping[str, str] = field(default_factory=dict)  # choose, revise, resume, do: option or outcome → state
    source: str = ""  # choose_from: which list; ask: what kind of thing; do: which effect
    within: str = ""  # the kept answer that this one hangs on: it narrows the list, and asks again when it changes
    keep: str = ""  # the answer's name
    next: str = ""
    zero: tuple[str, str] | None = None  # the key `back` means this option here: (label, state)
    min_length: int = 0  # ask: bounds of the input in characters
    max_length: int = 0
    condition: Condition | None = None  # where it does not hold the state is passed over, to `otherwise`
    otherwise: str = ""
    or_type: str = ""  # choose_from: what is typed in words answers this state
    words: str = ""  # whose screen it says; its own unless it borrows one

    @property
    def is_narrowed(self) -> bool:
        """Whether what it lists depends on the answer `within`."""
        return self.source == MATCHES or (self.source == "kelurahan" and bool(self.within))


@dataclass(frozen=True, slots=True)
class Shortcut:
    """Where a dialled suffix leads, whatever the order of the menus: a state, with these answers given already."""

    to: str
    answers: Mapping[str, str]
    line: int


@dataclass(frozen=True, slots=True, eq=False)
class MenuCache:
    """What is worked out once per menu and then looked up: no hop lays out a page that was shown before."""

    pages: dict[tuple[object, ...], tuple[str, ...]] = field(default_factory=dict)
    choices: dict[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)
    longest: dict[tuple[str, str], str] = field(default_factory=dict)
    places: dict[tuple[str, str, str], str] = field(default_factory=dict)
    days: dict[int, tuple[date, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Menu:
    """A whole pack, ready to walk. `version` names its content, so that an open session knows its menu."""

    name: str
    service: str
    version: str
    region: str
    timezone: ZoneInfo
    languages: Mapping[str, str]
    keys: Keys
    placeholders: Mapping[str, str]
    start: str
    home: str
    help: str  # the state that the third wrong input in a row leads to; empty for none
    resume: str  # the state that a redial begins with where a dialogue was dropped; empty for none
    shortcuts: Mapping[str, Shortcut]
    states: Mapping[str, State]
    categories: tuple[str, ...]
    areas: Areas
    gazetteer: Gazetteer
    stages: tuple[Stage, ...]
    rules: PackRules
    keywords: Keywords
    templates: Mapping[str, AppealTemplate]
    wordings: Mapping[str, Wording]
    lines: Mapping[str, Mapping[tuple[str, ...], int]] = field(default_factory=dict)  # file → where each key stands
    cache: MenuCache = field(default_factory=MenuCache)

    @property
    def language(self) -> str:
        """The language that speaks until the resident has chosen."""
        return next(iter(self.languages))

    def stage_on(self, today: date) -> str:
        """The stage that `today` lies in; empty where no stage is named."""
        return next((stage.key for stage in self.stages if stage.first <= today <= stage.last), "")

    def local_day(self, now: datetime) -> tuple[date, str]:
        """The day that it is there, and its stage. A minute is looked up once."""
        minute = int(now.timestamp()) // 60
        day = self.cache.days.get(minute)
        if day is None:
            today = now.astimezone(self.timezone).date()
            self.cache.days.clear()
            day = self.cache.days[minute] = today, self.stage_on(today)
        return day

    def is_strict(self, at: datetime) -> bool:
        """Whether `at` lies in a stage in which appeals must keep to the approved texts."""
        return self.stage_on(at.astimezone(self.timezone).date()) in self.rules.strict_stages

    def quiet_until(self, at: datetime) -> datetime | None:
        """When the quiet hours end that `at` lies in; None if it lies in none."""
        local = at.astimezone(self.timezone)
        begin, end, clock = self.rules.quiet_from, self.rules.quiet_to, local.time()
        if not (begin <= clock < end if begin <= end else clock >= begin or clock < end):
            return None
        day = local.date() if clock < end else local.date() + timedelta(days=1)
        return datetime.combine(day, end, local.tzinfo).astimezone(UTC)

    def label(self, answer: str, value: str, language: str) -> str:
        """What `value`, kept as `answer`, is called on a screen in `language`; the value itself if nobody names it."""
        named = self.wordings[language].labels.get(answer, {}).get(value)
        return named or self.areas.kelurahan.get(value) or self.areas.kecamatan.get(value) or value

    def full_label(self, answer: str, value: str, language: str) -> str:
        """As `label`, with its kecamatan behind a place whose name the pack has twice."""
        if value not in self.areas.kelurahan:
            return self.label(answer, value, language)
        made = self.cache.places.get((answer, value, language))
        if made is None:
            made = self.label(answer, value, language)
            if made == self.areas.kelurahan[value]:
                made = self.areas.distinct_name(value, self.areas.kelurahan)
            self.cache.places[answer, value, language] = made
        return made

    def placeholder_values(self, answers: Mapping[str, str], language: str, given: Mapping[str, str]) -> dict[str, str]:
        """What the placeholders of a text stand for: `svc`, what the caller has `given` (ussd), and the answers."""
        values = {**GATEWAY_PLACEHOLDERS, "svc": self.service, **given, **answers}
        for placeholder, answer in self.placeholders.items():
            values[placeholder] = self.full_label(answer, answers.get(answer, ""), language)
        return values

    def format_time(self, at: datetime) -> str:
        """A time as a screen shows it, on the clocks of the place: `27/11 13:05`."""
        return at.astimezone(self.timezone).strftime("%d/%m %H:%M")

    def sms_text(
        self, name: str, language: str, answers: Mapping[str, str], given: Mapping[str, str] = NO_VALUES
    ) -> str:
        """The SMS of that name, in `language` if the pack (still) has it."""
        words = self.wordings.get(language) or self.wordings[self.language]
        return fill(words.sms[name], self.placeholder_values(answers, words.language, given))


GATEWAY_PLACEHOLDERS: Mapping[str, str] = {"svc": "", "ussd": "", "ticket": "", "date": "", "places": ""}
"""What a text may show besides the answers: the service, the code to dial, a ticket, when its status changed, and the
places that a name in an SMS may mean."""

APPEAL_PLACEHOLDERS = ("kel", "ussd", "svc")
"""What the text of an appeal may show: where the person lives, the code to dial, the service."""


def appeal_areas(menu: Menu) -> tuple[str, ...]:
    """The areas that an appeal may go to: every kelurahan, every kecamatan, and all of the place."""
    return (*menu.areas.kelurahan, *menu.areas.kecamatan, "")


def appeal_area_label(menu: Menu, code: str) -> str:
    """What one of them is called in the text of an appeal."""
    return menu.full_label("", code, menu.language) if code else menu.name


MAX_PLACES_IN_SMS = 3
"""So many are named in one SMS."""

FACTS: Mapping[str, str] = {"reports_today": "number", "stage": "stage"}
"""What a condition may ask besides the answers: how many reports this phone has filed today, the stage of the day."""

MATCHES = "matches"
"""The list of the places that a typed name may mean."""


def choices(menu: Menu, state: State, within: str) -> Mapping[str, str]:
    """Return the values that the keys `1`, `2`, … choose in `state`. `within` narrows a list to that parent.

    Numbers run on over the pages and are the same in every language. Cached, unless they depend on a typed name.
    """
    numbered = menu.cache.choices.get((state.name, within))
    if numbered is None:
        values = state.kind.choices_of(menu, state, within)
        numbered = {str(number): value for number, value in enumerate(values, start=1)}
        if state.source != MATCHES:
            menu.cache.choices[state.name, within] = numbered
    return numbered
