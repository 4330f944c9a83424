"""Store of operator accounts: add, change and list them, and authenticate by password with a lockout.

Every change and every proof writes an audit row, whose subject is `account <name>`. No account is ever deleted: every
approval must keep its author.

An attempt counts as wrong until its password has turned out right. So any number of simultaneous attempts are no more
guesses than `MAX_WRONG_PASSWORDS`. An unknown, a disabled and a locked name take the same work as any other.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
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
from gateway.accounts.passwords import MAX_VERIFIED, Argon2Hasher, check_password
from gateway.accounts.proofs import Refusal, Way, account_subject, record_proof, record_refused_proof
from gateway.accounts.roles import DeskRole
from gateway.accounts.tables import account_tokens, accounts
from gateway.accounts.totp import matching_step
from gateway.audit import INSERT_AUDIT, audit_row
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.vault.vault import Vault

FIRST_ADMINISTRATOR = "admin"
_GATEWAY = "gateway"


@dataclass(frozen=True, slots=True)
class TokenSummary:
    name: str
    expires_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class AccountSummary:
    """Account as a list shows it, with the tokens that are not revoked."""

    name: str
    display: str
    roles: tuple[str, ...]  # as stored: a newer version may have granted one that this one does not know
    state: str  # active, disabled or locked
    created_at: datetime
    password_set_at: datetime
    last_used_at: datetime | None
    tokens: tuple[TokenSummary, ...]


class AccountStore:
    """Store of accounts. Every method may raise `DatabaseUnavailable`, and one that changes an account `NoSuchAccount`.

    `actor` is the author of a change, for the audit trail.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        hasher: Argon2Hasher | None = None,
        *,
        names: Collection[str] = (),
        vault: Vault | None = None,
    ) -> None:
        """`names` are those of the place and of the service: nobody may use them as a password.

        `vault` opens the secrets of second factors. Without it an account that has one is refused.
        """
        self._database = database
        self._clock = clock
        self._hasher = hasher or Argon2Hasher()
        self._names = names
        self._vault = vault

    async def add(self, name: str, display: str, roles: Sequence[DeskRole], password: str, *, actor: str) -> None:
        """Add an account. Raises `AccountRefused`, also if the name is taken, and `PasswordRefused`."""
        check_account(name, display, roles)
        check_password(password, (name, *self._names))
        if not await self._insert(name, display, roles, password, actor):
            raise AccountRefused(f"account {name} exists already")

    async def add_first_administrator(self) -> str | None:
        """Add an administrator if there is no account at all. Returns the password, which cannot be shown again."""
        async with self._database.begin() as connection:
            if (await connection.execute(select(accounts.c.id).limit(1))).first():
                return None
        password = self._clock.token()
        roles = [DeskRole.ADMINISTRATOR]
        # Not inserted: another process was faster, and has shown its own password.
        return password if await self._insert(FIRST_ADMINISTRATOR, "Administrator", roles, password, _GATEWAY) else None

    async def _insert(self, name: str, display: str, roles: Sequence[DeskRole], password: str, actor: str) -> bool:
        hashed = await self._hasher.hash(password)
        now = self._clock.now()
        ordered = [role for role in DeskRole if role in roles]  # as everywhere, and each once
        row = {
            "name": name,
            "display": display.strip(),
            "roles": ordered,
            "password_hash": hashed,
            "password_set_at": now,
            "created_at": now,
            "failed_tries": 0,
        }
        statement = insert(accounts).values(row).on_conflict_do_nothing().returning(accounts.c.id)
        async with self._database.begin() as connection:
            if (await connection.execute(statement)).first() is None:
                return False
            await audit_account(connection, now, actor, "account.added", name, {"roles": ", ".join(ordered)})
        return True

    async def set_password(self, name: str, password: str, *, actor: str) -> None:
        """Set another password and end a lockout. Raises `PasswordRefused`."""
        check_password(password, (name, *self._names))
        hashed = await self._hasher.hash(password)  # before the transaction: no row is locked while it takes its time
        now = self._clock.now()
        async with self._database.begin() as connection:
            account = await lock_account(connection, name)
            await _update(
                connection, account, password_hash=hashed, password_set_at=now, failed_tries=0, locked_until=None
            )
            await audit_account(connection, now, actor, "account.password_set", name)

    async def disable(self, name: str, *, actor: str) -> bool:
        """Refuse the account, by password and by token, from now on. Returns False if it was disabled already."""
        now = self._clock.now()
        async with self._database.begin() as connection:
            account = await lock_account(connection, name)
            if account["disabled_at"]:
                return False
            await _update(connection, account, disabled_at=now)
            await audit_account(connection, now, actor, "account.disabled", name)
        return True

    async def enable(self, name: str, *, actor: str) -> bool:
        """Accept a disabled or locked account again, and its tokens. Returns False if it was active already."""
        now = self._clock.now()
        async with self._database.begin() as connection:
            account = await lock_account(connection, name)
            was = account_state(account["disabled_at"], account["locked_until"], now)
            if was == "active":
                return False
            await _update(connection, account, disabled_at=None, failed_tries=0, locked_until=None)
            await audit_account(connection, now, actor, "account.enabled", name, {"was": was})
        return True

    async def roles_of(self, name: str) -> tuple[str, ...]:
        """Return the roles of an account, disabled or not. Returns none for an unknown name. It proves nothing."""
        async with self._database.begin() as connection:
            found = (await connection.execute(select(accounts.c.roles).where(accounts.c.name == name))).scalar()
        return tuple(found or ())

    async def list_accounts(self, limit: int = 1000) -> Sequence[AccountSummary]:
        """Return the accounts with their tokens, revoked ones apart, the last added first."""
        newest = select(accounts).order_by(accounts.c.id.desc()).limit(limit)
        async with self._database.begin() as connection:
            rows = (await connection.execute(newest)).mappings().all()
            theirs = account_tokens.c.account.in_([row["id"] for row in rows])
            active = select(account_tokens).where(account_tokens.c.revoked_at.is_(None), theirs)
            tokens = (await connection.execute(active.order_by(account_tokens.c.id))).mappings().all()
        now = self._clock.now()
        return [_summary(row, [token for token in tokens if token["account"] == row["id"]], now) for row in rows]

    # Authentication ----------------------------------------------------------------------------------------------

    async def authenticate(self, name: str, password: str, ask_code: Callable[[], str] | None = None) -> Account | None:
        """Return the account, if this is its password. None for everything else, without telling why.

        If the account has a second factor, `ask_code` is called after the right password, and its answer must be the
        code of now, which counts once. A wrong code is an attempt like a wrong password.
        """
        # The attempt is counted before the hash is computed, so that parallel attempts cannot exceed the limit.
        row = await self._use_attempt(name.strip().lower()) if len(password) <= MAX_VERIFIED else None
        stored = row["password_hash"] if row else self._hasher.decoy
        right = await self._hasher.verify(stored, password)
        if row is None or not right:
            await self._refuse(name.strip().lower(), row, Way.PASSWORD)
            return None
        step: int | None = None
        if row["totp_sealed"] is not None:
            step = self._step_of(row, ask_code() if ask_code else "")
            if step is None:
                await self._refuse(row["name"], row, Way.CODE)
                return None
        if not await self._reset_attempts(row, step):
            return None
        if self._hasher.needs_rehash(stored):
            await self._rehash(row, password)
        return account_from_row(row)

    def _step_of(self, row: RowMapping, code: str) -> int | None:
        """Return the step of a right code. Without a vault no code is right."""
        if self._vault is None:
            return None
        return matching_step(self._vault.open_secret(row["totp_sealed"], row["name"]), code, self._clock.now())

    async def _use_attempt(self, name: str) -> RowMapping | None:
        """Count one attempt, the last of which locks the account. Returns its row, None if it may not be tried."""
        now = self._clock.now()
        last = accounts.c.failed_tries + 1 >= MAX_WRONG_PASSWORDS
        # One UPDATE reads and counts under the row lock, so that parallel attempts queue up and none is lost.
        count_attempt = (
            update(accounts)
            .where(accounts.c.name == name, accounts.c.disabled_at.is_(None), _not_locked(now))
            .values(
                failed_tries=case((last, 0), else_=accounts.c.failed_tries + 1),
                locked_until=case((last, literal(now + LOCKOUT)), else_=None),
            )
            .returning(accounts)
        )
        async with self._database.begin() as connection:
            row: RowMapping | None = (await connection.execute(count_attempt)).mappings().first()
        return row

    async def _refuse(self, name: str, row: RowMapping | None, way: Way) -> None:
        """Record a refused proof, and the lockout if this attempt has locked the account. It is counted already."""
        now = self._clock.now()
        find = select(accounts.c.disabled_at, accounts.c.locked_until).where(accounts.c.name == name)
        async with self._database.begin() as connection:
            known = (await connection.execute(find)).first()
            reason = Refusal.WRONG if row else _refusal(known, now)
            await record_refused_proof(connection, now, name if known else None, way, reason)
            if row and row["locked_until"] is not None:
                await audit_account(connection, now, _GATEWAY, "account.locked", name)

    async def _reset_attempts(self, row: RowMapping, step: int | None) -> bool:
        """Reset the count, and use the code of `step` up. Returns False if that was used, or the account changed."""
        # The hash took a fifth of a second, and typing the code longer: an administrator may have acted.
        table = accounts.c
        unchanged = and_(
            table.id == row["id"],
            table.password_set_at == row["password_set_at"],
            table.disabled_at.is_(None),
            table.totp_sealed.is_not_distinct_from(row["totp_sealed"]),
        )
        now = self._clock.now()
        values = {"failed_tries": 0, "locked_until": None, "last_used_at": now}
        if step is not None:
            unchanged = and_(unchanged, table.totp_step < step)
            values["totp_step"] = step
        way = Way.PASSWORD if step is None else Way.CODE
        async with self._database.begin() as connection:
            counts = (await connection.execute(update(accounts).where(unchanged).values(values))).rowcount == 1
            if counts:
                await record_proof(connection, now, row["name"], way)
            else:
                await record_refused_proof(connection, now, row["name"], way, Refusal.CHANGED)
        return counts

    async def _rehash(self, row: RowMapping, password: str) -> None:
        """Hash a right password with today's parameters."""
        hashed = await self._hasher.hash(password)
        # A parallel login may have replaced the hash already, or the password may be another one by now.
        same = and_(accounts.c.id == row["id"], accounts.c.password_hash == row["password_hash"])
        async with self._database.begin() as connection:
            await connection.execute(update(accounts).where(same).values(password_hash=hashed))


# Rows ------------------------------------------------------------------------------------------------------------


async def lock_account(connection: AsyncConnection, name: str) -> RowMapping:
    """Return the row of an account, locked until the transaction ends. Raises `NoSuchAccount`."""
    statement = select(accounts).where(accounts.c.name == name).with_for_update()
    row = (await connection.execute(statement)).mappings().first()
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
    await connection.execute(INSERT_AUDIT, audit_row(now, actor, action, account_subject(name), detail or {}))


def account_from_row(row: Mapping[Any, Any]) -> Account:
    return Account(
        row["id"],
        row["name"],
        row["display"],
        tuple(DeskRole(role) for role in row["roles"]),
        row["totp_sealed"] is not None,
    )


async def _update(connection: AsyncConnection, account: RowMapping, **values: Any) -> None:
    await connection.execute(update(accounts).where(accounts.c.id == account["id"]).values(**values))


def _not_locked(now: datetime) -> ColumnElement[bool]:
    return or_(accounts.c.locked_until.is_(None), accounts.c.locked_until <= now)


def _refusal(account: Any, now: datetime) -> Refusal:
    """Return the reason that an account, None for an unknown one, was not tried."""
    if account is None:
        return Refusal.UNKNOWN
    state = account_state(account.disabled_at, account.locked_until, now)
    return {"disabled": Refusal.DISABLED, "locked": Refusal.LOCKED}.get(state, Refusal.WRONG)


def _summary(row: RowMapping, tokens: Sequence[RowMapping], now: datetime) -> AccountSummary:
    return AccountSummary(
        name=row["name"],
        display=row["display"],
        roles=tuple(row["roles"]),
        state=account_state(row["disabled_at"], row["locked_until"], now),
        created_at=row["created_at"],
        password_set_at=row["password_set_at"],
        last_used_at=row["last_used_at"],
        tokens=tuple(TokenSummary(token["name"], token["expires_at"], token["last_used_at"]) for token in tokens),
    )
