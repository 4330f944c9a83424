"""The files of a pack, each in its shape → the `Menu` that the engine walks, as far as they could be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from gateway.menu.conditions import read_condition
from gateway.menu.kinds.base import StateShape
from gateway.menu.limits import Keys
from gateway.menu.model import Menu, Shortcut, State
from gateway.menu.pack.references import ENTRY_KINDS, idle_keys, kind_faults
from gateway.menu.pack.schema import (
    AppealsShape,
    CategoriesShape,
    FlowShape,
    KeywordsShape,
    PackShape,
    RulesShape,
    StagesShape,
    WordingShape,
)
from gateway.menu.pack.yaml_reader import PackReader
from gateway.menu.pack_files import FLOW, wording_file
from gateway.menu.rules import AppealTemplate, Keywords, PackRules, Stage
from gateway.places.areas import Areas
from gateway.places.gazetteer import Gazetteer
from gateway.text.wording import Wording


@dataclass(slots=True)
class ParsedPack:
    """The files of a pack, each in its shape; None where it could not be read."""

    pack: PackShape | None
    flow: FlowShape | None
    categories: CategoriesShape | None
    stages: StagesShape | None
    rules: RulesShape | None
    keywords: KeywordsShape | None
    appeals: AppealsShape | None
    areas: Areas
    wordings: Mapping[str, WordingShape]


def build_menu(reading: PackReader, read: ParsedPack, version: str) -> Menu | None:
    """The menu, without what could not be read; None where it is not even known who speaks to whom."""
    pack, flow = read.pack, read.flow
    if pack is None:
        return None
    states = _states(reading, flow) if flow else {}
    entries = _entries(flow, states)
    return Menu(
        name=pack.name,
        service=pack.service,
        version=version,
        region=pack.region,
        timezone=ZoneInfo(pack.timezone),
        languages=pack.languages,
        keys=Keys(**pack.keys.model_dump()),
        placeholders=pack.placeholders,
        start=entries.start,
        home=entries.home,
        help=entries.help,
        resume=entries.resume,
        shortcuts=_shortcuts(reading, flow) if flow else {},
        states=states,
        categories=tuple(dict.fromkeys(read.categories.root)) if read.categories else (),
        areas=read.areas,
        gazetteer=Gazetteer(read.areas, pack.place_words, pack.kecamatan_words),
        stages=tuple(Stage(stage.key, stage.first, stage.last) for stage in (read.stages.root if read.stages else ())),
        rules=_rules(read.rules or RulesShape()),
        keywords=_keywords(read.keywords or KeywordsShape()),
        templates={
            key: AppealTemplate(raw.purpose, raw.needs, raw.approved)
            for key, raw in (read.appeals.root if read.appeals else {}).items()
        },
        wordings={
            language: _wording(reading, language, read.wordings.get(language) or _SILENT) for language in pack.languages
        },
        lines=reading.lines,
    )


_SILENT = WordingShape(navigation={}, errors={}, screens={}, sms={}, apology="")


class _Entries(NamedTuple):
    """The states that a dialogue begins with, or is led to; empty for none."""

    start: str = ""
    home: str = ""
    help: str = ""
    resume: str = ""


def _entries(flow: FlowShape | None, states: Mapping[str, State]) -> _Entries:
    """Those that there are. A dialogue always begins somewhere."""
    if flow is None:
        return _Entries()
    start, home = (name if name in states else "" for name in (flow.start, flow.home))
    first = next(iter(states), "")
    help_, resume = (
        name if name in states and states[name].kind.name == ENTRY_KINDS[entry] else ""
        for entry, name in (("help", flow.help), ("resume", flow.resume))
    )
    return _Entries(start or home or first, home or start or first, help_, resume)


def _states(reading: PackReader, flow: FlowShape) -> dict[str, State]:
    """The states that are what a state can be."""
    lines, unclear = reading.lines[FLOW], reading.left_out(FLOW, "states")
    return {
        name: _state(name, raw, lines["states", name])
        for name, raw in flow.states.items()
        if name not in unclear and not any(kind_faults(raw))
    }


def _shortcuts(reading: PackReader, flow: FlowShape) -> dict[str, Shortcut]:
    lines = reading.lines[FLOW]
    return {
        keys: Shortcut(shortcut.to, shortcut.answers, lines["shortcuts", keys])
        for keys, shortcut in flow.shortcuts.items()
    }


def _state(name: str, raw: StateShape, line: int) -> State:
    (kind,) = raw.kinds
    raw = raw.model_copy(update={key: StateShape.model_fields[key].default for key in idle_keys(raw)})
    return State(
        name=name,
        kind=kind,
        line=line,
        options=kind.options_of(name, raw),
        source=kind.source_of(raw),
        within=raw.within,
        keep=raw.keep,
        next=raw.next,
        zero=next(iter(raw.zero.items()), None),
        min_length=raw.limits.min,
        max_length=raw.limits.max,
        condition=read_condition(raw.only_if) if raw.only_if else None,
        otherwise=raw.otherwise,
        or_type=raw.or_type,
        words=raw.words or name,
    )


def _wording(reading: PackReader, language: str, raw: WordingShape) -> Wording:
    return Wording(language, lines=reading.lines.get(wording_file(language), {}), **raw.model_dump())


def _rules(raw: RulesShape) -> PackRules:
    return PackRules(
        resume_within=timedelta(hours=raw.resume.hours),
        resume_needs=frozenset(raw.resume.needs),
        resume_sms=raw.resume.sms,
        quiet_from=raw.quiet_hours.first,
        quiet_to=raw.quiet_hours.last,
        ticket_tries_per_hour=raw.ticket_tries_per_hour,
        remember_language=timedelta(days=raw.language_days),
        strict_stages=frozenset(raw.strict_stages),
        refused_words=tuple(map(str.casefold, raw.refused_words)),
    )


def _keywords(raw: KeywordsShape) -> Keywords:
    words = {word.casefold(): category for category, said in raw.words.items() for word in said}
    return Keywords(
        commands={
            command: {language: frozenset(map(str.casefold, said)) for language, said in languages.items()}
            for command, languages in raw.commands.items()
        },
        categories={**words, **raw.codes},
        codes={category: code for code, category in raw.codes.items()},
        common=frozenset(map(str.casefold, raw.common)),
        automatic=tuple(map(str.casefold, raw.automatic)),
    )
