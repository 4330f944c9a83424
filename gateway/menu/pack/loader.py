"""Load a pack: its files become a `Menu`, or every fault in them at once, with file and line.

This validates the files: every key is known, every state leads somewhere, every text exists in every language.
`checks.checker` then checks the menu as a whole (reachable, fitting). It takes an invalid pack too, with its unknown
parts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from gateway.menu.checks.pack_files import (
    ALIASES,
    ALL,
    APPEALS,
    AREAS,
    CATEGORIES,
    FLOW,
    KEYWORDS,
    NEIGHBOURS,
    PACK,
    REPORT,
    ROLES,
    RULES,
    STAGES,
    wording_file,
)
from gateway.menu.checks.texts import all_text_faults
from gateway.menu.checks.unknowns import NOTHING_UNKNOWN, Unknowns
from gateway.menu.definitions.roles import Roles
from gateway.menu.model import Menu
from gateway.menu.pack.appeal_references import check_appeals
from gateway.menu.pack.builder import ParsedPack, build_menu, build_roles
from gateway.menu.pack.keyword_references import check_keywords
from gateway.menu.pack.references import (
    check_answers,
    check_category_names,
    check_dates,
    check_flow,
    check_labels,
    check_needs,
    check_pack,
    check_screens,
    check_stages,
    check_wording,
    has_unread_category,
)
from gateway.menu.pack.report_references import check_answer_labels, check_report
from gateway.menu.pack.role_references import check_roles, has_duty
from gateway.menu.pack.role_schema import RolesShape
from gateway.menu.pack.rules_schema import AppealsShape, RulesShape, StagesShape
from gateway.menu.pack.schema import (
    APPEAL_REPLIES,
    DUTY,
    FLOW_SCHEMA,
    NO_REPORT,
    REMINDER,
    REPLIES,
    SMS,
    CategoriesShape,
    CategoryNamesShape,
    CategoryShape,
    FlowShape,
    KeywordsShape,
    PackShape,
    ReportShape,
    WordingShape,
)
from gateway.menu.pack.shown_errors import shown_errors
from gateway.menu.pack.unknowns import unknowns_of
from gateway.menu.pack.yaml_reader import PackReader
from gateway.places.area_links import read_aliases, read_neighbours
from gateway.places.areas import DEFAULT_LEVELS, Areas, no_areas, read_areas
from gateway.text.diagnostics import Diagnostic
from gateway.text.errors import UserError


class PackRefused(UserError):
    """Pack with faults, which cannot be used."""

    def __init__(self, diagnostics: list[Diagnostic]) -> None:
        self.diagnostics = sorted(set(diagnostics))
        super().__init__("\n".join(str(diagnostic) for diagnostic in self.diagnostics))


class PackResult(NamedTuple):
    """Pack as far as it could be parsed. Without diagnostics the menu is valid, and nothing is unknown."""

    menu: Menu | None
    diagnostics: list[Diagnostic]
    unknowns: Unknowns = NOTHING_UNKNOWN


def load(files: Mapping[str, str], flow_schema: type[FlowShape] = FLOW_SCHEMA) -> Menu:
    """Load a pack from its files (relative name → text). Raises `PackRefused` with every fault.

    Another `flow_schema` allows other kinds of state (`pack.schema.flow_schema`).
    """
    menu, diagnostics, unknowns = parse_pack(files, flow_schema)
    if menu is None or diagnostics:
        if menu is not None:
            diagnostics += all_text_faults(menu, unknowns)
        raise PackRefused(diagnostics)
    return menu


def parse_pack(files: Mapping[str, str], flow_schema: type[FlowShape] = FLOW_SCHEMA) -> PackResult:
    """Parse the files of a pack as far as possible, and collect every fault."""
    reader = PackReader(files)
    shapes = _parse_files(reader, flow_schema)
    for file in _unknown_files(files):
        reader.diagnostics.append(Diagnostic(file, 0, f"unknown file; expected one of {', '.join(ALL)}"))
    _check_references(reader, shapes)
    menu = build_menu(reader, shapes, version_of(files))
    if menu is None or not reader.diagnostics:
        return PackResult(menu, reader.diagnostics)
    return PackResult(menu, reader.diagnostics, unknowns_of(reader, shapes, menu))


def load_roles(files: Mapping[str, str]) -> Roles:
    """Load the roles of people alone, as far as they can be read: the rest of the pack may have faults."""
    reader = PackReader(files)
    pack = reader.parse(PACK, PackShape, defaults=_PACK)
    languages = pack.languages if pack else {"en": "English"}
    return build_roles(reader, reader.parse(ROLES, RolesShape, RolesShape({})), languages)


def _unknown_files(files: Mapping[str, str]) -> list[str]:
    """Return the files that nothing reads, perhaps misspelt ones. Folders may hold drafts and are ignored."""
    return [file for file in files if "/" not in file and file not in ALL]


# Files to schemas --------------------------------------------------------------------------------------------

_PACK: Mapping[str, Any] = {
    "name": "?",
    "service": "?",
    "region": "ID",
    "timezone": "UTC",
    "keys": {"back": "0", "back_elsewhere": "99", "home": "00", "more": "98"},
}
_WORDING: Mapping[str, Any] = {"navigation": {}, "errors": {}, "screens": {}, "sms": {}, "apology": "?"}
"""Replacements of required keys that a file lacks, so that the rest of it can be validated."""

_OPTIONAL_SECTIONS = ("labels", "appeals", "opt_out")  # of a wording


def _parse_files(reader: PackReader, flow_schema: type[FlowShape]) -> ParsedPack:
    pack = reader.parse(PACK, PackShape, defaults=_PACK)
    if pack:  # a language with a faulty name still has its wording
        nameless = sorted(name for name in reader.incomplete(PACK, "languages") if wording_file(name) in reader.files)
        if nameless:
            named = {**pack.languages, **{name: name for name in nameless}}
            pack = pack.model_copy(update={"languages": named})
    languages = pack.languages if pack else {}
    wordings = {language: _wording(reader, wording_file(language)) for language in languages}
    return ParsedPack(
        pack,
        flow=reader.parse(FLOW, flow_schema, defaults={"start": "", "home": ""}),
        categories=_categories(reader),
        stages=reader.parse(STAGES, StagesShape, StagesShape([])),
        rules=reader.parse(RULES, RulesShape, RulesShape()),
        keywords=reader.parse(KEYWORDS, KeywordsShape, KeywordsShape()),
        report=reader.parse(REPORT, ReportShape, NO_REPORT),
        appeals=reader.parse(APPEALS, AppealsShape, AppealsShape({})),
        roles=reader.parse(ROLES, RolesShape, RolesShape({})),
        areas=_areas(reader, pack.levels if pack else DEFAULT_LEVELS),
        wordings={language: wording for language, wording in wordings.items() if wording},
    )


def _categories(reader: PackReader) -> CategoriesShape | None:
    """Read the kinds of incident: a mapping, or a plain list of names."""
    plain = reader.yaml(CATEGORIES)
    if not isinstance(plain, list):
        return reader.validate(CATEGORIES, plain, CategoriesShape)
    names = reader.validate(CATEGORIES, plain, CategoryNamesShape)
    if names is None:
        return None
    check_category_names(reader, names.root)
    return CategoriesShape({name: CategoryShape() for name in names.root})


def _wording(reader: PackReader, file: str) -> WordingShape | None:
    wording = reader.parse(file, WordingShape, defaults=_WORDING)
    if reader.incomplete(file) - WordingShape.model_fields.keys():  # a section under a misspelt name, perhaps
        there = reader.lines[file]
        for section in _OPTIONAL_SECTIONS:
            if (section,) not in there:
                reader.mark_removed(file, (section,))
    return wording


def _areas(reader: PackReader, levels: Sequence[str]) -> Areas:
    text = reader.text(AREAS)
    if text is None:
        areas, is_complete = no_areas(levels), False
    else:
        areas, faults = read_areas(text, AREAS, levels)
        reader.diagnostics += faults
        is_complete = not faults
    if ALIASES in reader.files:
        text = reader.text(ALIASES)
        if text is not None:
            aliases, faults = read_aliases(text, ALIASES, areas, areas_complete=is_complete)
            areas = replace(areas, aliases=aliases)
            reader.diagnostics += faults
    if NEIGHBOURS in reader.files:
        text = reader.text(NEIGHBOURS)
        if text is not None:
            neighbours, faults = read_neighbours(text, NEIGHBOURS, areas, areas_complete=is_complete)
            areas = replace(areas, neighbours=neighbours)
            reader.diagnostics += faults
    return areas


def _check_references(reader: PackReader, parsed: ParsedPack) -> None:
    """Check the parsed files against one another."""
    categories = list(parsed.categories.root) if parsed.categories else None
    if parsed.pack:
        check_pack(reader, parsed.pack)
    if parsed.flow:
        check_flow(reader, parsed.flow, parsed.areas.levels)
    if parsed.flow and parsed.rules:
        check_needs(reader, parsed.flow, parsed.rules)
    if parsed.keywords:
        all_categories = None if has_unread_category(reader, categories or ()) else categories
        check_keywords(reader, parsed.keywords, parsed.pack.languages if parsed.pack else None, all_categories)
    if parsed.keywords and parsed.flow:
        check_answers(reader, parsed.keywords, parsed.flow)
    if parsed.stages:
        check_stages(reader, parsed.stages, parsed.rules)
    if parsed.report:
        check_report(reader, parsed.report)
    if parsed.roles and parsed.pack:
        check_roles(reader, parsed.roles, parsed.pack.languages)
    check_dates(reader, parsed.wordings)
    for language, wording in parsed.wordings.items():
        file = wording_file(language)
        named = _named_sms(parsed) if parsed.categories and not reader.removed.get(CATEGORIES) else wording.sms
        check_wording(reader, file, wording, shown_errors(parsed.flow), _sent_sms(parsed), named)
        check_appeals(reader, file, wording, parsed.appeals, parsed.rules, parsed.keywords)
        if parsed.report:
            check_answer_labels(reader, file, wording, parsed.report, has_file=REPORT in reader.files)
        if categories is not None:
            check_labels(reader, file, wording, categories)
        if parsed.flow:
            check_screens(reader, file, wording, parsed.flow)


def _sent_sms(parsed: ParsedPack) -> list[str]:
    """Return the names of the SMS that a gateway with this pack sends."""
    names = [*SMS]
    if parsed.rules and parsed.rules.resume.sms:
        names += REMINDER
    if parsed.keywords and parsed.keywords.commands:
        names += REPLIES
        if "all_quiet" in parsed.keywords.commands or has_duty(parsed.roles):
            names += DUTY
        if parsed.appeals and parsed.appeals.root:
            names += APPEAL_REPLIES
    if parsed.categories:
        kinds = parsed.categories.root.values()
        names += [kind.confirmation for kind in kinds]
        if parsed.rules and parsed.rules.resume.sms:
            names += [kind.reminder for kind in kinds]
    return list(dict.fromkeys(names))


def _named_sms(parsed: ParsedPack) -> set[str]:
    """Return the names of the SMS that the categories name."""
    kinds = parsed.categories.root.values() if parsed.categories else ()
    return {name for kind in kinds for name in (kind.confirmation, kind.reminder)}


_LETTERS = str.maketrans("0123456789", "ghijklmnop")


def version_of(files: Mapping[str, str]) -> str:
    """Hash the files of a pack for `Menu.version`. In letters, since the log masks long numbers."""
    content = "\0".join(f"{name}\0{files[name]}" for name in sorted(files))
    return hashlib.sha256(content.encode(errors="surrogateescape")).hexdigest()[:12].translate(_LETTERS)
