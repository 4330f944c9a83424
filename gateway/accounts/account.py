"""Pure: an account of the desk, what it may be called, and when wrong passwords lock it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.accounts.roles import DeskRole, Right, may
from gateway.text.errors import ExplainedError
from gateway.text.phone import mask_in

MAX_WRONG_PASSWORDS = 10
LOCKOUT = timedelta(minutes=15)
"""So many wrong passwords in a row, and for so long no password is right: 960 guesses a day at the most."""

_NAME = re.compile(r"[a-z0-9._-]{2,32}")
_LONGEST_TEXT = 64
_MOST_DAYS = 366


class AccountRefused(ValueError):
    """Why an account or a token cannot be made so."""


class NoSuchAccount(ExplainedError, LookupError):
    """There is no account of this name. `waspada users list` shows them."""


class NoSuchToken(ExplainedError, LookupError):
    """This account has no token of this name. `waspada users list` shows them."""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody of the desk who has proven to be it. `id` is what other tables name it by."""

    id: int
    name: str
    display: str
    roles: tuple[DeskRole, ...]

    def may(self, right: Right) -> bool:
        """Whether one of its roles has this right."""
        return may(self.roles, right)


def account_state(disabled_at: datetime | None, locked_until: datetime | None, now: datetime) -> str:
    """`active`, `disabled`, or `locked` after wrong passwords."""
    if disabled_at:
        return "disabled"
    return "locked" if locked_until and locked_until > now else "active"


def check_account(name: str, display: str, roles: Sequence[DeskRole]) -> None:
    """Raise `AccountRefused` for a name that is none, and where there is no role."""
    if not _NAME.fullmatch(name):
        raise AccountRefused(f"{name!r} is no name: it must be 2 to 32 of a-z 0-9 . - _")
    if mask_in(name) != name:
        raise AccountRefused("a phone number is no name: it would stand in the audit trail for ever")
    _check_text("what it is shown as", display)
    if not roles:
        raise AccountRefused("an account needs a role")


def check_token(label: str, days: int) -> None:
    """Raise `AccountRefused` for a token that is called nothing or is good for too long."""
    _check_text("the token's name", label)
    if not 1 <= days <= _MOST_DAYS:
        raise AccountRefused(f"a token is good for 1 to {_MOST_DAYS} days")


def _check_text(what: str, text: str) -> None:
    if not text.strip() or len(text) > _LONGEST_TEXT or not text.isprintable():
        raise AccountRefused(f"{what} must be 1 to {_LONGEST_TEXT} printable characters")
