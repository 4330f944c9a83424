"""The accounts against a real PostgreSQL: who is let in, who is locked out, and what stands of it afterwards."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from argon2 import Parameters
from argon2.low_level import Type
from argon2.profiles import CHEAPEST, RFC_9106_LOW_MEMORY
from sqlalchemy import Table, select

from gateway.accounts.account import LOCKOUT, MAX_WRONG_PASSWORDS, Account, AccountRefused, NoSuchAccount
from gateway.accounts.passwords import Argon2Hasher, PasswordRefused
from gateway.accounts.roles import DeskRole, Right
from gateway.accounts.store import FIRST_ADMINISTRATOR, AccountStore, AccountSummary
from gateway.accounts.tables import accounts as account_table
from gateway.audit import audit
from gateway.runtime.postgres import Database
from tests.helpers.clocks import ManualClock

PASSWORD, OTHER = "kuda lumping merah", "becak biru tua 7"
WRONG = "kuda lumping hijau"


class CountingHasher(Argon2Hasher):
    """Remembers what it compared with."""

    def __init__(self, parameters: Parameters = CHEAPEST) -> None:
        super().__init__(parameters)
        self.compared: list[str] = []

    async def verify(self, stored: str, password: str) -> bool:
        self.compared.append(stored)
        return await super().verify(stored, password)


@pytest.fixture
def hasher() -> CountingHasher:
    return CountingHasher()


@pytest.fixture
def accounts(database: Database, clock: ManualClock, hasher: CountingHasher) -> AccountStore:
    return AccountStore(database, clock, hasher)


@pytest.fixture
async def dewi(accounts: AccountStore) -> AccountStore:
    """The accounts, with that of Dewi among them."""
    await accounts.add("dewi", "Dewi Lestari", [DeskRole.SUPERVISOR, DeskRole.OPERATOR], PASSWORD, actor="rini")
    return accounts


async def rows(database: Database, table: Table) -> list[dict[str, Any]]:
    async with database.begin() as connection:
        return [dict(row) for row in (await connection.execute(select(table).order_by(table.c.id))).mappings()]


async def trail(database: Database) -> list[tuple[str, str, str, dict[str, Any]]]:
    return [(row["actor"], row["action"], row["subject"], row["detail"]) for row in await rows(database, audit)]


async def try_wrong(accounts: AccountStore, times: int, name: str = "dewi") -> None:
    for _ in range(times):
        assert await accounts.authenticate(name, WRONG) is None


# Making one ------------------------------------------------------------------------------------------------------


async def test_an_account_is_proven_by_its_password(dewi: AccountStore, database: Database) -> None:
    account = await dewi.authenticate("dewi", PASSWORD)
    assert account == Account(1, "dewi", "Dewi Lestari", (DeskRole.OPERATOR, DeskRole.SUPERVISOR))
    assert account.may(Right.APPROVE_APPEALS)
    assert not account.may(Right.READ_OFFICIALS)
    assert await dewi.authenticate(" Dewi ", PASSWORD) == account, "as a phone's keyboard writes it"
    for wrong in (WRONG, "", PASSWORD.upper(), PASSWORD + " ", "x" * 300):
        assert await dewi.authenticate("dewi", wrong) is None


async def test_only_a_hash_is_stored_and_nothing_of_it_in_the_trail(dewi: AccountStore, database: Database) -> None:
    await dewi.set_password("dewi", OTHER, actor="rini")
    (row,) = await rows(database, account_table)
    assert row["password_hash"].startswith("$argon2id$")
    stored = str([row, await rows(database, audit)])
    assert PASSWORD not in stored
    assert OTHER not in stored
    assert row["password_hash"] not in str(await trail(database))


async def test_the_hash_of_production_is_that_of_rfc_9106() -> None:
    """Section 4, the second recommended option: 64 MiB, three passes, four lanes."""
    hashed = await Argon2Hasher().hash(PASSWORD)
    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert not Argon2Hasher().needs_rehash(hashed)


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
async def test_a_name_that_cannot_be_taken(dewi: AccountStore, database: Database, name: str, said: str) -> None:
    with pytest.raises(AccountRefused, match=said):
        await dewi.add(name, "Dewi", [DeskRole.OPERATOR], PASSWORD, actor="rini")
    assert len(await rows(database, account_table)) == 1
    assert len(await trail(database)) == 1


async def test_names_at_the_edges(accounts: AccountStore) -> None:
    for name in ("d7", "x" * 32, "dewi.l_2-b"):
        await accounts.add(name, name, [DeskRole.OPERATOR], PASSWORD, actor="rini")
        assert await accounts.authenticate(name, PASSWORD)


@pytest.mark.parametrize(("display", "roles"), [("", [DeskRole.OPERATOR]), ("D\n", [DeskRole.OPERATOR]), ("Dewi", [])])
async def test_what_else_an_account_needs(accounts: AccountStore, display: str, roles: list[DeskRole]) -> None:
    with pytest.raises(AccountRefused):
        await accounts.add("dewi", display, roles, PASSWORD, actor="rini")


@pytest.mark.parametrize("password", ["x" * 11, "x" * 257, "dewi.lestari", "DEWI.lestari", " dewi.lestari"])
async def test_a_password_that_cannot_be_taken(accounts: AccountStore, password: str) -> None:
    with pytest.raises(PasswordRefused):
        await accounts.add("dewi.lestari", "Dewi", [DeskRole.OPERATOR], password, actor="rini")
    await accounts.add("dewi.lestari", "Dewi", [DeskRole.OPERATOR], PASSWORD, actor="rini")
    with pytest.raises(PasswordRefused):
        await accounts.set_password("dewi.lestari", password, actor="rini")
    assert await accounts.authenticate("dewi.lestari", PASSWORD)


@pytest.mark.parametrize("password", ["x" * 12, "x" * 256, "            ", "kopi kopi kopi", "caf\udce9 dan teh"])
async def test_any_long_enough_password_will_do(accounts: AccountStore, password: str) -> None:
    await accounts.add("dewi", "Dewi", [DeskRole.OPERATOR], password, actor="rini")
    assert await accounts.authenticate("dewi", password)
    assert not await accounts.authenticate("dewi", password + "x")


async def test_a_letter_that_two_keyboards_write_differently(accounts: AccountStore) -> None:
    await accounts.add("dewi", "Dewi", [DeskRole.OPERATOR], "Dèwi saka Pekalongan", actor="rini")
    assert await accounts.authenticate("dewi", "De\u0300wi saka Pekalongan")


# Who asks learns nothing -----------------------------------------------------------------------------------------


async def test_an_unknown_name_takes_the_same_work(dewi: AccountStore, hasher: CountingHasher) -> None:
    await dewi.add("budi", "Budi", [DeskRole.OPERATOR], OTHER, actor="rini")
    await dewi.disable("budi", actor="rini")
    for name in ("dewi", "budi", "nobody", "", "x" * 1000, "'; --"):
        hasher.compared.clear()
        assert await dewi.authenticate(name, WRONG) is None
        (compared,) = hasher.compared
        assert parameters_of(compared) == "$argon2id$v=19$m=8,t=1,p=1"
        assert (compared == hasher.decoy) == (name != "dewi")


def parameters_of(stored: str) -> str:
    return stored.rpartition("$")[0].rpartition("$")[0]


@pytest.mark.parametrize("parameters", [CHEAPEST, RFC_9106_LOW_MEMORY], ids=["tests", "production"])
async def test_the_decoy_is_a_hash_that_is_worked_through(parameters: Parameters) -> None:
    hasher = Argon2Hasher(parameters)
    assert not hasher.needs_rehash(hasher.decoy)
    assert parameters_of(hasher.decoy) == parameters_of(await hasher.hash(PASSWORD))
    assert not await hasher.verify(hasher.decoy, PASSWORD)
    assert not await hasher.verify("damaged", PASSWORD)


async def test_a_hash_is_renewed_when_the_parameters_change(
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


# Locking -------------------------------------------------------------------------------------------------------


async def test_ten_wrong_passwords_lock_for_a_quarter_of_an_hour(
    dewi: AccountStore, database: Database, clock: ManualClock
) -> None:
    await try_wrong(dewi, MAX_WRONG_PASSWORDS)
    assert await dewi.authenticate("dewi", PASSWORD) is None
    assert (await dewi.list_accounts())[0].state == "locked"
    assert (await trail(database))[1:] == [("gateway", "account.locked", "account dewi", {})]
    clock.time += LOCKOUT
    clock.advance(microseconds=-1)
    assert await dewi.authenticate("dewi", PASSWORD) is None
    clock.advance(microseconds=1)
    assert (await dewi.list_accounts())[0].state == "active"
    assert await dewi.authenticate("dewi", PASSWORD)


async def test_a_lock_gives_as_many_tries_again(dewi: AccountStore, clock: ManualClock) -> None:
    await try_wrong(dewi, MAX_WRONG_PASSWORDS)
    clock.time += LOCKOUT
    await try_wrong(dewi, MAX_WRONG_PASSWORDS - 1)
    assert await dewi.authenticate("dewi", PASSWORD)
    await try_wrong(dewi, MAX_WRONG_PASSWORDS)
    assert await dewi.authenticate("dewi", PASSWORD) is None


async def test_a_right_password_forgets_the_wrong_ones(dewi: AccountStore, database: Database) -> None:
    for _ in range(3):
        await try_wrong(dewi, MAX_WRONG_PASSWORDS - 1)
        assert await dewi.authenticate("dewi", PASSWORD), "the tenth try may be the right one"
    (row,) = await rows(database, account_table)
    assert (row["failed_tries"], row["locked_until"]) == (0, None)
    assert len(await trail(database)) == 1


async def test_a_lock_does_not_grow_while_it_lasts(dewi: AccountStore, clock: ManualClock) -> None:
    await try_wrong(dewi, MAX_WRONG_PASSWORDS)
    clock.advance(minutes=14)
    await try_wrong(dewi, MAX_WRONG_PASSWORDS)
    clock.advance(minutes=1)
    assert await dewi.authenticate("dewi", PASSWORD)


async def test_wrong_tries_at_the_same_time_are_counted(
    dewi: AccountStore, hasher: CountingHasher, database: Database
) -> None:
    await asyncio.gather(*(dewi.authenticate("dewi", WRONG) for _ in range(3 * MAX_WRONG_PASSWORDS)))
    assert len(hasher.compared) == 3 * MAX_WRONG_PASSWORDS
    assert sum(stored != hasher.decoy for stored in hasher.compared) == MAX_WRONG_PASSWORDS, (
        "no more guesses than one by one"
    )
    assert await dewi.authenticate("dewi", PASSWORD) is None
    assert [action for _, action, _, _ in await trail(database)].count("account.locked") == 1


async def test_a_lock_is_of_one_account(dewi: AccountStore) -> None:
    await dewi.add("budi", "Budi", [DeskRole.OPERATOR], OTHER, actor="rini")
    await try_wrong(dewi, MAX_WRONG_PASSWORDS)
    assert await dewi.authenticate("budi", OTHER)


@pytest.mark.parametrize("how", ["password", "enable"])
async def test_the_administrator_lets_a_locked_account_in(dewi: AccountStore, how: str) -> None:
    await try_wrong(dewi, MAX_WRONG_PASSWORDS)
    if how == "enable":
        assert await dewi.enable("dewi", actor="rini")
        assert await dewi.authenticate("dewi", PASSWORD)
    else:
        await dewi.set_password("dewi", OTHER, actor="rini")
        assert await dewi.authenticate("dewi", OTHER)


# Changing one ----------------------------------------------------------------------------------------------------


async def test_a_new_password_ends_the_old_one(dewi: AccountStore) -> None:
    await dewi.set_password("dewi", OTHER, actor="rini")
    assert await dewi.authenticate("dewi", PASSWORD) is None
    assert await dewi.authenticate("dewi", OTHER)


async def test_whoever_is_disabled_is_not_let_in(dewi: AccountStore) -> None:
    assert await dewi.disable("dewi", actor="rini")
    assert not await dewi.disable("dewi", actor="rini")
    assert await dewi.authenticate("dewi", PASSWORD) is None
    assert (await dewi.list_accounts())[0].state == "disabled"
    assert await dewi.enable("dewi", actor="rini")
    assert not await dewi.enable("dewi", actor="rini")
    assert await dewi.authenticate("dewi", PASSWORD)


class MeddlingHasher(Argon2Hasher):
    """Something else happens while a password is compared."""

    meddle: Any = None

    async def verify(self, stored: str, password: str) -> bool:
        await self.meddle()
        return await super().verify(stored, password)


@pytest.mark.parametrize("change", ["disable", "set_password"])
async def test_what_changes_while_a_password_is_compared(
    dewi: AccountStore, database: Database, clock: ManualClock, change: str
) -> None:
    meddling = MeddlingHasher(CHEAPEST)

    async def meddle() -> None:
        clock.advance(seconds=1)
        if change == "disable":
            await dewi.disable("dewi", actor="rini")
        else:
            await dewi.set_password("dewi", OTHER, actor="rini")

    meddling.meddle = meddle
    assert await AccountStore(database, clock, meddling).authenticate("dewi", PASSWORD) is None


async def test_nobody_of_that_name(accounts: AccountStore, database: Database) -> None:
    for change in (
        accounts.set_password("dewi", PASSWORD, actor="rini"),
        accounts.disable("dewi", actor="rini"),
        accounts.enable("dewi", actor="rini"),
    ):
        with pytest.raises(NoSuchAccount):
            await change
    assert await trail(database) == []


async def test_every_change_stands_in_the_trail(dewi: AccountStore, database: Database) -> None:
    await dewi.set_password("dewi", OTHER, actor="rini")
    await dewi.disable("dewi", actor="081230004567")
    await dewi.disable("dewi", actor="rini")
    await dewi.enable("dewi", actor="rini")
    await dewi.authenticate("dewi", OTHER)
    assert await trail(database) == [
        ("rini", "account.added", "account dewi", {"roles": "operator, supervisor"}),
        ("rini", "account.password_set", "account dewi", {}),
        ("0812****567", "account.disabled", "account dewi", {}),
        ("rini", "account.enabled", "account dewi", {"was": "disabled"}),
    ]


async def test_a_list_of_accounts(dewi: AccountStore, clock: ManualClock) -> None:
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


# The first one -----------------------------------------------------------------------------------------------------


async def test_the_first_administrator(accounts: AccountStore, database: Database) -> None:
    password = await accounts.add_first_administrator()
    assert password
    assert len(password) >= 20
    account = await accounts.authenticate(FIRST_ADMINISTRATOR, password)
    assert account
    assert account.roles == (DeskRole.ADMINISTRATOR,)
    assert await trail(database) == [("gateway", "account.added", "account admin", {"roles": "administrator"})]
    assert await accounts.add_first_administrator() is None


async def test_there_is_one_first_administrator(accounts: AccountStore) -> None:
    """However many processes start at once."""
    passwords = [
        password
        for password in await asyncio.gather(*(accounts.add_first_administrator() for _ in range(4)))
        if password
    ]
    assert len(passwords) == 1
    assert await accounts.authenticate(FIRST_ADMINISTRATOR, passwords[0])


async def test_no_first_administrator_where_somebody_is(dewi: AccountStore) -> None:
    await dewi.disable("dewi", actor="rini")
    assert await dewi.add_first_administrator() is None
