"""A pack's files → a `Menu`, or every complaint about them at once, with file and line.

This asks whether the pack is whole: every key known, every state leading somewhere, every text in every language.
Whether it can be walked and shown (reachable, fitting) is the matter of `checking`, which takes what could be read of a
pack that is not whole, with what is in doubt of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from gateway.menu.checks.texts import all_text_faults
from gateway.menu.model import Menu
from gateway.menu.pack.builder import ParsedPack, build_menu
from gateway.menu.pack.references import (
    check_appeals,
    check_categories,
    check_flow,
    check_keywords,
    check_labels,
    check_needs,
    check_pack,
    check_screens,
    check_stages,
    check_wording,
)
from gateway.menu.pack.schema import (
    FLOW_SCHEMA,
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
    WordingShape,
)
from gateway.menu.pack.unknowns import unknowns_of
from gateway.menu.pack.yaml_reader import PackReader
from gateway.menu.pack_files import (
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
from gateway.menu.unknowns import NOTHING_UNKNOWN, Unknowns
from gateway.places.area_links import read_aliases, read_neighbours
from gateway.places.areas import NO_AREAS, Areas, read_areas
from gateway.text.diagnostics import Diagnostic


class PackRefused(Exception):
    """The pack cannot be used. Mend what is listed and start again."""

    def __init__(self, diagnostics: list[Diagnostic]) -> None:
        self.diagnostics = sorted(set(diagnostics))
        super().__init__("\n".join(str(diagnostic) for diagnostic in self.diagnostics))


class PackResult(NamedTuple):
    """A pack as far as it could be read. Without a complaint the menu is whole, and nothing is in doubt."""

    menu: Menu | None
    diagnostics: list[Diagnostic]
    unknowns: Unknowns = NOTHING_UNKNOWN


def load(files: Mapping[str, str], flow_schema: type[FlowShape] = FLOW_SCHEMA) -> Menu:
    """The menu of a pack given as its files (relative name → text). Raises `PackRefused` with all that is not whole."""
    menu, diagnostics, unknowns = parse_pack(files, flow_schema)
    if menu is None or diagnostics:
        raise PackRefused([*diagnostics, *(all_text_faults(menu, unknowns) if menu else ())])
    return menu


def parse_pack(files: Mapping[str, str], flow_schema: type[FlowShape] = FLOW_SCHEMA) -> PackResult:
    """The menu of a pack as far as its files can be read, and all that is not whole."""
    reading = PackReader(files)
    shapes = _shaped(reading, flow_schema)
    reading.diagnostics += [
        Diagnostic(file, 0, f"a pack has no such file, only {', '.join(ALL)}") for file in _strays(files)
    ]
    _check_whole(reading, shapes)
    menu = build_menu(reading, shapes, version_of(files))
    if menu is None or not reading.diagnostics:
        return PackResult(menu, reading.diagnostics)
    return PackResult(menu, reading.diagnostics, unknowns_of(reading, shapes, menu))


def _strays(files: Mapping[str, str]) -> list[str]:
    """The files that nobody would read, misspelt perhaps. What lies in a folder may be kept for later."""
    return [file for file in files if "/" not in file and file not in ALL]


# The files in their shapes -----------------------------------------------------------------------------------

_PACK: Mapping[str, Any] = {
    "name": "?",
    "service": "?",
    "region": "ID",
    "timezone": "UTC",
    "keys": {"back": "0", "back_elsewhere": "99", "home": "00", "more": "98"},
}
_WORDING: Mapping[str, Any] = {"navigation": {}, "errors": {}, "screens": {}, "sms": {}, "apology": "?"}
"""What stands in where a file lacks a key that must be there, so that the rest of it can be looked at."""
_MAY_LACK = ("labels", "appeals")


def _shaped(reading: PackReader, flow_schema: type[FlowShape]) -> ParsedPack:
    pack = reading.model(PACK, PackShape, instead=_PACK)
    if pack and (
        unclear := {name for name in reading.left_out(PACK, "languages") if wording_file(name) in reading.files}
    ):
        pack = pack.model_copy(update={"languages": {**pack.languages, **{name: name for name in sorted(unclear)}}})
    wordings = {language: _wording(reading, wording_file(language)) for language in (pack.languages if pack else ())}
    return ParsedPack(
        pack,
        flow=reading.model(FLOW, flow_schema, instead={"start": "", "home": ""}),
        categories=reading.model(CATEGORIES, CategoriesShape),
        stages=reading.model(STAGES, StagesShape, StagesShape([])),
        rules=reading.model(RULES, RulesShape, RulesShape()),
        keywords=reading.model(KEYWORDS, KeywordsShape, KeywordsShape()),
        appeals=reading.model(APPEALS, AppealsShape, AppealsShape({})),
        areas=_areas(reading),
        wordings={language: wording for language, wording in wordings.items() if wording},
    )


def _wording(reading: PackReader, file: str) -> WordingShape | None:
    wording = reading.model(file, WordingShape, instead=_WORDING)
    if reading.left_out(file) - WordingShape.model_fields.keys():  # a section under a misspelt name, perhaps
        there = reading.lines[file]
        for section in _MAY_LACK:
            if (section,) not in there:
                reading.leave_out(file, (section,))
    return wording


def _areas(reading: PackReader) -> Areas:
    text = reading.text(AREAS)
    areas, wrong = read_areas(text, AREAS) if text is not None else (NO_AREAS, [])
    reading.diagnostics += wrong
    all_known = text is not None and not wrong
    if ALIASES in reading.files and (aliases := reading.text(ALIASES)) is not None:
        named, wrong = read_aliases(aliases, ALIASES, areas, areas_complete=all_known)
        areas = replace(areas, aliases=named)
        reading.diagnostics += wrong
    if NEIGHBOURS in reading.files and (neighbours := reading.text(NEIGHBOURS)) is not None:
        beside, wrong = read_neighbours(neighbours, NEIGHBOURS, areas, areas_complete=all_known)
        areas = replace(areas, neighbours=beside)
        reading.diagnostics += wrong
    return areas


def _check_whole(reading: PackReader, read: ParsedPack) -> None:
    """Hold whatever could be read against whatever it needs."""
    categories = read.categories.root if read.categories else None
    if read.pack:
        check_pack(reading, read.pack)
    if categories is not None:
        check_categories(reading, categories)
    if read.flow:
        check_flow(reading, read.flow)
    if read.flow and read.rules:
        check_needs(reading, read.flow, read.rules)
    if read.keywords:
        all_categories = None if reading.left_out(CATEGORIES) else categories
        check_keywords(reading, read.keywords, read.pack.languages if read.pack else None, all_categories)
    if read.stages:
        check_stages(reading, read.stages, read.rules)
    for language, wording in read.wordings.items():
        file = wording_file(language)
        check_wording(reading, file, wording, _sms(read))
        check_appeals(reading, file, wording, read.appeals, read.rules)
        if categories is not None:
            check_labels(reading, file, wording, categories)
        if read.flow:
            check_screens(reading, file, wording, read.flow)


def _sms(read: ParsedPack) -> list[str]:
    """The SMS that this pack has sent, as far as that is known."""
    reminds, replies = read.rules and read.rules.resume.sms, read.keywords and read.keywords.commands
    return [*SMS, *(REMINDER if reminds else ()), *(REPLIES if replies else ())]


_LETTERS = str.maketrans("0123456789", "ghijklmnop")


def version_of(files: Mapping[str, str]) -> str:
    """What names the content of a pack's files: `Menu.version`. In letters, so that no log takes it for a number."""
    content = "\0".join(f"{name}\0{files[name]}" for name in sorted(files))
    return hashlib.sha256(content.encode(errors="surrogateescape")).hexdigest()[:12].translate(_LETTERS)
