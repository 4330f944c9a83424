"""Pure: parser of reports by SMS. Finds category, place and description by the keywords of a pack.

A report has a code or a word for the category, the colloquial name of a place, and a text, in any case, and with
commas, full stops or number signs between the words. The parser does not guess: it reports missing parts, and the reply
asks for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.menu.model import Menu
from gateway.places.place_search import PlacesInText
from gateway.sms.report_kinds import category_within, leading_category, unglue
from gateway.sms.typed_text import trim
from gateway.text.words import Word, words


@dataclass(frozen=True, slots=True)
class ReportText:
    """Parsed report. Parts that were not understood are empty. `places` are the candidates where `area` is empty."""

    category: str
    places: tuple[str, ...]
    description: str
    area: str = ""  # code of the place, if one is named without doubt


def read_places(found: Sequence[Word], menu: Menu, *, behind_code: bool = False) -> PlacesInText:
    """Find the places that these words name, or the candidates. `behind_code`: see `PlaceSearch.read`."""
    return menu.place_search.read([word for word, _ in found], behind_code=behind_code)


def parse_report(text: str, menu: Menu) -> ReportText:
    """Parse the argument of a report: category and place in either order, then the description.

    In a report written as a sentence, the first word that names a category counts, and a place that is named exactly.
    The description is without the code and the place that the text begins with. All other words are kept.
    """
    text = unglue(text, menu)
    found = list(words(text))
    category, size = leading_category(found, menu)
    by_code = bool(category) and _is_code(found[:size], menu)
    places = read_places(found[size:], menu, behind_code=by_code)
    if category:
        dropped = size + places.size if by_code else 0
    else:
        category, size = leading_category(found[places.size :], menu) if places.size else ("", 0)
        behind = found[places.size : places.size + size]
        dropped = places.size + (size if _is_code(behind, menu) else 0)
    rest = trim(text[found[dropped - 1][1] :] if dropped else text)
    return ReportText(category or category_within(found, menu), places.codes, rest, places.area)


def _is_code(named: Sequence[Word], menu: Menu) -> bool:
    """Return True if a category is named by a number. A word is kept in the description: it may say who did it."""
    return any(word.isdecimal() or word in menu.keywords.numbers for word, _ in named)
