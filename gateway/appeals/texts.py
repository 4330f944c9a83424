"""Pure: texts of an appeal, rendered for each language and area, with encoding, parts and cost."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from gateway.appeals.appeal import AppealDraft
from gateway.menu.model import LONGEST_NUMBER, Menu, appeal_area_label, appeal_areas
from gateway.text import gsm
from gateway.text.wording import fill, placeholders

_AREA_PLACEHOLDER = "kel"


_SLOT = re.compile(r"{([a-z_]+)}")


@dataclass(frozen=True, slots=True)
class AppealValues:
    """Values that fill the texts of an appeal, besides the area: those of its channel, and its public number.

    `takes_replies` is False where the sender that people see is a name: an answer to it leads nowhere.
    """

    service_code: str
    takes_replies: bool = True
    public_number: int | None = None  # None before it is given

    def placeholder_values(self, menu: Menu, language: str, area: str) -> dict[str, str]:
        """Return the values of `APPEAL_PLACEHOLDERS`. `area` is a name. A missing number is the longest one."""
        words = menu.wordings.get(language) or menu.wordings[menu.language]
        opt_out = words.opt_out.get("reply" if self.takes_replies else "dial", "")
        return {
            _AREA_PLACEHOLDER: area,
            "ussd": self.service_code,
            "svc": menu.service,
            "number": LONGEST_NUMBER if self.public_number is None else str(self.public_number),
            "stop": fill(opt_out, {"ussd": self.service_code}),
        }


@dataclass(frozen=True, slots=True)
class Rendering:
    """Text for the people of one language and area. The area `""` is every area without a text of its own."""

    language: str
    area: str
    text: str
    encoding: gsm.Encoding
    length: int
    parts: int


@dataclass(frozen=True, slots=True)
class CountedReplacement:
    """Character of an author's text that was replaced, its substitute, and how often."""

    original: str
    substitute: str
    times: int

    @property
    def code_point(self) -> str:
        return f"U+{ord(self.original):04X} {unicodedata.name(self.original, 'a control character')}"


@dataclass(frozen=True, slots=True)
class TextCost:
    """Cost of a text to each person who gets it, and the characters that were replaced in it.

    If it names each person's own area, the longest area name is counted. `length` is in septets, or in UTF-16 units if
    the encoding is UCS-2.
    """

    language: str
    text: str
    encoding: gsm.Encoding
    length: int
    parts: int
    replacements: tuple[CountedReplacement, ...]


def to_gsm7(draft: AppealDraft) -> AppealDraft:
    """Replace characters outside GSM-7 in the texts where they stay readable, and record the replacements.

    One curly quote out of an editor more than doubles the cost of a whole text.
    """
    converted = {language: gsm.transliterate(text) for language, text in draft.texts.items()}
    texts = {language: conversion.text for language, conversion in converted.items()}
    slots = {name: gsm.transliterate(value).text.strip() for name, value in draft.slots.items()}
    changes = {
        language: conversion.replacements for language, conversion in converted.items() if conversion.replacements
    }
    return replace(draft, texts=texts, slots=slots, changes={**draft.changes, **changes})


def text_costs(draft: AppealDraft, menu: Menu, given: AppealValues, area: str = "") -> list[TextCost]:
    """Return the cost of each text. `area` is the area that the texts are about, if not each person's own."""
    texts = effective_texts(draft, menu)
    dearest: dict[str, Rendering] = {}
    for rendering in render_texts(texts, menu, given, area):
        most = dearest.setdefault(rendering.language, rendering)
        if (rendering.parts, rendering.length) > (most.parts, most.length):
            dearest[rendering.language] = rendering
    return [
        TextCost(
            language,
            texts[language],
            rendering.encoding,
            rendering.length,
            rendering.parts,
            _count_replacements(draft, language),
        )
        for language, rendering in dearest.items()
    ]


def _count_replacements(draft: AppealDraft, language: str) -> tuple[CountedReplacement, ...]:
    counts = Counter((change.original, change.substitute) for change in draft.changes.get(language, ()))
    return tuple(CountedReplacement(original, substitute, times) for (original, substitute), times in counts.items())


def effective_texts(draft: AppealDraft, menu: Menu) -> Mapping[str, str]:
    """Return the texts by language: the author's or the stored ones, otherwise those of the pack's template."""
    return draft.texts or template_texts(draft.template, menu, draft.slots)


def template_texts(template: str, menu: Menu, slots: Mapping[str, str]) -> Mapping[str, str]:
    """Return the pack's texts of a template by language, with the values of its slots filled in."""
    return {
        language: _SLOT.sub(lambda found: slots.get(found[1], found[0]), words.appeals[template])
        for language, words in menu.wordings.items()
        if template in words.appeals
    }


def public_heading(draft: AppealDraft, menu: Menu) -> str:
    """Return the heading on the public page: the pack's purpose of the template, or the author's of their own texts.

    So a strict stage, which allows templates only, publishes no words of an author. A template that the pack no longer
    has is shown by the words of its key.
    """
    if not draft.template:
        return draft.purpose
    template = menu.templates.get(draft.template)
    return template.purpose if template else draft.template.replace("_", " ")


def render_texts(texts: Mapping[str, str], menu: Menu, given: AppealValues, area: str = "") -> list[Rendering]:
    """Render every text that goes out. `area` is the area that the texts are about, if not each person's own."""
    renderings = []
    own_area = not area and any(_AREA_PLACEHOLDER in placeholders(template) for template in texts.values())
    for language, template in texts.items():
        for person_area in appeal_areas(menu) if own_area else ("",):
            label = appeal_area_label(menu, area or person_area)
            cost = gsm.cost(fill(template, given.placeholder_values(menu, language, label)))
            renderings.append(Rendering(language, person_area, cost.text, cost.encoding, cost.length, cost.parts))
    return renderings
