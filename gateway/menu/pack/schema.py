"""Schemas of the files of a pack: every key that they may have, and the form of its value."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    RootModel,
    StringConstraints,
    create_model,
    field_validator,
    model_validator,
)

from gateway.menu.days import DateWord, date_phrase
from gateway.menu.definitions.report_form import LARGEST_NUMBER, AnswerType, DeclaredAnswer
from gateway.menu.kinds.base import PackKind, StateShape, state_shape
from gateway.menu.kinds.choose_from import LISTS
from gateway.menu.kinds.fields import STRICT, Name
from gateway.menu.kinds.table import KINDS
from gateway.menu.limits import USSD_STRING
from gateway.places.areas import DEFAULT_LEVELS, MAX_LEVELS
from gateway.text.diagnostics import unknown
from gateway.text.wording import literal_text
from gateway.text.words import is_findable

NAVIGATION = ("back", "home", "more")
ERRORS = ("choice", "empty", "long", "place", "ticket", "lost")
SHORT = "short"  # shown only where a text has a minimum
NUMBER = "number"  # shown only where a state asks for a number
RECEIVED, RESUME = "received", "resume"
SMS = (RECEIVED,)
REMINDER = (RESUME,)  # sent only if rules.yaml says so
URGENT_REMINDER = ("resume_urgent",)  # the same, of danger whose place is missing; may be left out
REPLIES = (  # sent only with a keywords.yaml
    "status",
    "added",
    "added_not_left",
    "no_details",
    "need_info",
    "erased",
    "not_erased",
    "not_found",
    "no_ticket_status",
    "no_ticket_add_info",
    "no_ticket_erase",
    "locked",
    "no_report",
    "no_category",
    "no_place",
    "which_place",
    "is_place",
    "sub_ok",
    "unsub_ok",
    "which_area",
    "no_area",
    "no_stop",
    "is_report",
    "language",
    "help",
    "unknown",
)

DUTY = ("quiet", "not_on_duty", "is_true", "how_to_answer", "answer_noted")  # only with people who report by duty
APPEAL_REPLIES = ("appeal_found", "appeal_unknown")  # sent only with a keywords.yaml and an appeals.yaml
ALL_SMS = (*SMS, *REMINDER, *URGENT_REMINDER, *REPLIES, *DUTY, *APPEAL_REPLIES)


Command = Literal["report", "status", "add_info", "erase", "subscribe", "unsubscribe", "help", "language", "all_quiet"]


def _findable(keyword: str) -> str:
    """Return the keyword if an SMS can contain it. Raises `ValueError` if not."""
    if not is_findable(keyword):
        raise ValueError(f"no SMS can match {keyword!a}: a keyword has letters and digits only, without marks")
    return keyword


Keyword = Annotated[str, StringConstraints(pattern=r"^\S{1,20}$"), AfterValidator(_findable)]
KeyPhrase = Annotated[str, StringConstraints(max_length=40), AfterValidator(_findable)]
Key = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,3}$")]
Phrase = Annotated[str, StringConstraints(pattern=r"^\S+( \S+)*$", max_length=60)]
ScreenText = Annotated[str, AfterValidator(literal_text)]
DatePhrase = Annotated[str, StringConstraints(pattern=r"^[^\W\d_]+(?:[ '.-][^\W\d_]+){0,4}$", max_length=60)]
ConstantName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,29}$")]
Count = Annotated[int, Field(ge=1, le=1000)]


class StrictModel(BaseModel):
    """Schema that refuses every key it does not name."""

    model_config = STRICT


class KeysShape(StrictModel):
    """Navigation keys of a pack."""

    back: Key
    back_elsewhere: Key
    home: Key
    more: Key


class PackShape(StrictModel):
    """Schema of pack.yaml."""

    name: str
    service: ScreenText
    region: str = Field(pattern=r"^[A-Z]{2}$")
    timezone: str
    languages: dict[Name, ScreenText] = Field(min_length=1)
    keys: KeysShape
    placeholders: dict[str, str] = {}
    constants: dict[ConstantName, ScreenText] = {}
    place_words: list[str] = []
    levels: tuple[Name, ...] = Field(default=DEFAULT_LEVELS, min_length=1, max_length=MAX_LEVELS)
    kecamatan_words: list[str] = []

    @field_validator("timezone")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(unknown("time zone", name)) from None
        return name

    @field_validator("levels")
    @classmethod
    def _distinct(cls, levels: tuple[str, ...]) -> tuple[str, ...]:
        if taken := sorted({*LISTS, "code", "name"}.intersection(levels)):
            raise ValueError(f"{taken[0]} is taken; choose another name for a level of place")
        if len(set(levels)) < len(levels):
            raise ValueError("two levels of place have one name")
        return levels


class ShortcutShape(StrictModel):
    """Shortcut in flow.yaml."""

    to: str
    answers: dict[str, str] = {}


class FlowShape(StrictModel):
    """Schema of flow.yaml."""

    start: str
    home: str
    help: str = ""
    resume: str = ""
    shortcuts: dict[Annotated[str, StringConstraints(pattern=r"^[0-9]{1,4}$")], ShortcutShape] = {}
    states: dict[Name, StateShape] = Field(min_length=1)


def flow_schema(kinds: Mapping[str, PackKind]) -> type[FlowShape]:
    """Make the schema of a flow.yaml whose states are of these kinds."""
    states: Any = (dict[Name, state_shape(kinds)], Field(min_length=1))  # type: ignore[misc]
    return create_model("FlowShape", __base__=FlowShape, states=states)


FLOW_SCHEMA = flow_schema(KINDS)


class CategoryShape(StrictModel):
    """Kind of incident in categories.yaml."""

    urgent: bool = False
    restricted_to: list[Name] = []
    recipients: list[Name] = []
    deadline_days: int = Field(default=0, ge=0, le=365)
    watch_group: Name | Literal[""] = ""
    confirmation: Name = RECEIVED
    reminder: Name = RESUME

    @field_validator("restricted_to")
    @classmethod
    def _readable(cls, roles: list[str]) -> list[str]:
        if not roles:
            raise ValueError("nobody may read these reports; name a role, or remove this key to open them to all")
        return roles


class CategoryNamesShape(RootModel[list[Name]]):
    """Schema of categories.yaml as a plain list of names."""


def _without_text(written: object) -> object:
    """Read a kind with nothing behind its name, `asn:`, as one without keys."""
    return {} if written == "" else written


class CategoriesShape(RootModel[dict[Name, Annotated[CategoryShape, BeforeValidator(_without_text)]]]):
    """Schema of categories.yaml, in the order of the menu."""


class WordPairShape(StrictModel):
    """Schema of two lists of words that name a kind together."""

    one: list[KeyPhrase] = Field(min_length=1)
    other: list[KeyPhrase] = Field(min_length=1)


class ActorShape(StrictModel):
    """Schema of a kind that is named by somebody who acts."""

    who: list[KeyPhrase] = Field(min_length=1)
    does: list[KeyPhrase] = Field(min_length=1)
    by: list[KeyPhrase] = []
    not_who: list[KeyPhrase] = []
    apart: list[KeyPhrase] = []


class NoReportShape(StrictModel):
    """Schema of the words of texts that name a kind and a place, and are no report."""

    questions: list[KeyPhrase] = []
    beginnings: list[KeyPhrase] = []
    before: list[KeyPhrase] = []
    between: list[KeyPhrase] = []
    denials: list[KeyPhrase] = []
    doubts: list[KeyPhrase] = []
    elsewhere: list[KeyPhrase] = []


class KeywordsShape(StrictModel):
    """Schema of keywords.yaml."""

    commands: dict[Command, dict[Name, list[Keyword]]] = {}
    codes: dict[Annotated[str, StringConstraints(pattern=r"^[0-9]{1,2}$")], Name] = {}
    words: dict[Name, list[KeyPhrase]] = {}
    not_words: list[KeyPhrase] = []
    weak: list[KeyPhrase] = []
    numbers: dict[Annotated[str, StringConstraints(pattern=r"^[0-9]{1,2}$")], list[Keyword]] = {}
    code_words: list[Keyword] = []
    answers: dict[Name, dict[Name, list[KeyPhrase]]] = {}
    languages: dict[Name, list[Keyword]] = {}
    common: list[Keyword] = []
    things: list[Keyword] = []
    at: list[KeyPhrase] = []
    not_at: list[Keyword] = []
    counted: list[Keyword] = []
    filler: list[KeyPhrase] = []
    spaces: list[Keyword] = []
    thanks: list[KeyPhrase] = []
    yes: list[KeyPhrase] = []
    refusals: list[KeyPhrase] = []
    beside_stop: list[Keyword] = []
    beside_quiet: list[Keyword] = []
    desk_answers: dict[Literal["yes", "no", "unknown"], list[KeyPhrase]] = {}
    negations: list[Keyword] = []
    undecided: list[KeyPhrase] = []
    asked: list[KeyPhrase] = []
    endings: list[Keyword] = []
    pairs: dict[Name, list[WordPairShape]] = {}
    actors: dict[Name, ActorShape] = {}
    no_report: NoReportShape = NoReportShape()
    cries: list[KeyPhrase] = []
    automatic: list[str] = []


class AnswerShape(StrictModel):
    """Answer that the pack declares. `min` and `max` bound a number, `max` also the characters of a text."""

    type: AnswerType
    min: int | None = Field(default=None, ge=0, le=LARGEST_NUMBER)
    max: int | None = Field(default=None, ge=1, le=LARGEST_NUMBER)
    personal: bool = False
    asked: bool = True

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        for name, types in _KEYS_OF_TYPES.items():
            if name in self.model_fields_set and self.type not in types:
                raise ValueError(f"{name} has no meaning for the type {self.type}; remove it")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}; write the smaller one as min")
        if self.type is AnswerType.TEXT and (self.max or 1) > USSD_STRING:
            raise ValueError(f"max {self.max} is above the {USSD_STRING} characters that a USSD string holds")
        return self

    @property
    def declared(self) -> DeclaredAnswer:
        """Declaration with its bounds. Without a `min`, a number is at least 1: `0` is the key back."""
        most = self.max or (USSD_STRING if self.type is AnswerType.TEXT else LARGEST_NUMBER)
        return DeclaredAnswer(self.type, 1 if self.min is None else self.min, most, self.personal, self.asked)


_KEYS_OF_TYPES: Mapping[str, Container[AnswerType]] = {
    "min": (AnswerType.NUMBER,),
    "max": (AnswerType.NUMBER, AnswerType.TEXT),
}
"""Keys of a declared answer that only some types have."""


class ReportShape(StrictModel):
    """Schema of report.yaml."""

    answers: dict[Name, AnswerShape]


NO_REPORT = ReportShape(answers={})
"""Replacement of a report.yaml that the pack does not have."""


class DatesShape(StrictModel):
    """Words in a typed date, in the language of a wording."""

    today: list[DatePhrase] = []
    yesterday: list[DatePhrase] = []
    before_yesterday: list[DatePhrase] = []
    future: list[DatePhrase] = []
    ago: list[DatePhrase] = []
    months: list[list[DatePhrase]] = []
    weekdays: list[DatePhrase] = []
    date: list[DatePhrase] = []
    ignore: list[DatePhrase] = []

    @field_validator("months")
    @classmethod
    def _whole_year(cls, months: list[list[str]]) -> list[list[str]]:
        if len(months) not in (0, 12):
            raise ValueError(f"a year has 12 months, not {len(months)}")
        return months

    def meanings(self) -> Iterator[tuple[str, DateWord]]:
        """Yield every phrase with its meaning."""
        days = ((self.future, -1), (self.today, 0), (self.yesterday, 1), (self.before_yesterday, 2))
        named = [(phrases, DateWord("day", number)) for phrases, number in days]
        named += [(phrases, DateWord("month", number)) for number, phrases in enumerate(self.months, start=1)]
        named += [(getattr(self, kind), DateWord(kind)) for kind in ("ago", "date", "ignore")]
        named += [(self.weekdays, DateWord("weekday"))]
        for phrases, meaning in named:
            for phrase in phrases:
                yield date_phrase(phrase), meaning


class OptOutShape(StrictModel):
    """Ways to leave appeals, as `{stop}` in their texts."""

    reply: str
    dial: str


class WordingShape(StrictModel):
    """Schema of wording/LANGUAGE.yaml."""

    navigation: dict[str, str]
    errors: dict[str, str]
    dates: DatesShape = DatesShape()
    labels: dict[str, dict[str, str]] = {}
    screens: dict[str, dict[str, str]]
    sms: dict[str, str]
    appeals: dict[str, str] = {}
    opt_out: OptOutShape | None = None
    apology: str
