"""A pack's files → a `Menu`, or every complaint about them at once, with file and line.

This asks whether the pack is whole: every key known, every state leading somewhere, every text in every language.
Whether it can be walked and shown (reachable, fitting) is the matter of `checking`, which needs a whole pack.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from gateway.menu.conditions import read_condition
from gateway.menu.definition import CONTINUE, Keys, Keywords, Menu, Rules, Shortcut, Stage, State, Template
from gateway.menu.files import (
    ALIASES,
    ALL,
    APPEALS,
    AREAS,
    CATEGORIES,
    FLOW,
    KEYWORDS,
    NEIGHBOURS,
    PACK,
    RULES,
    STAGES,
    wording_file,
)
from gateway.menu.reading import Reading
from gateway.menu.shapes import (
    REMINDER,
    REPLIES,
    SMS,
    AppealsShape,
    CategoriesShape,
    FlowShape,
    KeywordsShape,
    PackShape,
    RulesShape,
    StagesShape,
    StateShape,
    WordingShape,
)
from gateway.menu.texts import text_faults
from gateway.menu.wholeness import (
    check_appeals,
    check_flow,
    check_keywords,
    check_pack,
    check_stages,
    check_wording,
)
from gateway.places.areas import Areas, read_areas
from gateway.places.names import Gazetteer
from gateway.places.relations import read_aliases, read_neighbours
from gateway.text.complaints import Complaint
from gateway.text.wording import Wording


class PackRefused(Exception):
    """The pack cannot be used. Mend what is listed and start again."""

    def __init__(self, complaints: list[Complaint]) -> None:
        self.complaints = sorted(set(complaints))
        super().__init__("\n".join(str(complaint) for complaint in self.complaints))


class _Files(NamedTuple):
    """The files of a pack, each in its shape."""

    pack: PackShape
    flow: FlowShape
    categories: CategoriesShape
    stages: StagesShape
    rules: RulesShape
    keywords: KeywordsShape
    appeals: AppealsShape
    areas: Areas
    wordings: Mapping[str, WordingShape]


def load(files: Mapping[str, str]) -> Menu:
    """The menu of a pack given as its files (relative name → text). Raises `PackRefused` with all that is wrong."""
    reading = Reading(files)
    read = _shaped(reading)
    reading.complaints += [
        Complaint(file, 0, f"a pack has no such file, only {', '.join(ALL)}") for file in _strays(files)
    ]
    if read is not None:
        _check_whole(reading, read)
    if read is None or reading.complaints:
        raise PackRefused([*reading.complaints, *_text_faults(files)])
    return _menu(reading, read)


def _strays(files: Mapping[str, str]) -> list[str]:
    """The files that nobody would read, misspelt perhaps. What lies in a folder may be kept for later."""
    return [file for file in files if "/" not in file and file not in ALL]


def _check_whole(reading: Reading, read: _Files) -> None:
    check_pack(reading, read.pack)
    check_flow(reading, read.flow, read.rules)
    check_keywords(reading, read.keywords, read.pack.languages, read.categories.root)
    check_stages(reading, read.rules, read.stages)
    for language, wording in read.wordings.items():
        check_appeals(reading, wording_file(language), wording, list(read.appeals.root), read.rules)
        check_wording(reading, wording_file(language), wording, read.flow, read.categories.root, _sms(read))


def _text_faults(files: Mapping[str, str]) -> Iterator[Complaint]:
    """What is wrong with the texts by themselves, where no screen can be laid out yet."""
    reading = Reading(files)
    pack = reading.model(PACK, PackShape)
    for language in pack.languages if pack else ():
        if pack and (shape := reading.model(wording_file(language), WordingShape)):
            yield from text_faults(_wording(reading, language, shape), pack.placeholders)


def _shaped(reading: Reading) -> _Files | None:
    pack = reading.model(PACK, PackShape)
    flow = reading.model(FLOW, FlowShape)
    categories = reading.model(CATEGORIES, CategoriesShape)
    stages = reading.model(STAGES, StagesShape, StagesShape([]))
    rules = reading.model(RULES, RulesShape, RulesShape())
    keywords = reading.model(KEYWORDS, KeywordsShape, KeywordsShape())
    appeals = reading.model(APPEALS, AppealsShape, AppealsShape({}))
    areas = _areas(reading)
    wordings: dict[str, WordingShape] = {}
    for language in pack.languages if pack else ():
        if wording := reading.model(wording_file(language), WordingShape):
            wordings[language] = wording
    if not (pack and flow and categories and stages and rules and keywords and appeals and areas):
        return None
    if len(wordings) < len(pack.languages):
        return None
    return _Files(pack, flow, categories, stages, rules, keywords, appeals, areas, wordings)


def _areas(reading: Reading) -> Areas | None:
    text = reading.text(AREAS)
    if text is None:
        return None
    areas, wrong = read_areas(text, AREAS)
    reading.complaints += wrong
    if (aliases := reading.files.get(ALIASES)) is not None:
        named, wrong = read_aliases(aliases, ALIASES, areas)
        areas = replace(areas, aliases=named)
        reading.complaints += wrong
    if (neighbours := reading.files.get(NEIGHBOURS)) is not None:
        beside, wrong = read_neighbours(neighbours, NEIGHBOURS, areas)
        areas = replace(areas, neighbours=beside)
        reading.complaints += wrong
    return areas


def _menu(reading: Reading, read: _Files) -> Menu:
    pack, flow = read.pack, read.flow
    lines = reading.lines[FLOW]
    return Menu(
        name=pack.name,
        service=pack.service,
        version=version_of(reading.files),
        region=pack.region,
        timezone=ZoneInfo(pack.timezone),
        languages=pack.languages,
        keys=Keys(**pack.keys.model_dump()),
        placeholders=pack.placeholders,
        start=flow.start,
        home=flow.home,
        help=flow.help,
        resume=flow.resume,
        shortcuts={
            keys: Shortcut(shortcut.to, shortcut.answers, lines["shortcuts", keys])
            for keys, shortcut in flow.shortcuts.items()
        },
        states={name: _state(name, raw, lines["states", name]) for name, raw in flow.states.items()},
        categories=tuple(read.categories.root),
        areas=read.areas,
        gazetteer=Gazetteer(read.areas, pack.place_words, pack.kecamatan_words),
        stages=tuple(Stage(stage.key, stage.first, stage.last) for stage in read.stages.root),
        rules=_rules(read.rules),
        keywords=_keywords(read.keywords),
        templates={key: Template(raw.purpose, raw.needs, raw.approved) for key, raw in read.appeals.root.items()},
        wordings={language: _wording(reading, language, wording) for language, wording in read.wordings.items()},
        lines=reading.lines,
    )


def _state(name: str, raw: StateShape, line: int) -> State:
    return State(
        name=name,
        kind=raw.kinds[0],
        line=line,
        options=raw.choose or raw.revise or ({CONTINUE: name, **raw.resume} if raw.resume else raw.then),
        source=raw.choose_from or raw.ask or raw.do or "",
        within=raw.within,
        keep=raw.keep,
        next=raw.next,
        zero=next(iter(raw.zero.items()), None),
        shortest=raw.limits.min,
        longest=raw.limits.max,
        condition=read_condition(raw.only_if) if raw.only_if else None,
        otherwise=raw.otherwise,
        typed=raw.or_type,
        words=raw.words or name,
    )


def _wording(reading: Reading, language: str, raw: WordingShape) -> Wording:
    return Wording(language, lines=reading.lines[wording_file(language)], **raw.model_dump())


def _rules(raw: RulesShape) -> Rules:
    return Rules(
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


def _sms(read: _Files) -> list[str]:
    """The SMS that this pack has sent."""
    return [*SMS, *(REMINDER if read.rules.resume.sms else ()), *(REPLIES if read.keywords.commands else ())]


def version_of(files: Mapping[str, str]) -> str:
    """What names the content of a pack's files: `Menu.version`."""
    content = "\0".join(f"{name}\0{files[name]}" for name in sorted(files))
    return hashlib.sha256(content.encode()).hexdigest()[:12]
