"""Dialogues as residents told them, made of what they saw and typed alone.

A telling is one report in the making: it may go on over several calls, where the resident chose to continue. Each
answer is a set of values: one if it was surely taken, more if a callback was lost on its way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.faults.history.records import History, Hop
from tests.faults.history.screens import NAVIGATION, TICKET, ScreenReader, Seen

ANY = "(any)"
"""Value of an answer that was typed in words which may mean several."""

UNSURE = frozenset({"", "main", "language", "unfinished", "help", "limit"})
"""States that do not show that the input before was taken."""

TICKETS = frozenset({"ticket", "ticket_plain", "ticket_urgent"})
NOTHING_SENT = frozenset({"cancelled", "deleted", "not_sent"})
_OF_REPORT = frozenset(
    {"notice", "category", "kecamatan", "kelurahan", "when", "seen", "describe", "contact", "confirm"}
    | {"urgent_kind", "urgent_kecamatan", "urgent_kelurahan"}
)
_SENT = TICKETS | {"saved", "perhaps_sent", "not_sent", ""}  # screens that a key which files leads to
_CHOSEN = {name: name for name in ("category", "when", "danger", "size", "seen", "contact")}
_CHOSEN |= {"urgent": "danger", "urgent_kind": "category"}
_PLACES = frozenset({"kelurahan", "which_place", "urgent_kelurahan", "urgent_which_place"})
_URGENT_PLACES = frozenset({"urgent_kecamatan", "urgent_kelurahan", "urgent_place_name", "urgent_which_place"})
_PLACE_WORDS = frozenset({"kecamatan", "kelurahan", "place_name", *_URGENT_PLACES})
_ADDED = {"size": "size", "seen": "seen", "describe": "description"}  # to danger that was filed, on the same screens

Answers = dict[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Sending:
    """Key *Send* on a summary: the answers up to then, and the summary. Danger is sent without one, and added to."""

    hop: Hop
    answers: dict[str, frozenset[str]]
    summary: Seen
    ticket: str = ""


@dataclass(frozen=True, slots=True)
class NothingSent:
    """Screen that says that nothing was sent, and the telling that it is about."""

    hop: Hop
    state: str
    calls: frozenset[str]


@dataclass(slots=True)
class Telling:
    """Report in the making."""

    phone: str
    calls: list[str]
    answers: Answers = field(default_factory=dict)
    ever: dict[str, set[str]] = field(default_factory=dict)  # all that was typed, also what was replaced since
    sendings: list[Sending] = field(default_factory=list)
    denials: list[NothingSent] = field(default_factory=list)
    place: str = ""  # the state of the last screen that was seen
    sure: bool = True  # False: it may be one of several, or a screen of it was not understood
    saved: bool = False  # so the resident was told
    over: bool = False

    def note(self, answer: str, value: str, *, taken: bool) -> None:
        """Note an answer. One that may have been lost is added to those that it may have replaced."""
        self.ever.setdefault(answer, {""}).add(value)
        known = self.answers.get(answer, frozenset({""}))
        self.answers[answer] = frozenset({value}) if taken else known | {value}


def tellings(history: History, reader: ScreenReader) -> Iterator[Telling]:
    """Yield the tellings of all phones."""
    for phone in history.phones:
        yield from _Phone(phone, reader).follow(history.calls_of(phone))


class _Phone:
    """Phone whose calls are followed one by one."""

    def __init__(self, phone: str, reader: ScreenReader) -> None:
        self._phone = phone
        self._reader = reader
        self._all: list[Telling] = []
        self._telling: Telling | None = None  # None: this call tells nothing at the moment
        self._seen = Seen()
        self._call = ""

    def follow(self, hops: Iterator[Hop]) -> list[Telling]:
        for hop in hops:
            if hop.typed is None or hop.call != self._call:
                self._call, self._seen, self._telling = hop.call, Seen(), None
            after = self._reader.read(hop.screen)
            if hop.typed is not None:
                self._answer(hop, hop.typed.strip(), after)
            self._show(hop, after)
            self._seen = after
        return self._all

    def _answer(self, hop: Hop, typed: str, after: Seen) -> None:
        seen, option = self._seen, self._seen.option(typed)
        if seen.state == "main" and after.lost and (told := self._newest_of_call()):
            self._telling = told  # the main menu was shown while a store was away: it goes on where it was before
        elif seen.state == "main":
            self._telling = self._begin() if option in ("report", "urgent") else None
        elif seen.state == "unfinished":
            self._go_on(option)
            if option == "continue" and self._telling and self._telling.place not in ("", after.state):
                self._lose(self._telling)  # it goes on at another place than it had got to: a write was lost
        if self._telling is None and seen.state in _OF_REPORT:  # a shortcut, or a lost session, has led here
            self._telling = self._begin()
            self._telling.sure = False
        telling = self._telling
        if telling is None or option in NAVIGATION or not typed:
            return
        if not seen.state:
            telling.sure = False
        taken = after.state not in UNSURE and after.state != seen.state
        self._note(telling, seen, typed, option, taken=taken)
        found = TICKET.findall(after.text) if after.state in TICKETS else []
        ticket = found[0].replace("-", "") if found else ""
        if seen.state == "confirm" and option == "send":
            telling.sendings.append(Sending(hop, dict(telling.answers), seen, ticket))
        if _sends_danger(seen, option) and after.state in _SENT:
            answers = dict(telling.answers) | dict.fromkeys(_ADDED.values(), frozenset({""}))
            telling.sendings.append(Sending(hop, answers, Seen(language=seen.language), ticket))

    def _note(self, telling: Telling, seen: Seen, typed: str, option: str, *, taken: bool) -> None:
        if seen.state in _CHOSEN and option:
            telling.note(_CHOSEN[seen.state], option, taken=taken)
        elif seen.state in _PLACES and option:
            telling.note("area", option, taken=taken)
        elif seen.state in _PLACE_WORDS and not option:
            telling.note("area", ANY, taken=taken)
        elif seen.state == "date":
            telling.note("when_date", "" if option == "skip" else typed, taken=taken)
        elif seen.state == "describe":
            telling.note("description", "" if option == "skip" else " ".join(typed.split()), taken=taken)
        if telling.over and (name := _ADDED.get(seen.state)):
            for sending in telling.sendings:
                sending.answers[name] = sending.answers.get(name, frozenset({""})) | telling.answers.get(name, set())

    def _show(self, hop: Hop, after: Seen) -> None:
        """Take note of a screen that says what became of the telling."""
        telling = self._telling
        if telling is None:
            return
        if after.lost:
            self._lose(telling)
        if after.state not in UNSURE:
            telling.place = after.state
        if after.state in NOTHING_SENT:
            telling.denials.append(NothingSent(hop, after.state, frozenset(telling.calls)))
        telling.saved |= after.state == "saved"
        if after.state in (*TICKETS, "saved", "deleted"):
            telling.over = True

    def _lose(self, telling: Telling) -> None:
        """Let any answer count that was typed in this call or before: the gateway shows that the newest may be gone."""
        for earlier in [one for one in self._all if self._call in one.calls]:
            telling.calls += [call for call in earlier.calls if call not in telling.calls]
            for name, values in earlier.ever.items():
                telling.ever.setdefault(name, {""}).update(values)
        telling.answers = {name: frozenset(values) for name, values in telling.ever.items()}

    def _newest_of_call(self) -> Telling | None:
        return next((one for one in reversed(self._all) if self._call in one.calls), None)

    def _begin(self) -> Telling:
        telling = Telling(self._phone, [self._call])
        self._all.append(telling)
        return telling

    def _go_on(self, option: str) -> None:
        """Go on with, or delete, what was offered: the one that is open, or else the last one."""
        if option not in ("continue", "delete"):
            return  # what begins anew begins at the main menu
        told = [one for one in self._all if one.answers or not one.sure]  # one that is unsure may hold anything
        ended = [one for one in told[-1:] if one.over]  # its end may not have been stored
        candidates = [one for one in told if not one.over or one in ended]
        candidates = [one for one in candidates if self._is_offered(one)] or candidates
        if len(candidates) == 1:
            self._telling = candidates[0]
        else:
            self._telling = self._merge(candidates)
        if option == "continue" and self._call not in self._telling.calls:
            self._telling.calls.append(self._call)

    def _is_offered(self, telling: Telling) -> bool:
        """Return True if the screen may mean this one, by its kind and place. It leaves out the one being changed."""
        kinds = {self._reader.category(value, self._seen.language) for value in telling.answers.get("category", ())}
        areas = telling.answers.get("area", frozenset())
        for line in self._seen.below:
            possible = kinds if self._reader.is_category(line) else areas
            if possible and possible.isdisjoint({line, ANY}):
                return False
        return True

    def _merge(self, candidates: list[Telling]) -> Telling:
        """Return a telling that may be each of these."""
        merged = self._begin()
        merged.sure = False
        merged.calls = [call for one in candidates for call in one.calls]
        for name in {name for one in candidates for name in one.answers}:
            merged.answers[name] = frozenset().union(*(one.answers.get(name, {""}) for one in candidates))
            merged.ever[name] = set(merged.answers[name]).union(*(one.ever.get(name, ()) for one in candidates))
        merged.sendings = [sending for one in candidates for sending in one.sendings]
        return merged


def _sends_danger(seen: Seen, option: str) -> bool:
    """Return True if this answer may file a report without a summary."""
    if seen.state == "danger":
        return option == "yes"
    return seen.state in _URGENT_PLACES and (seen.state != "urgent_kecamatan" or not option)
