"""Rules for accounts and tokens, and the state of an account."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gateway.accounts.account import AccountRefused, account_state, check_account, check_token
from gateway.accounts.roles import DeskRole

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("disabled_at", "locked_until", "state"),
    [
        (None, None, "active"),
        (None, NOW, "active"),
        (None, NOW + MINUTE, "locked"),
        (NOW, None, "disabled"),
        (NOW, NOW + MINUTE, "disabled"),
    ],
)
def test_account_state(disabled_at: datetime | None, locked_until: datetime | None, state: str) -> None:
    assert account_state(disabled_at, locked_until, NOW) == state


@pytest.mark.parametrize("name", ["d7", "x" * 32, "dewi.l_2-b"])
def test_check_account_accepts_names_at_the_limits(name: str) -> None:
    check_account(name, "Dewi", [DeskRole.OPERATOR])


def test_check_account_quotes_an_invalid_name() -> None:
    with pytest.raises(AccountRefused, match=r'^invalid name "Dewi\\n"; expected 2 to 32 of a-z 0-9'):
        check_account("Dewi\n", "Dewi", [DeskRole.OPERATOR])


@pytest.mark.parametrize("days", [1, 366])
def test_check_token_accepts_lives_at_the_limits(days: int) -> None:
    check_token("x" * 64, days)


@pytest.mark.parametrize("days", [0, 367])
def test_check_token_refuses_lives_beyond_the_limits(days: int) -> None:
    with pytest.raises(AccountRefused, match="1 to 366 days"):
        check_token("cron", days)
