"""Lockout of an account after wrong passwords, over a real PostgreSQL."""

from __future__ import annotations

import asyncio

import pytest

from gateway.accounts.account import LOCKOUT, MAX_WRONG_PASSWORDS
from gateway.accounts.roles import DeskRole
from gateway.accounts.store import AccountStore
from gateway.accounts.tables import accounts as account_table
from gateway.runtime.postgres import Database
from tests.helpers.accounts import OTHER, PASSWORD, WRONG, CountingHasher, audit_rows, enter_wrong_passwords
from tests.helpers.clocks import ManualClock
from tests.helpers.tables import rows


async def test_ten_wrong_passwords_lock_the_account_for_a_quarter_of_an_hour(
    dewi: AccountStore, database: Database, clock: ManualClock
) -> None:
    await enter_wrong_passwords(dewi, MAX_WRONG_PASSWORDS)
    assert await dewi.authenticate("dewi", PASSWORD) is None
    assert (await dewi.list_accounts())[0].state == "locked"
    assert [row[1] for row in await audit_rows(database)].count("account.locked") == 1

    clock.time += LOCKOUT
    clock.advance(microseconds=-1)
    assert await dewi.authenticate("dewi", PASSWORD) is None

    clock.advance(microseconds=1)
    assert (await dewi.list_accounts())[0].state == "active"
    assert await dewi.authenticate("dewi", PASSWORD)


async def test_lockout_resets_the_count_of_wrong_passwords(dewi: AccountStore, clock: ManualClock) -> None:
    await enter_wrong_passwords(dewi, MAX_WRONG_PASSWORDS)
    clock.time += LOCKOUT

    await enter_wrong_passwords(dewi, MAX_WRONG_PASSWORDS - 1)
    assert await dewi.authenticate("dewi", PASSWORD)

    await enter_wrong_passwords(dewi, MAX_WRONG_PASSWORDS)
    assert await dewi.authenticate("dewi", PASSWORD) is None


async def test_right_password_resets_the_count_of_wrong_ones(dewi: AccountStore, database: Database) -> None:
    for _ in range(3):
        await enter_wrong_passwords(dewi, MAX_WRONG_PASSWORDS - 1)
        assert await dewi.authenticate("dewi", PASSWORD), "the tenth try may be the right one"
    (row,) = await rows(database, account_table)

    assert (row["failed_tries"], row["locked_until"]) == (0, None)
    assert "account.locked" not in [action for _, action, _, _ in await audit_rows(database)]


async def test_lockout_is_not_extended_by_attempts_during_it(dewi: AccountStore, clock: ManualClock) -> None:
    await enter_wrong_passwords(dewi, MAX_WRONG_PASSWORDS)
    clock.advance(minutes=14)
    await enter_wrong_passwords(dewi, MAX_WRONG_PASSWORDS)

    clock.advance(minutes=1)

    assert await dewi.authenticate("dewi", PASSWORD)


async def test_simultaneous_wrong_passwords_are_no_more_guesses_than_the_limit(
    dewi: AccountStore, hasher: CountingHasher, database: Database
) -> None:
    await asyncio.gather(*(dewi.authenticate("dewi", WRONG) for _ in range(3 * MAX_WRONG_PASSWORDS)))

    assert len(hasher.verified) == 3 * MAX_WRONG_PASSWORDS
    assert sum(stored != hasher.decoy for stored in hasher.verified) == MAX_WRONG_PASSWORDS, (
        "no more guesses than one by one"
    )
    assert await dewi.authenticate("dewi", PASSWORD) is None
    assert [action for _, action, _, _ in await audit_rows(database)].count("account.locked") == 1


async def test_lockout_leaves_other_accounts_alone(dewi: AccountStore) -> None:
    await dewi.add("budi", "Budi", [DeskRole.OPERATOR], OTHER, actor="rini")
    await enter_wrong_passwords(dewi, MAX_WRONG_PASSWORDS)

    assert await dewi.authenticate("budi", OTHER)


@pytest.mark.parametrize("how", ["password", "enable"])
async def test_set_password_and_enable_end_a_lockout(dewi: AccountStore, how: str) -> None:
    await enter_wrong_passwords(dewi, MAX_WRONG_PASSWORDS)
    if how == "enable":
        assert await dewi.enable("dewi", actor="rini")
        assert await dewi.authenticate("dewi", PASSWORD)
    else:
        await dewi.set_password("dewi", OTHER, actor="rini")
        assert await dewi.authenticate("dewi", OTHER)
