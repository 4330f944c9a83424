"""Pure: what an appeal says to each person, and what must be true of it before it may go out."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from gateway.appeals.appeal import Draft, approvals_needed
from gateway.appeals.audience import WrongAudience, read
from gateway.menu.model import APPEAL_VALUES, Menu, Need, appeal_area, appeal_areas
from gateway.messages.message import CLASSES, MessageClass
from gateway.text import gsm
from gateway.text.banned_words import refused_in
from gateway.text.phone import mask_in
from gateway.text.wording import fill, placeholders

MOST_PARTS = CLASSES[MessageClass.APPEAL].most_parts
_LONGEST_PURPOSE = 200
_LATE = timedelta(minutes=5)  # so long a start may be past: somebody has typed it
_PLACE = "kel"


class WrongDraft(ValueError):
    """All that is wrong with what an author has written."""

    def __init__(self, complaints: Sequence[str]) -> None:
        self.complaints = tuple(complaints)
        super().__init__("; ".join(complaints))


@dataclass(frozen=True, slots=True)
class Rendering:
    """The text for people of one language and area. An area of `""` is every one that has no text of its own."""

    language: str
    area: str
    text: str
    encoding: gsm.Encoding
    length: int
    parts: int


@dataclass(frozen=True, slots=True)
class Replaced:
    """A character of an author's text, what goes out instead, and how often."""

    what: str
    instead: str
    times: int

    def for_json(self) -> dict[str, Any]:
        return {"what": self.what, "called": _called(self.what), "instead": self.instead, "times": self.times}

    def __str__(self) -> str:
        shown = f"{self.what} " if self.what.isprintable() and not self.what.isspace() else ""
        return f"{shown}({_called(self.what)})"


@dataclass(frozen=True, slots=True)
class TextCost:
    """What a text costs each person who gets it, and what of it was replaced.

    Where it names each person's own place, that with the longest name is counted. `length` is in septets, or in UTF-16
    units where the encoding is UCS-2.
    """

    language: str
    text: str
    encoding: gsm.Encoding
    length: int
    parts: int
    replaced: tuple[Replaced, ...]

    def for_json(self) -> dict[str, Any]:
        counted = {"encoding": self.encoding, "length": self.length, "parts": self.parts}
        return {"text": self.text, **counted, "replaced": [one.for_json() for one in self.replaced]}


def _called(char: str) -> str:
    return f"U+{ord(char):04X} {unicodedata.name(char, 'a control character')}"


def spelt(draft: Draft) -> Draft:
    """`draft` with its texts as they go out: within GSM-7 where that can be read the same. What was replaced is noted.

    One curly quote out of an editor more than doubles what the whole text costs.
    """
    made = {language: gsm.transliterate(text) for language, text in draft.texts.items()}
    changes = {language: one.changes for language, one in made.items() if one.changes}
    texts = {language: one.text for language, one in made.items()}
    return replace(draft, texts=texts, changes={**draft.changes, **changes})


def costs(draft: Draft, menu: Menu, ussd: str, place: str = "") -> list[TextCost]:
    """What each text of a draft costs; `place` is the area that it speaks of, where that is not each person's own."""
    texts = texts_of(draft, menu)
    dearest: dict[str, Rendering] = {}
    for one in renderings(texts, menu, ussd, place):
        most = dearest.setdefault(one.language, one)
        if (one.parts, one.length) > (most.parts, most.length):
            dearest[one.language] = one
    return [
        TextCost(language, texts[language], one.encoding, one.length, one.parts, _replaced(draft, language))
        for language, one in dearest.items()
    ]


def notes(draft: Draft, menu: Menu) -> Iterator[str]:
    """What is worth knowing of its texts, though nothing is wrong with it: who is written to in another language."""
    texts = texts_of(draft, menu)
    for language in menu.languages:
        if language not in texts:
            instead = f"get the text in {menu.language}" if menu.language in texts else "get nothing"
            yield f"there is no text in {language}: those whose language that is {instead}"
    for language, text in texts.items():
        if mask_in(text) != text:
            yield f"{language}: what looks like a phone number stands masked on the public page of the appeals"


def _replaced(draft: Draft, language: str) -> tuple[Replaced, ...]:
    counted = Counter((change.what, change.instead) for change in draft.changes.get(language, ()))
    return tuple(Replaced(what, instead, times) for (what, instead), times in counted.items())


def texts_of(draft: Draft, menu: Menu) -> Mapping[str, str]:
    """The texts by language: those that were written or kept, or those of the pack's template."""
    return draft.texts or _texts_of_pack(draft.template, menu)


def _texts_of_pack(template: str, menu: Menu) -> Mapping[str, str]:
    return {language: words.appeals[template] for language, words in menu.wordings.items() if template in words.appeals}


def heading(draft: Draft, menu: Menu) -> str:
    """What stands above it on the public page: the pack's purpose of its template, and the author's of his own texts.

    So what an author types is never published in a strict stage. A template that the pack has lost is its own name.
    """
    if not draft.template:
        return draft.purpose
    template = menu.templates.get(draft.template)
    return template.purpose if template else draft.template


def renderings(texts: Mapping[str, str], menu: Menu, ussd: str, place: str = "") -> list[Rendering]:
    """Every text that goes out. `place` is the area that it speaks of, where that is not each person's own."""
    made = []
    own = not place and any(_PLACE in placeholders(template) for template in texts.values())
    for language, template in texts.items():
        for area in appeal_areas(menu) if own else ("",):
            values = {"kel": appeal_area(menu, place or area), "ussd": ussd, "svc": menu.service}
            one = gsm.cost(fill(template, values))
            made.append(Rendering(language, area, one.text, one.encoding, one.length, one.parts))
    return made


def check_draft(
    draft: Draft, menu: Menu, channels: Mapping[str, str], now: datetime, stood: Draft | None = None
) -> None:
    """Raise `WrongDraft` with all that is wrong; `channels` are the codes to dial, by channel.

    A start may be past only where it is that of what `stood` there before.
    """
    complaints = list(_faults(draft, menu, channels))
    if stood is None or draft.starts_at != stood.starts_at:
        complaints += filter(None, [late(draft.starts_at, menu, now)])
    if complaints:
        raise WrongDraft(complaints)


def late(starts_at: datetime | None, menu: Menu, now: datetime) -> str:
    """Why a start cannot be set to that time; empty if it can."""
    if starts_at is None:
        return ""
    if starts_at.tzinfo is None:
        return "the time needs a time zone"
    if starts_at >= now - _LATE:
        return ""
    named = f"{starts_at.astimezone(menu.timezone):%Y-%m-%d %H:%M %Z}"
    return f"{named} is past; it begins later, or as soon as it is approved"


def _faults(draft: Draft, menu: Menu, channels: Mapping[str, str]) -> Iterator[str]:
    if not 0 < len(draft.purpose.strip()) <= _LONGEST_PURPOSE:
        yield f"an appeal needs a purpose of at most {_LONGEST_PURPOSE} characters"
    if draft.channel not in channels:
        yield f"no channel is called {draft.channel}; known are {', '.join(sorted(channels))}"
    try:
        read(draft.audience, menu.areas, menu.languages)
    except WrongAudience as error:
        yield str(error)
    if bool(draft.template) == bool(draft.texts):
        yield "an appeal has either a template of the pack or texts of its own"
    elif draft.template:
        yield from _template_faults(draft, menu)
    for language, text in draft.texts.items():
        yield from _text_faults(language, text, menu, channels.get(draft.channel, ""))
    yield from _refused_words(draft, menu)


def _refused_words(draft: Draft, menu: Menu) -> Iterator[str]:
    """What it says, in its texts or its purpose, that no appeal may say; read as `spelt` would write it."""
    for where, text in {"purpose": draft.purpose, **texts_of(draft, menu)}.items():
        for word in refused_in(gsm.transliterate(text).text, menu.rules.refused_words):
            yield f"{where}: {word} is one of the refused words"


def _template_faults(draft: Draft, menu: Menu) -> Iterator[str]:
    template = menu.templates.get(draft.template)
    if template is None:
        yield f"no template is called {draft.template}; known are {', '.join(menu.templates) or 'none'}"
    elif template.needs is Need.CLOSED_INCIDENT and not draft.ticket:
        yield f"{draft.template} speaks of an incident: name its ticket"


def _text_faults(language: str, text: str, menu: Menu, ussd: str) -> Iterator[str]:
    if language not in menu.languages:
        yield f"no language is called {language}; known are {', '.join(menu.languages)}"
        return
    try:
        unknown = sorted(placeholders(text) - set(APPEAL_VALUES))
    except ValueError as error:
        yield f"{language}: {error}"
        return
    if unknown:
        yield f"{language}: {{{unknown[0]}}} stands for nothing; known are {', '.join(APPEAL_VALUES)}"
    elif not text.strip():
        yield f"{language}: this text is empty"
    elif (most := max(one.parts for one in renderings({language: text}, menu, ussd))) > MOST_PARTS:
        yield f"{language}: this text takes {most} parts; an appeal has at most {MOST_PARTS}"
    elif (leaving := _leaving(menu)) and not refused_in(text, leaving):
        yield f"{language}: this text must say how to leave, with one of {', '.join(leaving)}"


def _leaving(menu: Menu) -> list[str]:
    """The words by which somebody leaves, in any of the languages; none where the pack takes no SMS."""
    words = menu.keywords.commands.get("unsubscribe", {}).values()
    return sorted({word.upper() for spoken in words for word in spoken})


# When ----------------------------------------------------------------------------------------------------------


def goes_out(draft: Draft, menu: Menu, now: datetime) -> datetime:
    """When the first of it would leave, if it were let go now."""
    begins = max(draft.starts_at or now, now)
    return menu.quiet_until(begins) or begins


def approvals_wanted(draft: Draft, menu: Menu, now: datetime) -> int:
    """How many people must approve it, by the stage in which it goes out."""
    return approvals_needed(menu.is_strict(goes_out(draft, menu, now)))


def obstacle(draft: Draft, menu: Menu, now: datetime, approvals: int | None = None, *, begun: bool = False) -> str:
    """Why it may not go out by the pack that is in force; empty if it may.

    `approvals` is None while they are still to come. Of one that has `begun` it says as well what can be done.
    """
    if words := "; ".join(_refused_words(draft, menu)):
        return f"{words}: it can only be cancelled" if begun else words
    at = goes_out(draft, menu, now)
    if not menu.is_strict(at):
        return ""
    stage = menu.stage(at.astimezone(menu.timezone).date())
    if _is_changed(draft, menu) or not _is_approved(draft, menu):
        since = f", and {draft.template} has been changed since" if _is_approved(draft, menu) else ""
        fault = f"in {stage} only approved texts of the pack go out{since}"
        return f"{fault}: until {stage} is over it can only be cancelled" if begun else fault
    if approvals is not None and approvals < approvals_needed(strict=True):
        fault = f"in {stage} an appeal needs {approvals_needed(strict=True)} approvals"
        return f"{fault}: another person must approve it before it is resumed" if begun else fault
    return ""


def _is_approved(draft: Draft, menu: Menu) -> bool:
    template = menu.templates.get(draft.template)
    return template is not None and template.approved


def _is_changed(draft: Draft, menu: Menu) -> bool:
    """Whether its texts are no more those that the pack has."""
    return bool(draft.texts) and draft.texts != _texts_of_pack(draft.template, menu)
