"""Checks of the SMS that texts ask for: keywords in capitals, kinds and codes, and the number to write to.

A word in capitals that is a keyword is one that residents shall send: `Berhenti: balas STOP`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gateway.menu.checks.pack_files import Path, text_diagnostic
from gateway.menu.checks.texts import texts_of
from gateway.menu.checks.unknowns import NOTHING_UNKNOWN, Unknowns
from gateway.menu.model import SMS_NUMBER, Menu
from gateway.text.diagnostics import Diagnostic, one_of
from gateway.text.wording import Wording
from gateway.text.words import normalised

REPORT = "report"
ON_SCREENS = ("screens", "apology")
_WORD = re.compile(r"\w+")
_CAPITALS = re.compile(r"[^\W\d_]{2,}")
_CODE_LIST = re.compile(r"(?:\b[0-9]{1,2} [^\W\d_]{2,}[ ,.]*){3,}")
_CODE = re.compile(r"\b([0-9]{1,2}) ([^\W\d_]{2,})")
_KIND_LIST = re.compile(r"[^\W\d_]{2,}(?:, [^\W\d_]{2,}){2,}")


@dataclass(frozen=True, slots=True)
class _Commands:
    """Keywords of the pack, as written in capitals."""

    of_word: Mapping[str, str]  # the command of a keyword, in any language
    own: Mapping[str, Mapping[str, Sequence[str]]]  # command → language → its keywords

    def quoted(self, text: str) -> dict[str, str]:
        """Return the commands that a text asks for, each with its keyword."""
        words = (found[0] for found in _CAPITALS.finditer(text) if found[0].isupper())
        return {self.of_word[word.casefold()]: word for word in words if word.casefold() in self.of_word}


def quoted_faults(menu: Menu, unknowns: Unknowns = NOTHING_UNKNOWN) -> Iterator[Diagnostic]:
    """Check what the texts ask residents to send. Skipped if the keywords or a language is not fully known."""
    if unknowns.keywords or unknowns.partial or unknowns.placeholders or "categories" in unknowns.lists:
        return
    commands = _commands(menu)
    quoted = {
        language: {path: commands.quoted(text) for path, text in texts_of(words)}
        for language, words in menu.wordings.items()
    }
    for language, words in menu.wordings.items():
        for path, text in texts_of(words):
            messages = [
                *_language_faults(commands, language, path, quoted),
                *_number_faults(menu, words, path, quoted[language][path]),
                *_report_faults(menu, commands, text),
                *_list_faults(menu, text),
            ]
            for message in messages:
                yield text_diagnostic(words, path, message)


def asks_for_reply(menu: Menu, words: Wording) -> Iterator[Path]:
    """Yield the SMS that ask for an answer and name no number: they need a sender that can be answered."""
    commands = _commands(menu)
    for path, text in texts_of(words):
        is_answerable = "{ussd}" in text or _names_number(words, path)
        if path[0] in ("sms", "appeals") and commands.quoted(text) and not is_answerable:
            yield path


def _commands(menu: Menu) -> _Commands:
    named = menu.keywords.commands
    of_word = {word: command for command, languages in named.items() for words in languages.values() for word in words}
    own = {command: {language: sorted(words) for language, words in by.items()} for command, by in named.items()}
    return _Commands(of_word, own)


def _language_faults(
    commands: _Commands, language: str, path: Path, quoted: Mapping[str, Mapping[Path, Mapping[str, str]]]
) -> Iterator[str]:
    """Yield messages about keywords of another language, and about commands that only another language has."""
    here = quoted[language][path]
    for command, word in here.items():
        own = commands.own[command].get(language, ())
        if word.casefold() not in own and own:
            yield (
                f"{word} is a keyword of {command} in another language, in which the answer would be; "
                f"{one_of(keyword.upper() for keyword in own)}"
            )
    for other, texts in quoted.items():
        for command in sorted(texts.get(path, {}).keys() - here.keys()):
            asked = texts[path][command]
            yield f"the text of {other} asks for {asked}, this one for no keyword of {command}; say it here too"


def _number_faults(menu: Menu, words: Wording, path: Path, quoted: Mapping[str, str]) -> Iterator[str]:
    """Yield a message about a screen that asks for an SMS and does not say where to. An SMS can be answered."""
    if path[0] not in ON_SCREENS or not quoted or _names_number(words, path):
        return
    add = "" if SMS_NUMBER in menu.constants else f", and add {SMS_NUMBER} to the constants of pack.yaml"
    asked = ", ".join(quoted.values())
    yield f"it asks for an SMS ({asked}) and does not say to which number; write {{{SMS_NUMBER}}}{add}"


def _names_number(words: Wording, path: Path) -> bool:
    return SMS_NUMBER in words.constants.get(path, frozenset())


def _report_faults(menu: Menu, commands: _Commands, text: str) -> Iterator[str]:
    """Yield messages about examples of a report, such as `LAPOR 3 KLEGO`, whose kind the pack does not know."""
    found = [match[0] for match in _WORD.finditer(text)]
    for place, word in enumerate(found[:-1]):
        if not word.isupper() or commands.of_word.get(word.casefold()) != REPORT:
            continue
        kind, phrase = found[place + 1], " ".join(found[place + 1 : place + 3])
        is_named = kind.isdigit() or kind.isupper()
        if is_named and not {normalised(kind), normalised(phrase)} & menu.keywords.categories.keys():
            yield f"{word} {kind}: {kind} names no kind of incident; write one of the codes or words of keywords.yaml"


def _list_faults(menu: Menu, text: str) -> Iterator[str]:
    """Yield messages about lists of codes and of kinds that do not agree with keywords.yaml."""
    kinds = menu.keywords.categories
    for found in _CODE_LIST.finditer(text):
        pairs = dict(_CODE.findall(found[0]))
        if sum(normalised(word) in kinds for word in pairs.values()) * 2 <= len(pairs):
            continue  # the digits mean something else, such as answers to a question
        for code, word in pairs.items():
            meant, said = kinds.get(code), kinds.get(normalised(word))
            if meant is None or (said is not None and said != meant):
                yield f"{code} {word}: code {code} means {meant or 'nothing'} in keywords.yaml"
        yield from _incomplete(menu, [kinds[code] for code in pairs if code in kinds], "code")
    for found in _KIND_LIST.finditer(text):
        listed = found[0].split(", ")
        known = [word for word in listed if normalised(word) in kinds]
        if not found[0].isupper() or len(known) * 2 <= len(listed):
            continue
        for word in listed:
            if word not in known:
                yield f"{word} names no kind of incident; write one of the words of keywords.yaml"
        yield from _incomplete(menu, [kinds[normalised(word)] for word in known], "word")


def _incomplete(menu: Menu, named: Sequence[str], what: str) -> Iterator[str]:
    """Yield a message about a list without some kind that keywords.yaml has a code or a word for."""
    known = menu.keywords.codes if what == "code" else {*menu.keywords.categories.values()}
    if missing := [category for category in menu.categories if category in known and category not in named]:
        yield f"the list has no {what} for {', '.join(missing)}; say it, or give one example instead of a list"
