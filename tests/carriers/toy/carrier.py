"""Toy carrier: the smallest one that keeps the contract, made by the recipe of gateway/carriers/README.md.

Its callbacks and its API `POST /messages` are JSON. A screen is plain text below a line `more` or `last`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Self

import aiohttp
from aiohttp import ClientSession, ClientTimeout

from gateway.carriers.carrier import (
    Accepted,
    BadCallback,
    Carrier,
    Deferred,
    Inbound,
    OptOut,
    Outcome,
    Receipt,
    ReceiptStatus,
    Refused,
    Reply,
    Screen,
    SessionEnd,
    Turn,
    Unknown,
)
from gateway.carriers.http_body import AnswerTooLong, read_body
from gateway.text.phone import NotAPhoneNumber, Phone
from tests.carriers.toy.settings import ToySettings

LARGEST_ANSWER = 64 * 1024

# Every other status is `Unknown`.
HTTP_STATUSES: Mapping[int, Outcome] = {
    400: Refused("the carrier calls the request malformed"),
    401: Deferred("the carrier does not accept the token", whole_channel=True),
    429: Deferred("too many requests", whole_channel=True),
}
RECEIPT_STATUSES: Mapping[str, ReceiptStatus] = {
    "on its way": ReceiptStatus.ACCEPTED,
    "arrived": ReceiptStatus.DELIVERED,
    "returned": ReceiptStatus.UNDELIVERED,
}


class ToyCarrier(Carrier):
    """One account at the toy carrier."""

    def __init__(self, api_url: str, token: str, http: ClientSession, *, total_seconds: float = 15.0) -> None:
        self._url = f"{api_url}/messages"
        self._headers = {"Authorization": f"Bearer {token}"}
        self._http = http
        self._timeout = ClientTimeout(total=total_seconds)

    @classmethod
    def from_settings(cls, _: str, settings: ToySettings, http: ClientSession) -> Self:
        """Build the carrier of a channel."""
        return cls(settings.api_url, settings.token.get_secret_value(), http)

    def read_turn(self, body: bytes, headers: Mapping[str, str]) -> Turn:
        fields = _fields(body, headers, "session", "from", "to", "text")
        return Turn(fields["session"], _phone(fields["from"]), fields["to"], "", fields["text"])

    def write_screen(self, screen: Screen) -> Reply:
        return Reply(f"{'last' if screen.end else 'more'}\n{screen.text}".encode(), {})

    def read_receipt(self, body: bytes, headers: Mapping[str, str]) -> Receipt:
        fields = _fields(body, headers, "id", "status")
        status = RECEIPT_STATUSES.get(fields["status"], ReceiptStatus.NOT_UNDERSTOOD)
        return Receipt(fields["id"], status, raw=fields["status"], reason="")

    def read_inbound(self, body: bytes, headers: Mapping[str, str]) -> Inbound:
        fields = _fields(body, headers, "id", "from", "to", "text")
        return Inbound(fields["id"], _phone(fields["from"]), fields["to"], fields["text"], sent_at=None, network="")

    def read_session_end(self, body: bytes, headers: Mapping[str, str]) -> SessionEnd:
        raise BadCallback("the toy carrier sends no session ends")

    def read_opt_out(self, body: bytes, headers: Mapping[str, str]) -> OptOut:
        raise BadCallback("the toy carrier sends no opt-outs")

    async def send(self, text: str, recipients: Sequence[Phone]) -> dict[Phone, Outcome]:
        outcome = await self._post(text, recipients)
        if not isinstance(outcome, dict):
            return dict.fromkeys(recipients, outcome)
        return {phone: _accepted(outcome.get(phone.e164)) for phone in recipients}

    async def balance(self) -> str | None:
        return None

    async def _post(self, text: str, recipients: Sequence[Phone]) -> dict[str, Any] | Outcome:
        """Return the ids of the messages by number, or the outcome that all numbers share."""
        message = {"text": text, "to": [phone.e164 for phone in recipients]}
        try:
            async with self._http.post(
                self._url, json=message, headers=self._headers, allow_redirects=False, timeout=self._timeout
            ) as response:
                if response.status != 200:
                    return HTTP_STATUSES.get(response.status, Unknown("the status is not understood"))
                ids = json.loads(await read_body(response, LARGEST_ANSWER))["ids"]
        except aiohttp.ClientConnectorError:
            return Deferred("no connection to the carrier")
        except (aiohttp.ClientError, OSError):
            return Unknown("the connection was lost")
        except (AnswerTooLong, ValueError, KeyError, TypeError):
            return Unknown("the answer is not understood")
        return ids if isinstance(ids, dict) else Unknown("the answer is not understood")


def _accepted(message_id: object) -> Outcome:
    return Accepted(message_id) if isinstance(message_id, str) else Unknown("the answer does not name this number")


def _fields(body: bytes, headers: Mapping[str, str], *names: str) -> dict[str, str]:
    """Return the named fields of a JSON callback. Raises `BadCallback`."""
    if headers.get("Content-Type") != "application/json":
        raise BadCallback("the content type is not application/json")
    try:
        fields = json.loads(body)
        found = {name: fields[name] for name in names}
    except (ValueError, KeyError, TypeError):
        raise BadCallback(f"expected a JSON object with {', '.join(names)}") from None
    if not all(isinstance(value, str) and value.isprintable() for value in found.values()):
        raise BadCallback(f"expected printable texts in {', '.join(names)}")
    return found


def _phone(written: str) -> Phone:
    try:
        return Phone(written)
    except NotAPhoneNumber:
        raise BadCallback("from is not a number in E.164 with its +") from None
