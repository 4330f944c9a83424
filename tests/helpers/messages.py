"""Helpers of the tests about messages: put messages into the queue, look at their rows, play the carrier."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Table, text

from gateway.carriers.carrier import Accepted, Inbound, OptOut, Outcome, Receipt, Reply, Screen, SessionEnd, Turn
from gateway.messages.claims import Claim
from gateway.messages.message import MessageClass
from gateway.messages.outbox import NewMessage, Outbox, enqueue
from gateway.messages.tables import messages
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.text.phone import Phone
from gateway.vault.vault import Vault
from tests.helpers.phones import NUMBER
from tests.helpers.tables import Rows, rows


class MessageQueue:
    """Table of messages, seen from outside."""

    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock

    async def put(
        self,
        text: str = "Laporan diterima",
        *,
        to: Phone = NUMBER,
        kind: MessageClass = MessageClass.CONFIRMATION,
        channel: str = "at",
        ticket: str | None = None,
        due_at: datetime | None = None,
    ) -> int:
        """Queue a message. Returns its id."""
        message = NewMessage(kind, channel, to, text, "id", ticket, due_at)
        async with self._database.begin() as connection:
            return await enqueue(connection, message, self._vault, self._clock.now())

    async def rows(self, table: Table = messages) -> Rows:
        return await rows(self._database, table)

    async def row(self, message: int) -> dict[str, Any]:
        return next(row for row in await self.rows() if row["id"] == message)

    async def statuses(self) -> list[str]:
        return [row["status"] for row in await self.rows()]


async def expire_claims(database: Database) -> None:
    """Make every claim an hour older, so that the next sweep gives it up."""
    async with database.begin() as connection:
        await connection.execute(text("UPDATE messages SET claimed_at = claimed_at - interval '1 hour'"))


class ScriptedCarrier:
    """Carrier that remembers each call, and answers with `answer(text, number)`. It accepts everything by default."""

    def __init__(self, answer: Callable[[str, Phone], Outcome] | None = None) -> None:
        self.calls: list[tuple[str, list[Phone]]] = []
        self._answer = answer or (lambda _text, to: Accepted(f"id-{len(self.calls)}-{to.e164[-4:]}"))

    async def send(self, text: str, recipients: Sequence[Phone]) -> dict[Phone, Outcome]:
        self.calls.append((text, list(recipients)))
        return {to: self._answer(text, to) for to in recipients}

    async def balance(self) -> str | None:
        return None

    @property
    def sent(self) -> list[tuple[str, str]]:
        """Text and number of everything that it was asked to send, sorted."""
        return sorted((text, to.e164) for text, recipients in self.calls for to in recipients)

    def read_turn(self, body: bytes, headers: Mapping[str, str]) -> Turn:
        raise NotImplementedError

    def write_screen(self, screen: Screen) -> Reply:
        raise NotImplementedError

    def read_session_end(self, body: bytes, headers: Mapping[str, str]) -> SessionEnd:
        raise NotImplementedError

    def read_receipt(self, body: bytes, headers: Mapping[str, str]) -> Receipt:
        raise NotImplementedError

    def read_inbound(self, body: bytes, headers: Mapping[str, str]) -> Inbound:
        raise NotImplementedError

    def read_opt_out(self, body: bytes, headers: Mapping[str, str]) -> OptOut:
        raise NotImplementedError


async def claim_one(outbox: Outbox, worker: str = "w1") -> Claim:
    """Claim the one message that waits on the channel `at`."""
    (claim,) = await outbox.claim(1, worker, "at")
    return claim
