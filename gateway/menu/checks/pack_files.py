"""Names of the files of a pack, and diagnostics at the line to change."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.menu.model import Menu, State
from gateway.text.diagnostics import Diagnostic
from gateway.text.wording import Wording

PACK = "pack.yaml"
FLOW = "flow.yaml"
CATEGORIES = "categories.yaml"
STAGES = "stages.yaml"
RULES = "rules.yaml"
KEYWORDS = "keywords.yaml"
REPORT = "report.yaml"
APPEALS = "appeals.yaml"
ROLES = "roles.yaml"
AREAS = "areas.csv"
ALIASES = "aliases.csv"
NEIGHBOURS = "neighbours.csv"
ALL = (PACK, FLOW, CATEGORIES, STAGES, RULES, KEYWORDS, REPORT, APPEALS, ROLES, AREAS, ALIASES, NEIGHBOURS)
SETTINGS = "the channel's settings"  # no file of the pack: a channel may rename the keys

Path = tuple[str, ...]


def wording_file(language: str) -> str:
    return f"wording/{language}.yaml"


def line_of(lines: Mapping[Path, int], path: Path) -> int:
    """Return the line of the key at `path`, or of the nearest key above it. Returns 0 if there is none."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 0)


def state_diagnostic(state: State, message: str) -> Diagnostic:
    """Make a diagnostic about a state."""
    return Diagnostic(FLOW, state.line, f"{state.name}: {message}")


def text_diagnostic(words: Wording, path: Path, message: str) -> Diagnostic:
    """Make a diagnostic about the text at `path` of a wording."""
    return Diagnostic(wording_file(words.language), line_of(words.lines, path), f"{'.'.join(path)}: {message}")


def pack_diagnostic(menu: Menu, path: Path, message: str) -> Diagnostic:
    """Make a diagnostic about the key at `path` of pack.yaml."""
    return Diagnostic(PACK, line_of(menu.lines[PACK], path), f"{'.'.join(path)}: {message}")
