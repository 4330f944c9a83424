"""Checks of keywords.yaml: words of two meanings, words that their list makes no sense for, and unknown names."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from gateway.menu.checks.pack_files import KEYWORDS
from gateway.menu.pack.schema import KeywordsShape
from gateway.menu.pack.yaml_reader import PackReader
from gateway.text.diagnostics import unknown
from gateway.text.words import normalised


def check_keywords(
    reader: PackReader,
    keywords: KeywordsShape,
    languages: Collection[str] | None,
    categories: Collection[str] | None,
) -> None:
    """Check for ambiguous keywords, and for unknown languages and categories, if those are known."""
    _check_commands(reader, keywords, languages)
    undecided = {*map(normalised, keywords.undecided)}
    meanings: dict[str, str] = {}  # apart from those of commands: a command comes first in an SMS, a category later
    for category, words in keywords.words.items():
        for word in words:
            earlier = meanings.setdefault(normalised(word), category)
            if earlier != category and normalised(word) not in undecided:
                message = f"{word} means {earlier} already; if it fits both kinds, name it in undecided too"
                reader.add(KEYWORDS, ("words", category), message)
    for place, word in enumerate(keywords.filler):
        if meaning := meanings.get(normalised(word)):
            reader.add(KEYWORDS, ("filler", str(place)), f"{word} is no filler: it means {meaning}")
    for section, message in _misplaced_words(keywords, meanings):
        reader.add(KEYWORDS, (section,), message)
    for language in keywords.languages:
        if languages is not None and language not in languages:
            reader.add(KEYWORDS, ("languages", language), unknown("language", language))
    if categories is None:
        return
    by_key = ("words", keywords.words), ("pairs", keywords.pairs), ("actors", keywords.actors)
    of_section = [("codes", keywords.codes.items()), *((name, zip(keys, keys, strict=True)) for name, keys in by_key)]
    for section, names in of_section:
        for key, category in names:
            if category not in categories:
                reader.add(KEYWORDS, (section, key), unknown("category", category))


def _misplaced_words(keywords: KeywordsShape, meanings: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the section and the complaint of each word that its list makes no sense for."""
    for section in ("weak", "asked"):
        for word in getattr(keywords, section):
            if normalised(word) not in meanings:
                yield section, f"{word} is none of the words of a kind"
    for word in keywords.undecided:
        fitting = [kind for kind, words in keywords.words.items() if normalised(word) in map(normalised, words)]
        if len(fitting) < 2:
            yield "undecided", f"{word} fits {len(fitting)} kinds; a word that is undecided is one of the words of two"
    for name in ("questions", "beginnings", "before", "doubts"):
        for word in getattr(keywords.no_report, name):
            if (kind := meanings.get(normalised(word))) and word not in keywords.asked:
                yield "no_report", f"{word} cannot be one of {name}: it means {kind}"


def _check_commands(reader: PackReader, keywords: KeywordsShape, languages: Collection[str] | None) -> None:
    meanings: dict[str, str] = {}
    for command, by_language in keywords.commands.items():
        for language, words in by_language.items():
            if languages is not None and language not in languages:
                reader.add(KEYWORDS, ("commands", command, language), unknown("language", language))
            for word in words:  # one word may have the same meaning in several languages
                earlier = meanings.setdefault(normalised(word), command)
                if earlier != command:
                    message = f"{word} is a keyword of {earlier} already"
                    reader.add(KEYWORDS, ("commands", command, language), message)
