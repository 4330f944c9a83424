"""Pure: operator account, the rules for its name and its tokens, and the lockout after wrong passwords."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.accounts.roles import DeskRole, Right, may
from gateway.text.diagnostics import quoted
from gateway.text.errors import ExplainedError, UserError
from gateway.text.phone import mask_in

MAX_WRONG_PASSWORDS = 10
LOCKOUT = timedelta(minutes=15)
"""After so many wrong passwords in a row, no password is accepted for so long: at most 960 guesses a day."""

_NAME = re.compile(r"[a-z0-9._-]{2,32}")
_MAX_TEXT_LENGTH = 64
_MAX_DAYS = 366


class AccountRefused(UserError, ValueError):
    """Invalid account or token. The message is for the administrator."""


class NoSuchAccount(ExplainedError, LookupError):
    """No account has this name. `waspada users list` shows them."""


class NoSuchToken(ExplainedError, LookupError):
    """No token of this account has this name. `waspada users list` shows them."""


@dataclass(frozen=True, slots=True)
class Account:
    """Authenticated account of an operator. Other tables refer to it by `id`."""

    id: int
    name: str
    display: str
    roles: tuple[DeskRole, ...]
    has_second_factor: bool = False

    def may(self, right: Right) -> bool:
        return may(self.roles, right)


def account_state(disabled_at: datetime | None, locked_until: datetime | None, now: datetime) -> str:
    if disabled_at:
        return "disabled"
    return "locked" if locked_until and locked_until > now else "active"


def check_account(name: str, display: str, roles: Sequence[DeskRole]) -> None:
    """Raise `AccountRefused` for an invalid name or display name, and for an account without a role."""
    if not _NAME.fullmatch(name):
        raise AccountRefused(f"invalid name {quoted(name)}; expected 2 to 32 of a-z 0-9 . - _")
    if mask_in(name) != name:
        raise AccountRefused("invalid name: a phone number would stay in the audit trail for ever")
    _check_text("the display name", display)
    if not roles:
        raise AccountRefused("an account needs a role")


def check_token(label: str, days: int) -> None:
    """Raise `AccountRefused` for a token with an invalid name or too long a life."""
    _check_text("the token's name", label)
    if not 1 <= days <= _MAX_DAYS:
        raise AccountRefused(f"a token is valid for 1 to {_MAX_DAYS} days")


def _check_text(what: str, text: str) -> None:
    if not text.strip() or len(text) > _MAX_TEXT_LENGTH or not text.isprintable():
        raise AccountRefused(f"{what} must be 1 to {_MAX_TEXT_LENGTH} printable characters")
