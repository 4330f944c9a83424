"""Checks of the texts of a menu: alphabet, placeholders, size of SMS, labels of answers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence, Set

from gateway.menu.checks.pack_files import CATEGORIES, Path, pack_diagnostic, text_diagnostic
from gateway.menu.checks.unknowns import NOTHING_UNKNOWN, Unknowns, readable_languages
from gateway.menu.definitions.rules import AppealTemplate
from gateway.menu.error_lines import ERROR_PLACEHOLDERS
from gateway.menu.model import (
    APPEAL_PLACEHOLDERS,
    GATEWAY_PLACEHOLDERS,
    LONGEST_NUMBER,
    NUMBER,
    Menu,
    State,
    appeal_area_label,
    appeal_areas,
)
from gateway.menu.paging import LONGEST_GIVEN, fill_with_longest
from gateway.text import gsm
from gateway.text.diagnostics import Diagnostic
from gateway.text.wording import Wording, fill, placeholders

SMS_SEPTETS = 160
TWO_SMS_SEPTETS = 306
_TWO_SMS = frozenset({("sms", "appeal_found")})  # it has the text of another SMS in it


def all_text_faults(menu: Menu, unknowns: Unknowns = NOTHING_UNKNOWN) -> Iterator[Diagnostic]:
    """Check the texts of every language."""
    for language in readable_languages(menu.wordings, unknowns):
        yield from text_faults(menu, language, unknowns)


def text_faults(menu: Menu, language: str, unknowns: Unknowns = NOTHING_UNKNOWN) -> Iterator[Diagnostic]:
    """Check for texts that are empty, not in the GSM-7 alphabet, or with an unknown placeholder."""
    words = menu.wordings[language]
    for path, text in texts_of(words):
        for message in _faults(text, None if unknowns.placeholders else _known(menu, path), menu.constants):
            yield text_diagnostic(words, path, message)


def _known(menu: Menu, path: Path) -> Set[str] | None:
    """Return the placeholders that a text may have, besides the constants of the pack. Returns None if unknown."""
    match path[0]:
        case "labels":
            return frozenset()
        case "errors":
            return frozenset(ERROR_PLACEHOLDERS)
        case "appeals":
            template = menu.templates.get(path[1])
            return {*APPEAL_PLACEHOLDERS, *template.slots} if template else None
        case "opt_out":
            return frozenset({"ussd"})
    return {*GATEWAY_PLACEHOLDERS, *menu.placeholders}


def unused_constant_faults(menu: Menu, unknowns: Unknowns = NOTHING_UNKNOWN) -> Iterator[Diagnostic]:
    """Check for constants that no text of any language shows. Skipped if some text is unknown."""
    if unknowns.unclear:
        return
    used = {name for words in menu.wordings.values() for names in words.constants.values() for name in names}
    for name in menu.constants:
        if name not in used:
            yield pack_diagnostic(menu, ("constants", name), f"no text shows {{{name}}}; write it there, or remove it")


def _faults(text: str, known: Set[str] | None, constants: Iterable[str]) -> Iterator[str]:
    """Yield messages about one text. `known` are the placeholders that it may have, or None if unknown.

    The `constants`, which it may have too, are filled in already.
    """
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
    if known is None:
        return
    for name in sorted(named - known):
        if known:
            yield f"unknown placeholder {{{name}}}; expected one of {', '.join(sorted({*known, *constants}))}"
        else:
            yield f"{{{name}}} is not filled in here"


def texts_of(words: Wording) -> Iterator[tuple[Path, str]]:
    """Yield every text of a wording, with its path."""
    yield ("apology",), words.apology
    for section in ("navigation", "errors", "sms", "appeals", "opt_out"):
        for name, text in getattr(words, section).items():
            yield (section, name), text
    for section in ("labels", "screens"):
        for group, texts in getattr(words, section).items():
            for name, text in texts.items():
                yield (section, group, name), text


def sms_faults(menu: Menu, language: str, unknowns: Unknowns = NOTHING_UNKNOWN) -> Iterator[Diagnostic]:
    """Check for SMS that are too long with the longest values, or that another gateway would take for a command."""
    languages = (by_language for by_language in menu.keywords.commands.values())
    commands = {word for by_language in languages for words in by_language.values() for word in words}
    words = menu.wordings[language]
    for name, text in words.sms.items():
        first = re.match(r"\W*(\w*)", text)
        if first and first[1].casefold() in commands:
            message = f"no SMS may begin with {first[1]}, which is a keyword: sent back to us it would be a command"
            yield text_diagnostic(words, ("sms", name), message)
    sms = {} if unknowns.placeholders else words.sms
    filled = [(("sms", name), fill_with_longest(menu, text, language)) for name, text in sms.items()]
    longest = longest_appeal(menu, language)
    filled += [
        (("appeals", name), fill(words.appeals[name], {**longest, **_longest_slots(template)}))
        for name, template in menu.templates.items()
        if name in words.appeals
    ]
    for path, text in filled:
        parts, room = (2, TWO_SMS_SEPTETS) if path in _TWO_SMS else (1, SMS_SEPTETS)
        if (excess := gsm.septets(text) - room) > 0:
            yield text_diagnostic(words, path, f"{excess} septets over {'one' if parts == 1 else 'two'} SMS")


def restricted_faults(menu: Menu, language: str) -> Iterator[Diagnostic]:
    """Check for SMS about a restricted category that say its name, or show an answer."""
    words = menu.wordings[language]
    for category in filter(lambda kind: kind.is_restricted, menu.categories.values()):
        label = words.labels.get("category", {}).get(category.name, "")
        for key, name in (("confirmation", category.confirmation), ("reminder", category.reminder)):
            text = words.sms.get(name, "")
            shown = [f"{{{placeholder}}}" for placeholder in sorted(placeholders(text) & menu.placeholders.keys())]
            if label and label.casefold() in text.casefold():
                shown.append(label)
            if shown:
                message = (
                    f"it is the {key} of {category.name}, which is restricted, so it may not say {', '.join(shown)}"
                )
                instead = f"name another text as {key} of {category.name} in {CATEGORIES}"
                yield text_diagnostic(words, ("sms", name), f"{message}; change it, or {instead}")


def longest_appeal(menu: Menu, language: str) -> dict[str, str]:
    """Return the longest value of each placeholder of appeals."""
    code = LONGEST_GIVEN["ussd"]
    ways_out = [fill(way, {"ussd": code}) for way in menu.wordings[language].opt_out.values()]
    return {
        "kel": max((appeal_area_label(menu, code) for code in appeal_areas(menu)), key=gsm.septets),
        "ussd": code,
        "svc": menu.service,
        "number": LONGEST_NUMBER,
        "stop": max(ways_out, key=gsm.septets, default=""),
    }


def _longest_slots(template: AppealTemplate) -> dict[str, str]:
    return {name: "m" * most for name, most in template.slots.items()}


def label_faults(menu: Menu, unknowns: Unknowns = NOTHING_UNKNOWN) -> Iterator[Diagnostic]:
    """Check for answers that a placeholder would show as a bare key, or as typed."""
    wordings = [words for words in menu.wordings.values() if words.language not in unknowns.unclear]
    for placeholder, answer in menu.placeholders.items():
        keepers = [state for state in menu.states.values() if state.keep == answer]
        if any(state.kind.is_typed and state.source != NUMBER for state in keepers):
            message = f"{answer} is typed: it may be too long for a screen, or in another alphabet"
            yield pack_diagnostic(menu, ("placeholders", placeholder), message)
        is_unnamed = not keepers and all(answer not in words.labels for words in wordings)
        if is_unnamed and not (unknowns.includes_answer(answer) or unknowns.unclear):
            message = f"no state keeps {answer}, and no wording has labels for it"
            yield pack_diagnostic(menu, ("placeholders", placeholder), message)
        for words in wordings:
            for value in _needing_labels(menu, answer, keepers):
                if value not in words.labels.get(answer, {}):
                    message = f"this is missing: {{{placeholder}}} would show the bare key"
                    yield text_diagnostic(words, ("labels", answer, value), message)


def _needing_labels(menu: Menu, answer: str, keepers: Sequence[State]) -> list[str]:
    """Return the values of an answer that only a wording can name.

    Without a question for the answer, it comes from an effect, and its values are those that some wording names.
    """
    if not keepers:
        values = [value for words in menu.wordings.values() for value in words.labels.get(answer, {})]
        return list(dict.fromkeys(values))
    values = [value for state in keepers for value in state.options]
    if answer != "category" and any(state.source == "categories" for state in keepers):
        values += [*menu.categories]  # the labels of `category` are checked with the file
    return list(dict.fromkeys(values))
