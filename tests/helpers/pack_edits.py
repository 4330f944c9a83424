"""One edit of a pack, and all that is said of it then."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.menu.checks.checker import check
from gateway.menu.limits import DEFAULT, Limits
from gateway.menu.pack.loader import parse_pack

Files = Mapping[str, str]
ID, EN, JV = "wording/id.yaml", "wording/en.yaml", "wording/jv.yaml"


def edit_pack(files: Files, file: str, old: str, new: str) -> Files:
    """`files` with the first `old` in one of them replaced."""
    assert old in files[file]
    return {**files, file: files[file].replace(old, new, 1)}


def all_diagnostics(files: Files, limits: Limits = DEFAULT) -> list[str]:
    """All that is said of a pack, whole or not."""
    menu, diagnostics, unknowns = parse_pack(files)
    found = {*diagnostics, *(check(menu, limits, unknowns) if menu else ())}
    return [str(one) for one in sorted(found)]


def line_at(files: Files, file: str, text: str) -> str:
    """Where `text` first stands in a file, as complaints say it."""
    return f"{file}:{files[file][: files[file].index(text)].count(chr(10)) + 1}"
