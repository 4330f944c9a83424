"""Pure: report that comes in several SMS. The gateway asks for what is missing, and the answer completes it.

`LAPOR tawuran`, then `klego`. `LAPOR klego`, then `3`. What earlier SMS of the phone said is read again from them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from rapidfuzz.distance import OSA

from gateway.menu.model import Menu
from gateway.sms.command_parser import parse_command
from gateway.sms.report_kinds import is_code, leading_category, unglue
from gateway.sms.report_text import parse_report, read_places, read_sentence
from gateway.sms.short_texts import has_meaning, is_yes, lone_number
from gateway.sms.typed_text import phrase_size, prepare, trim
from gateway.text.words import Word, words

_CONFIRMING_NUMBER = "1"
_MAX_LEAD_WORDS = 6
_MIN_LETTERS_FOR_A_SLIP = 5


@dataclass(frozen=True, slots=True)
class PartialReport:
    """Report as far as one or several SMS have told it. `is_command` means that one of them asked to report."""

    category: str = ""
    places: tuple[str, ...] = ()
    area: str = ""  # empty where none of `places` is certain
    description: str = ""
    is_command: bool = False
    is_doubtful: bool = False  # it may be no report: a question, a denial, hearsay

    @property
    def is_complete(self) -> bool:
        return bool(self.category and self.area)

    @property
    def proposed(self) -> str:
        """Code of the only place that may be meant, which the reply asks to confirm. Empty for none."""
        return self.places[0] if self.category and not self.area and len(self.places) == 1 else ""

    @property
    def is_empty(self) -> bool:
        return not (self.category or self.places or self.is_command)


NO_REPORT = PartialReport()


def read_all(texts: Iterable[str], menu: Menu) -> PartialReport:
    """Return what these SMS said of one report, the oldest first."""
    known = NO_REPORT
    for text in texts:
        known = read_next(prepare(text, menu.keywords), known, menu)
    return known


def read_next(text: str, known: PartialReport, menu: Menu) -> PartialReport:
    """Return what is `known` together with what the prepared `text` says.

    A report command that names a known part again is a new report. Other commands say nothing of it.
    """
    command = parse_command(text, menu)
    if command.name == "report":
        new = _from_report(command.argument, menu, is_command=True)
        is_another = new.is_complete or (known.category and new.category) or (known.places and new.places)
        return new if is_another else _joined(known, new)
    if command.name not in ("", "help"):
        return known
    said = command.argument if command.name else text
    if known.proposed and _confirms(said, menu):
        return replace(known, area=known.proposed, is_command=True)
    another = _from_free_text(text, menu)
    if another.is_complete and not another.is_doubtful and known.category not in ("", another.category):
        return another
    if known.is_command:
        return _joined(known, replace(_from_report(said, menu), description=_description_in_answer(said, menu)))
    formal = _after_filler(said, menu)
    if _is_formal(formal, menu):
        return _from_report(formal, menu, is_command=True)
    if another.is_complete:
        return another
    if (another.category, another.places) == (known.category, known.places):
        return known  # the same text again answers no question
    return known if another.is_empty else _joined(known, another)


def _confirms(text: str, menu: Menu) -> bool:
    """Return True for the answer to a proposed place: `ya`, `1`, `1 benar`."""
    return is_yes(text, menu.keywords) or lone_number(text, menu.keywords, confirmed=True) == _CONFIRMING_NUMBER


def _from_report(text: str, menu: Menu, *, is_command: bool = False) -> PartialReport:
    read = parse_report(text, menu)
    return PartialReport(read.category, read.places, read.area, read.description, is_command)


def _description_in_answer(text: str, menu: Menu) -> str:
    """Return the text of an answer without the code and the place that it begins with. Empty if polite words remain."""
    text = unglue(text, menu)
    left, has_code = list(words(text)), False
    for _ in range(2):  # in either order
        size = leading_category(left, menu)[1]
        if is_code(left[:size], menu.keywords):
            left, has_code = left[size:], True
        left = left[read_places(left, menu).size :]
    rest = trim(text[_begin_of(text, left) :])
    if not has_meaning(rest, menu.keywords):
        return ""
    return rest if has_code else trim(text)


def _begin_of(text: str, left: list[Word]) -> int:
    """Return the position after the word before these last words of `text`."""
    ends = [0, *(end for _, end in words(text))]
    return ends[-1 - len(left)]


def _from_free_text(text: str, menu: Menu) -> PartialReport:
    """Return what a text without command says: a category, and a place."""
    read = read_sentence(text, menu)
    return PartialReport(read.category, read.places, read.area, read.description, is_doubtful=read.is_doubtful)


def _is_formal(text: str, menu: Menu) -> bool:
    """Return True for `3 KLEGO ribut`, a report without its command: a code and the exact name of a place."""
    found = list(words(text))
    category, taken = leading_category(found, menu)
    places = read_places(found[taken:], menu)
    return bool(category and is_code(found[:taken], menu.keywords) and places.sure and places.size)


def _after_filler(text: str, menu: Menu) -> str:
    """Return the text after polite words, or a misspelt command, with a code unglued from its word."""
    text = unglue(text, menu)
    found = list(words(text))
    at = int(_is_misspelt_command(found, menu))
    while size := phrase_size(found[:_MAX_LEAD_WORDS], at, menu.keywords.filler):
        at += size
    return trim(text[found[at - 1][1] :] if at else text)


def _is_misspelt_command(found: list[Word], menu: Menu) -> bool:
    """Return True if the first word has one slip in a keyword of a report: `lapir 3 klego`."""
    keywords = (word for known in menu.keywords.commands.get("report", {}).values() for word in known)
    longer = [word for word in keywords if len(word) >= _MIN_LETTERS_FOR_A_SLIP]
    return bool(found) and any(OSA.distance(found[0][0], word) <= 1 for word in longer)


def _joined(known: PartialReport, new: PartialReport) -> PartialReport:
    """Return both together. What is known stays, and a new place decides between known ones, or confirms one."""
    both = [place for place in new.places if place in known.places]
    if known.area or not new.places:
        places, area = known.places, known.area
    elif both:
        places, area = tuple(both), both[0] if len(both) == 1 else ""
    else:
        places, area = new.places, new.area
    description = "\n".join(filter(None, (known.description, new.description)))
    return replace(
        known,
        category=known.category or new.category,
        places=places,
        area=area,
        description=description,
        is_command=known.is_command or new.is_command,
        is_doubtful=known.is_doubtful or new.is_doubtful,
    )
