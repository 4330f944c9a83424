"""What is in doubt of a pack that is not whole, found out from what is wrong with its files."""

from __future__ import annotations

from gateway.menu.checks.answer_values import clauses_by_name
from gateway.menu.model import MATCHES, Menu
from gateway.menu.pack.builder import ParsedPack
from gateway.menu.pack.references import are_ways_known, kept_by
from gateway.menu.pack.schema import FlowShape, PackShape
from gateway.menu.pack.yaml_reader import PackReader
from gateway.menu.pack_files import AREAS, CATEGORIES, FLOW, PACK, STAGES, wording_file
from gateway.menu.unknowns import STAGES_LIST, Unknowns

_OF_AREAS = frozenset({"kecamatan", "kelurahan", MATCHES})


def unknowns_of(reading: PackReader, shapes: ParsedPack, menu: Menu) -> Unknowns:
    """What cannot be told of this menu, with all the complaints about its files."""
    wrong = {diagnostic.file for diagnostic in reading.diagnostics}
    languages = {language: wording_file(language) for language in menu.languages}
    unread = frozenset(languages) - shapes.wordings.keys()
    unclear = unread | {language for language, file in languages.items() if reading.left_out(file)}
    lists = frozenset({"categories"} if not shapes.categories or reading.left_out(CATEGORIES) else ())
    lists |= _OF_AREAS if AREAS in wrong else frozenset()
    lists |= {STAGES_LIST} if not shapes.stages or reading.left_out(STAGES) else frozenset()
    flow = shapes.flow
    kept = kept_by(reading, flow) if flow else {"": None}
    return Unknowns(
        states=None in kept.values(),
        answers=frozenset(answer for name, answer in kept.items() if answer and name not in menu.states),
        paths=flow is None or not are_ways_known(reading, flow) or _hangs_on(menu, lists),
        entries=flow is None or _is_entry_in_doubt(reading, flow, menu),
        keys=not reading.is_known(PACK, ("keys",)),
        placeholders=bool(
            reading.left_out(PACK) - PackShape.model_fields.keys() | reading.left_out(PACK, "placeholders")
        ),
        lists=lists,
        unread=unread,
        unclear=unclear,
        partial=unclear | {language for language, file in languages.items() if file in wrong},
    )


def _is_entry_in_doubt(reading: PackReader, flow: FlowShape, menu: Menu) -> bool:
    """Whether a dialogue can begin at a state, or be led to it, of which that is not known."""
    unknown = reading.left_out(FLOW) - {"states", "start", "home"}
    dropped = [key for key in ("help", "resume") if getattr(flow, key) != getattr(menu, key)]
    return bool(unknown or dropped or any(shortcut.to not in menu.states for shortcut in menu.shortcuts.values()))


def _hangs_on(menu: Menu, lists: frozenset[str]) -> bool:
    """Whether where the ways lead hangs on what is in these lists: a condition looks at it, or a list is empty."""
    looked_at = clauses_by_name(menu)
    if STAGES_LIST in lists and "stage" in looked_at:
        return True
    drawn = [state for state in menu.states.values() if state.kind.is_list and state.source in lists]
    return any(state.keep in looked_at or not state.kind.possible_values(menu, state, ()) for state in drawn)
