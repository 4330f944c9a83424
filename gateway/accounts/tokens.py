"""API tokens of accounts: they authenticate a script, where nobody types a password.

A token is 256 random bits, so that a plain hash of it is enough, and it is looked up by that hash. It is shown once.
A lockout after wrong passwords does not affect it: otherwise anybody could stop the scripts of somebody else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, insert, select, update

from gateway.accounts.account import Account, AccountRefused, NoSuchToken, check_token
from gateway.accounts.proofs import Refusal, Way, record_proof, record_refused_proof
from gateway.accounts.store import account_from_row, audit_account, lock_account
from gateway.accounts.tables import account_tokens, accounts
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.text.diagnostics import quoted

PREFIX = "wsp_"
"""Prefix that makes a leaked token recognisable, in a log or a public repository."""


class TokenStore:
    """Store of tokens. Every method is one transaction and may raise `DatabaseUnavailable`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def create(self, name: str, label: str, days: int, *, actor: str) -> str:
        """Create a token of the account `name`, called `label` and valid for so many days. Returns it.

        Raises `NoSuchAccount` and `AccountRefused`.
        """
        check_token(label, days)
        now = self._clock.now()
        token = PREFIX + self._clock.long_token()
        row = {"name": label, "digest": _digest(token), "created_at": now, "expires_at": now + timedelta(days=days)}
        async with self._database.begin() as connection:
            account = await lock_account(connection, name)
            if account["disabled_at"]:
                raise AccountRefused(f"{name} is disabled")
            if (
                await connection.execute(select(account_tokens.c.id).where(_not_revoked(account["id"], label)))
            ).first():
                raise AccountRefused(
                    f"{name} has a token {quoted(label)} already: revoke it, or name this one otherwise"
                )
            await connection.execute(insert(account_tokens).values(account=account["id"], **row))
            detail: dict[str, str | int] = {"token": label, "days": days}
            await audit_account(connection, now, actor, "account.token_made", name, detail)
        return token

    async def revoke(self, name: str, label: str, *, actor: str) -> None:
        """Revoke a token at once. Raises `NoSuchAccount` and `NoSuchToken`."""
        now = self._clock.now()
        async with self._database.begin() as connection:
            account = await lock_account(connection, name)
            revoke = update(account_tokens).where(_not_revoked(account["id"], label)).values(revoked_at=now)
            if (await connection.execute(revoke)).rowcount == 0:
                raise NoSuchToken
            await audit_account(connection, now, actor, "account.token_revoked", name, {"token": label})

    async def authenticate(self, name: str, token: str) -> Account | None:
        """Return the account `name`, if this is a valid token of it. None for everything else."""
        now = self._clock.now()
        this = account_tokens.c.digest == _digest(token)
        theirs = account_tokens.c.account == accounts.c.id
        find = select(accounts).where(theirs, this).with_for_update(of=accounts)
        async with self._database.begin() as connection:
            # Lock order, as of every writer: the account first, then its token, which is read under that lock.
            row = (await connection.execute(find)).mappings().first()
            if row is None:
                await record_refused_proof(connection, now, None, Way.TOKEN, Refusal.UNKNOWN)
                return None
            found = (await connection.execute(select(account_tokens).where(this))).mappings().one()
            if refusal := _refusal(row, found, name, now):
                await record_refused_proof(connection, now, row["name"], Way.TOKEN, refusal, token=found["name"])
                return None
            await connection.execute(update(account_tokens).where(this).values(last_used_at=now))
            await connection.execute(update(accounts).where(accounts.c.id == row["id"]).values(last_used_at=now))
            await record_proof(connection, now, row["name"], Way.TOKEN, token=found["name"])
        return account_from_row(row)


def _refusal(account: Mapping[Any, Any], token: Mapping[Any, Any], name: str, now: datetime) -> Refusal | None:
    """Return the reason that a known token does not authenticate the account `name`, None if it does."""
    if token["revoked_at"] is not None:
        return Refusal.REVOKED
    if token["expires_at"] <= now:
        return Refusal.EXPIRED
    if account["disabled_at"] is not None:
        return Refusal.DISABLED
    return Refusal.OTHER_ACCOUNT if account["name"] != name else None


def _not_revoked(account: Any, label: str) -> ColumnElement[bool]:
    return and_(
        account_tokens.c.account == account, account_tokens.c.name == label, account_tokens.c.revoked_at.is_(None)
    )


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
