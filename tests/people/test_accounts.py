"""The accounts against a real PostgreSQL: who is let in, who is locked out, and what stands of it afterwards."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from argon2 import Parameters
from argon2.low_level import Type
from argon2.profiles import CHEAPEST, RFC_9106_LOW_MEMORY
from sqlalchemy import Table, select

from gateway.accounts.account import LOCKED_FOR, TRIES, Account, AccountRefused, NoSuchAccount
from gateway.accounts.passwords import Hasher, PasswordRefused
from gateway.accounts.roles import DeskRole, Right
from gateway.accounts.store import FIRST_NAME, Accounts
from gateway.accounts.tables import accounts as account_table
from gateway.audit import audit
from gateway.runtime.postgres import Database
from tests.helpers.clocks import ManualClock

PASSWORD, OTHER = "kuda lumping merah", "becak biru tua 7"
WRONG = "kuda lumping hijau"


class CountingHasher(Hasher):
    """Remembers what it compared with."""

    def __init__(self, parameters: Parameters = CHEAPEST) -> None:
        super().__init__(parameters)
        self.compared: list[str] = []

    async def matches(self, stored: str, password: str) -> bool:
        self.compared.append(stored)
        return await super().matches(stored, password)


@pytest.fixture
def hasher() -> CountingHasher:
    return CountingHasher()


@pytest.fixture
def accounts(database: Database, clock: ManualClock, hasher: CountingHasher) -> Accounts:
    return Accounts(database, clock, hasher)


@pytest.fixture
async def dewi(accounts: Accounts) -> Accounts:
    """The accounts, with that of Dewi among them."""
    await accounts.add("dewi", "Dewi Lestari", [DeskRole.SUPERVISOR, DeskRole.OPERATOR], PASSWORD, actor="rini")
    return accounts


async def rows(database: Database, table: Table) -> list[dict[str, Any]]:
    async with database.begin() as connection:
        return [dict(row) for row in (await connection.execute(select(table).order_by(table.c.id))).mappings()]


async def trail(database: Database) -> list[tuple[str, str, str, dict[str, Any]]]:
    return [(row["actor"], row["action"], row["subject"], row["detail"]) for row in await rows(database, audit)]


async def try_wrong(accounts: Accounts, times: int, name: str = "dewi") -> None:
    for _ in range(times):
        assert await accounts.prove(name, WRONG) is None


# Making one ------------------------------------------------------------------------------------------------------


async def test_an_account_is_proven_by_its_password(dewi: Accounts, database: Database) -> None:
    account = await dewi.prove("dewi", PASSWORD)
    assert account == Account(1, "dewi", "Dewi Lestari", (DeskRole.OPERATOR, DeskRole.SUPERVISOR))
    assert account.may(Right.APPROVE_APPEALS)
    assert not account.may(Right.READ_OFFICIALS)
    assert await dewi.prove(" Dewi ", PASSWORD) == account, "as a phone's keyboard writes it"
    for wrong in (WRONG, "", PASSWORD.upper(), PASSWORD + " ", "x" * 300):
        assert await dewi.prove("dewi", wrong) is None


async def test_only_a_hash_is_stored_and_nothing_of_it_in_the_trail(dewi: Accounts, database: Database) -> None:
    await dewi.set_password("dewi", OTHER, actor="rini")
    (row,) = await rows(database, account_table)
    assert row["password_hash"].startswith("$argon2id$")
    stored = str([row, await rows(database, audit)])
    assert PASSWORD not in stored
    assert OTHER not in stored
    assert row["password_hash"] not in str(await trail(database))


async def test_the_hash_of_production_is_that_of_rfc_9106() -> None:
    """Section 4, the second recommended option: 64 MiB, three passes, four lanes."""
    hashed = await Hasher().hash(PASSWORD)
    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert not Hasher().is_outdated(hashed)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("d", "2 to 32 of a-z"),
        ("x" * 33, "2 to 32 of a-z"),
        ("Dewi", "2 to 32 of a-z"),
        ("dewi lestari", "2 to 32 of a-z"),
        ("dewi\n", "2 to 32 of a-z"),
        ("déwi", "2 to 32 of a-z"),
        ("081230004567", "a phone number is no name"),
        ("dewi", "there is an account dewi already"),
    ],
)
async def test_a_name_that_cannot_be_taken(dewi: Accounts, database: Database, name: str, said: str) -> None:
    with pytest.raises(AccountRefused, match=said):
        await dewi.add(name, "Dewi", [DeskRole.OPERATOR], PASSWORD, actor="rini")
    assert len(await rows(database, account_table)) == 1
    assert len(await trail(database)) == 1


async def test_names_at_the_edges(accounts: Accounts) -> None:
    for name in ("d7", "x" * 32, "dewi.l_2-b"):
        await accounts.add(name, name, [DeskRole.OPERATOR], PASSWORD, actor="rini")
        assert await accounts.prove(name, PASSWORD)


@pytest.mark.parametrize(("display", "roles"), [("", [DeskRole.OPERATOR]), ("D\n", [DeskRole.OPERATOR]), ("Dewi", [])])
async def test_what_else_an_account_needs(accounts: Accounts, display: str, roles: list[DeskRole]) -> None:
    with pytest.raises(AccountRefused):
        await accounts.add("dewi", display, roles, PASSWORD, actor="rini")


@pytest.mark.parametrize("password", ["x" * 11, "x" * 257, "dewi.lestari", "DEWI.lestari", " dewi.lestari"])
async def test_a_password_that_cannot_be_taken(accounts: Accounts, password: str) -> None:
    with pytest.raises(PasswordRefused):
        await accounts.add("dewi.lestari", "Dewi", [DeskRole.OPERATOR], password, actor="rini")
    await accounts.add("dewi.lestari", "Dewi", [DeskRole.OPERATOR], PASSWORD, actor="rini")
    with pytest.raises(PasswordRefused):
        await accounts.set_password("dewi.lestari", password, actor="rini")
    assert await accounts.prove("dewi.lestari", PASSWORD)


@pytest.mark.parametrize("password", ["x" * 12, "x" * 256, "            ", "kopi kopi kopi", "caf\udce9 dan teh"])
async def test_any_long_enough_password_will_do(accounts: Accounts, password: str) -> None:
    await accounts.add("dewi", "Dewi", [DeskRole.OPERATOR], password, actor="rini")
    assert await accounts.prove("dewi", password)
    assert not await accounts.prove("dewi", password + "x")


async def test_a_letter_that_two_keyboards_write_differently(accounts: Accounts) -> None:
    await accounts.add("dewi", "Dewi", [DeskRole.OPERATOR], "Dèwi saka Pekalongan", actor="rini")
    assert await accounts.prove("dewi", "De\u0300wi saka Pekalongan")


# Who asks learns nothing -----------------------------------------------------------------------------------------


async def test_an_unknown_name_takes_the_same_work(dewi: Accounts, hasher: CountingHasher) -> None:
    await dewi.add("budi", "Budi", [DeskRole.OPERATOR], OTHER, actor="rini")
    await dewi.disable("budi", actor="rini")
    for name in ("dewi", "budi", "nobody", "", "x" * 1000, "'; --"):
        hasher.compared.clear()
        assert await dewi.prove(name, WRONG) is None
        (compared,) = hasher.compared
        assert parameters_of(compared) == "$argon2id$v=19$m=8,t=1,p=1"
        assert (compared == hasher.decoy) == (name != "dewi")


def parameters_of(stored: str) -> str:
    return stored.rpartition("$")[0].rpartition("$")[0]


@pytest.mark.parametrize("parameters", [CHEAPEST, RFC_9106_LOW_MEMORY], ids=["tests", "production"])
async def test_the_decoy_is_a_hash_that_is_worked_through(parameters: Parameters) -> None:
    hasher = Hasher(parameters)
    assert not hasher.is_outdated(hasher.decoy)
    assert parameters_of(hasher.decoy) == parameters_of(await hasher.hash(PASSWORD))
    assert not await hasher.matches(hasher.decoy, PASSWORD)
    assert not await hasher.matches("damaged", PASSWORD)


async def test_a_hash_is_renewed_when_the_parameters_change(
    dewi: Accounts, database: Database, clock: ManualClock
) -> None:
    stronger = Parameters(Type.ID, 19, salt_len=16, hash_len=32, time_cost=2, memory_cost=64, parallelism=1)
    later = Accounts(database, clock, Hasher(stronger))
    assert not await later.prove("dewi", WRONG)
    assert "m=8,t=1,p=1" in (await rows(database, account_table))[0]["password_hash"]
    # Two at once: the second finds the hash renewed by the first, and is right all the same.
    assert all(await asyncio.gather(*(later.prove("dewi", PASSWORD) for _ in range(2))))
    assert "m=64,t=2,p=1" in (await rows(database, account_table))[0]["password_hash"]
    assert await later.prove("dewi", PASSWORD)


# Locking -------------------------------------------------------------------------------------------------------


async def test_ten_wrong_passwords_lock_for_a_quarter_of_an_hour(
    dewi: Accounts, database: Database, clock: ManualClock
) -> None:
    await try_wrong(dewi, TRIES)
    assert await dewi.prove("dewi", PASSWORD) is None
    assert (await dewi.list())[0]["state"] == "locked"
    assert (await trail(database))[1:] == [("gateway", "account.locked", "account dewi", {})]
    clock.time += LOCKED_FOR
    clock.advance(microseconds=-1)
    assert await dewi.prove("dewi", PASSWORD) is None
    clock.advance(microseconds=1)
    assert (await dewi.list())[0]["state"] == "active"
    assert await dewi.prove("dewi", PASSWORD)


async def test_a_lock_gives_as_many_tries_again(dewi: Accounts, clock: ManualClock) -> None:
    await try_wrong(dewi, TRIES)
    clock.time += LOCKED_FOR
    await try_wrong(dewi, TRIES - 1)
    assert await dewi.prove("dewi", PASSWORD)
    await try_wrong(dewi, TRIES)
    assert await dewi.prove("dewi", PASSWORD) is None


async def test_a_right_password_forgets_the_wrong_ones(dewi: Accounts, database: Database) -> None:
    for _ in range(3):
        await try_wrong(dewi, TRIES - 1)
        assert await dewi.prove("dewi", PASSWORD), "the tenth try may be the right one"
    (row,) = await rows(database, account_table)
    assert (row["failed_tries"], row["locked_until"]) == (0, None)
    assert len(await trail(database)) == 1


async def test_a_lock_does_not_grow_while_it_lasts(dewi: Accounts, clock: ManualClock) -> None:
    await try_wrong(dewi, TRIES)
    clock.advance(minutes=14)
    await try_wrong(dewi, TRIES)
    clock.advance(minutes=1)
    assert await dewi.prove("dewi", PASSWORD)


async def test_wrong_tries_at_the_same_time_are_counted(
    dewi: Accounts, hasher: CountingHasher, database: Database
) -> None:
    await asyncio.gather(*(dewi.prove("dewi", WRONG) for _ in range(3 * TRIES)))
    assert len(hasher.compared) == 3 * TRIES
    assert sum(stored != hasher.decoy for stored in hasher.compared) == TRIES, "no more guesses than one by one"
    assert await dewi.prove("dewi", PASSWORD) is None
    assert [action for _, action, _, _ in await trail(database)].count("account.locked") == 1


async def test_a_lock_is_of_one_account(dewi: Accounts) -> None:
    await dewi.add("budi", "Budi", [DeskRole.OPERATOR], OTHER, actor="rini")
    await try_wrong(dewi, TRIES)
    assert await dewi.prove("budi", OTHER)


@pytest.mark.parametrize("how", ["password", "enable"])
async def test_the_administrator_lets_a_locked_account_in(dewi: Accounts, how: str) -> None:
    await try_wrong(dewi, TRIES)
    if how == "enable":
        assert await dewi.enable("dewi", actor="rini")
        assert await dewi.prove("dewi", PASSWORD)
    else:
        await dewi.set_password("dewi", OTHER, actor="rini")
        assert await dewi.prove("dewi", OTHER)


# Changing one ----------------------------------------------------------------------------------------------------


async def test_a_new_password_ends_the_old_one(dewi: Accounts) -> None:
    await dewi.set_password("dewi", OTHER, actor="rini")
    assert await dewi.prove("dewi", PASSWORD) is None
    assert await dewi.prove("dewi", OTHER)


async def test_whoever_is_disabled_is_not_let_in(dewi: Accounts) -> None:
    assert await dewi.disable("dewi", actor="rini")
    assert not await dewi.disable("dewi", actor="rini")
    assert await dewi.prove("dewi", PASSWORD) is None
    assert (await dewi.list())[0]["state"] == "disabled"
    assert await dewi.enable("dewi", actor="rini")
    assert not await dewi.enable("dewi", actor="rini")
    assert await dewi.prove("dewi", PASSWORD)


class MeddlingHasher(Hasher):
    """Something else happens while a password is compared."""

    meddle: Any = None

    async def matches(self, stored: str, password: str) -> bool:
        await self.meddle()
        return await super().matches(stored, password)


@pytest.mark.parametrize("change", ["disable", "set_password"])
async def test_what_changes_while_a_password_is_compared(
    dewi: Accounts, database: Database, clock: ManualClock, change: str
) -> None:
    meddling = MeddlingHasher(CHEAPEST)

    async def meddle() -> None:
        clock.advance(seconds=1)
        if change == "disable":
            await dewi.disable("dewi", actor="rini")
        else:
            await dewi.set_password("dewi", OTHER, actor="rini")

    meddling.meddle = meddle
    assert await Accounts(database, clock, meddling).prove("dewi", PASSWORD) is None


async def test_nobody_of_that_name(accounts: Accounts, database: Database) -> None:
    for change in (
        accounts.set_password("dewi", PASSWORD, actor="rini"),
        accounts.disable("dewi", actor="rini"),
        accounts.enable("dewi", actor="rini"),
    ):
        with pytest.raises(NoSuchAccount):
            await change
    assert await trail(database) == []


async def test_every_change_stands_in_the_trail(dewi: Accounts, database: Database) -> None:
    await dewi.set_password("dewi", OTHER, actor="rini")
    await dewi.disable("dewi", actor="081230004567")
    await dewi.disable("dewi", actor="rini")
    await dewi.enable("dewi", actor="rini")
    await dewi.prove("dewi", OTHER)
    assert await trail(database) == [
        ("rini", "account.added", "account dewi", {"roles": "operator, supervisor"}),
        ("rini", "account.password_set", "account dewi", {}),
        ("0812****567", "account.disabled", "account dewi", {}),
        ("rini", "account.enabled", "account dewi", {"was": "disabled"}),
    ]


async def test_a_list_of_accounts(dewi: Accounts, clock: ManualClock) -> None:
    made = clock.now().isoformat()
    clock.advance(hours=1)
    await dewi.add("budi", " Budi ", [DeskRole.BAWASLU], OTHER, actor="rini")
    await dewi.prove("dewi", PASSWORD)
    budi, listed = await dewi.list()
    assert listed == {
        "name": "dewi",
        "display": "Dewi Lestari",
        "roles": ["operator", "supervisor"],
        "state": "active",
        "created_at": made,
        "password_set_at": made,
        "last_used_at": clock.now().isoformat(),
        "tokens": [],
    }
    assert (budi["name"], budi["display"], budi["last_used_at"]) == ("budi", "Budi", None)
    assert [account["name"] for account in await dewi.list(1)] == ["budi"]


# The first one -----------------------------------------------------------------------------------------------------


async def test_the_first_administrator(accounts: Accounts, database: Database) -> None:
    password = await accounts.add_first()
    assert password
    assert len(password) >= 20
    account = await accounts.prove(FIRST_NAME, password)
    assert account
    assert account.roles == (DeskRole.ADMINISTRATOR,)
    assert await trail(database) == [("gateway", "account.added", "account admin", {"roles": "administrator"})]
    assert await accounts.add_first() is None


async def test_there_is_one_first_administrator(accounts: Accounts) -> None:
    """However many processes start at once."""
    passwords = [password for password in await asyncio.gather(*(accounts.add_first() for _ in range(4))) if password]
    assert len(passwords) == 1
    assert await accounts.prove(FIRST_NAME, passwords[0])


async def test_no_first_administrator_where_somebody_is(dewi: Accounts) -> None:
    await dewi.disable("dewi", actor="rini")
    assert await dewi.add_first() is None
