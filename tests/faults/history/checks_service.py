"""Promises about the service itself: an answer to everything, in time, and a log without failures or numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.faults.history.excerpts import hop_line, masked, trouble_lines
from tests.faults.history.records import CALL_S, Contradiction, History, Inbound

STORES = ("redis", "postgres")
_FAILED = re.compile(r"Traceback|\"ussd\.failed\"")


def check_callbacks(history: History) -> Iterator[Contradiction]:
    """Check that a web process that was up has answered every callback with a screen, in time."""
    for hop in history.hops:
        ended = hop.answered or hop.sent + CALL_S
        in_time = hop.answered is not None and hop.answered - hop.sent <= CALL_S
        if not (hop.is_screen and in_time) and not _web_was_down(history, hop.web, hop.sent, ended):
            got = f"{hop.status} after {ended - hop.sent:.1f} s" if hop.answered else "no answer"
            yield Contradiction("answer", f"{hop.call} got {got} from {hop.web}", (hop_line(hop),))


def check_inbound(history: History) -> Iterator[Contradiction]:
    """Check that every other callback was taken, or refused for a moment while PostgreSQL was in trouble."""
    for one in history.inbound:
        ended = one.answered or one.sent + CALL_S
        if one.is_taken or _web_was_down(history, one.web, one.sent, ended):
            continue
        if one.status != 503 or not _may_be_refused(history, one, ended):
            sentence = f"hook {one.hook} of {masked(one.phone)} got {one.status or 'no answer'} from {one.web}"
            yield Contradiction("answer", sentence, trouble_lines(history, one.sent - 20, ended))


def check_end(history: History) -> Iterator[Contradiction]:
    """Check that nothing waits for ever once all is up again."""
    if history.waiting:
        yield Contradiction("done in the end", history.waiting)


def check_log(history: History) -> Iterator[Contradiction]:
    """Check that the log has no failure and no number."""
    numbers = {form for phone in history.phones for form in (phone.lstrip("+"), f"0{phone[3:]}")}
    anybody = re.compile("|".join(sorted(numbers)) or "(?!)")
    for line in history.log:
        if _FAILED.search(line):
            yield Contradiction("log", "the log has a failure", (anybody.sub("<number>", line)[:600],))
        elif anybody.search(line):
            yield Contradiction("log", "the log has a number", (anybody.sub("<number>", line)[:600],))


def _web_was_down(history: History, web: str, began: float, ended: float) -> bool:
    """Return True if this process was killed or stopped meanwhile. Without a name, all of them refused."""
    targets = [web] if web else ["web0", "web1"]
    return history.troubled(targets, began, ended)


def _may_be_refused(history: History, one: Inbound, ended: float) -> bool:
    """Return True if PostgreSQL was in trouble, or a stopped process may have held its locks."""
    everybody = ["postgres", "web0", "web1", "worker0", "worker1"]
    return history.troubled(everybody, one.sent, ended, margin=6)
