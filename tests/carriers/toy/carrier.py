"""Toy carrier: the smallest one that keeps the contract, made by the recipe of gateway/carriers/README.md.

Its callbacks and its API `POST /messages` are JSON. A screen is plain text below a line `more` or `last`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Self

import aiohttp
import structlog
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
from gateway.text.phone import NotAPhoneNumber, Phone, mask_in
from gateway.text.repair import cut
from tests.carriers.toy.settings import ToySettings

log = structlog.get_logger()

LARGEST_ANSWER = 64 * 1024
LONGEST_TEXT = 4096

# No text column takes NUL or half a surrogate pair, which JSON can escape. The line feed is allowed.
_NOT_TEXT = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")

# Every other status is `Unknown`, and a warning.
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
    """Carrier of one account at the toy carrier. `name` is the channel's, for the log."""

    def __init__(
        self, name: str, api_url: str, token: str, http: ClientSession, *, total_seconds: float = 15.0
    ) -> None:
        self._name = name
        self._url = f"{api_url}/messages"
        self._headers = {"Authorization": f"Bearer {token}"}
        self._http = http
        self._timeout = ClientTimeout(total=total_seconds)

    @classmethod
    def from_settings(cls, name: str, settings: ToySettings, http: ClientSession, region: str) -> Self:
        """Build the carrier of the channel `name`. Its numbers have their country code, so `region` is not needed."""
        return cls(name, settings.api_url, settings.token.get_secret_value(), http)

    def read_turn(self, body: bytes, headers: Mapping[str, str]) -> Turn:
        fields = _fields(body, headers, "session", "from", "to", unrestricted="text")
        return Turn(fields["session"], _phone(fields["from"]), fields["to"], "", fields["text"])

    def write_screen(self, screen: Screen) -> Reply:
        return Reply(f"{'last' if screen.end else 'more'}\n{screen.text}".encode(), {})

    def read_receipt(self, body: bytes, headers: Mapping[str, str]) -> Receipt:
        fields = _fields(body, headers, "id", "status")
        status = RECEIPT_STATUSES.get(fields["status"])
        if status is None:
            self._warn_not_understood("receipt status", fields["status"])
        return Receipt(fields["id"], status or ReceiptStatus.NOT_UNDERSTOOD, raw=mask_in(fields["status"]), reason="")

    def read_inbound(self, body: bytes, headers: Mapping[str, str]) -> Inbound:
        fields = {name: _repair(value) for name, value in _document(body, headers).items() if isinstance(value, str)}
        if not fields.get("text") and not fields.get("from"):
            raise BadCallback("neither from nor text is there")
        try:  # a person wrote it: it is kept, whatever its sender looks like
            sender: Phone | str = Phone(fields.get("from", ""))
        except NotAPhoneNumber:
            sender = ""
        return Inbound(
            fields.get("id", ""), sender, fields.get("to", ""), fields.get("text", ""), sent_at=None, network=""
        )

    def read_session_end(self, body: bytes, headers: Mapping[str, str]) -> SessionEnd:
        raise BadCallback("the toy carrier sends no session ends")

    def read_opt_out(self, body: bytes, headers: Mapping[str, str]) -> OptOut:
        raise BadCallback("the toy carrier sends no opt-outs")

    async def send(self, text: str, recipients: Sequence[Phone]) -> dict[Phone, Outcome]:
        if self._http.closed:
            return dict.fromkeys(recipients, Deferred("the gateway is stopping"))
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
                    return self._outcome_of_status(response.status)
                ids = dict(json.loads(await read_body(response, LARGEST_ANSWER))["ids"])
        except aiohttp.ClientConnectorError:
            return Deferred("no connection to the carrier")
        except (aiohttp.ClientError, OSError):
            return Unknown("the connection was lost")
        # An answer of nothing but brackets is nested too deeply, and raises `RecursionError`.
        except (AnswerTooLong, ValueError, KeyError, TypeError, RecursionError) as error:
            self._warn_not_understood("answer", type(error).__name__)
            return Unknown("the answer is not understood")
        return ids

    def _outcome_of_status(self, status: int) -> Outcome:
        outcome = HTTP_STATUSES.get(status)
        if outcome is None:
            self._warn_not_understood("HTTP status", str(status))
        return outcome or Unknown("the status is not understood")

    def _warn_not_understood(self, what: str, value: str) -> None:
        log.warning("carrier.not_understood", channel=self._name, what=what, value=mask_in(value))


def _accepted(message_id: object) -> Outcome:
    return Accepted(message_id) if isinstance(message_id, str) else Unknown("the answer does not name this number")


def _document(body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
    """Parse a JSON callback. Raises `BadCallback`."""
    if headers.get("Content-Type", "").partition(";")[0].strip().lower() != "application/json":
        raise BadCallback("the content type is not application/json")
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise BadCallback("expected a JSON object")
    return document


def _fields(body: bytes, headers: Mapping[str, str], *names: str, unrestricted: str = "") -> dict[str, str]:
    """Read fields of a JSON callback. All but the `unrestricted` one are printable. Raises `BadCallback`."""
    document = _document(body, headers)
    fields: dict[str, str] = {}
    for name in (*names, unrestricted) if unrestricted else names:
        value = document.get(name)
        if not isinstance(value, str) or len(value) > LONGEST_TEXT:
            raise BadCallback(f"expected a text of at most {LONGEST_TEXT} characters in {name}")
        if name != unrestricted and not value.isprintable():
            raise BadCallback(f"control characters in {name}")
        fields[name] = value
    return fields


def _repair(text: str) -> str:
    return cut(_NOT_TEXT.sub(" ", text), LONGEST_TEXT)


def _phone(written: str) -> Phone:
    try:
        return Phone(written)
    except NotAPhoneNumber:
        raise BadCallback("from is not a number in E.164 with its +") from None
