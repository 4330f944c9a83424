"""Reports that residents called off: a Send of an earlier call that arrives late files nothing.

A carrier may hold the Send of a call up. Its resident dials again and calls the report off. The session in Redis knows
that the earlier call is over, until Redis loses it. So the calls are marked here too, and the statement that files a
report looks for the mark. A call that begins later has no mark: whoever goes on after all can send.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, ColumnElement, DateTime, LargeBinary, any_, bindparam, delete, exists, insert, or_
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.incidents.tables import called_off


@dataclass(frozen=True, slots=True)
class SendingCall:
    """Hash of the call in which a report was sent.

    `kept_at` is the time of a report that is kept for later: its resident was told so, and a mark made after that does
    not count. Without a call, as by SMS, no mark counts.
    """

    call: int | None = None
    kept_at: datetime | None = None


NO_CALL = SendingCall()


def is_called_off(phone_key: ColumnElement[bytes]) -> ColumnElement[bool]:
    """Return the condition that the call of a report is marked, with the parameters of `mark_parameters`."""
    call = bindparam("sending_call", type_=BigInteger)
    kept_at = bindparam("sending_kept_at", type_=DateTime(timezone=True))
    return exists().where(
        called_off.c.phone_key == phone_key,
        call == any_(called_off.c.calls),
        or_(kept_at.is_(None), called_off.c.at <= kept_at),
    )


def mark_parameters(sent_in: SendingCall) -> dict[str, object]:
    return {"sending_call": sent_in.call, "sending_kept_at": sent_in.kept_at}


IS_CALLED_OFF = is_called_off(bindparam("phone_key", type_=LargeBinary)).select()


async def was_called_off(connection: AsyncConnection, phone_key: bytes, sent_in: SendingCall) -> bool:
    """Return True if this phone has called off what it sent in this call."""
    parameters = {"phone_key": phone_key, **mark_parameters(sent_in)}
    return bool((await connection.execute(IS_CALLED_OFF, parameters)).scalar_one())


async def mark_calls(connection: AsyncConnection, phone_key: bytes, calls: Sequence[int], at: datetime) -> None:
    """Mark the calls of this phone that are over, now that it has called its report off."""
    if calls:
        await connection.execute(insert(called_off).values(phone_key=phone_key, calls=list(calls), at=at))


async def delete_marks(connection: AsyncConnection, which: ColumnElement[bool]) -> None:
    """Delete these marks, once no Send can be under way any more, or on request."""
    await connection.execute(delete(called_off).where(which))
