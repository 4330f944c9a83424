"""The accounts of the people who run the desk: made, changed, listed, and proven by password.

Every change writes an audit row, whose subject is `account <name>`. Nothing is ever deleted: what somebody approved
must have somebody who did.

A try counts as wrong until its password has turned out right. So any number of them at the same time are no more
guesses than `TRIES`, and an unknown, a disabled and a locked name take the same work as any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, and_, case, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.accounts.account import (
    LOCKOUT,
    MAX_WRONG_PASSWORDS,
    Account,
    AccountRefused,
    NoSuchAccount,
    account_state,
    check_account,
)
from gateway.accounts.passwords import MAX_LENGTH, Argon2Hasher, check_password
from gateway.accounts.roles import DeskRole
from gateway.accounts.tables import account_tokens, accounts
from gateway.audit import INSERT_AUDIT, audit_row
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.text.phone import mask_in

FIRST_ADMINISTRATOR = "admin"
_GATEWAY = "gateway"


class AccountStore:
    """Makes, changes, lists and proves accounts. Every method may raise `DatabaseAway`.

    What changes one raises `NoSuchAccount`; `actor` is who does it, for the audit trail.
    """

    def __init__(self, database: Database, clock: Clock, hasher: Argon2Hasher | None = None) -> None:
        self._database = database
        self._clock = clock
        self._hasher = hasher or Argon2Hasher()

    async def add(self, name: str, display: str, roles: Sequence[DeskRole], password: str, *, actor: str) -> None:
        """Make an account. Raises `AccountRefused`, also when there is one of this name, and `PasswordRefused`."""
        check_account(name, display, roles)
        check_password(password, name)
        if not await self._insert(name, display, roles, password, actor):
            raise AccountRefused(f"there is an account {name} already")

    async def add_first_administrator(self) -> str | None:
        """Where there is no account at all, make an administrator; the password, which nobody can be shown again."""
        async with self._database.begin() as connection:
            if (await connection.execute(select(accounts.c.id).limit(1))).first():
                return None
        password = self._clock.token()
        roles = [DeskRole.ADMINISTRATOR]
        # Not added: another process was faster, and has shown its own.
        return password if await self._insert(FIRST_ADMINISTRATOR, "Administrator", roles, password, _GATEWAY) else None

    async def _insert(self, name: str, display: str, roles: Sequence[DeskRole], password: str, actor: str) -> bool:
        hashed = await self._hasher.hash(password)
        now = self._clock.now()
        ordered = [role for role in DeskRole if role in roles]
        row = {
            "name": name,
            "display": display.strip(),
            "roles": ordered,
            "password_hash": hashed,
            "password_set_at": now,
            "created_at": now,
            "failed_tries": 0,
        }
        adding = insert(accounts).values(row).on_conflict_do_nothing().returning(accounts.c.id)
        async with self._database.begin() as connection:
            if (await connection.execute(adding)).first() is None:
                return False
            await audit_account(connection, now, actor, "account.added", name, {"roles": ", ".join(ordered)})
        return True

    async def set_password(self, name: str, password: str, *, actor: str) -> None:
        """Give the account another password; it is locked no more. Raises `PasswordRefused`."""
        check_password(password, name)
        hashed = await self._hasher.hash(password)
        now = self._clock.now()
        async with self._database.begin() as connection:
            account = await lock_account(connection, name)
            await _update(
                connection, account, password_hash=hashed, password_set_at=now, failed_tries=0, locked_until=None
            )
            await audit_account(connection, now, actor, "account.password_set", name)

    async def disable(self, name: str, *, actor: str) -> bool:
        """Let the account in no more, neither by password nor by token; whether that is new."""
        now = self._clock.now()
        async with self._database.begin() as connection:
            account = await lock_account(connection, name)
            if account["disabled_at"]:
                return False
            await _update(connection, account, disabled_at=now)
            await audit_account(connection, now, actor, "account.disabled", name)
        return True

    async def enable(self, name: str, *, actor: str) -> bool:
        """Let an account in that was disabled or locked, its tokens too; whether it was."""
        now = self._clock.now()
        async with self._database.begin() as connection:
            account = await lock_account(connection, name)
            was = account_state(account["disabled_at"], account["locked_until"], now)
            if was == "active":
                return False
            await _update(connection, account, disabled_at=None, failed_tries=0, locked_until=None)
            await audit_account(connection, now, actor, "account.enabled", name, {"was": was})
        return True

    async def list_accounts(self, limit: int = 1000) -> Sequence[dict[str, Any]]:
        """The accounts with the tokens that stand, the newest first, for lists and JSON."""
        newest = select(accounts).order_by(accounts.c.id.desc()).limit(limit)
        async with self._database.begin() as connection:
            rows = (await connection.execute(newest)).mappings().all()
            theirs = account_tokens.c.account.in_([row["id"] for row in rows])
            standing = select(account_tokens).where(account_tokens.c.revoked_at.is_(None), theirs)
            tokens = (await connection.execute(standing.order_by(account_tokens.c.id))).mappings().all()
        now = self._clock.now()
        return [_for_json(row, [token for token in tokens if token["account"] == row["id"]], now) for row in rows]

    # Proving -----------------------------------------------------------------------------------------------------

    async def authenticate(self, name: str, password: str) -> Account | None:
        """The account, if this is its password; None for everything else, and nobody learns why."""
        claimed = await self._use_attempt(name.strip().lower()) if len(password) <= MAX_LENGTH else None
        stored = claimed["password_hash"] if claimed else self._hasher.decoy
        right = await self._hasher.verify(stored, password)
        if claimed is None:
            return None
        if not right:
            await self._audit_lockout(claimed)
            return None
        if not await self._reset_attempts(claimed):
            return None
        if self._hasher.needs_rehash(stored):
            await self._rehash(claimed, password)
        return account_from_row(claimed)

    async def _use_attempt(self, name: str) -> RowMapping | None:
        """The account, if it may be tried now; one try is used up, and the last one locks it."""
        now = self._clock.now()
        last = accounts.c.failed_tries + 1 >= MAX_WRONG_PASSWORDS
        claiming = (
            update(accounts)
            .where(accounts.c.name == name, accounts.c.disabled_at.is_(None), _not_locked(now))
            .values(
                failed_tries=case((last, 0), else_=accounts.c.failed_tries + 1),
                locked_until=case((last, literal(now + LOCKOUT)), else_=None),
            )
            .returning(accounts)
        )
        async with self._database.begin() as connection:
            claimed: RowMapping | None = (await connection.execute(claiming)).mappings().first()
        return claimed

    async def _audit_lockout(self, claimed: RowMapping) -> None:
        """Note the wrong password that has locked the account; every try is counted already."""
        if claimed["locked_until"] is not None:
            async with self._database.begin() as connection:
                await audit_account(connection, self._clock.now(), _GATEWAY, "account.locked", claimed["name"])

    async def _reset_attempts(self, claimed: RowMapping) -> bool:
        """Forget the wrong tries; False where the password was changed or the account disabled meanwhile."""
        same = and_(accounts.c.id == claimed["id"], accounts.c.password_set_at == claimed["password_set_at"])
        accepting = (
            update(accounts)
            .where(same, accounts.c.disabled_at.is_(None))
            .values(failed_tries=0, locked_until=None, last_used_at=self._clock.now())
        )
        async with self._database.begin() as connection:
            return (await connection.execute(accepting)).rowcount == 1

    async def _rehash(self, claimed: RowMapping, password: str) -> None:
        """Hash a right password with the parameters of now."""
        hashed = await self._hasher.hash(password)
        same = and_(accounts.c.id == claimed["id"], accounts.c.password_hash == claimed["password_hash"])
        async with self._database.begin() as connection:
            await connection.execute(update(accounts).where(same).values(password_hash=hashed))


# What stands ---------------------------------------------------------------------------------------------------


async def lock_account(connection: AsyncConnection, name: str) -> RowMapping:
    """The row of an account, held until the transaction ends. Raises `NoSuchAccount`."""
    finding = select(accounts).where(accounts.c.name == name).with_for_update()
    row = (await connection.execute(finding)).mappings().first()
    if row is None:
        raise NoSuchAccount
    return row


async def audit_account(
    connection: AsyncConnection,
    now: datetime,
    actor: str,
    action: str,
    name: str,
    detail: Mapping[str, str | int] | None = None,
) -> None:
    """Write what was done with an account into the audit trail."""
    await connection.execute(INSERT_AUDIT, audit_row(now, mask_in(actor), action, f"account {name}", detail or {}))


def account_from_row(row: Mapping[Any, Any]) -> Account:
    """The account that a row of the table is."""
    return Account(row["id"], row["name"], row["display"], tuple(DeskRole(role) for role in row["roles"]))


async def _update(connection: AsyncConnection, account: RowMapping, **values: Any) -> None:
    await connection.execute(update(accounts).where(accounts.c.id == account["id"]).values(**values))


def _not_locked(now: datetime) -> ColumnElement[bool]:
    return or_(accounts.c.locked_until.is_(None), accounts.c.locked_until <= now)


def _for_json(row: RowMapping, tokens: Sequence[RowMapping], now: datetime) -> dict[str, Any]:
    return {
        "name": row["name"],
        "display": row["display"],
        "roles": row["roles"],
        "state": account_state(row["disabled_at"], row["locked_until"], now),
        "created_at": row["created_at"].isoformat(),
        "password_set_at": row["password_set_at"].isoformat(),
        "last_used_at": _written(row["last_used_at"]),
        "tokens": [
            {
                "name": token["name"],
                "expires_at": token["expires_at"].isoformat(),
                "last_used_at": _written(token["last_used_at"]),
            }
            for token in tokens
        ],
    }


def _written(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
