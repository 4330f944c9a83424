"""Store of accounts over a real PostgreSQL: authentication, lockout, changes and the audit trail."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from argon2 import Parameters
from argon2.low_level import Type
from argon2.profiles import CHEAPEST
from sqlalchemy import update

from gateway.accounts.account import Account, AccountRefused, NoSuchAccount
from gateway.accounts.passwords import MAX_LENGTH, MAX_VERIFIED, Argon2Hasher, PasswordRefused
from gateway.accounts.roles import DeskRole, Right
from gateway.accounts.store import FIRST_ADMINISTRATOR, AccountStore, AccountSummary
from gateway.accounts.tables import accounts as account_table
from gateway.audit import audit
from gateway.runtime.postgres import Database
from tests.helpers.accounts import OTHER, PASSWORD, WRONG, CountingHasher, audit_rows
from tests.helpers.clocks import ManualClock
from tests.helpers.tables import rows

# Add -------------------------------------------------------------------------------------------------------------


async def test_authenticate_accepts_only_the_password_of_the_account(dewi: AccountStore, database: Database) -> None:
    account = await dewi.authenticate("dewi", PASSWORD)
    assert account == Account(1, "dewi", "Dewi Lestari", (DeskRole.OPERATOR, DeskRole.SUPERVISOR))
    assert account.may(Right.APPROVE_APPEALS)
    assert not account.may(Right.MANAGE_CHANNELS)
    assert await dewi.authenticate(" Dewi ", PASSWORD) == account, "as a phone's keyboard writes it"

    for wrong in (WRONG, "", PASSWORD.upper(), PASSWORD + " ", "x" * 300):
        assert await dewi.authenticate("dewi", wrong) is None


async def test_set_password_stores_only_a_hash_and_audits_nothing_of_it(dewi: AccountStore, database: Database) -> None:
    await dewi.set_password("dewi", OTHER, actor="rini")
    (row,) = await rows(database, account_table)
    assert row["password_hash"].startswith("$argon2id$")

    stored = str([row, await rows(database, audit)])
    assert PASSWORD not in stored
    assert OTHER not in stored
    assert row["password_hash"] not in str(await audit_rows(database))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("d", "2 to 32 of a-z"),
        ("x" * 33, "2 to 32 of a-z"),
        ("Dewi", "2 to 32 of a-z"),
        ("dewi lestari", "2 to 32 of a-z"),
        ("dewi\n", "2 to 32 of a-z"),
        ("déwi", "2 to 32 of a-z"),
        ("081230004567", "a phone number would stay in the audit trail"),
        ("dewi", "account dewi exists already"),
    ],
)
async def test_add_refuses_an_invalid_or_taken_name(
    dewi: AccountStore, database: Database, name: str, said: str
) -> None:
    with pytest.raises(AccountRefused, match=said):
        await dewi.add(name, "Dewi", [DeskRole.OPERATOR], PASSWORD, actor="rini")
    assert len(await rows(database, account_table)) == 1
    assert len(await audit_rows(database)) == 1


async def test_add_accepts_names_at_the_limits(accounts: AccountStore) -> None:
    for name in ("d7", "x" * 32, "dewi.l_2-b"):
        await accounts.add(name, name, [DeskRole.OPERATOR], PASSWORD, actor="rini")
        assert await accounts.authenticate(name, PASSWORD)


@pytest.mark.parametrize(("display", "roles"), [("", [DeskRole.OPERATOR]), ("D\n", [DeskRole.OPERATOR]), ("Dewi", [])])
async def test_add_refuses_an_account_without_display_name_or_role(
    accounts: AccountStore, display: str, roles: list[DeskRole]
) -> None:
    with pytest.raises(AccountRefused):
        await accounts.add("dewi", display, roles, PASSWORD, actor="rini")


@pytest.mark.parametrize(
    "password", ["kuda jarang", PASSWORD * 8, "dewi.lestari", "DEWI.lestari", "D3wi.l3stari1", "Medono 123456"]
)
async def test_add_and_set_password_refuse_a_bad_password(
    database: Database, clock: ManualClock, hasher: CountingHasher, password: str
) -> None:
    accounts = AccountStore(database, clock, hasher, names=["Kota Pekalongan", "Medono"])
    with pytest.raises(PasswordRefused):
        await accounts.add("dewi.lestari", "Dewi", [DeskRole.OPERATOR], password, actor="rini")

    await accounts.add("dewi.lestari", "Dewi", [DeskRole.OPERATOR], PASSWORD, actor="rini")
    with pytest.raises(PasswordRefused):
        await accounts.set_password("dewi.lestari", password, actor="rini")
    assert await accounts.authenticate("dewi.lestari", PASSWORD)


@pytest.mark.parametrize(
    "password",
    ["kuda jaran sapi", f"{PASSWORD:x<128}", "caf\udce9 dan teh panas", "ڤقورو كوچيڠ هيجاو"],
)
async def test_add_accepts_any_password_that_is_hard_to_guess(accounts: AccountStore, password: str) -> None:
    await accounts.add("dewi", "Dewi", [DeskRole.OPERATOR], password, actor="rini")

    assert await accounts.authenticate("dewi", password)
    assert not await accounts.authenticate("dewi", password + "x")


async def test_authenticate_accepts_a_letter_composed_or_decomposed(accounts: AccountStore) -> None:
    await accounts.add("dewi", "Dewi", [DeskRole.OPERATOR], "Dèwi saka Pekalongan", actor="rini")
    assert await accounts.authenticate("dewi", "De\u0300wi saka Pekalongan")


# Authenticate ----------------------------------------------------------------------------------------------------


async def test_authenticate_does_the_same_work_for_an_unknown_or_disabled_name(
    dewi: AccountStore, hasher: CountingHasher
) -> None:
    await dewi.add("budi", "Budi", [DeskRole.OPERATOR], OTHER, actor="rini")
    await dewi.disable("budi", actor="rini")
    for name in ("dewi", "budi", "nobody", "", "x" * 1000, "'; --"):
        hasher.verified.clear()
        assert await dewi.authenticate(name, WRONG) is None
        (verified,) = hasher.verified
        assert verified.startswith("$argon2id$v=19$m=8,t=1,p=1$")
        assert (verified == hasher.decoy) == (name != "dewi")


async def test_authenticate_rehashes_when_the_parameters_have_changed(
    dewi: AccountStore, database: Database, clock: ManualClock
) -> None:
    stronger = Parameters(Type.ID, 19, salt_len=16, hash_len=32, time_cost=2, memory_cost=64, parallelism=1)
    later = AccountStore(database, clock, Argon2Hasher(stronger))

    assert not await later.authenticate("dewi", WRONG)
    assert "m=8,t=1,p=1" in (await rows(database, account_table))[0]["password_hash"]
    # Two at once: the second finds the hash renewed by the first, and is right all the same.
    assert all(await asyncio.gather(*(later.authenticate("dewi", PASSWORD) for _ in range(2))))
    assert "m=64,t=2,p=1" in (await rows(database, account_table))[0]["password_hash"]
    assert await later.authenticate("dewi", PASSWORD)


async def test_authenticate_accepts_a_password_of_before_the_bound(
    dewi: AccountStore, database: Database, hasher: CountingHasher
) -> None:
    longest = PASSWORD * 14
    async with database.begin() as connection:
        await connection.execute(update(account_table).values(password_hash=await hasher.hash(longest)))

    assert MAX_LENGTH < len(longest) <= MAX_VERIFIED
    assert await dewi.authenticate("dewi", longest)


# Change ----------------------------------------------------------------------------------------------------------


async def test_set_password_invalidates_the_old_one(dewi: AccountStore) -> None:
    await dewi.set_password("dewi", OTHER, actor="rini")

    assert await dewi.authenticate("dewi", PASSWORD) is None
    assert await dewi.authenticate("dewi", OTHER)


async def test_disable_refuses_the_account_until_it_is_enabled(dewi: AccountStore) -> None:
    assert await dewi.disable("dewi", actor="rini")
    assert not await dewi.disable("dewi", actor="rini")
    assert await dewi.authenticate("dewi", PASSWORD) is None
    assert (await dewi.list_accounts())[0].state == "disabled"
    assert await dewi.enable("dewi", actor="rini")
    assert not await dewi.enable("dewi", actor="rini")
    assert await dewi.authenticate("dewi", PASSWORD)


class InterruptedHasher(Argon2Hasher):
    """Argon2 hasher during whose work something else happens."""

    interrupt: Any = None

    async def verify(self, stored: str, password: str) -> bool:
        await self.interrupt()
        return await super().verify(stored, password)


@pytest.mark.parametrize("change", ["disable", "set_password"])
async def test_authenticate_refuses_an_account_changed_while_the_hash_is_computed(
    dewi: AccountStore, database: Database, clock: ManualClock, change: str
) -> None:
    hasher = InterruptedHasher(CHEAPEST)

    async def interrupt() -> None:
        clock.advance(seconds=1)
        if change == "disable":
            await dewi.disable("dewi", actor="rini")
        else:
            await dewi.set_password("dewi", OTHER, actor="rini")

    hasher.interrupt = interrupt

    assert await AccountStore(database, clock, hasher).authenticate("dewi", PASSWORD) is None


async def test_changes_of_an_unknown_account_raise_and_audit_nothing(
    accounts: AccountStore, database: Database
) -> None:
    for change in (
        accounts.set_password("dewi", PASSWORD, actor="rini"),
        accounts.disable("dewi", actor="rini"),
        accounts.enable("dewi", actor="rini"),
    ):
        with pytest.raises(NoSuchAccount):
            await change
    assert await audit_rows(database) == []


async def test_every_change_and_proof_writes_an_audit_row(dewi: AccountStore, database: Database) -> None:
    await dewi.set_password("dewi", OTHER, actor="rini")
    await dewi.disable("dewi", actor="081230004567")
    await dewi.disable("dewi", actor="rini")
    await dewi.enable("dewi", actor="rini")
    await dewi.authenticate("dewi", OTHER)

    assert await audit_rows(database) == [
        ("rini", "account.added", "account dewi", {"roles": "operator, supervisor"}),
        ("rini", "account.password_set", "account dewi", {}),
        ("0812****567", "account.disabled", "account dewi", {}),
        ("rini", "account.enabled", "account dewi", {"was": "disabled"}),
        ("dewi", "account.authenticated", "account dewi", {"by": "password"}),
    ]


async def test_list_accounts_returns_the_last_added_first(dewi: AccountStore, clock: ManualClock) -> None:
    made = clock.now()
    clock.advance(hours=1)
    await dewi.add("budi", " Budi ", [DeskRole.BAWASLU], OTHER, actor="rini")
    await dewi.authenticate("dewi", PASSWORD)

    budi, listed = await dewi.list_accounts()

    assert listed == AccountSummary(
        name="dewi",
        display="Dewi Lestari",
        roles=(DeskRole.OPERATOR, DeskRole.SUPERVISOR),
        state="active",
        created_at=made,
        password_set_at=made,
        last_used_at=clock.now(),
        tokens=(),
    )
    assert (budi.name, budi.display, budi.last_used_at) == ("budi", "Budi", None)
    assert [account.name for account in await dewi.list_accounts(1)] == ["budi"]


async def test_list_accounts_shows_a_role_that_only_a_newer_version_knows(
    dewi: AccountStore, database: Database
) -> None:
    async with database.begin() as connection:
        await connection.execute(update(account_table).values(roles=["operator", "watcher"]))

    assert (await dewi.list_accounts())[0].roles == ("operator", "watcher")


# First administrator ---------------------------------------------------------------------------------------------


async def test_add_first_administrator_returns_its_password_once(accounts: AccountStore, database: Database) -> None:
    password = await accounts.add_first_administrator()
    assert password
    assert len(password) >= 20

    account = await accounts.authenticate(FIRST_ADMINISTRATOR, password)
    assert account
    assert account.roles == (DeskRole.ADMINISTRATOR,)
    added = ("gateway", "account.added", "account admin", {"roles": "administrator"})
    assert (await audit_rows(database))[0] == added
    assert await accounts.add_first_administrator() is None


async def test_simultaneous_first_starts_add_one_administrator(accounts: AccountStore) -> None:
    passwords = [
        password
        for password in await asyncio.gather(*(accounts.add_first_administrator() for _ in range(4)))
        if password
    ]

    assert len(passwords) == 1
    assert await accounts.authenticate(FIRST_ADMINISTRATOR, passwords[0])


async def test_add_first_administrator_does_nothing_if_there_is_an_account(dewi: AccountStore) -> None:
    await dewi.disable("dewi", actor="rini")
    assert await dewi.add_first_administrator() is None
