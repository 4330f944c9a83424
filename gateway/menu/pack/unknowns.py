"""Derive the unknown parts of an invalid pack from the faults in its files."""

from __future__ import annotations

from collections.abc import Set

from gateway.menu.checks.answer_values import clauses_by_name
from gateway.menu.checks.pack_files import AREAS, FLOW, KEYWORDS, PACK, REPORT, STAGES, wording_file
from gateway.menu.checks.unknowns import STAGES_LIST, Unknowns
from gateway.menu.model import MATCHES, Menu
from gateway.menu.pack.builder import ParsedPack
from gateway.menu.pack.references import are_paths_known, has_unread_category, kept_by
from gateway.menu.pack.schema import FlowShape, PackShape
from gateway.menu.pack.yaml_reader import PackReader


def unknowns_of(reader: PackReader, shapes: ParsedPack, menu: Menu) -> Unknowns:
    """Return the unknown parts of a menu, after all diagnostics about its files."""
    faulty = {diagnostic.file for diagnostic in reader.diagnostics}
    languages = {language: wording_file(language) for language in menu.languages}
    unread = frozenset(languages) - shapes.wordings.keys()
    unclear = unread | {language for language, file in languages.items() if reader.incomplete(file)}
    lists: set[str] = set()
    if not shapes.categories or has_unread_category(reader, shapes.categories.root):
        lists.add("categories")
    if AREAS in faulty:
        lists |= {*menu.areas.levels, MATCHES}
    if not shapes.stages or reader.incomplete(STAGES):
        lists.add(STAGES_LIST)
    flow = shapes.flow
    kept = kept_by(reader, flow) if flow else {"": None}
    return Unknowns(
        states=None in kept.values(),
        answers=frozenset(answer for name, answer in kept.items() if answer and name not in menu.states),
        paths=flow is None or not are_paths_known(reader, flow, menu.areas.levels) or _depends_on(menu, lists),
        entries=flow is None or _has_unknown_entry(reader, flow, menu),
        keys=not reader.is_known(PACK, ("keys",)),
        placeholders=bool(
            reader.incomplete(PACK) - PackShape.model_fields.keys() | reader.incomplete(PACK, "placeholders")
        )
        or not reader.is_known(PACK, ("constants",)),
        form=shapes.report is None or bool(reader.incomplete(REPORT)),
        keywords=KEYWORDS in faulty,
        lists=frozenset(lists),
        unread=unread,
        unclear=unclear,
        partial=unclear | {language for language, file in languages.items() if file in faulty},
    )


def _has_unknown_entry(reader: PackReader, flow: FlowShape, menu: Menu) -> bool:
    """Return True if some entry leads to an unknown state."""
    unknown = reader.incomplete(FLOW) - {"states", "start", "home"}
    dropped = [key for key in ("help", "resume") if getattr(flow, key) != getattr(menu, key)]
    return bool(unknown or dropped or any(shortcut.to not in menu.states for shortcut in menu.shortcuts.values()))


def _depends_on(menu: Menu, lists: Set[str]) -> bool:
    """Return True if paths depend on these unknown lists: a condition tests one, or one is empty."""
    tested = clauses_by_name(menu)
    if STAGES_LIST in lists and "stage" in tested:
        return True
    choosers = [state for state in menu.states.values() if state.kind.is_list and state.source in lists]
    return any(state.keep in tested or not state.kind.possible_values(menu, state, ()) for state in choosers)
