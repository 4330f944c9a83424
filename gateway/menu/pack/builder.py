"""Build the `Menu` from whatever files of a pack could be parsed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from gateway.menu.checks.pack_files import FLOW, PACK, ROLES, Path, wording_file
from gateway.menu.conditions import read_condition
from gateway.menu.definitions.report_form import DEFAULT_FORM, NAVIGATION_ANSWERS, ReportForm
from gateway.menu.definitions.roles import BUILT_IN, DEFAULT_ROLES, PersonRole, Roles
from gateway.menu.definitions.rules import (
    ActorWords,
    AppealTemplate,
    Category,
    Keywords,
    NoReportWords,
    PackRules,
    Stage,
    WordPair,
)
from gateway.menu.kinds.base import StateShape
from gateway.menu.limits import Keys
from gateway.menu.model import Menu, Shortcut, State
from gateway.menu.pack.references import ENTRY_KINDS, idle_keys, kind_faults
from gateway.menu.pack.role_schema import ANY_LANGUAGE, RolesShape
from gateway.menu.pack.rules_schema import AppealsShape, RulesShape, StagesShape, TemplateShape
from gateway.menu.pack.schema import (
    NO_REPORT,
    ActorShape,
    CategoriesShape,
    FlowShape,
    KeywordsShape,
    NoReportShape,
    PackShape,
    ReportShape,
    WordingShape,
)
from gateway.menu.pack.yaml_reader import PackReader
from gateway.places.areas import Areas
from gateway.places.gazetteer import Gazetteer
from gateway.places.place_search import PlaceSearch
from gateway.text.wording import Wording, fill_constants, placeholders
from gateway.text.words import normalised


@dataclass(slots=True)
class ParsedPack:
    """Parsed files of a pack. None for a file that could not be read."""

    pack: PackShape | None
    flow: FlowShape | None
    categories: CategoriesShape | None
    stages: StagesShape | None
    rules: RulesShape | None
    keywords: KeywordsShape | None
    report: ReportShape | None
    appeals: AppealsShape | None
    roles: RolesShape | None
    areas: Areas
    wordings: Mapping[str, WordingShape]


def build_menu(reader: PackReader, parsed: ParsedPack, version: str) -> Menu | None:
    """Build the menu from whatever was parsed. Returns None without a pack.yaml."""
    pack, flow = parsed.pack, parsed.flow
    if pack is None:
        return None
    form = _form(parsed.report, pack.levels)
    states = _states(reader, flow, pack.levels, form) if flow else {}
    entries = _entries(flow, states)
    stages = parsed.stages.root if parsed.stages else []
    templates = parsed.appeals.root if parsed.appeals else {}
    gazetteer = Gazetteer(parsed.areas, pack.place_words, pack.kecamatan_words)
    keywords = _keywords(parsed.keywords or KeywordsShape())
    constants = _known_constants(reader, pack)
    return Menu(
        name=pack.name,
        service=pack.service,
        version=version,
        region=pack.region,
        timezone=ZoneInfo(pack.timezone),
        languages=pack.languages,
        keys=Keys(**pack.keys.model_dump()),
        placeholders=pack.placeholders,
        constants=pack.constants,
        start=entries.start,
        home=entries.home,
        help=entries.help,
        resume=entries.resume,
        shortcuts=_shortcuts(reader, flow) if flow else {},
        states=states,
        categories=_categories(parsed.categories),
        areas=parsed.areas,
        gazetteer=gazetteer,
        place_search=_place_search(gazetteer, keywords),
        stages=tuple(Stage(stage.key, stage.first, stage.last) for stage in stages),
        rules=_rules(parsed.rules or RulesShape()),
        keywords=keywords,
        templates={key: _template(raw) for key, raw in templates.items()},
        wordings={
            language: _wording(reader, language, parsed.wordings.get(language) or _NO_TEXTS, constants)
            for language in pack.languages
        },
        date_words=dict(word for wording in parsed.wordings.values() for word in wording.dates.meanings()),
        form=form,
        roles=build_roles(reader, parsed.roles, pack.languages),
        lines=reader.lines,
    )


def _categories(raw: CategoriesShape | None) -> dict[str, Category]:
    return {
        name: Category(
            name,
            urgent=category.urgent,
            restricted_to=frozenset(category.restricted_to),
            recipients=tuple(category.recipients),
            deadline_days=category.deadline_days,
            watch_group=category.watch_group,
            confirmation=category.confirmation,
            reminder=category.reminder,
        )
        for name, category in (raw.root.items() if raw else ())
    }


def _form(report: ReportShape | None, levels: Sequence[str]) -> ReportForm:
    """Return the form of a pack. Without a report.yaml it has the default answers."""
    steering = NAVIGATION_ANSWERS.union(levels)
    if report is None or report is NO_REPORT:
        return ReportForm(DEFAULT_FORM.answers, steering)
    return ReportForm({name: answer.declared for name, answer in report.answers.items()}, steering)


def _place_search(gazetteer: Gazetteer, keywords: Keywords) -> PlaceSearch:
    return PlaceSearch(gazetteer, keywords.everyday, things=keywords.things, at=keywords.at, not_at=keywords.not_at)


_NO_TEXTS = WordingShape(navigation={}, errors={}, screens={}, sms={}, apology="")


class _Entries(NamedTuple):
    """Names of the states that a dialogue can begin with. Empty for none."""

    start: str = ""
    home: str = ""
    help: str = ""
    resume: str = ""


def _entries(flow: FlowShape | None, states: Mapping[str, State]) -> _Entries:
    """Return the entries that exist. Without a valid start, it is home, or else the first state."""
    if flow is None:
        return _Entries()
    start, home = (name if name in states else "" for name in (flow.start, flow.home))
    first = next(iter(states), "")
    help_, resume = (
        name if name in states and states[name].kind.name == ENTRY_KINDS[entry] else ""
        for entry, name in (("help", flow.help), ("resume", flow.resume))
    )
    return _Entries(start or home or first, home or start or first, help_, resume)


def _states(reader: PackReader, flow: FlowShape, levels: Sequence[str], form: ReportForm) -> dict[str, State]:
    lines, unclear = reader.lines[FLOW], reader.incomplete(FLOW, "states")
    return {
        name: _state(name, raw, lines["states", name], form)
        for name, raw in flow.states.items()
        if name not in unclear and not any(kind_faults(raw, levels))
    }


def _shortcuts(reader: PackReader, flow: FlowShape) -> dict[str, Shortcut]:
    lines = reader.lines[FLOW]
    return {
        keys: Shortcut(shortcut.to, shortcut.answers, lines["shortcuts", keys])
        for keys, shortcut in flow.shortcuts.items()
    }


def _state(name: str, raw: StateShape, line: int, form: ReportForm) -> State:
    (kind,) = raw.kinds
    raw = raw.model_copy(update={key: StateShape.model_fields[key].default for key in idle_keys(raw)})
    least, most = kind.bounds_of(raw, form)
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
        least=least,
        most=most,
        condition=read_condition(raw.only_if) if raw.only_if else None,
        otherwise=raw.otherwise,
        or_type=raw.or_type,
        words=raw.words or name,
        continue_at=raw.continue_at,
    )


def _known_constants(reader: PackReader, pack: PackShape) -> dict[str, str]:
    """Return the constants, with a stand-in for each that was removed, so that no text with it seems at fault."""
    return {**dict.fromkeys(reader.incomplete(PACK, "constants"), "?"), **pack.constants}


def _wording(reader: PackReader, language: str, raw: WordingShape, constants: Mapping[str, str]) -> Wording:
    """Make the wording of a language, with the constants filled into every text."""
    named: dict[Path, frozenset[str]] = {}
    sections = {
        section: _with_constants(texts, (section,), constants, named)
        for section, texts in raw.model_dump(exclude={"dates"}, exclude_none=True).items()
    }
    return Wording(language, lines=reader.lines.get(wording_file(language), {}), constants=named, **sections)


def _with_constants(texts: Any, path: Path, constants: Mapping[str, str], named: dict[Path, frozenset[str]]) -> Any:
    """Fill the constants into a text, or into every text of a section. Notes in `named` which each text has."""
    if not isinstance(texts, str):
        return {name: _with_constants(text, (*path, name), constants, named) for name, text in texts.items()}
    filled = fill_constants(texts, constants)
    if filled is not texts:
        named[path] = placeholders(texts) & constants.keys()
    return filled


def _rules(raw: RulesShape) -> PackRules:
    return PackRules(
        resume_within=timedelta(hours=raw.resume.hours),
        resume_needs=frozenset(raw.resume.needs),
        resume_sms=raw.resume.sms,
        quiet_hours=raw.quiet_hours.hours,
        per_week=raw.per_week,
        ticket_tries_per_hour=raw.ticket_tries_per_hour,
        remember_language=timedelta(days=raw.language_days),
        strict_stages=frozenset(raw.strict_stages),
        refused_words=tuple(map(str.casefold, raw.refused_words)),
    )


def _template(raw: TemplateShape) -> AppealTemplate:
    return AppealTemplate(
        purpose=raw.purpose,
        needs=raw.needs,
        approved=raw.approved,
        urgent=raw.urgent,
        quiet_hours=raw.quiet_hours.hours if raw.quiet_hours else None,
        per_week=raw.per_week,
        slots={name: slot.most for name, slot in raw.slots.items()},
    )


def build_roles(reader: PackReader, raw: RolesShape | None, languages: Iterable[str]) -> Roles:
    """Build the roles of people. Without a file they are those of `menu.roles`."""
    if ROLES not in reader.files:
        return DEFAULT_ROLES
    declared = {
        key: PersonRole(
            key,
            role.meaning,
            _labels(role.label, languages),
            role.reports_without_limit,
            role.alerted,
            role.needs_areas,
            role.daily_report_by,
        )
        for key, role in (raw.root.items() if raw else ())
    }
    return {**BUILT_IN, **{key: role for key, role in declared.items() if key not in BUILT_IN}}


def _labels(written: Mapping[str, str], languages: Iterable[str]) -> dict[str, str]:
    """Return a label for every language. What one lacks is that of the first language."""
    other = written.get(ANY_LANGUAGE) or written.get(next(iter(languages)), "")
    return {language: written.get(language) or other for language in languages}


def _keywords(raw: KeywordsShape) -> Keywords:
    undecided = _normalised(raw.undecided)
    named = {word: category for word, category in _by_word(raw.words).items() if word not in undecided}
    return Keywords(
        commands={
            command: {language: _normalised(words) for language, words in languages.items()}
            for command, languages in raw.commands.items()
        },
        categories={**named, **raw.codes},
        codes={category: code for code, category in raw.codes.items()},
        common=_normalised(raw.common),
        not_words=_normalised(raw.not_words),
        things=_normalised(raw.things),
        at=_normalised(raw.at),
        not_at=_normalised(raw.not_at),
        automatic=tuple(map(str.casefold, raw.automatic)),
        counted=_normalised(raw.counted),
        numbers=_by_word(raw.numbers),
        code_words=_normalised(raw.code_words),
        answers={state: _by_word(options) for state, options in raw.answers.items()},
        languages=_by_word(raw.languages),
        filler=_normalised(raw.filler),
        spaces=_normalised(raw.spaces),
        thanks=_normalised(raw.thanks),
        yes=_normalised(raw.yes),
        refusals=_normalised(raw.refusals),
        weak=_normalised(raw.weak),
        beside_stop=_normalised(raw.beside_stop),
        beside_quiet=_normalised(raw.beside_quiet),
        desk_answers={answer: _normalised(words) for answer, words in raw.desk_answers.items()},
        negations=_normalised(raw.negations),
        undecided=undecided,
        asked=_normalised(raw.asked),
        endings=tuple(sorted(map(normalised, raw.endings), key=len, reverse=True)),
        pairs=tuple(
            WordPair(category, _normalised(pair.one), _normalised(pair.other))
            for category, pairs in raw.pairs.items()
            for pair in pairs
        ),
        actors=tuple(ActorWords(category, **_word_lists(actor)) for category, actor in raw.actors.items()),
        no_report=NoReportWords(**_word_lists(raw.no_report)),
        cries=_normalised(raw.cries),
    )


def _word_lists(raw: ActorShape | NoReportShape) -> dict[str, frozenset[str]]:
    return {name: _normalised(getattr(raw, name)) for name in type(raw).model_fields}


def _normalised(words: Iterable[str]) -> frozenset[str]:
    return frozenset(map(normalised, words))


def _by_word(lists: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Return the key of each word of these lists."""
    return {normalised(word): key for key, words in lists.items() for word in words}
