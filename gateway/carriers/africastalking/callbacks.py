"""Africa's Talking: its callbacks (webhooks) as our values, and our screens as its replies.

Its dialect is described in facts/protocols.md A, B and D. Its vocabulary ends here: each table below translates one of
its sets of words into ours. A word that is in no table is a warning, never a crash. Sending is in `messaging`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

import structlog

from gateway.carriers.carrier import (
    BadCallback,
    Ending,
    Inbound,
    OptOut,
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

# Fields of each form-encoded callback, with the greatest length of each (facts/protocols.md A.1, A.7, B.6).
TURN = Form(
    {"sessionId": 128, "phoneNumber": 16, "networkCode": 32, "serviceCode": 64, "text": 4096},
    unrestricted=("text",),  # a phone or a network pads an input; `ussd/transcript.py` cleans it
)
# The inputs and the last screen are left out: they may hold personal data, and nothing needs them.
SESSION_END = Form(
    {"sessionId": 128, "status": 64},
    {"networkCode": 32, "cost": 32, "durationInMillis": 32, "hopsCount": 32, "errorMessage": 4096},
    multiline=("errorMessage",),
)
RECEIPT = Form({"id": 128, "status": 64}, {"failureReason": 64})
INBOUND = Form(
    {"id": 128, "from": 32, "to": 64, "text": 4096},
    {"date": 64, "networkCode": 32},
    unrestricted=("text",),  # a person wrote it: no character of a phone may lose the message
)
OPT_OUT = Form({"phoneNumber": 16, "senderId": 64})

ENDINGS: Mapping[str, Ending] = {  # A.7
    "Success": Ending.COMPLETED,
    "Incomplete": Ending.ABANDONED,
    "Failed": Ending.FAILED,
}

RECEIPT_STATUSES: Mapping[str, ReceiptStatus] = {  # B.6
    "Sent": ReceiptStatus.ACCEPTED,  # by Africa's Talking, to the operator
    "Submitted": ReceiptStatus.ACCEPTED,  # to the operator
    "Buffered": ReceiptStatus.ACCEPTED,  # by the operator
    "Success": ReceiptStatus.DELIVERED,
    "Failed": ReceiptStatus.UNDELIVERED,
    "Rejected": ReceiptStatus.UNDELIVERED,
    "AbsentSubscriber": ReceiptStatus.UNDELIVERED,
    "Expired": ReceiptStatus.UNDELIVERED,
}

# Words of a status or reason, without blanks and in lower case, that mean an opt-out (B.3, B.6).
OPT_OUT_WORDS = frozenset({"userinblacklist", "donotdisturbrejection"})

_OPAQUE_ID = re.compile(r"[ -~]{1,128}")
_LABEL = re.compile(r"[ -{}~]{1,99}")  # printable, and no `|`, which joins the labels of a session (A.2)
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")  # all but the line feed
_COUNT = re.compile(r"[0-9]{1,9}")
_NAME_OR_SHORT_CODE = re.compile(r"[0-9]{1,8}|(?=[^A-Za-z]*[A-Za-z])[ -~]{1,20}")


class Callbacks:
    """Readers of Africa's Talking's callbacks, and the writer of screens, of one channel."""

    def __init__(self, name: str) -> None:
        self._name = name

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
            self._warn_not_understood("session status", fields["status"])
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
            self._warn_not_understood("receipt status", fields["status"])
        reason = fields.get("failureReason", "")
        opted_out = _is_opt_out(reason) or _is_opt_out(fields["status"])
        return Receipt(
            message_id=_opaque_id(fields, "id"),
            status=status or ReceiptStatus.NOT_UNDERSTOOD,
            raw=mask_in(fields["status"]),
            reason=mask_in(reason),
            opted_out=opted_out and status is not ReceiptStatus.DELIVERED,
        )

    def read_inbound(self, body: bytes, headers: Mapping[str, str]) -> Inbound:
        fields = INBOUND.read(body, headers)
        return Inbound(
            id=_opaque_id(fields, "id"),
            sender=_sender(fields["from"]),
            recipient=fields["to"],
            text=_CONTROL.sub(" ", fields["text"].replace("\r\n", "\n").replace("\r", "\n")),
            sent_at=_utc_time(fields.get("date", "")),
            network=fields.get("networkCode", ""),
        )

    def read_opt_out(self, body: bytes, headers: Mapping[str, str]) -> OptOut:
        fields = OPT_OUT.read(body, headers)
        return OptOut(_phone(fields), fields["senderId"])

    def _warn_not_understood(self, what: str, word: str) -> None:
        log.warning("carrier.not_understood", channel=self._name, what=what, value=mask_in(word))


def _is_opt_out(word: str) -> bool:
    return re.sub(r"[\s_-]", "", word).casefold() in OPT_OUT_WORDS


def _opaque_id(fields: Mapping[str, str], name: str) -> str:
    if not _OPAQUE_ID.fullmatch(fields[name]):
        raise BadCallback(f"{name} is not 1 to 128 printable ASCII characters")
    return fields[name]


def _phone(fields: Mapping[str, str]) -> Phone:
    try:
        return Phone(fields["phoneNumber"])
    except NotAPhoneNumber:
        raise BadCallback("phoneNumber is not a number in E.164 with its +") from None


def _sender(text: str) -> Phone | str:
    """Parse the sender of an inbound SMS. Returns a `Phone`, or the short code or name.

    A text that looks like a number and is not in E.164 is refused, so that no number passes unmasked as a name.
    """
    try:
        return Phone(text)
    except NotAPhoneNumber:
        if not _NAME_OR_SHORT_CODE.fullmatch(text) or mask_in(text) != text:
            raise BadCallback("from is neither a number in E.164 nor a short code or name") from None
        return text


def _utc_time(text: str) -> datetime | None:
    """Parse a time in one of the two formats seen (B.6). Without a time zone it is UTC."""
    try:
        time = datetime.fromisoformat(text)
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _count(text: str) -> int | None:
    return int(text) if _COUNT.fullmatch(text) else None
