"""Tokens against a real PostgreSQL: shown once, good until their minute, worthless when revoked."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

import pytest
from argon2.profiles import CHEAPEST
from sqlalchemy import select

from gateway.accounts.account import TRIES, Account, AccountRefused, NoSuchAccount, NoSuchToken
from gateway.accounts.passwords import Hasher
from gateway.accounts.roles import DeskRole
from gateway.accounts.store import Accounts
from gateway.accounts.tables import account_tokens
from gateway.accounts.tokens import Tokens
from gateway.audit import audit
from gateway.runtime.postgres import Database
from tests.helpers.clocks import ManualClock

PASSWORD = "kuda lumping merah"
DEWI = Account(1, "dewi", "Dewi", (DeskRole.OPERATOR,))


@pytest.fixture
async def accounts(database: Database, clock: ManualClock) -> Accounts:
    made = Accounts(database, clock, Hasher(CHEAPEST))
    await made.add("dewi", "Dewi", [DeskRole.OPERATOR], PASSWORD, actor="rini")
    return made


@pytest.fixture
def tokens(accounts: Accounts, database: Database, clock: ManualClock) -> Tokens:
    return Tokens(database, clock)


async def test_a_token_proves_its_account(tokens: Tokens) -> None:
    token = await tokens.make("dewi", "laptop", 90, actor="rini")
    assert re.fullmatch(r"wsp_[A-Za-z0-9_-]{43}", token)
    assert await tokens.prove(token) == DEWI
    for wrong in ("", "wsp_", token[:-1], token + "x", token.removeprefix("wsp_"), "wsp_\udce9", "wsp_" + "x" * 10_000):
        assert await tokens.prove(wrong) is None


async def test_only_a_hash_of_it_is_stored(tokens: Tokens, database: Database) -> None:
    token = await tokens.make("dewi", "laptop", 90, actor="rini")
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


async def test_a_token_ends_in_its_minute(tokens: Tokens, clock: ManualClock) -> None:
    token = await tokens.make("dewi", "laptop", 2, actor="rini")
    clock.time += timedelta(days=2, microseconds=-1)
    assert await tokens.prove(token)
    clock.advance(microseconds=1)
    assert await tokens.prove(token) is None


async def test_a_revoked_token_is_worthless(tokens: Tokens) -> None:
    kept, revoked = [await tokens.make("dewi", label, 90, actor="rini") for label in ("laptop", "cron")]
    await tokens.revoke("dewi", "cron", actor="rini")
    assert await tokens.prove(revoked) is None
    assert await tokens.prove(kept)
    with pytest.raises(NoSuchToken):
        await tokens.revoke("dewi", "cron", actor="rini")
    again = await tokens.make("dewi", "cron", 90, actor="rini")
    assert await tokens.prove(again)
    assert await tokens.prove(revoked) is None


async def test_a_token_of_one_who_is_disabled(tokens: Tokens, accounts: Accounts) -> None:
    token = await tokens.make("dewi", "laptop", 90, actor="rini")
    await accounts.disable("dewi", actor="rini")
    assert await tokens.prove(token) is None
    with pytest.raises(AccountRefused, match="dewi is disabled"):
        await tokens.make("dewi", "cron", 90, actor="rini")
    await accounts.enable("dewi", actor="rini")
    assert await tokens.prove(token)


async def test_a_locked_password_does_not_stop_it(tokens: Tokens, accounts: Accounts) -> None:
    token = await tokens.make("dewi", "laptop", 90, actor="rini")
    for _ in range(TRIES):
        await accounts.prove("dewi", "wrong password")
    assert await accounts.prove("dewi", PASSWORD) is None
    assert await tokens.prove(token)


async def test_a_label_stands_once(tokens: Tokens) -> None:
    made = await asyncio.gather(
        *(tokens.make("dewi", "laptop", 90, actor="rini") for _ in range(3)), return_exceptions=True
    )
    assert [type(one) for one in made].count(AccountRefused) == 2
    assert [type(one) for one in made].count(str) == 1


@pytest.mark.parametrize(("label", "days"), [("", 90), (" ", 90), ("x" * 65, 90), ("a\nb", 90), ("a", 0), ("a", 367)])
async def test_what_a_token_cannot_be(tokens: Tokens, label: str, days: int) -> None:
    with pytest.raises(AccountRefused):
        await tokens.make("dewi", label, days, actor="rini")


async def test_nobody_of_that_name(tokens: Tokens) -> None:
    with pytest.raises(NoSuchAccount):
        await tokens.make("budi", "laptop", 90, actor="rini")
    with pytest.raises(NoSuchAccount):
        await tokens.revoke("budi", "laptop", actor="rini")


async def test_proving_and_revoking_at_once(tokens: Tokens) -> None:
    """They do not wait for each other in a ring, and afterwards it is revoked."""
    token = await tokens.make("dewi", "laptop", 90, actor="rini")
    await asyncio.gather(
        *(tokens.prove(token) for _ in range(10)),
        tokens.revoke("dewi", "laptop", actor="rini"),
        *(tokens.prove(token) for _ in range(10)),
    )
    assert await tokens.prove(token) is None


async def test_when_it_was_last_used_is_listed(tokens: Tokens, accounts: Accounts, clock: ManualClock) -> None:
    token = await tokens.make("dewi", "laptop", 1, actor="rini")
    ends = (clock.now() + timedelta(days=1)).isoformat()
    (listed,) = await accounts.list()
    assert listed["tokens"] == [{"name": "laptop", "expires_at": ends, "last_used_at": None}]
    clock.advance(hours=1)
    await tokens.prove(token)
    (listed,) = await accounts.list()
    assert listed["tokens"][0]["last_used_at"] == listed["last_used_at"] == clock.now().isoformat()
    await tokens.revoke("dewi", "laptop", actor="rini")
    assert (await accounts.list())[0]["tokens"] == []
