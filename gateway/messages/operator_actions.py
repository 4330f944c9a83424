"""Actions of operators on one message: show, resend, cancel.

Both changes are noted in the audit trail. A resend is a new message that names the old one, so that final statuses stay
final. It is possible once for each message: to resend again, an operator resends the newest. Messages of an appeal are
resent by nobody: only the appeal itself decides about them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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
from gateway.text.errors import ExplainedError, UserError
from gateway.text.phone import mask_in
from gateway.vault.vault import Vault

_COPIED_COLUMNS = (
    "class", "channel", "phone_sealed", "phone_key", "text", "encoding", "parts", "ticket", "language", "priority",
)  # fmt: skip
_SHOWN_COLUMNS = (
    "id", "ticket", "text", "encoding", "parts", "attempts", "unknowns", "channel", "reason", "carrier_message_id",
    "language", "resend_of", "created_at", "due_at", "expires_at", "updated_at",
)  # fmt: skip


class NoSuchMessage(ExplainedError, LookupError):
    """There is no message with this number. `waspada messages list` shows them."""


class CannotResend(UserError, ValueError):
    """Refusal to resend a message. The text is the reason."""


class CannotCancel(UserError, ValueError):
    """Refusal to cancel a message. The text is the reason."""


@dataclass(frozen=True, slots=True)
class StoredReceipt:
    """Delivery report of a message, as stored. `raw` is in the carrier's words."""

    at: datetime
    status: str
    raw: str
    reason: str
    applied: bool


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """Event in the history of a message. Fields that the kind of event lacks are None."""

    at: datetime
    what: str
    attempt: int | None = None
    reason: str | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True)
class MessageDetails:
    """Message with its delivery reports and its history, oldest first. The number is masked."""

    id: int
    class_: MessageClass
    status: MessageStatus
    ticket: str | None
    text: str
    encoding: str
    parts: int
    attempts: int
    unknowns: int
    channel: str
    reason: str
    carrier_message_id: str | None
    language: str
    resend_of: int | None
    created_at: datetime
    due_at: datetime
    expires_at: datetime
    updated_at: datetime
    to: str
    resent_as: int | None
    receipts: Sequence[StoredReceipt]
    history: Sequence[HistoryEntry]


class OperatorActions:
    """Actions on single messages. Every method is one transaction and may raise `DatabaseUnavailable`.

    All raise `NoSuchMessage`.
    """

    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock

    async def get_message(self, message: int) -> MessageDetails:
        """Return a message with its delivery reports and its history."""
        async with self._database.begin() as connection:
            row = await _load(connection, message)
            reports = await _load_all(connection, select(receipts).where(receipts.c.message == message))
            attempts = await _load_all(
                connection, select(message_attempts).where(message_attempts.c.message == message)
            )
            actions = await _load_all(connection, select(audit).where(audit.c.subject == _subject(message)))
            resent_as = await _find_resend(connection, message)
        columns: dict[str, Any] = {name: row[name] for name in _SHOWN_COLUMNS}
        return MessageDetails(
            **columns,
            class_=MessageClass(row["class"]),
            status=MessageStatus(row["status"]),
            to=self._vault.masked(row["phone_sealed"], row["phone_key"]),
            resent_as=resent_as,
            receipts=[_receipt_from(report) for report in reports],
            history=_history(row, attempts, reports, actions),
        )

    async def resend(self, message: int, actor: str) -> int:
        """Queue the message once more, as a new one. Returns the new id. Raises `CannotResend`."""
        now = self._clock.now()
        async with self._database.begin() as connection:
            row = await _load(connection, message, lock=True)
            await _check_resend(connection, row)
            copy = await _insert_copy(connection, row, now)
            # The copy is sent instead. If the original could still be sent, the person would get both.
            if may_move(MessageStatus(row["status"]), MessageStatus.CANCELLED):
                reason = f"sent once more as {copy}"
                await _change(connection, message, status=MessageStatus.CANCELLED, reason=reason, updated_at=now)
            detail: dict[str, str | int] = {"as": copy, "was": row["status"]}
            await connection.execute(INSERT_AUDIT, audit_row(now, actor, "message.resent", _subject(message), detail))
        return copy

    async def cancel(self, message: int, actor: str, reason: str = "") -> None:
        """Cancel the message. Masks phone numbers in `reason`. Raises `CannotCancel`."""
        now = self._clock.now()
        # Masked here, since the audit trail can never be changed.
        words = mask_in(reason) or f"called off by {actor}"
        async with self._database.begin() as connection:
            row = await _load(connection, message, lock=True)
            _check_cancel(row)
            await _change(connection, message, status=MessageStatus.CANCELLED, reason=words, updated_at=now)
            detail = {"was": row["status"], "reason": words}
            await connection.execute(
                INSERT_AUDIT, audit_row(now, actor, "message.cancelled", _subject(message), detail)
            )


async def _load(connection: AsyncConnection, message: int, *, lock: bool = False) -> RowMapping:
    query = select(messages).where(messages.c.id == message)
    if lock:
        # Row lock: two operators who act on one message take turns, and the second sees what the first did.
        query = query.with_for_update()
    row = (await connection.execute(query)).mappings().first()
    if row is None:
        raise NoSuchMessage
    return row


async def _load_all(connection: AsyncConnection, query: Any) -> Sequence[RowMapping]:
    rows: Sequence[RowMapping] = (await connection.execute(query)).mappings().all()
    return sorted(rows, key=lambda row: row["id"])


async def _find_resend(connection: AsyncConnection, message: int) -> int | None:
    query = select(messages.c.id).where(messages.c.resend_of == message)
    return (await connection.execute(query)).scalar()


async def _check_resend(connection: AsyncConnection, row: RowMapping) -> None:
    """Raise `CannotResend` if the message must not be sent again."""
    message, status = row["id"], MessageStatus(row["status"])
    if row["appeal"] is not None:  # its copy would be held, counted and cancelled by nothing
        raise CannotResend(f"message {message} belongs to appeal {row['appeal']}: it is not sent once more by itself")
    if status not in RESENDABLE:
        allowed = ", ".join(sorted(RESENDABLE))
        raise CannotResend(f"message {message} is {status}; only these can be sent once more: {allowed}")
    if row["phone_sealed"] is None:
        raise CannotResend(f"the number of message {message} was erased")
    if copy := await _find_resend(connection, message):
        raise CannotResend(f"message {message} has been sent once more already, as {copy}")
    # The person may have opted out after the message was queued.
    opted_out = select(literal(1)).select_from(messages).where(messages.c.id == message, recipient_opted_out())
    if (await connection.execute(opted_out)).first():
        raise CannotResend(OPTED_OUT)


def _check_cancel(row: RowMapping) -> None:
    """Raise `CannotCancel` if the message must not be cancelled."""
    message, status = row["id"], MessageStatus(row["status"])
    if not may_move(status, MessageStatus.CANCELLED):
        allowed = ", ".join(sources(MessageStatus.CANCELLED))
        raise CannotCancel(f"message {message} is {status}; only these can be called off: {allowed}")
    if not may_cancel(MessageClass(row["class"]), status):
        raise CannotCancel(f"message {message} is of an appeal and may have arrived: it stays {status}")


async def _insert_copy(connection: AsyncConnection, row: RowMapping, now: datetime) -> int:
    # Times and counts begin anew: the copy of an expired message would expire at once.
    values = {
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
    added: int = (await connection.execute(insert(messages).values(values).returning(messages.c.id))).scalar_one()
    return added


async def _change(connection: AsyncConnection, message: int, **values: Any) -> None:
    await connection.execute(update(messages).where(messages.c.id == message).values(**values))


def _subject(message: int) -> str:
    return f"message {message}"


def _receipt_from(row: RowMapping) -> StoredReceipt:
    return StoredReceipt(row["received_at"], row["status"], row["raw"], row["reason"], row["applied"])


def _history(
    message: RowMapping, attempts: Sequence[RowMapping], reports: Sequence[RowMapping], actions: Sequence[RowMapping]
) -> list[HistoryEntry]:
    """Return the events of a message in the order of time: queued, attempts, reports, actions of operators."""
    entries = [HistoryEntry(message["created_at"], "queued")]
    entries += [HistoryEntry(row["at"], row["became"], row["attempt"], row["reason"]) for row in attempts]
    entries += [HistoryEntry(row["received_at"], f"report: {row['raw']}", reason=row["reason"]) for row in reports]
    entries += [HistoryEntry(row["at"], row["action"], by=row["actor"]) for row in actions]
    # The sort is stable: events of one moment keep the order in which they were added.
    return sorted(entries, key=lambda entry: entry.at)
