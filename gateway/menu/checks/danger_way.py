"""Check that the emergency number is on every screen of the danger way.

The danger way is the screens that somebody in danger sees: the first ones of a dialogue, the question about danger, and
every screen from its answer `yes` to the report that is filed, with the screen that says so.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.menu.checks.explorer import targets
from gateway.menu.checks.pack_files import text_diagnostic
from gateway.menu.model import Menu
from gateway.text.diagnostics import Diagnostic

DANGER, IN_DANGER, CONTACT, FILING = "danger", "yes", "contact", "file_report"
SOS = "sos"
"""Name of the constant that is the emergency number."""


def danger_way(menu: Menu) -> list[str]:
    """Return the states of the danger way in the order of the file.

    Empty for a pack that does not ask about danger, or that asks for a confirmation before it files.
    """
    asking = [state for state in menu.states.values() if state.keep == DANGER and IN_DANGER in state.options]
    found = {menu.start, menu.home, *(state.name for state in asking)}
    queue = [state.options[IN_DANGER] for state in asking]
    while queue:
        name = queue.pop()
        if name in found or name not in menu.states:
            continue
        found.add(name)
        state = menu.states[name]
        if state.keep == CONTACT:
            return []
        if state.source == FILING:
            found.update(state.options.values())
        else:
            queue += targets(state)
    return [name for name in menu.states if name in found] if asking else []


def danger_faults(menu: Menu) -> Iterator[Diagnostic]:
    """Check a valid menu for screens of the danger way without the emergency number."""
    way = [state for state in map(menu.states.__getitem__, danger_way(menu)) if not state.kind.runs_effect]
    add = "" if SOS in menu.constants else f", and add {SOS} to the constants of pack.yaml"
    for words in menu.wordings.values():
        for path in dict.fromkeys(("screens", state.words, "heading") for state in way):
            if SOS not in words.constants.get(path, frozenset()):
                message = f"somebody in danger sees no emergency number here; write {{{SOS}}}{add}"
                yield text_diagnostic(words, path, message)
