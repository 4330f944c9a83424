"""Messaging API of the built-in carrier: the requests and answers of Africa's Talking (facts/protocols.md B)."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from aiohttp import web

from gateway.carriers.form_body import Form
from gateway.carriers.local.delivery_reports import DeliveryReports, ReportPlan, SentMessage, plan_reports
from gateway.carriers.local.faults import Faults, HttpStatus, trigger
from gateway.runtime.clock import Clock
from gateway.text.gsm import parts
from gateway.text.phone import NotAPhoneNumber, Phone

MESSAGES_KEPT = 10_000
SHARED_SENDER = "AFRICASTKNG"  # of accounts without a sender of their own (B.2)
PRICE_OF_A_PART = 350  # rupiah
CREDIT = 1_000_000_000  # rupiah of a new account
LOOK_SECONDS = 0.1  # between two checks whether an unanswered client is still connected

ACCEPTED = "Success"
UNKNOWN_STATUS = "SomethingNew"
SENT, QUEUED, INVALID_NUMBER = 101, 102, 403
STATUSES: Mapping[int, str] = {  # B.3
    100: ACCEPTED,
    SENT: ACCEPTED,
    QUEUED: ACCEPTED,
    401: "RiskHold",
    402: "InvalidSenderId",
    INVALID_NUMBER: "InvalidPhoneNumber",
    404: "UnsupportedNumberType",
    405: "InsufficientBalance",
    406: "UserInBlacklist",
    407: "CouldNotRoute",
    409: "DoNotDisturbRejection",
    500: "InternalServerError",
    501: "GatewayError",
    502: "RejectedByGateway",
}


REQUEST = Form(
    {},
    {"username": 200, "to": 1_000_000, "message": 1_000_000, "from": 64, "enqueue": 1},  # the server bounds the body
    unrestricted=("message",),
)


@dataclass(frozen=True, slots=True)
class SenderAccount:
    username: str
    api_key: str

    def admits(self, username: str, api_key: str) -> bool:
        return (username, api_key) == (self.username, self.api_key)


class MessagingApi:
    """Handlers of `/local/version1`. `faults` may be replaced at any time, and `messages` is oldest first.

    A request goes through these steps. Each fault ends it there, with its own answer or with none:

        slow_answer ► http_status ► 401, 400 ► no_answer ► empty_recipients
                    ► refuse, status_codes ► early_reports ► missing_recipients ► 201
    """

    def __init__(self, account: SenderAccount, reports: DeliveryReports, clock: Clock, report_seconds: float) -> None:
        self.faults = Faults()
        self.messages: deque[SentMessage] = deque(maxlen=MESSAGES_KEPT)
        self._account = account
        self._reports = reports
        self._clock = clock
        self._report_seconds = report_seconds
        self._spent = 0
        self._closing = asyncio.Event()

    async def close(self) -> None:
        """Hang up on every client that waits for an answer in vain, and stop the delivery reports."""
        self._closing.set()
        await self._reports.close()

    async def send(self, request: web.Request) -> web.StreamResponse:
        """Handle `POST /local/version1/messaging`."""
        fields = REQUEST.read(await request.read(), request.headers)
        if slow := trigger(self.faults.slow_answer):
            await self._wait(slow.seconds)
            if self._closing.is_set():
                return await self._never_answer(request)
        if failing := trigger(self.faults.http_status):
            return _failure(failing)
        if not self._account.admits(fields.get("username", ""), request.headers.get("apiKey", "")):
            return _failure(HttpStatus(status=401))
        if not fields.get("to") or not fields.get("message"):
            return web.Response(status=400, text="Request is missing required form field")
        unanswered = trigger(self.faults.no_answer)
        if unanswered is None:
            return await self._accept(fields)
        if unanswered.accepts:
            await self._accept(fields)
        return await self._never_answer(request)

    async def show_account(self, request: web.Request) -> web.Response:
        """Handle `GET /local/version1/user`: the account's balance (B.5), which may be negative."""
        if not self._account.admits(request.query.get("username", ""), request.headers.get("apiKey", "")):
            return _failure(HttpStatus(status=401))
        balance = f"IDR {CREDIT - self._spent}.0000"
        body = json.dumps({"UserData": {"balance": balance}}, separators=(",", ":")).encode()
        return web.Response(body=body, content_type="application/json")

    async def _accept(self, fields: Mapping[str, str]) -> web.Response:
        """Send the messages of a request, and answer with one entry per recipient."""
        numbers = [number.strip() for number in fields["to"].split(",")]
        if empty := trigger(self.faults.empty_recipients):
            for number in numbers:
                self._add_message(fields, number, empty.message)
            return _created(empty.message, [])
        pieces = len(parts(fields["message"]))
        answers = [
            (self._add_message(fields, number, STATUSES.get(code, UNKNOWN_STATUS)), code)
            for number, code in self._codes(numbers, QUEUED if fields.get("enqueue") == "1" else SENT)
        ]
        accepted = [message for message, _ in answers if message.message_id]
        await self._report([plan_reports(message, self.faults) for message in accepted])
        if missing := trigger(self.faults.missing_recipients):
            answers = answers[: len(answers) // 2 if missing.keep is None else missing.keep]
        self._spent += len(accepted) * pieces * PRICE_OF_A_PART
        return _created(
            f"Sent to {len(accepted)}/{len(numbers)} Total Cost: {_cost(len(accepted) * pieces)} "
            f"Message parts: {pieces}",
            [_entry(message, code, pieces) for message, code in answers],
        )

    def _codes(self, numbers: Sequence[str], accepting: int) -> list[tuple[str, int]]:
        """Choose the status code of each number: that of a fault, 403 for a malformed number, else `accepting`."""
        same_for_all = trigger(self.faults.status_codes)
        refuse = self.faults.refuse
        if refuse and not refuse.numbers.keys().isdisjoint(numbers):
            refuse = trigger(refuse)
        refused = refuse.numbers if refuse else {}
        usual = same_for_all.code if same_for_all else accepting
        return [(number, refused.get(number, usual) if _is_number(number) else INVALID_NUMBER) for number in numbers]

    def _add_message(self, fields: Mapping[str, str], number: str, status: str) -> SentMessage:
        accepted = status == ACCEPTED
        message = SentMessage(
            to=number,
            sender=fields.get("from") or SHARED_SENDER,
            text=fields["message"],
            message_id=f"ATXid_{self._clock.new_id()}" if accepted else "",
            status="Queued" if accepted else status,
            at=self._clock.now().isoformat(timespec="milliseconds"),
        )
        self.messages.append(message)
        return message

    async def _report(self, plans: Sequence[ReportPlan]) -> None:
        """Deliver early reports before the answer, and the others in the background."""
        await self._reports.deliver([plan for plan in plans if plan.early], seconds=0)
        if later := [plan for plan in plans if not plan.early]:
            self._reports.deliver_later(later, self._report_seconds)

    async def _wait(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), seconds)

    async def _never_answer(self, request: web.Request) -> web.Response:
        """Keep the connection open until the client hangs up, or this carrier closes and hangs up itself."""
        while request.transport is not None and not self._closing.is_set():
            await self._wait(LOOK_SECONDS)
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=504)  # nobody reads it


def _is_number(text: str) -> bool:
    try:
        Phone(text)
    except NotAPhoneNumber:
        return False
    return True


def _entry(message: SentMessage, code: int, pieces: int) -> dict[str, object]:
    """Make an entry of `Recipients`, as in the recorded answers."""
    return {
        "cost": _cost(pieces) if message.message_id else "0",
        "messageId": message.message_id or "None",
        "number": message.to,
        "status": STATUSES.get(code, UNKNOWN_STATUS),
        "statusCode": code,
    }


def _cost(pieces: int) -> str:
    return f"IDR {pieces * PRICE_OF_A_PART}.0000"


def _created(message: str, recipients: list[dict[str, object]]) -> web.Response:
    document = {"SMSMessageData": {"Message": message, "Recipients": recipients}}
    body = json.dumps(document, separators=(",", ":")).encode()
    return web.Response(status=201, body=body, content_type="application/json")


def _failure(fault: HttpStatus) -> web.Response:
    headers = {"Retry-After": str(fault.retry_after)} if fault.retry_after is not None else {}
    if fault.status == 401:  # B.4
        headers["WWW-Authenticate"] = 'Basic realm="api"'
        return web.Response(status=401, text="The supplied authentication is invalid", headers=headers)
    return web.Response(status=fault.status, text="The request failed", headers=headers)
