"""Pure: the texts of an appeal, rendered for each language and area, with encoding, parts and cost."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from gateway.appeals.appeal import AppealDraft
from gateway.menu.model import Menu, appeal_area_label, appeal_areas
from gateway.text import gsm
from gateway.text.wording import fill, placeholders

_PLACE = "kel"


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
class CountedReplacement:
    """A character of an author's text, what goes out instead, and how often."""

    original: str
    substitute: str
    times: int

    def for_json(self) -> dict[str, Any]:
        return {
            "what": self.original,
            "called": _called(self.original),
            "instead": self.substitute,
            "times": self.times,
        }

    def __str__(self) -> str:
        shown = f"{self.original} " if self.original.isprintable() and not self.original.isspace() else ""
        return f"{shown}({_called(self.original)})"


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
    replacements: tuple[CountedReplacement, ...]

    def for_json(self) -> dict[str, Any]:
        counted = {"encoding": self.encoding, "length": self.length, "parts": self.parts}
        return {"text": self.text, **counted, "replaced": [one.for_json() for one in self.replacements]}


def _called(char: str) -> str:
    return f"U+{ord(char):04X} {unicodedata.name(char, 'a control character')}"


def to_gsm7(draft: AppealDraft) -> AppealDraft:
    """`draft` with its texts as they go out: within GSM-7 where that can be read the same. What was replaced is noted.

    One curly quote out of an editor more than doubles what the whole text costs.
    """
    made = {language: gsm.transliterate(text) for language, text in draft.texts.items()}
    changes = {language: one.replacements for language, one in made.items() if one.replacements}
    texts = {language: one.text for language, one in made.items()}
    return replace(draft, texts=texts, changes={**draft.changes, **changes})


def text_costs(draft: AppealDraft, menu: Menu, ussd: str, place: str = "") -> list[TextCost]:
    """What each text of a draft costs; `place` is the area that it speaks of, where that is not each person's own."""
    texts = effective_texts(draft, menu)
    dearest: dict[str, Rendering] = {}
    for one in render_texts(texts, menu, ussd, place):
        most = dearest.setdefault(one.language, one)
        if (one.parts, one.length) > (most.parts, most.length):
            dearest[one.language] = one
    return [
        TextCost(language, texts[language], one.encoding, one.length, one.parts, _replaced(draft, language))
        for language, one in dearest.items()
    ]


def _replaced(draft: AppealDraft, language: str) -> tuple[CountedReplacement, ...]:
    counted = Counter((change.original, change.substitute) for change in draft.changes.get(language, ()))
    return tuple(CountedReplacement(what, instead, times) for (what, instead), times in counted.items())


def effective_texts(draft: AppealDraft, menu: Menu) -> Mapping[str, str]:
    """The texts by language: those that were written or kept, or those of the pack's template."""
    return draft.texts or template_texts(draft.template, menu)


def template_texts(template: str, menu: Menu) -> Mapping[str, str]:
    return {language: words.appeals[template] for language, words in menu.wordings.items() if template in words.appeals}


def public_heading(draft: AppealDraft, menu: Menu) -> str:
    """What stands above it on the public page: the pack's purpose of its template, and the author's of his own texts.

    So what an author types is never published in a strict stage. A template that the pack has lost is its own name.
    """
    if not draft.template:
        return draft.purpose
    template = menu.templates.get(draft.template)
    return template.purpose if template else draft.template


def render_texts(texts: Mapping[str, str], menu: Menu, ussd: str, place: str = "") -> list[Rendering]:
    """Every text that goes out. `place` is the area that it speaks of, where that is not each person's own."""
    made = []
    own = not place and any(_PLACE in placeholders(template) for template in texts.values())
    for language, template in texts.items():
        for area in appeal_areas(menu) if own else ("",):
            values = {"kel": appeal_area_label(menu, place or area), "ussd": ussd, "svc": menu.service}
            one = gsm.cost(fill(template, values))
            made.append(Rendering(language, area, one.text, one.encoding, one.length, one.parts))
    return made
