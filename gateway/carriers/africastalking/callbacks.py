"""Africa's Talking: its callbacks as our values, our screens as its replies, our messages through its API.

What it sends and expects is in facts/protocols.md A, B and D. Its words end here: each table below turns one of its
vocabularies into ours, and a word that is in no table is a warning, never a crash. How a send is made and judged
stands in `messaging`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Self

import structlog
from aiohttp import ClientSession

from gateway.carriers.africastalking.messaging import Messaging
from gateway.carriers.africastalking.settings import AfricasTalkingSettings
from gateway.carriers.carrier import (
    BadCallback,
    Carrier,
    Ending,
    Inbound,
    OptOut,
    Outcome,
    Receipt,
    ReceiptStatus,
    Reply,
    Screen,
    SessionEnd,
    Turn,
)
from gateway.carriers.form_body import Form
from gateway.text.phone import NotAPhoneNumber, Phone, mask_in

log = structlog.get_logger()

LABEL_HEADER = "at-ussd-hop-metadata"

# The fields that are read, with the most characters of each (facts/protocols.md A.1, A.7, B.6).
TURN = Form({"sessionId": 128, "phoneNumber": 16, "networkCode": 32, "serviceCode": 64, "text": 4096})
# What was typed and the last screen are left out: they may hold personal data, and nothing needs them.
SESSION_END = Form(
    {"sessionId": 128, "status": 64},
    {"networkCode": 32, "cost": 32, "durationInMillis": 32, "hopsCount": 32, "errorMessage": 4096},
    lines=("errorMessage",),
)
RECEIPT = Form({"id": 128, "status": 64}, {"failureReason": 64})
INBOUND = Form(
    {"id": 128, "from": 32, "to": 64, "text": 4096},
    {"date": 64, "networkCode": 32},
    free=("text",),  # a person wrote it: whatever the phone put in, it is not lost
)
OPT_OUT = Form({"phoneNumber": 16, "senderId": 64})

ENDINGS: Mapping[str, Ending] = {  # A.7
    "Success": Ending.COMPLETED,
    "Incomplete": Ending.ABANDONED,
    "Failed": Ending.FAILED,
}

RECEIPT_STATUSES: Mapping[str, ReceiptStatus] = {  # B.6
    "Sent": ReceiptStatus.ACCEPTED,  # it left Africa's Talking
    "Submitted": ReceiptStatus.ACCEPTED,  # the operator has it
    "Buffered": ReceiptStatus.ACCEPTED,  # the operator has queued it
    "Success": ReceiptStatus.DELIVERED,
    "Failed": ReceiptStatus.UNDELIVERED,
    "Rejected": ReceiptStatus.UNDELIVERED,
    "AbsentSubscriber": ReceiptStatus.UNDELIVERED,
    "Expired": ReceiptStatus.UNDELIVERED,
}

_OPAQUE_ID = re.compile(r"[ -~]{1,128}")
_LABEL = re.compile(r"[ -{}~]{1,99}")  # printable, and no `|`, which joins the labels of a session (A.2)
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")  # a line break is none
_COUNT = re.compile(r"[0-9]{1,9}")
_NAME_OR_SHORT_CODE = re.compile(r"[0-9]{1,8}|(?=[^A-Za-z]*[A-Za-z])[ -~]{1,20}")


class AfricasTalking(Carrier):
    """One account at Africa's Talking."""

    def __init__(
        self,
        name: str,
        username: str,
        api_key: str,
        http: ClientSession,
        *,
        sender: str | None = None,
        api_url: str | None = None,
        connect_seconds: float = 3.0,
        total_seconds: float = 15.0,
    ) -> None:
        """`name` is the channel's, for the log. Without `api_url` it is Africa's Talking's own host for `username`.

        `sender` is a short code or a registered name; without one Africa's Talking uses a name of its own.
        A send has `connect_seconds` to get a connection and `total_seconds` for everything. Raises `ValueError`
        where a value cannot be right.
        """
        self._name = name
        self._messaging = Messaging(
            name,
            username,
            api_key,
            http,
            sender=sender,
            api_url=api_url,
            connect_seconds=connect_seconds,
            total_seconds=total_seconds,
        )

    @classmethod
    def from_settings(cls, name: str, settings: AfricasTalkingSettings, http: ClientSession) -> Self:
        """Build the carrier of the channel `name`. Raises `ValueError` as the constructor does."""
        return cls(
            name,
            settings.username,
            settings.api_key.get_secret_value(),
            http,
            sender=settings.sender,
            api_url=settings.api_url,
        )

    async def send(self, text: str, recipients: Sequence[Phone]) -> dict[Phone, Outcome]:
        return await self._messaging.send(text, recipients)

    async def balance(self) -> str | None:
        return await self._messaging.balance()

    def read_turn(self, body: bytes, headers: Mapping[str, str]) -> Turn:
        fields = TURN.read(body, headers)
        label = headers.get(LABEL_HEADER, "")
        return Turn(
            session=_opaque_id(fields, "sessionId"),
            phone=_phone(fields),
            service_code=fields["serviceCode"],
            network=fields["networkCode"],
            text=fields["text"],
            label=label if _LABEL.fullmatch(label) else None,
        )

    def write_screen(self, screen: Screen) -> Reply:
        prefix = "END " if screen.end else "CON "
        labels = {LABEL_HEADER: screen.label} if _LABEL.fullmatch(screen.label) else {}
        return Reply((prefix + screen.text).encode(), labels)

    def read_session_end(self, body: bytes, headers: Mapping[str, str]) -> SessionEnd:
        fields = SESSION_END.read(body, headers)
        ending = ENDINGS.get(fields["status"])
        if ending is None:
            self._warn("session status", fields["status"])
        return SessionEnd(
            session=_opaque_id(fields, "sessionId"),
            ending=ending or Ending.NOT_UNDERSTOOD,
            hops=_count(fields.get("hopsCount", "")),
            duration_ms=_count(fields.get("durationInMillis", "")),
            network=fields.get("networkCode", ""),
            cost=fields.get("cost", ""),
            error=mask_in(" ".join(fields.get("errorMessage", "").split()))[:200],
        )

    def read_receipt(self, body: bytes, headers: Mapping[str, str]) -> Receipt:
        fields = RECEIPT.read(body, headers)
        status = RECEIPT_STATUSES.get(fields["status"])
        if status is None:
            self._warn("receipt status", fields["status"])
        return Receipt(
            message_id=_opaque_id(fields, "id"),
            status=status or ReceiptStatus.NOT_UNDERSTOOD,
            raw=mask_in(fields["status"]),
            reason=mask_in(fields.get("failureReason", "")),
        )

    def read_inbound(self, body: bytes, headers: Mapping[str, str]) -> Inbound:
        fields = INBOUND.read(body, headers)
        return Inbound(
            id=_opaque_id(fields, "id"),
            sender=_sender(fields["from"]),
            recipient=fields["to"],
            text=_CONTROL.sub(" ", fields["text"].replace("\r\n", "\n").replace("\r", "\n")),
            sent_at=_moment(fields.get("date", "")),
            network=fields.get("networkCode", ""),
        )

    def read_opt_out(self, body: bytes, headers: Mapping[str, str]) -> OptOut:
        fields = OPT_OUT.read(body, headers)
        return OptOut(_phone(fields), fields["senderId"])

    def _warn(self, what: str, word: str) -> None:
        log.warning("carrier.not_understood", channel=self._name, what=what, value=mask_in(word))


def _opaque_id(fields: Mapping[str, str], name: str) -> str:
    if not _OPAQUE_ID.fullmatch(fields[name]):
        raise BadCallback(f"{name} is not 1 to 128 printable ASCII characters")
    return fields[name]


def _phone(fields: Mapping[str, str]) -> Phone:
    try:
        return Phone(fields["phoneNumber"])
    except NotAPhoneNumber:
        raise BadCallback("phoneNumber is not a number in E.164 with its +") from None


def _sender(word: str) -> Phone | str:
    """A number becomes a `Phone`. What may be a number but is not written as one must not pass as a name."""
    try:
        return Phone(word)
    except NotAPhoneNumber:
        if not _NAME_OR_SHORT_CODE.fullmatch(word) or mask_in(word) != word:
            raise BadCallback("from is neither a number in E.164 nor a short code or name") from None
        return word


def _moment(written: str) -> datetime | None:
    """The time in one of the two shapes met in the field (B.6), both UTC."""
    try:
        moment = datetime.fromisoformat(written)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _count(written: str) -> int | None:
    return int(written) if _COUNT.fullmatch(written) else None
