"""Tests of the hostile requests: they repeat by their seed, and a log with a fault in it is noticed."""

from __future__ import annotations

from itertools import islice
from random import Random

import pytest

from tests.faults.history.hostile import assaults, callbacks, log_faults
from tests.helpers.phones import NUMBER

HOOK = "/hooks/at/secret/ussd"
DIGITS = NUMBER.e164[1:]


def test_same_seed_makes_the_same_requests() -> None:
    assert list(assaults(1, 40, ["/"], [HOOK])) == list(assaults(1, 40, ["/"], [HOOK]))
    assert len(list(assaults(1, 40, ["/"], [HOOK]))) == 40


def test_callbacks_carry_numbers_in_names_of_sessions() -> None:
    sent = b"".join(islice(callbacks(Random(1), [HOOK]), 300))

    assert f"sessionId={DIGITS}1796029540".encode() in sent
    assert f"1796029540-{DIGITS}".encode() in sent


@pytest.mark.parametrize(
    ("line", "faulty"),
    [
        (b'{"level":"info","event":"ussd.turn"}', False),
        (b'{"level":"error","event":"log"}', True),
        (b"Traceback (most recent call last):", True),
        (b'{"session":"1796029540-%s"}' % DIGITS.encode(), True),
        (b'{"session":"0%s"}' % DIGITS[2:].encode(), True),
    ],
)
def test_log_line_is_read(line: bytes, faulty: bool) -> None:
    assert bool(log_faults(line)) is faulty
