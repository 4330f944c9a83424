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
from gateway.sms.clauses import divide
from gateway.sms.report_doubts import is_doubtful
from gateway.sms.report_kinds import category_within, is_code, leading_category, strongest_kind, unglue
from gateway.sms.typed_text import trim
from gateway.text.words import Word, words

_LONGEST_GLUED = 3  # letters of a word such as *di* that is glued to a name


@dataclass(frozen=True, slots=True)
class ReportText:
    """Parsed report. Parts that were not understood are empty. `places` are the candidates where `area` is empty."""

    category: str
    places: tuple[str, ...]
    description: str
    area: str = ""  # code of the place, if one is named without doubt
    is_doubtful: bool = False  # it may be no report: a question, a denial, hearsay


def read_places(found: Sequence[Word], menu: Menu, *, behind_code: bool = False) -> PlacesInText:
    """Find the places that these words name, or the candidates. `behind_code`: see `PlaceSearch.read`."""
    return menu.place_search.read([_without_glued(word, menu) for word, _ in found], behind_code=behind_code)


def parse_report(text: str, menu: Menu) -> ReportText:
    """Parse the argument of a report: category and place in either order, then the description.

    In a report written as a sentence, the words that name a category count, and a place that is named exactly. The
    description is the whole text, without a code and the place beside it. It is empty if nothing more is said.
    """
    text = unglue(text, menu)
    found = list(words(text))
    clauses = divide(text, found)
    category, size = leading_category(found, menu, clauses)
    by_code = bool(category) and is_code(found[:size], menu.keywords)
    places = read_places(found[size:], menu, behind_code=by_code)
    dropped = size + places.size if by_code else 0
    if not category and places.size:
        category, size = leading_category(found[places.size :], menu)
        if category and is_code(found[places.size : places.size + size], menu.keywords):
            dropped = places.size + size
    if found and places.size == len(found):
        dropped = len(found)
    rest = trim(text[found[dropped - 1][1] :] if dropped else text)
    return ReportText(category or category_within(found, menu, clauses), places.codes, rest, places.area)


def read_sentence(text: str, menu: Menu) -> ReportText:
    """Read a text that does not ask to report. The category needs more than an everyday word, and there is no code.

    Without a category, only a place that is named exactly counts.
    """
    found = list(words(text))
    clauses = divide(text, found)
    kind = strongest_kind(found, menu, clauses)
    places = read_places(found, menu)
    if kind is None:
        sure = places.codes if places.sure else ()
        return ReportText("", sure, trim(text), places.area if sure else "")
    doubtful = is_doubtful(text, found, clauses, kind, menu)
    return ReportText(kind.category, places.codes, trim(text), places.area, doubtful)


def _without_glued(word: str, menu: Menu) -> str:
    """Return the name of a place without a short word such as *di* that is glued to it: `diklego`."""
    if menu.gazetteer.codes_of([word]):
        return word
    names = (word.removeprefix(at) for at in menu.keywords.at if len(at) <= _LONGEST_GLUED and word.startswith(at))
    return next((name for name in names if menu.gazetteer.codes_of([name])), word)
