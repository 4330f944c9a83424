"""Record of the proofs of accounts, good and bad, and of refused rights. It has the name and the way, never a secret.

It is part of the audit trail, since a command runs outside of the processes that write the log. A flood cannot fill
the trail: of one subject, at most `MAX_REFUSALS` refusals of a kind are recorded in `REFUSAL_WINDOW`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.audit import INSERT_AUDIT, audit, audit_row
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database

MAX_REFUSALS = 10
REFUSAL_WINDOW = timedelta(minutes=15)

NO_ACCOUNT = "account ?"
"""Subject of a refused proof that names no account. What was typed is left out: it may be a password."""

_REFUSED, _RIGHT_REFUSED = "account.refused", "account.right_refused"
_LOCK = 0x7761_7072_6F6F_6673
"""Key of the advisory lock of refusals: any number that nothing else uses."""


class Way(StrEnum):
    """Way in which an account is proven."""

    PASSWORD = "password"  # noqa: S105 - the names of the ways
    CODE = "password and code"
    TOKEN = "token"  # noqa: S105


class Refusal(StrEnum):
    """Class of the reason of a refused proof. Nobody but the reader of the trail learns it."""

    UNKNOWN = "unknown"
    WRONG = "wrong"
    LOCKED = "locked"
    DISABLED = "disabled"
    CHANGED = "changed meanwhile"
    EXPIRED = "expired"
    REVOKED = "revoked"
    OTHER_ACCOUNT = "of another account"


def account_subject(name: str) -> str:
    """Return the subject of an account's rows in the audit trail."""
    return f"account {name}"


async def record_proof(connection: AsyncConnection, now: datetime, name: str, way: Way, **detail: str) -> None:
    """Record a good proof of an account, in the transaction of its use."""
    row = audit_row(now, name, "account.authenticated", account_subject(name), {"by": way, **detail})
    await connection.execute(INSERT_AUDIT, row)


async def record_refused_proof(
    connection: AsyncConnection, now: datetime, name: str | None, way: Way, reason: Refusal, **detail: str
) -> None:
    """Record a bad proof of the account `name`, or of none, unless too many were recorded lately."""
    subject = account_subject(name) if name else NO_ACCOUNT
    await _record_few(connection, now, "gateway", _REFUSED, subject, {"by": way, "reason": reason, **detail})


async def record_refused_right(database: Database, clock: Clock, name: str, right: str) -> None:
    """Record that an authenticated account asked for something it may not. May raise `DatabaseUnavailable`."""
    async with database.begin() as connection:
        await _record_few(connection, clock.now(), name, _RIGHT_REFUSED, account_subject(name), {"right": right})


async def _record_few(
    connection: AsyncConnection, now: datetime, actor: str, action: str, subject: str, detail: Mapping[str, str]
) -> None:
    # One at a time, so that simultaneous refusals are not more than the limit.
    await connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    same = select(audit.c.id).where(audit.c.subject == subject, audit.c.action == action)
    recent = same.where(audit.c.at > now - REFUSAL_WINDOW).limit(MAX_REFUSALS)
    if len((await connection.execute(recent)).all()) < MAX_REFUSALS:
        await connection.execute(INSERT_AUDIT, audit_row(now, actor, action, subject, detail))
