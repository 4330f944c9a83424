"""Promises about rows: every ticket and every *saved* is a row, and every row is what somebody told and sent."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from gateway.menu.model import Menu
from tests.faults.history.excerpts import calls_excerpt, hop_line, masked
from tests.faults.history.records import Contradiction, History, Row
from tests.faults.history.screens import TICKET, ScreenReader
from tests.faults.history.telling import ANY, TICKETS, NothingSent, Sending, Telling

BY_SMS = "sms:"
_COMPARED = ("category", "when", "danger", "size", "seen", "contact", "description", "when_date", "area")
_ONLY_NOW = frozenset({"danger", "size"})
_DATE = re.compile(r"(\d\d)(\d\d)")


def check_tickets(history: History, reader: ScreenReader) -> Iterator[Contradiction]:
    """Check that every ticket on a screen is one row, of the phone that saw it."""
    owners = defaultdict(list)
    for row in history.rows:
        owners[row.ticket].append(row.phone)
    told = set()
    for hop in history.hops:
        if not hop.is_screen or reader.read(hop.body[4:]).state not in TICKETS:
            continue
        for shown in TICKET.findall(hop.body):
            ticket = shown.replace("-", "")
            if (ticket, hop.phone) not in told and owners[ticket] != [hop.phone]:
                found = [masked(owner) for owner in owners[ticket]] or "nobody"
                yield Contradiction("ticket", f"{shown} was shown, and is of {found}", (hop_line(hop),))
            told.add((ticket, hop.phone))


def check_sessions(history: History) -> Iterator[Contradiction]:
    """Check that no session has two rows."""
    for session, number in Counter(row.session for row in history.rows).items():
        if number > 1:
            yield Contradiction("session", f"{session} has {number} rows", calls_excerpt(history, [session]))


def check_saved(history: History, told: Sequence[Telling]) -> Iterator[Contradiction]:
    """Check that every *saved* became a row."""
    sessions = {_call_of(row) for row in history.rows}
    for telling in told:
        if telling.saved and not sessions & set(telling.calls):
            yield Contradiction(
                "saved", f"{telling.calls[-1]} was told that it is saved", calls_excerpt(history, telling.calls)
            )


def check_denials(history: History, told: Sequence[Telling]) -> Iterator[Contradiction]:
    """Check that nobody is told that nothing was sent while a row stands for that dialogue."""
    for telling in told:
        for denial in telling.denials if telling.sure else ():
            for row in history.rows:
                if row.phone == telling.phone and row.session in denial.calls and _is_untrue(denial, row, told):
                    sentence = f"{denial.hop.call} was told {denial.state}, and {row.session} has row {row.ticket}"
                    yield Contradiction("nothing sent", sentence, calls_excerpt(history, telling.calls))


def _is_untrue(denial: NothingSent, row: Row, told: Sequence[Telling]) -> bool:
    """Return True if the row was there, or came later although nobody sent it again."""
    seen_at = denial.hop.answered or denial.hop.sent
    if denial.state == "not_sent":
        return row.received_at <= seen_at
    own = (one for one in told if one.phone == row.phone and row.session in one.calls)
    return not any(one.hop.at > seen_at for telling in own for one in telling.sendings)


def check_answers(history: History, told: Sequence[Telling], menu: Menu) -> Iterator[Contradiction]:
    """Check that every row of USSD was sent by its phone, once, and holds the answers that were typed."""
    by_call = defaultdict(list)
    for telling in told:
        for call in set(telling.calls):
            by_call[telling.phone, call].append(telling)
    for row in history.rows:
        if row.session.startswith(BY_SMS):
            continue
        own = by_call[row.phone, _call_of(row)]
        if not any(one.sendings for one in own):
            if all(one.sure for one in own) and not _sent_by_sms(history, row):
                sentence = f"row {row.ticket} of {row.session} was filed, and nobody sent it"
                yield Contradiction("nobody sent it", sentence, calls_excerpt(history, [row.session]))
            continue
        yield from _compare(history, row, own, menu)


def check_one_row_each(history: History, told: Sequence[Telling]) -> Iterator[Contradiction]:
    """Check that a dialogue is filed once, over however many calls it went. Others in these calls have their own."""
    for telling in told:
        rows = [row for row in history.rows if row.phone == telling.phone and row.session in telling.calls]
        sent = [one for one in told if one.sendings and one.phone == telling.phone]
        sent = [one for one in sent if not set(one.calls).isdisjoint(telling.calls)]
        if telling.sure and len({row.session for row in rows}) > max(1, len(sent)):
            tickets = ", ".join(row.ticket for row in rows)
            yield Contradiction("filed once", f"one dialogue has rows {tickets}", calls_excerpt(history, telling.calls))


def _call_of(row: Row) -> str:
    """Return the call of a row. A second report of a call has a name with a number behind it."""
    return row.session.partition("+")[0]


def _sent_by_sms(history: History, row: Row) -> bool:
    return any(one.phone == row.phone and one.text.strip() == "1" for one in history.inbound)


def _compare(history: History, row: Row, own: Sequence[Telling], menu: Menu) -> Iterator[Contradiction]:
    """Compare a row with the sendings that may have filed it: those up to the first that showed its ticket."""
    possible: list[Sending] = []
    for one in sorted((one for telling in own for one in telling.sendings), key=lambda one: one.hop.at):
        possible.append(one)
        if row.ticket == one.ticket:
            break
    wrong = [differences(row, one, menu) for one in possible]
    if wrong and all(wrong) and all(one.sure for one in own):
        fewest = min(wrong, key=len)
        sentence = f"row {row.ticket} of {row.session}: " + "; ".join(fewest)
        calls = [call for telling in own for call in telling.calls]
        yield Contradiction("typed and stored", sentence, calls_excerpt(history, calls))


def differences(row: Row, sending: Sending, menu: Menu) -> list[str]:
    """Return in words where a row differs from what was typed, and from the summary that was sent."""
    wrong = []
    only_today = sending.answers.get("when") != frozenset({"now"})
    for name in _COMPARED:
        typed = sending.answers.get(name)
        if typed is None or ANY in typed or (name in _ONLY_NOW and only_today):
            continue
        if name == "when_date" and row.when != "before":
            continue
        stored = _stored(row, name, menu)
        if not any(_same(name, stored, value, row) for value in typed):
            wrong.append(f"{name} is {stored!r}, typed was {' or '.join(map(repr, sorted(typed)))}")
    shown = dict(zip(("category", "area"), sending.summary.before[-3:-1], strict=False))
    for name, value in shown.items():
        stored = menu.full_label(name, getattr(row, name), row.language)
        if stored != value:
            wrong.append(f"{name} is {stored!r}, the summary said {value!r}")
    if row.language != sending.summary.language:
        wrong.append(f"language is {row.language!r}, the summary was in {sending.summary.language!r}")
    return wrong


def _stored(row: Row, name: str, menu: Menu) -> str:
    values: Mapping[str, str] = {
        "contact": {True: "yes", False: "no", None: ""}[row.contact],
        "description": " ".join(row.description.split()),
        "when_date": row.when_date.isoformat() if row.when_date else "",
        "area": menu.full_label("area", row.area, row.language),
    }
    return values.get(name) or (str(getattr(row, name)) if name not in values else "")


def _same(name: str, stored: str, typed: str, row: Row) -> bool:
    if name == "when_date" and (found := _DATE.fullmatch(typed)) and row.when_date:
        day, month = map(int, found.groups())
        return row.when_date == date(row.when_date.year, month, day)
    return stored == typed
