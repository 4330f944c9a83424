"""Record of proofs and refusals over a real PostgreSQL: every one is in the audit trail, without a secret, bounded."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from argon2.profiles import CHEAPEST

from gateway.accounts.account import LOCKOUT, MAX_WRONG_PASSWORDS
from gateway.accounts.passwords import MAX_VERIFIED, Argon2Hasher
from gateway.accounts.proofs import MAX_REFUSALS, REFUSAL_WINDOW, record_refused_right
from gateway.accounts.roles import DeskRole, Right
from gateway.accounts.store import AccountStore
from gateway.accounts.tokens import TokenStore
from gateway.audit import audit
from gateway.runtime.postgres import Database
from tests.helpers.clocks import ManualClock
from tests.helpers.phones import NUMBER
from tests.helpers.tables import rows

PASSWORD, WRONG = "kuda lumping merah", "kuda lumping hijau"


@pytest.fixture
async def accounts(database: Database, clock: ManualClock) -> AccountStore:
    """Store with the accounts of Dewi and Budi."""
    store = AccountStore(database, clock, Argon2Hasher(CHEAPEST))
    for name in ("dewi", "budi"):
        await store.add(name, name, [DeskRole.OPERATOR], PASSWORD, actor="rini")
    return store


@pytest.fixture
def tokens(accounts: AccountStore, database: Database, clock: ManualClock) -> TokenStore:
    return TokenStore(database, clock)


async def proofs(database: Database) -> list[tuple[str, str, str, dict[str, Any]]]:
    """Return actor, kind, subject and detail of every recorded proof and refusal."""
    kinds = {"account.authenticated", "account.refused", "account.right_refused"}
    noted = [row for row in await rows(database, audit) if row["action"] in kinds]
    return [
        (row["actor"], row["action"].removeprefix("account."), row["subject"].removeprefix("account "), row["detail"])
        for row in noted
    ]


async def test_good_proofs_are_recorded_with_their_way(
    accounts: AccountStore, tokens: TokenStore, database: Database
) -> None:
    token = await tokens.create("dewi", "cron", 90, actor="rini")
    await accounts.authenticate(" Dewi ", PASSWORD)
    await tokens.authenticate("dewi", token)

    assert await proofs(database) == [
        ("dewi", "authenticated", "dewi", {"by": "password"}),
        ("dewi", "authenticated", "dewi", {"by": "token", "token": "cron"}),
    ]


async def test_bad_passwords_are_recorded_with_the_class_of_the_reason(
    accounts: AccountStore, database: Database
) -> None:
    await accounts.disable("budi", actor="rini")
    for name, password in (("dewi", WRONG), ("dewi", "x" * (MAX_VERIFIED + 1)), ("budi", PASSWORD), (WRONG, PASSWORD)):
        assert await accounts.authenticate(name, password) is None

    assert await proofs(database) == [
        ("gateway", "refused", "dewi", {"by": "password", "reason": "wrong"}),
        ("gateway", "refused", "dewi", {"by": "password", "reason": "wrong"}),
        ("gateway", "refused", "budi", {"by": "password", "reason": "disabled"}),
        ("gateway", "refused", "?", {"by": "password", "reason": "unknown"}),
    ]


async def test_bad_tokens_are_recorded_with_the_class_of_the_reason(
    accounts: AccountStore, tokens: TokenStore, database: Database, clock: ManualClock
) -> None:
    short, long, revoked = [
        await tokens.create("dewi", label, days, actor="rini") for label, days in (("a", 1), ("b", 9), ("c", 9))
    ]
    await tokens.revoke("dewi", "c", actor="rini")
    clock.advance(days=2)
    for name, token in (("dewi", short), ("budi", long), ("dewi", revoked), ("dewi", "wsp_x")):
        assert await tokens.authenticate(name, token) is None
    await accounts.disable("dewi", actor="rini")
    assert await tokens.authenticate("dewi", long) is None

    assert await proofs(database) == [
        ("gateway", "refused", "dewi", {"by": "token", "reason": "expired", "token": "a"}),
        ("gateway", "refused", "dewi", {"by": "token", "reason": "of another account", "token": "b"}),
        ("gateway", "refused", "dewi", {"by": "token", "reason": "revoked", "token": "c"}),
        ("gateway", "refused", "?", {"by": "token", "reason": "unknown"}),
        ("gateway", "refused", "dewi", {"by": "token", "reason": "disabled", "token": "b"}),
    ]


async def test_no_secret_and_no_typed_name_is_recorded(
    accounts: AccountStore, tokens: TokenStore, database: Database
) -> None:
    token = await tokens.create("dewi", "cron", 90, actor="rini")
    for name, password in (("dewi", PASSWORD), ("dewi", WRONG), (WRONG, WRONG), (NUMBER.e164, WRONG)):
        await accounts.authenticate(name, password)
    for value in (token, token[:-1]):
        await tokens.authenticate("dewi", value)

    noted = str(await rows(database, audit))

    assert len(await proofs(database)) == 6
    for secret in (PASSWORD, WRONG, NUMBER.e164, token[4:-1]):
        assert secret not in noted


@pytest.mark.parametrize("name", ["dewi", "nobody"])
async def test_flood_of_bad_passwords_is_recorded_up_to_the_limit(
    accounts: AccountStore, database: Database, clock: ManualClock, name: str
) -> None:
    await asyncio.gather(*(accounts.authenticate(name, WRONG) for _ in range(3 * MAX_REFUSALS)))
    assert len(await proofs(database)) == MAX_REFUSALS

    clock.time += REFUSAL_WINDOW
    await accounts.authenticate(name, WRONG)

    assert len(await proofs(database)) == MAX_REFUSALS + 1


async def test_refusals_of_one_account_do_not_hide_those_of_another(accounts: AccountStore, database: Database) -> None:
    for name in ("dewi", "budi"):
        for _ in range(2 * MAX_REFUSALS):
            await accounts.authenticate(name, WRONG)

    subjects = [subject for _, _, subject, _ in await proofs(database)]
    assert (subjects.count("dewi"), subjects.count("budi")) == (MAX_REFUSALS, MAX_REFUSALS)


async def test_attempt_during_a_lockout_is_recorded_as_locked(
    accounts: AccountStore, database: Database, clock: ManualClock
) -> None:
    for _ in range(MAX_WRONG_PASSWORDS - 1):
        await accounts.authenticate("dewi", WRONG)
    clock.time += REFUSAL_WINDOW / 2
    await accounts.authenticate("dewi", WRONG)
    clock.time += LOCKOUT / 2
    await accounts.authenticate("dewi", PASSWORD)

    assert [detail["reason"] for *_, detail in await proofs(database)][-2:] == ["wrong", "locked"]


async def test_refused_rights_are_recorded_up_to_the_limit(
    accounts: AccountStore, database: Database, clock: ManualClock
) -> None:
    for _ in range(2 * MAX_REFUSALS):
        await record_refused_right(database, clock, "dewi", Right.MANAGE_CHANNELS)

    assert await proofs(database) == MAX_REFUSALS * [("dewi", "right_refused", "dewi", {"right": "manage channels"})]
