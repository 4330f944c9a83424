"""Edits of a pack, and the diagnostics that they lead to."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.menu.checks.checker import check
from gateway.menu.limits import DEFAULT, Limits
from gateway.menu.pack.loader import parse_pack

Files = Mapping[str, str]
ID, EN, JV = "wording/id.yaml", "wording/en.yaml", "wording/jv.yaml"


def edit_pack(files: Files, file: str, old: str, new: str) -> Files:
    """Replace the first `old` in one of the files. Fails if there is none."""
    assert old in files[file]
    return {**files, file: files[file].replace(old, new, 1)}


def all_diagnostics(files: Files, limits: Limits = DEFAULT) -> list[str]:
    """Return all diagnostics of a pack, valid or not, in their order."""
    menu, diagnostics, unknowns = parse_pack(files)
    found = set(diagnostics)
    if menu is not None:
        found.update(check(menu, limits, unknowns))
    return [str(diagnostic) for diagnostic in sorted(found)]


def diagnostics_after(files: Files, file: str, old: str, new: str) -> list[str]:
    """Return all diagnostics of a pack after one edit."""
    return all_diagnostics(edit_pack(files, file, old, new))


def line_at(files: Files, file: str, text: str) -> str:
    """Return the file and line of the first `text`, in the form of a diagnostic."""
    return f"{file}:{line_of(files, file, text)}"


def line_of(files: Files, file: str, text: str) -> int:
    """Return the line of the first `text` in a file."""
    return files[file][: files[file].index(text)].count("\n") + 1
