"""Whether a menu can go live: every state reachable and with a way out, every screen and SMS fitting, GSM-7 only.

`loading` has already seen that the pack is whole. Everything here is measured with the longest values that the
pack can produce, in every language (promise 8 of the design).
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.menu.definition import Kind, Menu, State, choices
from gateway.menu.engine import Limits
from gateway.menu.paging import PREFIX, filled_longest, longest_error, pages
from gateway.text import gsm
from gateway.text.complaints import Complaint
from gateway.text.wording import placeholders

SMS_SEPTETS = 160
GIVEN = frozenset({"svc", "ussd", "ticket"})


def check(menu: Menu, limits: Limits) -> list[Complaint]:
    """All that keeps `menu` from going live on a channel with these limits, in the order of the files."""
    found = [*_unreachable(menu), *_dead_ends(menu)]
    for language in menu.languages:
        texts = list(_text_faults(menu, language))
        found += texts
        if not texts:
            found += _screens_too_long(menu, language, limits.septets)
            found += _sms_too_long(menu, language)
    return sorted(found)


def onward(state: State) -> list[str]:
    """The states that `state` can lead to, apart from back and home."""
    targets = [*state.options.values()]
    if state.next:
        targets.append(state.next)
    if state.zero:
        targets.append(state.zero[1])
    return targets


def _reached(menu: Menu, roots: list[str]) -> set[str]:
    seen: set[str] = set()
    while roots:
        name = roots.pop()
        if name not in seen:
            seen.add(name)
            roots += onward(menu.states[name])
    return seen


def _unreachable(menu: Menu) -> Iterator[Complaint]:
    for name in menu.states.keys() - _reached(menu, [menu.start, menu.home]):
        yield Complaint("flow.yaml", menu.states[name].line, f"{name}: no state leads here")


def _dead_ends(menu: Menu) -> Iterator[Complaint]:
    """States from which no end can be reached. A state that only tells is left by back."""
    for name, state in menu.states.items():
        ends = any(menu.states[reached].kind in (Kind.END, Kind.TELL) for reached in _reached(menu, [name]))
        if not ends:
            yield Complaint("flow.yaml", state.line, f"{name}: no end can be reached from here")


def _text_faults(menu: Menu, language: str) -> Iterator[Complaint]:
    words = menu.wordings[language]
    known = GIVEN | menu.placeholders.keys()
    for path, text in _texts(menu, language):
        line = words.lines.get(path, 0)
        where = f"{'.'.join(path)}: "
        try:
            unknown = placeholders(text) - known
            gsm.septets(text)
        except ValueError as error:
            yield Complaint(_file(language), line, f"{where}{error}")
            continue
        for name in sorted(unknown):
            yield Complaint(_file(language), line, f"{where}{{{name}}} stands for nothing; known are {sorted(known)}")
        if not text.strip():
            yield Complaint(_file(language), line, f"{where}this text is empty")


def _texts(menu: Menu, language: str) -> Iterator[tuple[tuple[str, ...], str]]:
    words = menu.wordings[language]
    yield ("apology",), words.apology
    for section in ("navigation", "errors", "sms"):
        for name, text in getattr(words, section).items():
            yield (section, name), text
    for section in ("labels", "screens"):
        for group, texts in getattr(words, section).items():
            for name, text in texts.items():
                yield (section, group, name), text


def _screens_too_long(menu: Menu, language: str, septets: int) -> Iterator[Complaint]:
    words = menu.wordings[language]
    room = septets - gsm.septets(PREFIX)
    for state in menu.states.values():
        if state.kind is Kind.DO:
            continue
        reserve = 0 if state.kind is Kind.END else longest_error(words)
        for within in _parents(menu, state):
            for number, page in enumerate(pages(menu, state, language, within, septets), start=1):
                excess = gsm.septets(filled_longest(menu, page, language)) + reserve - room
                if excess > 0:
                    line = words.lines.get(("screens", state.name), 0)
                    place = f"screens.{state.name}, page {number}"
                    yield Complaint(_file(language), line, f"{place}: {excess} septets over the {septets} of a screen")
    excess = gsm.septets(filled_longest(menu, words.apology, language)) - room
    if excess > 0:
        yield Complaint(_file(language), words.lines.get(("apology",), 0), f"apology: {excess} septets too long")


def _parents(menu: Menu, state: State) -> list[str]:
    """Every value that can narrow the list of `state`."""
    if state.kind is not Kind.CHOOSE_FROM or not state.within:
        return [""]
    keepers = [other for other in menu.states.values() if other.keep == state.within]
    return [value for keeper in keepers for value in choices(menu, keeper, "").values()]


def _sms_too_long(menu: Menu, language: str) -> Iterator[Complaint]:
    words = menu.wordings[language]
    for name, text in words.sms.items():
        excess = gsm.septets(filled_longest(menu, text, language)) - SMS_SEPTETS
        if excess > 0:
            yield Complaint(
                _file(language),
                words.lines.get(("sms", name), 0),
                f"sms.{name}: {excess} septets over one SMS",
            )


def _file(language: str) -> str:
    return f"wording/{language}.yaml"
