"""Check the texts of appeals in a wording against the templates and the rules of the pack."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.menu.checks.pack_files import APPEALS
from gateway.menu.pack.references import check_names
from gateway.menu.pack.rules_schema import AppealsShape, RulesShape, TemplateShape
from gateway.menu.pack.schema import KeywordsShape, WordingShape
from gateway.menu.pack.yaml_reader import PackReader
from gateway.text.banned_words import find_banned_words
from gateway.text.wording import placeholders


def check_appeals(
    reader: PackReader,
    file: str,
    wording: WordingShape,
    templates: AppealsShape | None,
    rules: RulesShape | None,
    keywords: KeywordsShape | None,
) -> None:
    """Check for missing and unused texts of appeals, for what a text must name, and for refused words."""
    if templates:
        unclear = reader.incomplete(APPEALS)
        check_names(reader, file, ("appeals",), wording.appeals, list(templates.root), allowed=unclear)
        for key, text in wording.appeals.items():
            for message in _missing_in_appeal(text, templates.root.get(key), wording):
                reader.add(file, ("appeals", key), f"appeals.{key}: {message}")
    if rules is None:
        return
    numbers = [word for words in keywords.numbers.values() for word in words] if keywords else []
    for key, text in wording.appeals.items():
        for word in find_banned_words(text, rules.refused_words, numbers):
            reader.add(file, ("appeals", key), f"appeals.{key}: {word} is one of the refused words")


def _missing_in_appeal(text: str, template: TemplateShape | None, wording: WordingShape) -> Iterator[str]:
    """Yield messages about what the text of a template must name, and does not."""
    try:
        named = placeholders(text)
    except ValueError:
        return  # reported with the other texts
    if template is None:
        return
    if "number" not in named:
        yield "name {number}, by which people can check that an appeal is official"
    for slot in template.slots:
        if slot not in named:
            yield f"the slot {slot} is missing: name {{{slot}}}, or remove it from {APPEALS}"
    if "stop" in named and wording.opt_out is None:
        yield "{stop} needs opt_out, the ways to leave: reply and dial"
