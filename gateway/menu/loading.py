"""A pack's files → a `Menu`, or every complaint about them at once, with file and line.

This asks whether the pack is whole: every key known, every state leading somewhere, every text in every language.
Whether it can be walked and shown (reachable, fitting, GSM-7) is the matter of `checking`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, RootModel, field_validator

from gateway.menu.definition import Keys, Kind, Menu, State
from gateway.menu.reading import Reading
from gateway.places.areas import read_areas
from gateway.text.complaints import Complaint
from gateway.text.wording import Wording

EFFECTS: Mapping[str, frozenset[str]] = {"file_report": frozenset({"filed", "kept", "failed"})}
ASKS = ("text", "date")
LISTS = ("languages", "categories", "kecamatan", "kelurahan")
NAVIGATION = ("back", "home", "more")
ERRORS = ("choice", "empty", "long")
SMS = ("received",)


class PackRefused(Exception):
    """The pack cannot be used. Mend what is listed and start again."""

    def __init__(self, complaints: list[Complaint]) -> None:
        self.complaints = sorted(set(complaints))
        super().__init__("\n".join(str(complaint) for complaint in self.complaints))


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Keys(_Strict):
    back: str = Field(pattern=r"^[0-9]{1,3}$")
    back_elsewhere: str = Field(pattern=r"^[0-9]{1,3}$")
    home: str = Field(pattern=r"^[0-9]{1,3}$")
    more: str = Field(pattern=r"^[0-9]{1,3}$")


class _Pack(_Strict):
    name: str
    service: str
    region: str = Field(pattern=r"^[A-Z]{2}$")
    timezone: str
    languages: dict[str, str] = Field(min_length=1)
    keys: _Keys
    placeholders: dict[str, str] = {}

    @field_validator("timezone")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"no time zone is called {name}") from None
        return name


class _Bounds(_Strict):
    min: int = Field(default=1, ge=0)
    max: int = Field(default=300, ge=1, le=1000)


class _State(_Strict):
    choose: dict[str, str] | None = None
    choose_from: str | None = None
    ask: str | None = None
    revise: dict[str, str] | None = None
    tell: bool | None = None
    do: str | None = None
    end: bool | None = None
    then: dict[str, str] = {}
    within: str = ""
    keep: str = ""
    next: str = ""
    zero: dict[str, str] = Field(default={}, max_length=1)
    limits: _Bounds = _Bounds()

    @property
    def kinds(self) -> list[Kind]:
        return [kind for kind in Kind if getattr(self, kind.value) is not None]


class _Flow(_Strict):
    start: str
    home: str
    states: dict[str, _State] = Field(min_length=1)


class _Categories(RootModel[list[str]]):
    pass


class _Wording(_Strict):
    navigation: dict[str, str]
    errors: dict[str, str]
    labels: dict[str, dict[str, str]] = {}
    screens: dict[str, dict[str, str]]
    sms: dict[str, str]
    apology: str


def load(files: Mapping[str, str]) -> Menu:
    """The menu of a pack given as its files (relative name → text). Raises `PackRefused` with all that is wrong."""
    reading = Reading(files)
    pack = reading.model("pack.yaml", _Pack)
    flow = reading.model("flow.yaml", _Flow)
    categories = reading.model("categories.yaml", _Categories)
    areas_text = reading.text("areas.csv")
    areas, wrong = read_areas(areas_text or "", "areas.csv") if areas_text is not None else (None, [])
    reading.complaints.extend(wrong)
    languages = pack.languages if pack else {}
    wordings = {language: reading.model(f"wording/{language}.yaml", _Wording) for language in languages}
    if pack is None or flow is None or categories is None or areas is None or None in wordings.values():
        raise PackRefused(reading.complaints)
    _check_flow(reading, flow)
    for language, wording in wordings.items():
        if wording:
            _check_wording(reading, f"wording/{language}.yaml", wording, flow, categories.root)
    if reading.complaints:
        raise PackRefused(reading.complaints)
    return Menu(
        name=pack.name,
        service=pack.service,
        version=_version(files),
        region=pack.region,
        timezone=ZoneInfo(pack.timezone),
        languages=pack.languages,
        keys=Keys(**pack.keys.model_dump()),
        placeholders=pack.placeholders,
        start=flow.start,
        home=flow.home,
        states={
            name: _state(name, raw, reading.lines["flow.yaml"]["states", name]) for name, raw in flow.states.items()
        },
        categories=tuple(categories.root),
        areas=areas,
        wordings={
            language: Wording(language, lines=reading.lines[f"wording/{language}.yaml"], **wording.model_dump())
            for language, wording in wordings.items()
            if wording
        },
    )


def _version(files: Mapping[str, str]) -> str:
    content = "\0".join(f"{name}\0{files[name]}" for name in sorted(files))
    return hashlib.sha256(content.encode()).hexdigest()[:12]


def _state(name: str, raw: _State, line: int) -> State:
    return State(
        name=name,
        kind=raw.kinds[0],
        line=line,
        options=raw.choose or raw.revise or raw.then,
        source=raw.choose_from or raw.ask or raw.do or "",
        within=raw.within,
        keep=raw.keep,
        next=raw.next,
        zero=next(iter(raw.zero.items()), None),
        shortest=raw.limits.min,
        longest=raw.limits.max,
    )


# What a flow must hold -------------------------------------------------------------------------------------


def _check_flow(reading: Reading, flow: _Flow) -> None:
    file = "flow.yaml"
    for key in ("start", "home"):
        if getattr(flow, key) not in flow.states:
            reading.complain(file, (key,), f"{key}: no state is called {getattr(flow, key)}")
    for name, state in flow.states.items():
        for message in (*_kind_faults(state), *_way_faults(state, flow)):
            reading.complain(file, ("states", name), f"{name}: {message}")


def _kind_faults(state: _State) -> list[str]:
    kinds = state.kinds
    if len(kinds) != 1:
        return [f"a state is one of {', '.join(Kind)}; this is {', '.join(kinds) or 'none of them'}"]
    faults = []
    kind = kinds[0]
    if kind in (Kind.CHOOSE_FROM, Kind.ASK) and not (state.keep and state.next):
        faults.append(f"{kind} needs keep (the answer's name) and next")
    if kind is Kind.CHOOSE_FROM and state.choose_from not in LISTS:
        faults.append(f"choose_from knows the lists {', '.join(LISTS)}")
    if kind is Kind.ASK and state.ask not in ASKS:
        faults.append(f"ask knows {', '.join(ASKS)}")
    if kind is Kind.DO and state.do not in EFFECTS:
        faults.append(f"do knows {', '.join(EFFECTS)}")
    elif kind is Kind.DO and set(state.then) != EFFECTS[state.do or ""]:
        faults.append(f"then needs exactly {', '.join(sorted(EFFECTS[state.do or '']))}")
    if kind in (Kind.CHOOSE, Kind.REVISE) and not (state.choose or state.revise):
        faults.append(f"{kind} needs at least one option")
    if state.limits.min > state.limits.max:
        faults.append("limits: min is above max")
    return faults


def _way_faults(state: _State, flow: _Flow) -> list[str]:
    targets = [*(state.choose or state.revise or state.then).values(), *state.zero.values(), state.next]
    faults = [f"no state is called {target}" for target in targets if target and target not in flow.states]
    kept = {other.keep for other in flow.states.values()}
    if state.within and state.within not in kept:
        faults.append(f"within: no state keeps {state.within}")
    return faults


# What a wording must hold ----------------------------------------------------------------------------------


def _check_wording(reading: Reading, file: str, wording: _Wording, flow: _Flow, categories: list[str]) -> None:
    fixed: dict[str, Sequence[str]] = {"navigation": NAVIGATION, "errors": ERRORS, "sms": SMS}
    for section, names in fixed.items():
        _same_names(reading, file, (section,), getattr(wording, section), names)
    _same_names(reading, file, ("labels", "category"), wording.labels.get("category", {}), categories)
    shown = {name: state for name, state in flow.states.items() if state.do is None}
    _same_names(reading, file, ("screens",), wording.screens, list(shown))
    for name, state in shown.items():
        needed = ["heading", *(state.choose or state.revise or {}), *state.zero]
        if name in wording.screens:
            _same_names(reading, file, ("screens", name), wording.screens[name], needed)


def _same_names(
    reading: Reading, file: str, path: tuple[str, ...], there: Mapping[str, object], needed: Sequence[str]
) -> None:
    for name in needed:
        if name not in there:
            reading.complain(file, path, f"{'.'.join((*path, name))} is missing")
    for name in there:
        if name not in needed:
            reading.complain(file, (*path, name), f"{'.'.join((*path, name))}: nothing is called so")
