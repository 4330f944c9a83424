"""The shape of a pack's files: every key that may stand in them, and what its value must look like."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    RootModel,
    StringConstraints,
    field_validator,
    model_validator,
)

from gateway.menu.conditions import read_condition
from gateway.menu.limits import USSD_STRING
from gateway.menu.model import CONTINUE, StateKind
from gateway.menu.rules import Need
from gateway.text.wording import literal_text

EFFECTS: Mapping[str, frozenset[str]] = {
    "file_report": frozenset({"filed", "kept", "failed"}),
    "find_report": frozenset({"found", "none", "locked", "failed"}),
    "add_details": frozenset({"added", "failed"}),
    "erase_number": frozenset({"erased", "failed"}),
    "subscribe": frozenset({"done", "failed"}),
    "unsubscribe": frozenset({"done", "failed"}),
    "delete_draft": frozenset({"deleted", "failed"}),
}
ASKS = ("text", "date", "ticket", "place_name")
LISTS = ("languages", "categories", "kecamatan", "kelurahan", "matches")
_ALWAYS = {"only_if", "otherwise"}
TAKES: Mapping[StateKind, frozenset[str]] = {  # what else a state of each kind may say
    StateKind.CHOOSE: frozenset({*_ALWAYS, "words", "zero", "keep", "within"}),
    StateKind.CHOOSE_FROM: frozenset({*_ALWAYS, "words", "zero", "keep", "within", "next", "or_type"}),
    StateKind.ASK: frozenset({*_ALWAYS, "words", "zero", "keep", "within", "next", "limits"}),
    StateKind.REVISE: frozenset({*_ALWAYS, "words", "zero"}),
    StateKind.RESUME: frozenset({*_ALWAYS, "words", "zero"}),
    StateKind.TELL: frozenset({*_ALWAYS, "words", "zero"}),
    StateKind.DO: frozenset({*_ALWAYS, "then"}),
    StateKind.END: frozenset({*_ALWAYS, "words"}),
}
RESUMING = ("again", "delete")  # besides to continue, which leads to where the dialogue was
NAVIGATION = ("back", "home", "more")
ERRORS = ("choice", "empty", "long", "place", "ticket", "lost")
SMS = ("received",)
REMINDER = ("resume",)  # where rules.yaml has one sent
REPLIES = (  # where keywords.yaml says what an SMS may ask for
    "status",
    "added",
    "no_details",
    "erased",
    "not_found",
    "no_ticket_status",
    "no_ticket_add_info",
    "no_ticket_erase",
    "locked",
    "no_report",
    "no_category",
    "no_place",
    "which_place",
    "sub_ok",
    "unsub_ok",
    "which_area",
    "no_area",
    "language",
    "help",
    "unknown",
)


Command = Literal["report", "status", "add_info", "erase", "subscribe", "unsubscribe", "help", "language"]
Keyword = Annotated[str, StringConstraints(pattern=r"^[^\s.,;:#*/-]{1,20}$")]
Key = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,3}$")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
Phrase = Annotated[str, StringConstraints(pattern=r"^\S+( \S+)*$", max_length=60)]
ScreenText = Annotated[str, AfterValidator(literal_text)]
Count = Annotated[int, Field(ge=1, le=1000)]


class StrictModel(BaseModel):
    """Nothing but what is named."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class KeysShape(StrictModel):
    """The navigation keys of a pack."""

    back: Key
    back_elsewhere: Key
    home: Key
    more: Key


class PackShape(StrictModel):
    """pack.yaml"""

    name: str
    service: ScreenText
    region: str = Field(pattern=r"^[A-Z]{2}$")
    timezone: str
    languages: dict[Name, ScreenText] = Field(min_length=1)
    keys: KeysShape
    placeholders: dict[str, str] = {}
    place_words: list[str] = []
    kecamatan_words: list[str] = []

    @field_validator("timezone")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"no time zone is called {name}") from None
        return name


class InputLimitsShape(StrictModel):
    """How much may be typed."""

    min: int = Field(default=1, ge=0)
    max: int = Field(default=USSD_STRING, ge=1)

    @field_validator("max")
    @classmethod
    def _can_be_sent(cls, most: int) -> int:
        if most > USSD_STRING:
            raise ValueError(f"a USSD string holds no more than {USSD_STRING} characters: nobody can send {most}")
        return most


class StateShape(StrictModel):
    """One state of flow.yaml."""

    choose: dict[Name, str] | None = None
    choose_from: str | None = None
    ask: str | None = None
    revise: dict[Name, str] | None = None
    resume: dict[str, str] | None = None
    tell: bool | None = None
    do: str | None = None
    end: bool | None = None
    then: dict[str, str] = {}
    within: str = ""
    keep: str = ""
    next: str = ""
    zero: dict[Name, str] = Field(default={}, max_length=1)
    limits: InputLimitsShape = InputLimitsShape()
    only_if: str = ""
    otherwise: str = ""
    or_type: str = ""
    words: str = ""

    @property
    def kinds(self) -> list[StateKind]:
        """What the state does: one thing, if it is right."""
        return [kind for kind in StateKind if getattr(self, kind.value) is not None]

    @property
    def labels(self) -> list[str]:
        """What of its screen has words besides the heading."""
        options = (CONTINUE, *self.resume) if self.resume else self.choose or self.revise or ()
        return [*options, *self.zero]

    @property
    def targets(self) -> list[str]:
        """All states that it names."""
        branches = self.choose or self.revise or self.resume or self.then
        ways = [*branches.values(), *self.zero.values(), self.next, self.otherwise, self.or_type, self.words]
        return [way for way in ways if way]

    @field_validator("only_if")
    @classmethod
    def _readable(cls, text: str) -> str:
        if text:
            read_condition(text)
        return text


class ShortcutShape(StrictModel):
    """Where a dialled suffix leads."""

    to: str
    answers: dict[str, str] = {}


class FlowShape(StrictModel):
    """flow.yaml"""

    start: str
    home: str
    help: str = ""
    resume: str = ""
    shortcuts: dict[Annotated[str, StringConstraints(pattern=r"^[0-9]{1,4}$")], ShortcutShape] = {}
    states: dict[Name, StateShape] = Field(min_length=1)


class CategoriesShape(RootModel[list[Name]]):
    """categories.yaml"""


class StageShape(StrictModel):
    """One stage of stages.yaml: `first` and `last` are days, both included."""

    key: Name
    first: date
    last: date

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise ValueError("last is before first")
        return self


class StagesShape(RootModel[list[StageShape]]):
    """stages.yaml, in the order of time."""


class ResumeShape(StrictModel):
    """What becomes of a dropped dialogue."""

    hours: int = Field(default=24, ge=1, le=72)
    needs: list[str] = Field(default=["category"], min_length=1)
    sms: bool = False


class QuietShape(StrictModel):
    """When no SMS goes out that nobody is waiting for; local time."""

    first: time = Field(default=time(20), alias="from")
    last: time = Field(default=time(7), alias="to")


class RulesShape(StrictModel):
    """rules.yaml"""

    resume: ResumeShape = ResumeShape()
    quiet_hours: QuietShape = QuietShape()
    strict_stages: list[Name] = []
    refused_words: list[Phrase] = []
    ticket_tries_per_hour: Count = 5
    language_days: Count = 180


class TemplateShape(StrictModel):
    """One text of appeals.yaml."""

    purpose: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    needs: Need = Need.NONE
    approved: bool = False


class AppealsShape(RootModel[dict[Name, TemplateShape]]):
    """appeals.yaml"""


class KeywordsShape(StrictModel):
    """keywords.yaml"""

    commands: dict[Command, dict[Name, list[Keyword]]] = {}
    codes: dict[Annotated[str, StringConstraints(pattern=r"^[0-9]{1,2}$")], Name] = {}
    words: dict[Name, list[Keyword]] = {}
    common: list[Keyword] = []
    automatic: list[str] = []


class WordingShape(StrictModel):
    """wording/LANGUAGE.yaml"""

    navigation: dict[str, str]
    errors: dict[str, str]
    labels: dict[str, dict[str, str]] = {}
    screens: dict[str, dict[str, str]]
    sms: dict[str, str]
    appeals: dict[str, str] = {}
    apology: str
