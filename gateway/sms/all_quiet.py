"""Pure: text that reports all quiet (`NIHIL`, `laporan nihil klego rt 3`), with the place that it names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.menu.definitions.rules import Keywords
from gateway.menu.model import Menu
from gateway.sms.report_text import read_places
from gateway.sms.typed_text import without_phrases
from gateway.text.words import Word

ALL_QUIET = "all_quiet"
_MAX_WORDS = 12


@dataclass(frozen=True, slots=True)
class AllQuiet:
    """Report that all is quiet. `language` is that of its keyword, `area` empty without a single certain place."""

    language: str = ""
    area: str = ""


def read_all_quiet(found: Sequence[Word], menu: Menu) -> AllQuiet | None:
    """Return the report if these words plainly make one, and say nothing else. `tidak aman` does not."""
    keywords = menu.keywords
    by_language = keywords.commands.get(ALL_QUIET, {})
    own = frozenset().union(*by_language.values())
    if len(found) > _MAX_WORDS or not any(word in own for word, _ in found):
        return None
    left = without_phrases(found, own, keywords.beside_quiet, keywords.filler, keywords.thanks, _reporting(keywords))
    areas: list[str] = []
    while left:
        places = read_places(left, menu)
        if not places.size and not left[0][0].isdecimal():
            return None
        areas += [places.area] if places.size else []
        left = left[places.size or 1 :]
    languages = [language for language, words in by_language.items() if any(word in words for word, _ in found)]
    return AllQuiet(languages[0] if len(languages) == 1 else "", areas[0] if len(areas) == 1 else "")


def _reporting(keywords: Keywords) -> frozenset[str]:
    return frozenset().union(*keywords.commands.get("report", {}).values())
