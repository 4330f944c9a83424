"""Model of a menu: the states, texts and lists of one pack.

`pack.loader.load` builds a `Menu` from the files of a pack, or raises with every fault in them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from gateway.menu.conditions import Clause, Condition
from gateway.menu.days import DateWords
from gateway.menu.definitions.report_form import DEFAULT_FORM, ReportForm
from gateway.menu.definitions.roles import DEFAULT_ROLES, Roles
from gateway.menu.definitions.rules import AppealTemplate, Category, Keywords, PackRules, Stage
from gateway.menu.limits import Keys
from gateway.menu.session import NO_VALUES, GivenValues, Input, Session
from gateway.places.areas import Areas
from gateway.places.gazetteer import Gazetteer
from gateway.places.place_search import PlaceSearch
from gateway.text.quiet_hours import QuietHours
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
    def move(self, menu: Menu, state: State, session: Session, typed: Input) -> Session:
        """Return the position after an input that is no navigation key for home or back."""

    @abstractmethod
    def errors_of(self, state: State) -> Sequence[str]:
        """Return the names of the error lines that its screen may show."""

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
    def commits(self, state: State, outcome: str) -> bool:
        """Return True if this outcome of an effect means that the report of the dialogue is filed."""

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
    name: str
    kind: StateKind
    line: int
    options: Mapping[str, str] = field(default_factory=dict)  # choose, revise, resume, do: option or outcome → state
    source: str = ""  # choose_from: which list; ask: what kind of thing; do: which effect
    within: str = ""  # the answer that narrows the list. When it changes, this question is asked again
    keep: str = ""  # the name of the answer
    next: str = ""
    zero: tuple[str, str] | None = None  # option on the key `back`: (label, state)
    least: int = 0  # ask: bounds of a text in characters, or of a number
    most: int = 0
    condition: Condition | None = None  # if it does not hold, the state is skipped, to `otherwise`
    otherwise: str = ""
    or_type: str = ""  # choose_from: the state that typed words answer
    words: str = ""  # the state whose texts its screen shows, mostly itself
    continue_at: str = ""  # end: the dialogue is called off, and a redial offers to continue at this state

    @property
    def is_narrowed(self) -> bool:
        """Return True if its list depends on the answer `within`."""
        return self.source == MATCHES or (self.is_of_places and bool(self.within))

    def takes_number(self, typed: str) -> bool:
        """Return True if it asks for a number, and this one is within its bounds."""
        return self.source == NUMBER and typed.isdecimal() and self.least <= int(typed) <= self.most

    @property
    def is_of_places(self) -> bool:
        """Return True if its options are places."""
        return self.kind.is_list and self.source not in ("languages", "categories")


@dataclass(frozen=True, slots=True)
class Shortcut:
    """Dialled suffix: the state that it leads to, and answers given in advance."""

    to: str
    answers: Mapping[str, str]
    line: int


@dataclass(frozen=True, slots=True, eq=False)
class MenuCache:
    """Cache of computed screens.

    Laying a screen out takes longer than a whole hop. So pages, numbered options and labels are computed once per menu
    and then looked up. The cache is part of the menu, so it is dropped together with it.
    """

    pages: dict[tuple[object, ...], tuple[str, ...]] = field(default_factory=dict)  # state, language, parent, limits
    choices: dict[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)  # state, parent
    longest: dict[tuple[str, str], str] = field(default_factory=dict)  # answer, language → its longest label
    places: dict[tuple[str, str, str], str] = field(default_factory=dict)  # answer, area code, language → label
    days: dict[int, tuple[date, str]] = field(default_factory=dict)  # minute → local day and stage


@dataclass(frozen=True, slots=True, eq=False)
class Menu:
    """Valid pack. `version` is a hash of its content, by which an open session finds its menu again."""

    name: str
    service: str
    version: str
    region: str
    timezone: ZoneInfo
    languages: Mapping[str, str]
    keys: Keys
    placeholders: Mapping[str, str]
    constants: Mapping[str, str]  # filled into the texts already, when the pack was loaded
    start: str
    home: str
    help: str  # the screen after three wrong inputs in a row; empty for none
    resume: str  # the first state of a redial after a drop; empty for none
    shortcuts: Mapping[str, Shortcut]
    states: Mapping[str, State]
    categories: Mapping[str, Category]  # in the order of the menu
    areas: Areas
    gazetteer: Gazetteer
    place_search: PlaceSearch
    stages: tuple[Stage, ...]
    rules: PackRules
    keywords: Keywords
    templates: Mapping[str, AppealTemplate]
    wordings: Mapping[str, Wording]
    date_words: DateWords  # of all languages
    form: ReportForm = DEFAULT_FORM
    roles: Roles = field(default_factory=lambda: DEFAULT_ROLES)
    lines: Mapping[str, Mapping[tuple[str, ...], int]] = field(default_factory=dict)  # file → the line of each key
    cache: MenuCache = field(default_factory=MenuCache)

    @property
    def language(self) -> str:
        """Default language, until the resident has chosen one."""
        return next(iter(self.languages))

    def category(self, name: str) -> Category:
        """Return the kind of a report. One that the pack does not have, perhaps any longer, has only its name."""
        return self.categories.get(name) or Category(name)

    def is_restricted(self, category: str) -> bool:
        """Return True if reports of this category are read by the roles that the pack names, and by nobody else."""
        return self.category(category).is_restricted

    def stage_at(self, at: datetime) -> str:
        """Return the stage of a time. Returns an empty text outside all stages."""
        local = at.astimezone(self.timezone).replace(tzinfo=None)
        return next((stage.key for stage in self.stages if stage.begin <= local < stage.end), "")

    def all_stages_are_past(self, at: datetime) -> bool:
        """Return True if the pack has stages, and the last one has ended."""
        return bool(self.stages) and self.stages[-1].end <= at.astimezone(self.timezone).replace(tzinfo=None)

    def local_day(self, now: datetime) -> tuple[date, str]:
        """Return the date in the pack's time zone, and the stage. Cached for a minute."""
        minute = int(now.timestamp()) // 60
        day = self.cache.days.get(minute)
        if day is None:
            self.cache.days.clear()
            day = self.cache.days[minute] = now.astimezone(self.timezone).date(), self.stage_at(now)
        return day

    def is_strict(self, at: datetime) -> bool:
        """Return True if appeals must keep to the approved texts at this time."""
        return self.stage_at(at) in self.rules.strict_stages

    def quiet_until(self, at: datetime) -> datetime | None:
        """Return the end of the quiet hours that include `at`. Returns None outside of them."""
        return self._end_of(self.rules.quiet_hours, at)

    def appeal_quiet_until(self, template: str, at: datetime) -> datetime | None:
        """Return the end of the quiet hours of this kind of appeal that include `at`. Returns None outside of them."""
        return self._end_of(self.own_quiet_hours(template) or self.rules.quiet_hours, at)

    def own_quiet_hours(self, template: str) -> QuietHours | None:
        """Return the quiet hours of this kind of appeal. Returns None for those of the rules."""
        known = self.templates.get(template)
        return known.own_hours if known else None

    def _end_of(self, hours: QuietHours, at: datetime) -> datetime | None:
        end = hours.until(at.astimezone(self.timezone))
        return end.astimezone(UTC) if end else None

    def label(self, answer: str, value: str, language: str) -> str:
        """Return the text for a value of an answer. Returns the value itself if no wording or area names it."""
        named = self.wordings[language].labels.get(answer, {}).get(value)
        return named or self.areas.names.get(value) or value

    def full_label(self, answer: str, value: str, language: str) -> str:
        """Return `label`, with the area around it appended to a name that two places of the pack have."""
        if value not in self.areas.places:
            return self.label(answer, value, language)
        label = self.cache.places.get((answer, value, language))
        if label is None:
            label = self.label(answer, value, language)
            if label == self.areas.names[value]:
                label = self.areas.distinct_name(value, self.areas.places)
            self.cache.places[answer, value, language] = label
        return label

    def answer_label(self, answer: str, language: str) -> str:
        """Return the name of an answer that the pack declares. Returns its key if no wording has one."""
        return self.wordings[language].labels.get("answers", {}).get(answer, answer)

    def answer_text(self, answer: str, value: str, language: str) -> str:
        """Return the text for a value of an answer: its label, or else the option that the dialogue offers for it."""
        named = self.full_label(answer, value, language)
        if named != value:
            return named
        screens = self.wordings[language].screens
        offered = (state.words for state in self.states.values() if state.keep == answer and value in state.options)
        return next((screens[words][value] for words in offered if value in screens.get(words, {})), value)

    def placeholder_values(self, answers: Mapping[str, str], language: str, given: Mapping[str, str]) -> dict[str, str]:
        """Return the values of all placeholders: `svc`, those the caller has `given` (`ussd`), and the answers."""
        values = {**GATEWAY_PLACEHOLDERS, "svc": self.service, **given, **answers}
        for placeholder, answer in self.placeholders.items():
            values[placeholder] = self.full_label(answer, answers.get(answer, ""), language)
        return values

    def format_time(self, at: datetime) -> str:
        """Format a time for a screen, in the pack's time zone, as `27/11 13:05`."""
        return at.astimezone(self.timezone).strftime("%d/%m %H:%M")

    def sms_text(
        self, name: str, language: str, answers: Mapping[str, str], given: Mapping[str, str] = NO_VALUES
    ) -> str:
        """Fill in the SMS of that name. Without that language in the pack, it is in the default one."""
        words = self.wordings.get(language) or self.wordings[self.language]
        return fill(words.sms[name], self.placeholder_values(answers, words.language, given))

    def confirmation(self, language: str, answers: Mapping[str, str], given: Mapping[str, str] = NO_VALUES) -> str:
        """Return the SMS that confirms a report with these answers: the one of its category."""
        return self.sms_text(self.category(answers.get("category", "")).confirmation, language, answers, given)

    def reminder(self, language: str, answers: Mapping[str, str], given: Mapping[str, str] = NO_VALUES) -> str:
        """Return the SMS that reminds of an unfinished report with these answers."""
        return self.sms_text(self.category(answers.get("category", "")).reminder, language, answers, given)


LATEST_APPEALS = 3
LONGEST_APPEAL_LINE = 28
"""Septets of a line of `{appeals}`."""
LONGEST_TITLE = 40

APPEAL_VALUES: Mapping[str, str] = {"appeals": "", "appeal_no": "", "appeal_title": "", "appeal_text": ""}
"""Placeholders about sent appeals: the latest ones on a screen, and one in the answer to its number."""

GATEWAY_PLACEHOLDERS: Mapping[str, str] = {
    "svc": "",
    "ussd": "",
    "ticket": "",
    "date": "",
    "places": "",
    **APPEAL_VALUES,
}
"""Placeholders that the gateway fills in, besides the answers: the service, the code to dial, a ticket, the time its
status changed, the places that a name in an SMS may mean, and sent appeals."""

APPEAL_PLACEHOLDERS = ("kel", "ussd", "svc", "number", "stop")
"""Placeholders of appeals: the area of the person, the code to dial, the service, the number of the appeal, and how to
leave: by a reply, or by the code where the sender is a name."""


LONGEST_NUMBER = "9999"
"""Longest number of an appeal that its text must have room for."""


SMS_NUMBER = "sms"
"""Name of the constant that is the number residents send SMS to."""

RETENTION_DAYS = "retention_days"
"""Name of the constant that is the days a number is kept, as texts promise them: the setting of that name."""


def appeal_areas(menu: Menu) -> tuple[str, ...]:
    """Return the codes of all areas an appeal may go to: those of every level, and "" for all."""
    return (*menu.areas.names, "")


def appeal_area_label(menu: Menu, code: str) -> str:
    """Return the name of such an area in the text of an appeal."""
    return menu.full_label("", code, menu.language) if code else menu.name


MAX_PLACES_IN_SMS = 3

FACTS: Mapping[str, str] = {"reports_today": "number", "stage": "stage", "appeals_sent": "number"}
"""Names that a condition may test besides the answers, and their types: the reports that this phone has filed today,
the stage of the day, and how many of the latest appeals a screen can show."""

TYPED = "typed"
"""Key of an edge for whatever is typed, in `StateKind.edges_of`."""

NUMBER = "number"
"""Question for a number, and the error line of what is none within its bounds."""

MATCHES = "matches"
"""List of the places that a typed name may mean."""


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
