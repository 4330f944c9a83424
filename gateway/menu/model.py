"""A menu as the engine walks it: states, words and lists of one pack, checked and complete.

Nothing here is built by hand: `loading.load` makes a `Menu` from a pack's files or says what is wrong with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from gateway.menu.conditions import Condition
from gateway.menu.rules import AppealTemplate, Keywords, PackRules, Stage
from gateway.menu.session import NO_VALUES
from gateway.places.areas import Areas
from gateway.places.gazetteer import Gazetteer
from gateway.text.wording import Wording, fill


class StateKind(StrEnum):
    """What a state does. Each word is the key that a state in `flow.yaml` begins with."""

    CHOOSE = "choose"  # a few options, each leading somewhere
    CHOOSE_FROM = "choose_from"  # an option of a list of the pack
    ASK = "ask"  # something typed
    REVISE = "revise"  # choose an earlier answer to give again
    RESUME = "resume"  # a dropped dialogue: go on with it, start again, or delete it
    TELL = "tell"  # a text; only back and home lead on
    DO = "do"  # an effect of the gateway; no screen of its own
    END = "end"  # the last screen


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
class Keys:
    """What the navigation keys are called."""

    back: str
    back_elsewhere: str
    home: str
    more: str


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

CONTINUE = "continue"
"""The first option of a state that resumes: back to where the dialogue was dropped."""

MATCHES = "matches"
"""The list of the places that a typed name may mean."""


def choices(menu: Menu, state: State, within: str) -> Mapping[str, str]:
    """The values that the keys `1`, `2`, … stand for in `state`; `within` narrows a list to that parent.

    Numbers run on over the pages and are the same in every language. Made once, except for a typed name.
    """
    made = menu.cache.choices.get((state.name, within))
    if made is None:
        listed = state.kind is StateKind.CHOOSE_FROM
        values = list_values(menu, state.source, within) if listed else tuple(state.options)
        made = {str(number): value for number, value in enumerate(values, start=1)}
        if state.source != MATCHES:
            menu.cache.choices[state.name, within] = made
    return made


def list_values(menu: Menu, source: str, within: str) -> tuple[str, ...]:
    """The values of one of the pack's lists: `languages`, `categories`, `kecamatan`, `kelurahan` or `matches`."""
    match source:
        case "languages":
            return tuple(menu.languages)
        case "categories":
            return menu.categories
        case "kecamatan":
            return tuple(menu.areas.kecamatan)
        case "kelurahan" if within:
            return menu.areas.by_kecamatan.get(within, ())
        case "kelurahan":
            return tuple(menu.areas.kelurahan)
        case "matches":
            return menu.gazetteer.find(within).codes
    raise ValueError(f"no list is called {source}")
