"""What is wrong with the words of a menu, whatever screen they stand on: alphabet, placeholders, names of answers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set

from gateway.menu.model import (
    APPEAL_PLACEHOLDERS,
    GATEWAY_PLACEHOLDERS,
    Menu,
    State,
    appeal_area_label,
    appeal_areas,
)
from gateway.menu.pack_files import Path, pack_diagnostic, text_diagnostic
from gateway.menu.paging import LONGEST_GIVEN, fill_with_longest
from gateway.menu.unknowns import NOTHING_UNKNOWN, Unknowns, readable_languages
from gateway.text import gsm
from gateway.text.diagnostics import Diagnostic
from gateway.text.wording import Wording, fill, placeholders

SMS_SEPTETS = 160
_UNFILLED = frozenset({"errors", "labels"})  # texts that are shown as they stand


def all_text_faults(menu: Menu, unknowns: Unknowns = NOTHING_UNKNOWN) -> Iterator[Diagnostic]:
    """What is wrong with the texts by themselves, in every language."""
    for language in readable_languages(menu.wordings, unknowns):
        yield from text_faults(menu, language, unknowns)


def text_faults(menu: Menu, language: str, unknowns: Unknowns = NOTHING_UNKNOWN) -> Iterator[Diagnostic]:
    """Texts that are empty, not of the GSM-7 alphabet, or with a placeholder that stands for nothing."""
    words = menu.wordings[language]
    named = frozenset({*GATEWAY_PLACEHOLDERS, *menu.placeholders})
    for path, text in _texts(words):
        known = frozenset(APPEAL_PLACEHOLDERS) if path[0] == "appeals" else named
        known = frozenset() if path[0] in _UNFILLED else known
        in_doubt = unknowns.placeholders and path[0] not in {"appeals", *_UNFILLED}
        for message in _faults(text, None if in_doubt else known):
            yield text_diagnostic(words, path, message)


def _faults(text: str, known: Set[str] | None) -> Iterator[str]:
    """`known` are the names that a placeholder may have, if they are known themselves."""
    if not text.strip():
        yield "this text is empty"
    try:
        gsm.septets(text)
    except gsm.NotGsm7 as error:
        yield str(error)
    try:
        named = placeholders(text)
    except ValueError as error:
        yield str(error)
        return
    for name in sorted(named - known) if known is not None else ():
        yield (
            f"{{{name}}} stands for nothing; known are {sorted(known)}"
            if known
            else f"{{{name}}} is not filled in here"
        )


def _texts(words: Wording) -> Iterator[tuple[Path, str]]:
    yield ("apology",), words.apology
    for section in ("navigation", "errors", "sms", "appeals"):
        for name, text in getattr(words, section).items():
            yield (section, name), text
    for section in ("labels", "screens"):
        for group, texts in getattr(words, section).items():
            for name, text in texts.items():
                yield (section, group, name), text


def sms_faults(menu: Menu, language: str, unknowns: Unknowns = NOTHING_UNKNOWN) -> Iterator[Diagnostic]:
    """SMS that are more than one, with the longest values, or that another gateway would take for a command."""
    commands = {word for said in menu.keywords.commands.values() for words in said.values() for word in words}
    words = menu.wordings[language]
    for name, text in words.sms.items():
        first = re.match(r"\W*(\w*)", text)
        if first and first[1].casefold() in commands:
            message = f"no SMS may begin with {first[1]}, which is a keyword: sent back to us it would be obeyed"
            yield text_diagnostic(words, ("sms", name), message)
    sms = {} if unknowns.placeholders else words.sms
    filled = [(("sms", name), fill_with_longest(menu, text, language)) for name, text in sms.items()]
    filled += [(("appeals", name), fill(text, longest_appeal(menu))) for name, text in words.appeals.items()]
    for path, text in filled:
        if (excess := gsm.septets(text) - SMS_SEPTETS) > 0:
            yield text_diagnostic(words, path, f"{excess} septets over one SMS")


def longest_appeal(menu: Menu) -> dict[str, str]:
    """The longest values of the placeholders of appeals."""
    return {
        "kel": max((appeal_area_label(menu, code) for code in appeal_areas(menu)), key=gsm.septets),
        "ussd": LONGEST_GIVEN["ussd"],
        "svc": menu.service,
    }


def label_faults(menu: Menu, unknowns: Unknowns = NOTHING_UNKNOWN) -> Iterator[Diagnostic]:
    """Answers that a placeholder would show as a bare key, or as whatever somebody typed."""
    wordings = [words for words in menu.wordings.values() if words.language not in unknowns.unclear]
    for placeholder, answer in menu.placeholders.items():
        keepers = [state for state in menu.states.values() if state.keep == answer]
        if any(state.kind.is_typed for state in keepers):
            message = f"{answer} is typed: it may be too long for a screen and of another alphabet"
            yield pack_diagnostic(menu, ("placeholders", placeholder), message)
        nowhere = not keepers and all(answer not in words.labels for words in wordings)
        if nowhere and not (unknowns.includes_answer(answer) or unknowns.unclear):
            message = f"no state keeps {answer}, and no wording has labels for it"
            yield pack_diagnostic(menu, ("placeholders", placeholder), message)
        for words in wordings:
            for value in _to_be_named(menu, answer, keepers):
                if value not in words.labels.get(answer, {}):
                    message = f"this is missing: {{{placeholder}}} would show the bare key"
                    yield text_diagnostic(words, ("labels", answer, value), message)


def _to_be_named(menu: Menu, answer: str, keepers: Sequence[State]) -> list[str]:
    """The values of `answer` that have no name but in the wordings. Those of an effect are known from there only."""
    if not keepers:
        named = [value for words in menu.wordings.values() for value in words.labels.get(answer, {})]
        return list(dict.fromkeys(named))
    chosen = [value for state in keepers for value in state.options]
    listed = any(state.source == "categories" for state in keepers) and answer != "category"  # else `loading` asks
    return list(dict.fromkeys([*chosen, *(menu.categories if listed else ())]))
