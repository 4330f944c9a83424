"""Promises about SMS: one confirmation for each row, nothing twice by mistake, and tickets to their owner alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from tests.faults.history.excerpts import masked, trouble_lines
from tests.faults.history.records import Contradiction, History, Outbound
from tests.faults.history.screens import TICKET

CONFIRMATION, APPEAL = "confirmation", "appeal"
RECORDED_S = 15.0
"""Seconds after a send in which a fault of a worker or of PostgreSQL may lose its outcome."""


def check_confirmations(history: History) -> Iterator[Contradiction]:
    """Check that every row has one confirmation, and that it left."""
    kept = defaultdict(list)
    for message in history.messages:
        if message.kind == CONFIRMATION:
            kept[message.ticket].append(message)
    sent = Counter((one.to, one.text) for one in history.outbound)
    for row in history.rows:
        own = kept[row.ticket]
        if len(own) != 1:
            yield Contradiction("confirmation", f"row {row.ticket} has {len(own)} confirmations")
        elif not sent[own[0].phone, own[0].text]:
            yield Contradiction("confirmation", f"that of row {row.ticket} is {own[0].status} and never left")


def check_repeats(history: History) -> Iterator[Contradiction]:
    """Check that nothing left more often than it was queued, except a confirmation whose first try is unknown."""
    queued = Counter((one.phone, one.text) for one in history.messages)
    confirmations = {(one.phone, one.text) for one in history.messages if one.kind == CONFIRMATION}
    sent = defaultdict(list)
    for one in history.outbound:
        sent[one.to, one.text].append(one)
    for key, times in sent.items():
        unknown = sum(_may_be_unknown(history, one) for one in times[:1]) if key in confirmations else 0
        if len(times) > queued[key] + unknown:
            sentence = f"{masked(key[0])} got {len(times)} times, queued {queued[key]} times: {key[1]!r}"
            lines = [f"{one.at:.2f} sent, the answer was {one.answer}" for one in times]
            around = trouble_lines(history, times[0].at, times[0].at + RECORDED_S)
            yield Contradiction("sent once", sentence, (*lines, *around))


def check_owners(history: History) -> Iterator[Contradiction]:
    """Check that a ticket in an SMS goes to the phone of its row."""
    owners = {row.ticket: row.phone for row in history.rows}
    for one in history.outbound:
        for ticket in TICKET.findall(one.text):
            if owners.get(ticket.replace("-", ""), one.to) != one.to:
                yield Contradiction("owner", f"{masked(one.to)} got the ticket {ticket} of another", (one.text,))


def _may_be_unknown(history: History, one: Outbound) -> bool:
    """Return True if the gateway may not know that this was sent."""
    around = one.at, one.at + RECORDED_S
    return one.answer != "whole" or history.troubled(["worker0", "worker1", "postgres"], *around)
