"""Promises about consent: the newest wish counts, by the time at which it was received, in whichever way it came."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tests.faults.history.excerpts import masked
from tests.faults.history.records import Contradiction, History
from tests.faults.history.screens import NAVIGATION, ScreenReader, Seen

_NOT_BEFORE_S = 60.0
"""Seconds for which a wish without an answer may still be taken."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Wish of a phone, received at some time between two. `joins` is None if nobody knows that it was taken."""

    phone: str
    joins: bool | None
    began: float
    ended: float
    way: str

    def __str__(self) -> str:
        meaning = {True: "in", False: "out", None: "perhaps"}[self.joins]
        return f"{self.began:.2f} to {self.ended:.2f} {meaning} by {self.way}"


def check_consents(history: History, reader: ScreenReader, appeal: Iterable[str]) -> Iterator[Contradiction]:
    """Check the consents that stand, and that the SMS of an appeal (`appeal`, its texts) went to those alone."""
    texts = set(appeal)
    reached = {one.to for one in history.outbound if one.text in texts}
    by_phone = defaultdict(list)
    for wish in wishes(history, reader):
        by_phone[wish.phone].append(wish)
    for phone in history.phones:
        newest = _newest(by_phone[phone])
        if newest is None and by_phone[phone]:
            continue  # nobody knows
        joined, stands = bool(newest and newest.joins), phone in history.subscribed
        lines = tuple(map(str, by_phone[phone]))
        if joined != stands:
            wanted, found = ("in", "no consent stands") if joined else ("out", "a consent stands")
            yield Contradiction("consent", f"{masked(phone)} is {wanted} by the newest wish, and {found}", lines)
        if phone in reached and not joined:
            yield Contradiction("appeal", f"{masked(phone)} is out by the newest wish, and got an appeal", lines)


def wishes(history: History, reader: ScreenReader) -> Iterator[Wish]:
    """Yield all wishes: by SMS, by the carrier's opt-out, by menu."""
    for one in history.inbound:
        joins = False if one.hook == "optout" else _wish_of(one.text)
        if joins is not None:
            ended = one.answered if one.is_taken and one.answered else one.sent + _NOT_BEFORE_S
            yield Wish(one.phone, joins if one.is_taken else None, one.sent, ended, one.hook)
    for phone in history.phones:
        yield from _by_menu(history, reader, phone)


def _by_menu(history: History, reader: ScreenReader, phone: str) -> Iterator[Wish]:
    call, seen, joining = "", Seen(), False
    for hop in history.calls_of(phone):
        if hop.call != call:
            call, seen, joining = hop.call, Seen(), False
        option = seen.option(hop.typed)
        after = reader.read(hop.screen)
        if seen.state == "main":
            joining = False
        joining |= seen.state == "appeals" and option == "join"
        acts = (seen.state == "appeals" and option == "leave") or (joining and option not in NAVIGATION)
        if after.state in ("joined", "left"):
            yield Wish(phone, after.state == "joined", hop.sent, hop.answered or hop.sent, "menu")
        elif acts and after.state in ("", "unavailable"):
            yield Wish(phone, None, hop.at, hop.sent + _NOT_BEFORE_S, "menu")
        seen = after


def _wish_of(text: str) -> bool | None:
    word = (text.split(maxsplit=1) or [""])[0].upper()
    return {"REG": True, "STOP": False}.get(word)


def _newest(known: list[Wish]) -> Wish | None:
    """Return the newest wish, or None if there is none or nobody can tell which it is."""
    if not known:
        return None
    newest = max(known, key=lambda wish: wish.ended)
    others = [wish for wish in known if wish is not newest and wish.ended >= newest.began]
    if newest.joins is None or any(wish.joins is not newest.joins for wish in others):
        return None
    return newest
