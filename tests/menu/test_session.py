"""`Session` is a tuple that is taken apart by position where it is fast: every field must come back by its name.

`tests/ussd/test_sessions.py` does the same for the stored form.
"""

from __future__ import annotations

from typing import Any

import pytest

from gateway.menu.navigation import count_hop, jump_to
from gateway.menu.session import Session

# No two fields have the same value, so that none can be taken for another; the flags are told apart below.
FIELDS: dict[str, Any] = {
    "state": "confirm",
    "language": "jv",
    "page": 3,
    "answers": {"category": "gesekan"},
    "trail": ("main", "notice"),
    "error": "choice",
    "passing": True,
    "hops": 41,
    "wrong": 2,
    "chosen": False,
    "began": "12",
    "resumed": True,
    "called_off": False,
    "barrier": 7,
    "filings": 5,
}
FLAGS = ("passing", "chosen", "resumed", "called_off")
SESSION = Session(**FIELDS)


def test_every_field_is_named_here() -> None:
    assert FIELDS.keys() == set(Session._fields)


def test_count_hop_changes_only_the_hops_and_the_error() -> None:
    assert count_hop(SESSION)._asdict() == {**FIELDS, "hops": 42, "error": ""}


@pytest.mark.parametrize("flag", FLAGS)
def test_count_hop_keeps_each_flag_in_its_field(flag: str) -> None:
    fields = {**FIELDS, **dict.fromkeys(FLAGS, False), flag: True}

    assert count_hop(Session(**fields))._asdict() == {**fields, "hops": 42, "error": ""}


def test_jump_to_changes_only_the_position() -> None:
    moved = jump_to(SESSION, "seen", ("main", "notice", "confirm"), {"seen": "self"})

    assert moved._asdict() == {
        **FIELDS,
        "state": "seen",
        "page": 0,
        "answers": {"seen": "self"},
        "trail": ("main", "notice", "confirm"),
        "wrong": 0,
    }


@pytest.mark.parametrize("flag", FLAGS)
def test_jump_to_keeps_each_flag_in_its_field(flag: str) -> None:
    fields = {**FIELDS, **dict.fromkeys(FLAGS, False), flag: True}

    moved = jump_to(Session(**fields), "confirm", SESSION.trail, SESSION.answers)

    assert moved._asdict() == {**fields, "page": 0, "wrong": 0}
