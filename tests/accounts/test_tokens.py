"""Store of tokens over a real PostgreSQL: creation, authentication, expiry and revocation."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

import pytest
from argon2.profiles import CHEAPEST
from sqlalchemy import select

from gateway.accounts.account import MAX_WRONG_PASSWORDS, Account, AccountRefused, NoSuchAccount, NoSuchToken
from gateway.accounts.passwords import Argon2Hasher
from gateway.accounts.roles import DeskRole
from gateway.accounts.store import AccountStore, TokenSummary
from gateway.accounts.tables import account_tokens
from gateway.accounts.tokens import TokenStore
from gateway.audit import audit
from gateway.runtime.postgres import Database
from tests.helpers.clocks import ManualClock

PASSWORD = "kuda lumping merah"
DEWI = Account(1, "dewi", "Dewi", (DeskRole.OPERATOR,))


@pytest.fixture
async def accounts(database: Database, clock: ManualClock) -> AccountStore:
    store = AccountStore(database, clock, Argon2Hasher(CHEAPEST))
    await store.add("dewi", "Dewi", [DeskRole.OPERATOR], PASSWORD, actor="rini")
    return store


@pytest.fixture
def tokens(accounts: AccountStore, database: Database, clock: ManualClock) -> TokenStore:
    return TokenStore(database, clock)


async def test_authenticate_accepts_only_the_whole_token(tokens: TokenStore) -> None:
    token = await tokens.create("dewi", "laptop", 90, actor="rini")
    assert re.fullmatch(r"wsp_[A-Za-z0-9_-]{43}", token)
    assert await tokens.authenticate("dewi", token) == DEWI

    for wrong in ("", "wsp_", token[:-1], token + "x", token.removeprefix("wsp_"), "wsp_\udce9", "wsp_" + "x" * 10_000):
        assert await tokens.authenticate("dewi", wrong) is None


async def test_create_and_revoke_store_and_audit_only_a_hash(tokens: TokenStore, database: Database) -> None:
    token = await tokens.create("dewi", "laptop", 90, actor="rini")
    await tokens.revoke("dewi", "laptop", actor="rini")

    async with database.begin() as connection:
        (row,) = (await connection.execute(select(account_tokens))).mappings()
        noted = (await connection.execute(select(audit).order_by(audit.c.id))).mappings().all()

    assert token[4:] not in str(dict(row))
    assert [(note["action"], note["subject"], note["detail"]) for note in noted[1:]] == [
        ("account.token_made", "account dewi", {"token": "laptop", "days": 90}),
        ("account.token_revoked", "account dewi", {"token": "laptop"}),
    ]
    assert token[4:] not in str(noted)
    assert row["digest"].hex() not in str(noted)


async def test_token_expires_at_its_time(tokens: TokenStore, clock: ManualClock) -> None:
    token = await tokens.create("dewi", "laptop", 2, actor="rini")
    clock.time += timedelta(days=2, microseconds=-1)
    assert await tokens.authenticate("dewi", token)

    clock.advance(microseconds=1)
    assert await tokens.authenticate("dewi", token) is None


async def test_revoke_ends_one_token_for_good(tokens: TokenStore) -> None:
    kept, revoked = [await tokens.create("dewi", label, 90, actor="rini") for label in ("laptop", "cron")]
    await tokens.revoke("dewi", "cron", actor="rini")
    assert await tokens.authenticate("dewi", revoked) is None
    assert await tokens.authenticate("dewi", kept)
    with pytest.raises(NoSuchToken):
        await tokens.revoke("dewi", "cron", actor="rini")

    again = await tokens.create("dewi", "cron", 90, actor="rini")
    assert await tokens.authenticate("dewi", again)
    assert await tokens.authenticate("dewi", revoked) is None


async def test_token_of_a_disabled_account_is_refused_until_it_is_enabled(
    tokens: TokenStore, accounts: AccountStore
) -> None:
    token = await tokens.create("dewi", "laptop", 90, actor="rini")
    await accounts.disable("dewi", actor="rini")
    assert await tokens.authenticate("dewi", token) is None
    with pytest.raises(AccountRefused, match="dewi is disabled"):
        await tokens.create("dewi", "cron", 90, actor="rini")

    await accounts.enable("dewi", actor="rini")
    assert await tokens.authenticate("dewi", token)


async def test_token_works_while_the_password_is_locked(tokens: TokenStore, accounts: AccountStore) -> None:
    token = await tokens.create("dewi", "laptop", 90, actor="rini")
    for _ in range(MAX_WRONG_PASSWORDS):
        await accounts.authenticate("dewi", "wrong password")

    assert await accounts.authenticate("dewi", PASSWORD) is None
    assert await tokens.authenticate("dewi", token)


async def test_simultaneous_tokens_of_one_name_are_one(tokens: TokenStore) -> None:
    results = await asyncio.gather(
        *(tokens.create("dewi", "laptop", 90, actor="rini") for _ in range(3)), return_exceptions=True
    )

    assert [type(result) for result in results].count(AccountRefused) == 2
    assert [type(result) for result in results].count(str) == 1


@pytest.mark.parametrize(("label", "days"), [("", 90), (" ", 90), ("x" * 65, 90), ("a\nb", 90), ("a", 0), ("a", 367)])
async def test_create_refuses_an_invalid_name_or_life(tokens: TokenStore, label: str, days: int) -> None:
    with pytest.raises(AccountRefused):
        await tokens.create("dewi", label, days, actor="rini")


async def test_changes_of_an_unknown_account_raise(tokens: TokenStore) -> None:
    with pytest.raises(NoSuchAccount):
        await tokens.create("budi", "laptop", 90, actor="rini")
    with pytest.raises(NoSuchAccount):
        await tokens.revoke("budi", "laptop", actor="rini")


async def test_authenticate_and_revoke_at_once_do_not_deadlock(tokens: TokenStore) -> None:
    """No deadlock, and the token is revoked afterwards."""
    token = await tokens.create("dewi", "laptop", 90, actor="rini")
    await asyncio.gather(
        *(tokens.authenticate("dewi", token) for _ in range(10)),
        tokens.revoke("dewi", "laptop", actor="rini"),
        *(tokens.authenticate("dewi", token) for _ in range(10)),
    )

    assert await tokens.authenticate("dewi", token) is None


async def test_list_accounts_shows_the_last_use_of_tokens(
    tokens: TokenStore, accounts: AccountStore, clock: ManualClock
) -> None:
    token = await tokens.create("dewi", "laptop", 1, actor="rini")
    expires_at = clock.now() + timedelta(days=1)

    (listed,) = await accounts.list_accounts()
    assert listed.tokens == (TokenSummary("laptop", expires_at, last_used_at=None),)

    clock.advance(hours=1)
    await tokens.authenticate("dewi", token)
    (listed,) = await accounts.list_accounts()
    assert listed.tokens[0].last_used_at == listed.last_used_at == clock.now()

    await tokens.revoke("dewi", "laptop", actor="rini")
    assert (await accounts.list_accounts())[0].tokens == ()
