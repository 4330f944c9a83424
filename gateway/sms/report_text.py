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


def read_places(found: Sequence[Word], menu: Menu) -> PlacesInText:
    """Find the places that these words name, or the candidates."""
    return menu.place_search.read([word for word, _ in found])


def parse_report(text: str, menu: Menu) -> ReportText:
    """Parse the argument of a report: category and place in either order, then the description.

    In a report written as a sentence, the first word that names a category counts, and a place that is named exactly.
    """
    text = unglue(text, menu)
    found = list(words(text))
    category, taken = leading_category(found, menu)
    places = read_places(found[taken:], menu)
    if not category and places.size:
        category, taken = leading_category(found[places.size :], menu)
    taken += places.size
    rest = trim(text[found[taken - 1][1] :] if taken else text)
    if not rest and category and not any(word.isdigit() or word in menu.keywords.numbers for word, _ in found[:taken]):
        rest = trim(text)  # `bom` is more specific than its category, so keep it as the description
    return ReportText(category or category_within(found, menu), places.codes, rest, places.area)
