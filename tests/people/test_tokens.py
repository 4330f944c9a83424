"""TokenStore against a real PostgreSQL: shown once, good until their minute, worthless when revoked."""

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
    made = AccountStore(database, clock, Argon2Hasher(CHEAPEST))
    await made.add("dewi", "Dewi", [DeskRole.OPERATOR], PASSWORD, actor="rini")
    return made


@pytest.fixture
def tokens(accounts: AccountStore, database: Database, clock: ManualClock) -> TokenStore:
    return TokenStore(database, clock)


async def test_a_token_proves_its_account(tokens: TokenStore) -> None:
    token = await tokens.create("dewi", "laptop", 90, actor="rini")
    assert re.fullmatch(r"wsp_[A-Za-z0-9_-]{43}", token)
    assert await tokens.authenticate(token) == DEWI
    for wrong in ("", "wsp_", token[:-1], token + "x", token.removeprefix("wsp_"), "wsp_\udce9", "wsp_" + "x" * 10_000):
        assert await tokens.authenticate(wrong) is None


async def test_only_a_hash_of_it_is_stored(tokens: TokenStore, database: Database) -> None:
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


async def test_a_token_ends_in_its_minute(tokens: TokenStore, clock: ManualClock) -> None:
    token = await tokens.create("dewi", "laptop", 2, actor="rini")
    clock.time += timedelta(days=2, microseconds=-1)
    assert await tokens.authenticate(token)
    clock.advance(microseconds=1)
    assert await tokens.authenticate(token) is None


async def test_a_revoked_token_is_worthless(tokens: TokenStore) -> None:
    kept, revoked = [await tokens.create("dewi", label, 90, actor="rini") for label in ("laptop", "cron")]
    await tokens.revoke("dewi", "cron", actor="rini")
    assert await tokens.authenticate(revoked) is None
    assert await tokens.authenticate(kept)
    with pytest.raises(NoSuchToken):
        await tokens.revoke("dewi", "cron", actor="rini")
    again = await tokens.create("dewi", "cron", 90, actor="rini")
    assert await tokens.authenticate(again)
    assert await tokens.authenticate(revoked) is None


async def test_a_token_of_one_who_is_disabled(tokens: TokenStore, accounts: AccountStore) -> None:
    token = await tokens.create("dewi", "laptop", 90, actor="rini")
    await accounts.disable("dewi", actor="rini")
    assert await tokens.authenticate(token) is None
    with pytest.raises(AccountRefused, match="dewi is disabled"):
        await tokens.create("dewi", "cron", 90, actor="rini")
    await accounts.enable("dewi", actor="rini")
    assert await tokens.authenticate(token)


async def test_a_locked_password_does_not_stop_it(tokens: TokenStore, accounts: AccountStore) -> None:
    token = await tokens.create("dewi", "laptop", 90, actor="rini")
    for _ in range(MAX_WRONG_PASSWORDS):
        await accounts.authenticate("dewi", "wrong password")
    assert await accounts.authenticate("dewi", PASSWORD) is None
    assert await tokens.authenticate(token)


async def test_a_label_stands_once(tokens: TokenStore) -> None:
    made = await asyncio.gather(
        *(tokens.create("dewi", "laptop", 90, actor="rini") for _ in range(3)), return_exceptions=True
    )
    assert [type(one) for one in made].count(AccountRefused) == 2
    assert [type(one) for one in made].count(str) == 1


@pytest.mark.parametrize(("label", "days"), [("", 90), (" ", 90), ("x" * 65, 90), ("a\nb", 90), ("a", 0), ("a", 367)])
async def test_what_a_token_cannot_be(tokens: TokenStore, label: str, days: int) -> None:
    with pytest.raises(AccountRefused):
        await tokens.create("dewi", label, days, actor="rini")


async def test_nobody_of_that_name(tokens: TokenStore) -> None:
    with pytest.raises(NoSuchAccount):
        await tokens.create("budi", "laptop", 90, actor="rini")
    with pytest.raises(NoSuchAccount):
        await tokens.revoke("budi", "laptop", actor="rini")


async def test_proving_and_revoking_at_once(tokens: TokenStore) -> None:
    """They do not wait for each other in a ring, and afterwards it is revoked."""
    token = await tokens.create("dewi", "laptop", 90, actor="rini")
    await asyncio.gather(
        *(tokens.authenticate(token) for _ in range(10)),
        tokens.revoke("dewi", "laptop", actor="rini"),
        *(tokens.authenticate(token) for _ in range(10)),
    )
    assert await tokens.authenticate(token) is None


async def test_when_it_was_last_used_is_listed(tokens: TokenStore, accounts: AccountStore, clock: ManualClock) -> None:
    token = await tokens.create("dewi", "laptop", 1, actor="rini")
    expires_at = clock.now() + timedelta(days=1)
    (listed,) = await accounts.list_accounts()
    assert listed.tokens == (TokenSummary("laptop", expires_at, last_used_at=None),)
    clock.advance(hours=1)
    await tokens.authenticate(token)
    (listed,) = await accounts.list_accounts()
    assert listed.tokens[0].last_used_at == listed.last_used_at == clock.now()
    await tokens.revoke("dewi", "laptop", actor="rini")
    assert (await accounts.list_accounts())[0].tokens == ()
