"""What the desk may do with single messages: look at one, have it sent once more, call it off.

Both changes stand in the audit trail. Sending once more makes a new message that names the old one, so that what is
final stays final, and is possible once per message: whoever wants it again takes the newest. What belongs to an appeal
is the appeal's alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.audit import INSERT_AUDIT, audit, audit_row
from gateway.messages.message import (
    CLASSES,
    OPTED_OUT,
    RESENDABLE,
    MessageClass,
    MessageStatus,
    may_cancel,
    may_move,
    sources,
)
from gateway.messages.suppression import recipient_opted_out
from gateway.messages.tables import message_attempts, messages, receipts
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.text.phone import mask_in
from gateway.vault.vault import Vault

_COPIED_COLUMNS = (
    "class", "channel", "phone_sealed", "phone_key", "text", "encoding", "parts", "ticket", "language", "priority",
)  # fmt: skip
_SHOWN = (
    "id", "class", "status", "ticket", "text", "encoding", "parts", "attempts", "unknowns", "channel", "reason",
    "carrier_message_id", "language", "resend_of",
)  # fmt: skip
_TIMES = ("created_at", "due_at", "expires_at", "updated_at")


class NoSuchMessage(LookupError):
    """There is no message with this number. `waspada messages list` shows them."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class CannotResend(ValueError):
    """Why a message is not sent once more."""


class CannotCancel(ValueError):
    """Why a message is not called off."""


class OperatorActions:
    """Shows and changes single messages. Every method is one transaction and may raise `DatabaseAway`.

    All raise `NoSuchMessage`.
    """

    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock

    async def get_message(self, message: int) -> dict[str, Any]:
        """A message with its delivery reports and its history, the oldest first. Its number is masked."""
        async with self._database.begin() as connection:
            row = await _load(connection, message)
            reports = await _load_all(connection, select(receipts).where(receipts.c.message == message))
            tries = await _load_all(connection, select(message_attempts).where(message_attempts.c.message == message))
            noted = await _load_all(connection, select(audit).where(audit.c.subject == _subject(message)))
            again = await _find_resend(connection, message)
        shown = {name: row[name] for name in _SHOWN} | {name: row[name].isoformat() for name in _TIMES}
        return shown | {
            "to": self._vault.masked(row["phone_sealed"]),
            "resent_as": again,
            "receipts": [_receipt(report) for report in reports],
            "history": _history(row, tries, reports, noted),
        }

    async def resend(self, message: int, actor: str) -> int:
        """Queue the message once more, as a new one; its number. Raises `CannotResend`."""
        now = self._clock.now()
        async with self._database.begin() as connection:
            row = await _load(connection, message, locked=True)
            await _check_resend(connection, row)
            again = await _insert_copy(connection, row, now)
            if may_move(MessageStatus(row["status"]), MessageStatus.CANCELLED):
                reason = f"sent once more as {again}"
                await _change(connection, message, status=MessageStatus.CANCELLED, reason=reason, updated_at=now)
            detail: dict[str, str | int] = {"as": again, "was": row["status"]}
            await connection.execute(INSERT_AUDIT, audit_row(now, actor, "message.resent", _subject(message), detail))
        return again

    async def cancel(self, message: int, actor: str, reason: str = "") -> None:
        """Call the message off. Raises `CannotCancel`; a phone number in `reason` is masked."""
        now = self._clock.now()
        words = mask_in(reason) or f"called off by {actor}"
        async with self._database.begin() as connection:
            row = await _load(connection, message, locked=True)
            stands = MessageStatus(row["status"])
            _check_cancel(row)
            await _change(connection, message, status=MessageStatus.CANCELLED, reason=words, updated_at=now)
            detail = {"was": stands.value, "reason": words}
            await connection.execute(
                INSERT_AUDIT, audit_row(now, actor, "message.cancelled", _subject(message), detail)
            )


async def _load(connection: AsyncConnection, message: int, *, locked: bool = False) -> RowMapping:
    finding = select(messages).where(messages.c.id == message)
    if locked:
        finding = finding.with_for_update()
    row = (await connection.execute(finding)).mappings().first()
    if row is None:
        raise NoSuchMessage
    return row


async def _load_all(connection: AsyncConnection, finding: Any) -> Sequence[RowMapping]:
    rows: Sequence[RowMapping] = (await connection.execute(finding)).mappings().all()
    return sorted(rows, key=lambda row: row["id"])


async def _find_resend(connection: AsyncConnection, message: int) -> int | None:
    again = select(messages.c.id).where(messages.c.resend_of == message)
    return (await connection.execute(again)).scalar()


async def _check_resend(connection: AsyncConnection, row: RowMapping) -> None:
    message, stands = row["id"], MessageStatus(row["status"])
    if row["appeal"] is not None:  # the new one would be held, counted and called off by nothing
        raise CannotResend(f"message {message} belongs to appeal {row['appeal']}: it is not sent once more by itself")
    if stands not in RESENDABLE:
        allowed = ", ".join(sorted(RESENDABLE))
        raise CannotResend(f"message {message} is {stands}; only these can be sent once more: {allowed}")
    if row["phone_sealed"] is None:
        raise CannotResend(f"the number of message {message} was erased")
    if again := await _find_resend(connection, message):
        raise CannotResend(f"message {message} has been sent once more already, as {again}")
    unwanted = select(literal(1)).select_from(messages).where(messages.c.id == message, recipient_opted_out())
    if (await connection.execute(unwanted)).first():
        raise CannotResend(OPTED_OUT)


def _check_cancel(row: RowMapping) -> None:
    message, stands = row["id"], MessageStatus(row["status"])
    if not may_move(stands, MessageStatus.CANCELLED):
        allowed = ", ".join(sources(MessageStatus.CANCELLED))
        raise CannotCancel(f"message {message} is {stands}; only these can be called off: {allowed}")
    if not may_cancel(MessageClass(row["class"]), stands):
        raise CannotCancel(f"message {message} is of an appeal and may have arrived: it stays {stands}")


async def _insert_copy(connection: AsyncConnection, row: RowMapping, now: datetime) -> int:
    fresh = {
        **{name: row[name] for name in _COPIED_COLUMNS},
        "status": MessageStatus.QUEUED,
        "due_at": now,
        "expires_at": now + CLASSES[MessageClass(row["class"])].expiry,
        "attempts": 0,
        "unknowns": 0,
        "reason": "",
        "resend_of": row["id"],
        "created_at": now,
        "updated_at": now,
    }
    added: int = (await connection.execute(insert(messages).values(fresh).returning(messages.c.id))).scalar_one()
    return added


async def _change(connection: AsyncConnection, message: int, **values: Any) -> None:
    await connection.execute(update(messages).where(messages.c.id == message).values(**values))


def _subject(message: int) -> str:
    return f"message {message}"


def _receipt(row: Mapping[Any, Any]) -> dict[str, Any]:
    shown = {name: row[name] for name in ("status", "raw", "reason", "applied")}
    return {"at": row["received_at"].isoformat(), **shown}


def _history(
    message: RowMapping, tries: Sequence[RowMapping], reports: Sequence[RowMapping], noted: Sequence[RowMapping]
) -> list[dict[str, Any]]:
    """What befell the message, in the order of time: queued, each try, each report, each change by a person."""
    told: list[tuple[datetime, dict[str, Any]]] = [(message["created_at"], {"what": "queued"})]
    told += [(row["at"], {"what": row["became"], "attempt": row["attempt"], "reason": row["reason"]}) for row in tries]
    told += [(row["received_at"], {"what": f"report: {row['raw']}", "reason": row["reason"]}) for row in reports]
    told += [(row["at"], {"what": row["action"], "by": row["actor"]}) for row in noted]
    return [{"at": at.isoformat(), **what} for at, what in sorted(told, key=lambda entry: entry[0])]
