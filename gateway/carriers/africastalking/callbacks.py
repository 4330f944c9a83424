"""Africa's Talking: its callbacks (webhooks) as our values, and our screens as its replies.

Its dialect is described in facts/protocols.md A, B and D. Its vocabulary ends here: each table below translates one of
its sets of words into ours. A word that is in no table is a warning, never a crash. Sending is in `messaging`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import blake2b

import structlog

from gateway.carriers.africastalking.opt_out_words import is_opt_out
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
from gateway.carriers.numbers import read_number
from gateway.text.phone import NotAPhoneNumber, Phone, mask_in

log = structlog.get_logger()

LABEL_HEADER = "at-ussd-hop-metadata"

MOST_TYPED, MOST_INPUTS = 4096, 256
"""Characters and inputs of a USSD session. In its 180 seconds nobody types so many, and each costs time to replay."""

# Fields of each form-encoded callback, with the greatest length of each (facts/protocols.md A.1, A.7, B.6).
TURN = Form(
    {"sessionId": 128, "phoneNumber": 32},
    {"networkCode": 32, "serviceCode": 64, "text": MOST_TYPED + 1},
    unrestricted=("text",),  # a phone or a network pads an input; `ussd/transcript.py` cleans it
)
# The inputs and the last screen are left out: they may hold personal data, and nothing needs them.
SESSION_END = Form(
    {"sessionId": 128},
    {"status": 64, "networkCode": 32, "cost": 32, "durationInMillis": 32, "hopsCount": 32, "errorMessage": 4096},
    needed=("status",),
)
RECEIPT = Form({"id": 128}, {"status": 64, "failureReason": 200}, needed=("status",))
# A person wrote it, so nothing is required: it is kept for the desk, whatever else came with it.
INBOUND = Form(
    {},
    {"id": 512, "from": 64, "to": 64, "text": 4096, "date": 64, "networkCode": 32},
    unrestricted=("text",),
)
_OF_OTHER_CALLBACKS = {"updateType": 32, "serviceCode": 64, "status": 64}
OPT_OUT = Form({"phoneNumber": 32}, {"senderId": 64, **_OF_OTHER_CALLBACKS})

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

_BLANKS = re.compile(r"[\s_-]")


def _plain(word: str) -> str:
    """Return a carrier's word in lower case and without blanks, as the tables are searched."""
    return _BLANKS.sub("", word).casefold()


_ENDINGS = {_plain(word): ending for word, ending in ENDINGS.items()}
_RECEIPT_STATUSES = {_plain(word): status for word, status in RECEIPT_STATUSES.items()}

_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")  # all but the line feed
_LINE_END = re.compile(r"\r\n?")
_OPAQUE_ID = re.compile(r"[ -~]{1,128}")
_LABEL = re.compile(r"[ -{}~]{1,99}")  # printable, and no `|`, which joins the labels of a session (A.2)
_COUNT = re.compile(r"[0-9]{1,9}")
_NAME_OR_SHORT_CODE = re.compile(r"[0-9]{1,8}|(?=[^A-Za-z]*[A-Za-z])[ -~]{1,20}")


class Callbacks:
    """Readers of Africa's Talking's callbacks, and the writer of screens, of one channel."""

    def __init__(self, name: str, region: str) -> None:
        """`name` is the channel's, for the log. `region` is the country of its subscribers, or empty."""
        self._name = name
        self._region = region

    def read_turn(self, body: bytes, headers: Mapping[str, str]) -> Turn:
        fields = TURN.read(body, headers)
        label = headers.get(LABEL_HEADER, "")
        return Turn(
            session=_opaque_id(fields, "sessionId"),
            phone=self._phone(fields),
            service_code=fields.get("serviceCode", ""),
            network=fields.get("networkCode", ""),
            text=_typed(fields.get("text", "")),
            label=label if _LABEL.fullmatch(label) else None,
        )

    def write_screen(self, screen: Screen) -> Reply:
        prefix = "END " if screen.end else "CON "
        labels = {LABEL_HEADER: screen.label} if _LABEL.fullmatch(screen.label) else {}
        return Reply((prefix + screen.text).encode(), labels)

    def read_session_end(self, body: bytes, headers: Mapping[str, str]) -> SessionEnd:
        fields = SESSION_END.read(body, headers)
        word = fields["status"]
        ending = _ENDINGS.get(_plain(word))
        if ending is None:
            self._warn_not_understood("session status", word)
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
        word = fields["status"]
        status = _RECEIPT_STATUSES.get(_plain(word))
        if status is None:
            self._warn_not_understood("receipt status", word)
        reason = fields.get("failureReason", "")
        opted_out = is_opt_out(reason) or is_opt_out(word)
        return Receipt(
            message_id=_opaque_id(fields, "id"),
            status=status or ReceiptStatus.NOT_UNDERSTOOD,
            raw=mask_in(word),
            reason=mask_in(reason),
            opted_out=opted_out and status is not ReceiptStatus.DELIVERED,
        )

    def read_inbound(self, body: bytes, headers: Mapping[str, str]) -> Inbound:
        fields = INBOUND.read(body, headers)
        if not fields.get("text") and not fields.get("from"):
            raise BadCallback("neither from nor text is there")
        return Inbound(
            id=_message_id(fields, body),
            sender=self._sender(fields.get("from", "")),
            recipient=fields.get("to", "").strip(),
            text=_CONTROL.sub(" ", _LINE_END.sub("\n", fields.get("text", ""))),
            sent_at=_utc_time(fields.get("date", "")),
            network=fields.get("networkCode", ""),
        )

    def read_opt_out(self, body: bytes, headers: Mapping[str, str]) -> OptOut:
        """Read an opt-out. One without its sender counts, unless its fields are those of another callback.

        Where the account has the address of opt-outs for another callback, nobody who only dials is opted out.
        """
        fields = OPT_OUT.read(body, headers)
        if "senderId" not in fields and (others := fields.keys() & _OF_OTHER_CALLBACKS.keys()):
            raise BadCallback(f"it is no opt-out: senderId is missing, and {min(others)} is of another callback")
        return OptOut(self._phone(fields), fields.get("senderId", ""))

    def _phone(self, fields: Mapping[str, str]) -> Phone:
        try:
            return read_number(fields["phoneNumber"], self._region)
        except NotAPhoneNumber:
            raise BadCallback("phoneNumber is no phone number") from None

    def _sender(self, text: str) -> Phone | str:
        """Read the sender of an inbound SMS. Returns a `Phone`, the short code or name, or an empty text.

        A text that holds a number and is none is dropped, so that no number passes unmasked as a name.
        """
        if _NAME_OR_SHORT_CODE.fullmatch(text.strip()) and mask_in(text) == text:
            return text.strip()
        try:
            return read_number(text, self._region)
        except NotAPhoneNumber:
            return ""

    def _warn_not_understood(self, what: str, word: str) -> None:
        log.warning("carrier.not_understood", channel=self._name, what=what, value=mask_in(word))


def _typed(text: str) -> str:
    """Return the text of a session. Raises `BadCallback` if it is longer than any that a person can type."""
    if len(text) > MOST_TYPED:
        raise BadCallback(f"text has more than {MOST_TYPED} characters")
    if text.count("*") >= MOST_INPUTS:
        raise BadCallback(f"text has more than {MOST_INPUTS} inputs")
    return text


def _opaque_id(fields: Mapping[str, str], name: str) -> str:
    if not _OPAQUE_ID.fullmatch(fields[name]):
        raise BadCallback(f"{name} is not 1 to 128 printable ASCII characters")
    return fields[name]


def _message_id(fields: Mapping[str, str], body: bytes) -> str:
    """Return the id of an inbound SMS. One that is missing or odd is made of the whole callback, if that has a time."""
    id = fields.get("id", "").strip()
    if _OPAQUE_ID.fullmatch(id):
        return id
    return f"made-{blake2b(body, digest_size=16).hexdigest()}" if id or fields.get("date") else ""


def _utc_time(text: str) -> datetime | None:
    """Parse a time in one of the two formats seen (B.6). Without a time zone it is UTC."""
    try:
        time = datetime.fromisoformat(text)
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _count(text: str) -> int | None:
    return int(text) if _COUNT.fullmatch(text) else None
