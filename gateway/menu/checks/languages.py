"""Check that the languages of a menu say the same: the same placeholders and constants in each text."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.menu.checks.pack_files import Path, text_diagnostic
from gateway.menu.checks.texts import texts_of
from gateway.menu.checks.unknowns import NOTHING_UNKNOWN, Unknowns
from gateway.menu.model import Menu
from gateway.text.diagnostics import Diagnostic
from gateway.text.wording import placeholders


def language_faults(menu: Menu, unknowns: Unknowns = NOTHING_UNKNOWN) -> Iterator[Diagnostic]:
    """Check for what a text shows in one language and not in another, such as the emergency number.

    Languages with an unknown part, or with a fault of their own, are left out.
    """
    if unknowns.placeholders:
        return
    shown = {language: _shown(menu, language) for language in menu.wordings if language not in unknowns.partial}
    for language, texts in shown.items():
        for path, names in texts.items():
            others = {other: theirs[path] - names for other, theirs in shown.items() if path in theirs}
            for name in sorted(set().union(*others.values())):
                where = ", ".join(other for other, lacking in others.items() if name in lacking)
                message = f"{{{name}}} is in the text of {where}; say it here too, or nowhere"
                yield text_diagnostic(menu.wordings[language], path, message)


def _shown(menu: Menu, language: str) -> dict[Path, frozenset[str]]:
    """Return the placeholders and constants of each text. A text with faulty braces is left out."""
    words = menu.wordings[language]
    found: dict[Path, frozenset[str]] = {}
    for path, text in texts_of(words):
        try:
            found[path] = placeholders(text) | words.constants.get(path, frozenset())
        except ValueError:
            continue
    return found
