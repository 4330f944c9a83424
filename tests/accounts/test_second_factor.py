"""Second factor over a real PostgreSQL: enrolled by a code, asked for after the password, removed by others."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import update

from gateway.accounts.account import MAX_WRONG_PASSWORDS, AccountRefused, NoSuchAccount
from gateway.accounts.passwords import Argon2Hasher
from gateway.accounts.roles import DeskRole
from gateway.accounts.second_factor import SecondFactorStore
from gateway.accounts.store import AccountStore
from gateway.accounts.tables import accounts as account_table
from gateway.accounts.totp import STEP_S, code_at
from gateway.runtime.postgres import Database
from gateway.vault.vault import CannotOpen, Vault
from tests.helpers.accounts import OTHER, PASSWORD, WRONG, CountingHasher, audit_rows
from tests.helpers.clocks import ManualClock
from tests.helpers.tables import rows

SECRET = b"12345678901234567890"
VAULT = Vault(bytes(range(32)))


@pytest.fixture
def accounts(database: Database, clock: ManualClock, hasher: CountingHasher) -> AccountStore:
    return AccountStore(database, clock, hasher, vault=VAULT)


@pytest.fixture
def factors(database: Database, clock: ManualClock) -> SecondFactorStore:
    return SecondFactorStore(database, clock, VAULT)


@pytest.fixture
async def enrolled(dewi: AccountStore, factors: SecondFactorStore, clock: ManualClock) -> AccountStore:
    """Store in which Dewi has a second factor, one step after it was enrolled."""
    await factors.enrol("dewi", SECRET, code(clock), actor="dewi")
    clock.advance(seconds=STEP_S)
    return dewi


def code(clock: ManualClock, drift: int = 0) -> str:
    return code_at(SECRET, int(clock.now().timestamp()) // STEP_S + drift)


async def accepts(accounts: AccountStore, typed: str, password: str = PASSWORD) -> bool:
    return await accounts.authenticate("dewi", password, lambda: typed) is not None


async def test_code_is_asked_for_after_the_right_password_alone(enrolled: AccountStore, clock: ManualClock) -> None:
    asked: list[str] = []

    def ask() -> str:
        asked.append("code")
        return code(clock)

    assert await enrolled.authenticate("dewi", WRONG, ask) is None
    assert asked == []
    account = await enrolled.authenticate("dewi", PASSWORD, ask)
    assert account
    assert account.has_second_factor
    assert asked == ["code"]


async def test_password_alone_or_a_wrong_code_is_refused(
    enrolled: AccountStore, clock: ManualClock, database: Database
) -> None:
    assert await enrolled.authenticate("dewi", PASSWORD) is None
    for typed in ("", "000000x", code(clock, 2), code(clock, -2)):
        assert not await accepts(enrolled, typed)

    refused = ("gateway", "account.refused", "account dewi", {"by": "password and code", "reason": "wrong"})
    assert (await audit_rows(database))[-5:] == [refused] * 5


@pytest.mark.parametrize("drift", [-1, 0, 1])
async def test_code_counts_once(enrolled: AccountStore, clock: ManualClock, drift: int) -> None:
    clock.advance(seconds=STEP_S)
    typed = code(clock, drift)

    assert await accepts(enrolled, typed)
    assert not await accepts(enrolled, typed)
    assert not await accepts(enrolled, code(clock, drift - 1)), "an older code is over too"


async def test_code_of_the_enrolment_cannot_be_used_again(
    dewi: AccountStore, factors: SecondFactorStore, clock: ManualClock
) -> None:
    await factors.enrol("dewi", SECRET, code(clock), actor="dewi")
    assert not await accepts(dewi, code(clock))


async def test_simultaneous_uses_of_a_code_are_one(enrolled: AccountStore, clock: ManualClock) -> None:
    results = await asyncio.gather(*(accepts(enrolled, code(clock)) for _ in range(5)))
    assert results.count(True) == 1


async def test_wrong_codes_lock_the_account_like_wrong_passwords(
    enrolled: AccountStore, clock: ManualClock, database: Database
) -> None:
    for _ in range(MAX_WRONG_PASSWORDS):
        assert not await accepts(enrolled, "no code")

    assert not await accepts(enrolled, code(clock))
    assert (await enrolled.list_accounts())[0].state == "locked"
    assert [action for _, action, _, _ in await audit_rows(database)].count("account.locked") == 1


async def test_enrol_needs_a_right_code_and_keeps_the_first_factor(
    dewi: AccountStore, factors: SecondFactorStore, clock: ManualClock
) -> None:
    with pytest.raises(AccountRefused, match="the code is not the one of now"):
        await factors.enrol("dewi", SECRET, "000000x", actor="dewi")
    assert await dewi.authenticate("dewi", PASSWORD), "nothing is changed"

    await factors.enrol("dewi", SECRET, code(clock), actor="dewi")
    with pytest.raises(AccountRefused, match="dewi has a second factor already"):
        await factors.enrol("dewi", SECRET, code(clock), actor="dewi")
    with pytest.raises(NoSuchAccount):
        await factors.enrol("nobody", SECRET, code(clock), actor="nobody")


async def test_another_one_removes_a_second_factor(
    enrolled: AccountStore, factors: SecondFactorStore, database: Database
) -> None:
    with pytest.raises(AccountRefused, match="another administrator"):
        await factors.remove("dewi", actor="dewi")

    assert await factors.remove("dewi", actor="rini")
    assert not await factors.remove("dewi", actor="rini")
    assert await enrolled.authenticate("dewi", PASSWORD)
    actions = [(actor, action) for actor, action, _, _ in await audit_rows(database)]
    assert actions[1:3] == [("dewi", "account.second_factor_set"), ("rini", "account.second_factor_removed")]


async def test_secret_is_sealed_for_its_account(
    enrolled: AccountStore, database: Database, clock: ManualClock, hasher: Argon2Hasher
) -> None:
    await enrolled.add("budi", "Budi", [DeskRole.OPERATOR], OTHER, actor="rini")
    dewi = next(row for row in await rows(database, account_table) if row["name"] == "dewi")
    assert SECRET not in dewi["totp_sealed"]
    async with database.begin() as connection:
        copied = {"totp_sealed": dewi["totp_sealed"], "totp_step": 0}
        await connection.execute(update(account_table).where(account_table.c.name == "budi").values(copied))

    with pytest.raises(CannotOpen):
        await enrolled.authenticate("budi", OTHER, lambda: code(clock))
    with pytest.raises(CannotOpen):
        await AccountStore(database, clock, hasher, vault=Vault(bytes(32))).authenticate("dewi", PASSWORD, lambda: "")
    assert await AccountStore(database, clock, hasher).authenticate("dewi", PASSWORD, lambda: code(clock)) is None
