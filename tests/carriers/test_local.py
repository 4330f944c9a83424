"""The built-in carrier, with the gateway's real Africa's Talking code sending to it over HTTP."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from aiohttp import ClientSession, web
from structlog.testing import capture_logs

from gateway import carriers
from gateway.carriers import africastalking_sms as sms
from gateway.carriers.africastalking import AfricasTalking
from gateway.carriers.carrier import Accepted, Deferred, Outcome, Receipt, ReceiptStatus, Unknown
from gateway.carriers.handset import HookUrls
from gateway.carriers.local import LocalCarrier
from gateway.carriers.local_faults import (
    DuplicateReports,
    EmptyRecipients,
    Fault,
    Faults,
    HttpStatus,
    MissingRecipients,
    NoAnswer,
    Refuse,
    SlowAnswer,
    StatusCodes,
    faults_from,
)
from gateway.carriers.local_messaging import MESSAGES_KEPT
from gateway.runtime.clock import Clock
from gateway.text.phone import Phone
from tests.carriers.serving import Gateway, fixture, serving

BU_TANI = Phone("+6281230004567")
PAK_TANI = Phone("+6285712340008")


@dataclass(frozen=True, slots=True)
class Stand:
    """A gateway's carrier, the built-in carrier that it sends to, and the webhooks that this one calls."""

    local: LocalCarrier
    url: str
    http: ClientSession
    gateway: Gateway

    def account(self, **others: Any) -> AfricasTalking:
        settings = {"username": "sandbox", "api_key": "demo", "total_seconds": 0.3, **others}
        return AfricasTalking("local", http=self.http, api_url=f"{self.url}/local", **settings)

    async def send(self, *phones: Phone) -> list[Outcome]:
        answer = await self.account().send("Halo", phones or (BU_TANI,))
        return [answer[phone] for phone in phones or (BU_TANI,)]

    async def reports(self, number: int) -> list[tuple[str, ReceiptStatus]]:
        """Message and status of the first `number` reports, as the gateway's carrier reads them."""
        calls = (await self.gateway.until("receipt", number))[:number]
        receipts = [self.account().read_receipt(call.body, call.headers) for call in calls]
        return [(receipt.message_id, receipt.status) for receipt in receipts]


@pytest.fixture
async def stand(http: ClientSession, gateway: Gateway) -> AsyncIterator[Stand]:
    local = _local(http, gateway.hooks)
    app = web.Application()
    local.add_to(app)
    async with serving(app, patience=10) as url:
        yield Stand(local, url, http, gateway)


def _local(http: ClientSession, hooks: HookUrls, report_seconds: float = 0.02) -> LocalCarrier:
    return LocalCarrier(
        http,
        hooks,
        Clock(),
        username="sandbox",
        api_key="demo",
        service_code="*384*3375#",
        short_code="3375",
        report_seconds=report_seconds,
    )


async def test_the_account_shows_what_was_spent(stand: Stand) -> None:
    assert await stand.account().balance() == "IDR 1000000000.0000"
    await stand.send(BU_TANI, PAK_TANI)
    assert await stand.account().balance() == "IDR 999999300.0000"
    assert await stand.account(api_key="another").balance() is None


# The ordinary run --------------------------------------------------------------------------------------------


async def test_a_message_is_accepted_reported_and_shown(stand: Stand) -> None:
    (outcome,) = await stand.send()
    assert isinstance(outcome, Accepted)
    assert await stand.reports(2) == [
        (outcome.message_id, ReceiptStatus.ACCEPTED),
        (outcome.message_id, ReceiptStatus.DELIVERED),
    ]
    async with stand.http.get(f"{stand.url}/local/messages") as response:
        (message,) = await response.json()
    at = message.pop("at")
    assert message == {
        "to": BU_TANI.e164,
        "from": "AFRICASTKNG",
        "text": "Halo",
        "message_id": outcome.message_id,
        "status": "Success",
    }
    assert at.endswith("+00:00")


async def test_a_report_looks_like_a_captured_one(stand: Stand) -> None:
    await stand.send()
    (call, *_) = await stand.gateway.until("receipt", 1)
    assert call.body.split(b"&")[1:] == [
        b"status=Sent",
        b"phoneNumber=%2B6281230004567",
        b"networkCode=99999",
    ]
    assert call.body.split(b"=")[0] == fixture("dlr_sent").split(b"=")[0]
    assert stand.account().read_receipt(call.body, call.headers) == Receipt(
        stand.local.messages[0].message_id, ReceiptStatus.ACCEPTED, "Sent", ""
    )


async def test_the_answer_has_the_recorded_shape(stand: Stand) -> None:
    form = {"username": "sandbox", "to": "+6281230004567,+254", "message": "x" * 161, "from": "3375"}
    async with stand.http.post(
        f"{stand.url}/local/version1/messaging", data=form, headers={"apiKey": "demo"}
    ) as response:
        assert (response.status, response.headers["Content-Type"]) == (201, "application/json")
        answer = await response.json()
    message_id = stand.local.messages[0].message_id
    assert answer == {
        "SMSMessageData": {
            "Message": "Sent to 1/2 Total Cost: IDR 700.0000 Message parts: 2",
            "Recipients": [
                {
                    "cost": "IDR 700.0000",
                    "messageId": message_id,
                    "number": "+6281230004567",
                    "status": "Success",
                    "statusCode": 101,
                },
                {
                    "cost": "0",
                    "messageId": "None",
                    "number": "+254",
                    "status": "InvalidPhoneNumber",
                    "statusCode": 403,
                },
            ],
        }
    }
    assert [(message.to, message.sender, message.status) for message in stand.local.messages] == [
        ("+6281230004567", "3375", "Queued"),
        ("+254", "3375", "InvalidPhoneNumber"),
    ]


@pytest.mark.parametrize("wrong", [{"api_key": "other"}, {"username": "other"}])
async def test_who_is_not_known_is_told_so(stand: Stand, wrong: dict[str, str]) -> None:
    outcome = (await stand.account(**wrong).send("Halo", [BU_TANI]))[BU_TANI]
    assert outcome == sms.HTTP_STATUSES[401]
    assert not stand.local.messages


async def test_a_request_without_its_fields_is_refused(stand: Stand) -> None:
    for form in ({}, {"to": "+6281230004567"}, {"message": "Halo"}, {"to": "", "message": "Halo"}):
        async with stand.http.post(
            f"{stand.url}/local/version1/messaging", data={"username": "sandbox", **form}, headers={"apiKey": "demo"}
        ) as response:
            assert response.status == 400


async def test_only_the_last_messages_are_kept(stand: Stand) -> None:
    form = {"username": "sandbox", "to": ",".join(["+62"] * (MESSAGES_KEPT + 5)), "message": "Halo"}
    async with stand.http.post(f"{stand.url}/local/version1/messaging", data=form, headers={"apiKey": "demo"}):
        assert len(stand.local.messages) == MESSAGES_KEPT


# Each fault and its outcome ------------------------------------------------------------------------------------


async def test_a_refused_number(stand: Stand) -> None:
    stand.local.faults = Faults(refuse=Refuse(numbers={BU_TANI.e164: 406}))
    refused, taken = await stand.send(BU_TANI, PAK_TANI)
    assert refused == sms.CODES[406]
    assert isinstance(taken, Accepted)
    assert [message for message, _ in await stand.reports(2)] == [taken.message_id] * 2


@pytest.mark.parametrize("code", [code for code, outcome in sms.CODES.items() if not isinstance(outcome, Accepted)])
async def test_every_status_code(stand: Stand, code: int) -> None:
    stand.local.faults = Faults(status_codes=StatusCodes(code=code))
    assert await stand.send() == [sms.CODES[code]]


async def test_a_status_code_that_nobody_has_heard_of(stand: Stand) -> None:
    stand.local.faults = Faults(status_codes=StatusCodes(code=777))
    with capture_logs() as logs:
        assert await stand.send() == [sms.NOT_UNDERSTOOD]
    assert [line["value"] for line in logs] == ["777"]


@pytest.mark.parametrize("accepts", [True, False])
async def test_no_answer(stand: Stand, accepts: bool) -> None:
    stand.local.faults = Faults(no_answer=NoAnswer(accepts=accepts))
    assert await stand.send() == [Unknown("no answer in time")]
    assert len(stand.local.messages) == int(accepts)
    if accepts:
        assert [status for _, status in await stand.reports(2)] == [ReceiptStatus.ACCEPTED, ReceiptStatus.DELIVERED]


async def test_a_slow_answer(stand: Stand) -> None:
    stand.local.faults = Faults(slow_answer=SlowAnswer(seconds=0.4, times=1))
    assert await stand.send() == [Unknown("no answer in time")]
    assert not stand.local.messages
    assert len(await stand.reports(2)) == 2  # it was sent all the same, after we had given up
    stand.local.faults = Faults(slow_answer=SlowAnswer(seconds=0.05))
    assert isinstance((await stand.send())[0], Accepted)


@pytest.mark.parametrize("status", [401, 429, 500, 502, 503])
async def test_an_http_status(stand: Stand, status: int) -> None:
    stand.local.faults = Faults(http_status=HttpStatus(status=status))
    assert await stand.send() == [sms.HTTP_STATUSES[status]]
    assert not stand.local.messages


async def test_retry_after(stand: Stand) -> None:
    stand.local.faults = Faults(http_status=HttpStatus(status=429, retry_after=7))
    assert await stand.send() == [Deferred("too many requests", timedelta(seconds=7), whole_channel=True)]


@pytest.mark.parametrize(
    ("message", "outcome"),
    [("InvalidSenderId", sms.EMPTY_ANSWERS["InvalidSenderId"]), ("Oops", sms.MISSING)],
)
async def test_an_empty_list_of_recipients(stand: Stand, message: str, outcome: Outcome) -> None:
    stand.local.faults = Faults(empty_recipients=EmptyRecipients(message=message))
    assert await stand.send(BU_TANI, PAK_TANI) == [outcome, outcome]
    assert [sent.status for sent in stand.local.messages] == [message, message]


@pytest.mark.parametrize(("keep", "listed"), [(None, 1), (0, 0), (1, 1), (2, 2)])
async def test_recipients_missing_from_the_answer(stand: Stand, keep: int | None, listed: int) -> None:
    stand.local.faults = Faults(missing_recipients=MissingRecipients(keep=keep))
    answer = await stand.send(BU_TANI, PAK_TANI)
    assert [isinstance(outcome, Accepted) for outcome in answer] == [number < listed for number in range(2)]
    assert answer[listed:] == [sms.MISSING] * (2 - listed)
    assert len(await stand.reports(4)) == 4


async def test_duplicated_and_reordered_reports(stand: Stand) -> None:
    stand.local.faults = Faults(duplicate_reports=DuplicateReports(copies=2), reordered_reports=Fault())
    await stand.send()
    statuses = [status for _, status in await stand.reports(4)]
    assert statuses == [ReceiptStatus.DELIVERED] * 2 + [ReceiptStatus.ACCEPTED] * 2
    assert stand.local.messages[0].status == "Success"


async def test_reports_before_the_answer(stand: Stand) -> None:
    stand.local.faults = Faults(early_reports=Fault(times=1))
    (outcome,) = await stand.send()
    assert isinstance(outcome, Accepted)
    assert [call.fields["id"] for call in stand.gateway.to("receipt")] == [outcome.message_id] * 2
    await stand.send()
    assert len(stand.gateway.to("receipt")) == 2


async def test_no_reports(stand: Stand) -> None:
    stand.local.faults = Faults(no_reports=Fault(times=1))
    silent, reported = await stand.send(BU_TANI, PAK_TANI)
    assert isinstance(silent, Accepted)
    assert isinstance(reported, Accepted)
    assert {message for message, _ in await stand.reports(2)} == {reported.message_id}


async def test_a_fault_passes_after_its_times(stand: Stand) -> None:
    stand.local.faults = Faults(
        http_status=HttpStatus(status=503, times=2), refuse=Refuse(numbers={BU_TANI.e164: 403}, times=1)
    )
    kinds = [type((await stand.send(phone))[0]).__name__ for phone in (BU_TANI, BU_TANI, PAK_TANI, BU_TANI, BU_TANI)]
    assert kinds == ["Deferred", "Deferred", "Accepted", "Refused", "Accepted"]


async def test_a_report_that_is_not_taken_is_lost(stand: Stand) -> None:
    stand.gateway.status = 503
    with capture_logs() as logs:
        await stand.send()
        await stand.reports(2)
        await asyncio.sleep(0.01)
    assert [line["event"] for line in logs] == ["local.report_not_taken"] * 2
    assert "81230004567" not in repr(logs)


# Faults over HTTP ------------------------------------------------------------------------------------------------


async def test_faults_are_set_shown_and_cleared(stand: Stand) -> None:
    address = f"{stand.url}/local/faults"
    wanted = {"no_answer": {"accepts": False, "times": 1}, "refuse": {"numbers": {"+6281230004567": 403}}}
    async with stand.http.put(address, json=wanted) as response:
        assert (response.status, await response.json()) == (200, wanted)
    await stand.send()
    async with stand.http.get(address) as response:
        assert (await response.json())["no_answer"]["times"] == 0
    async with stand.http.delete(address) as response:
        assert await response.json() == {}
    assert isinstance((await stand.send())[0], Accepted)


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        (b'{"no_anser": {}}', "no_anser: Extra inputs are not permitted"),
        (b'{"no_answer": {"seconds": 1}}', "no_answer.seconds: Extra inputs are not permitted"),
        (b'{"no_answer": {"times": -1}}', "no_answer.times: "),
        (b'{"slow_answer": {}}', "slow_answer.seconds: Field required"),
        (b'{"http_status": {"status": "503"}}', "http_status.status: "),
        (b'{"refuse": {"numbers": {"+6281230004567": "x"}}}', "refuse.numbers.+62812****567: "),
        (b"[]", "Input should be an object"),
        (b"", "Invalid JSON"),
    ],
)
async def test_a_wrong_fault_is_told_what_is_allowed(stand: Stand, document: bytes, complaint: str) -> None:
    stand.local.faults = before = Faults(no_reports=Fault())
    async with stand.http.put(
        f"{stand.url}/local/faults", data=document, headers={"Content-Type": "application/json"}
    ) as response:
        error = (await response.json())["error"]
        assert response.status == 400
    assert error.startswith(complaint)
    assert "slow_answer (times, seconds)" in error
    assert "reordered_reports (times)" in error
    assert "81230004567" not in error
    assert stand.local.faults is before


# Its edges ---------------------------------------------------------------------------------------------------------


async def test_it_closes_at_once_and_hangs_up(http: ClientSession, gateway: Gateway) -> None:
    """With a client that waits for nothing, one that waits long, and a report that is still to come."""
    local = _local(http, gateway.hooks, report_seconds=60)
    local.faults = Faults(no_answer=NoAnswer(times=1))
    app = web.Application()
    local.add_to(app)
    async with serving(app, patience=10) as url:
        stand = Stand(local, url, http, gateway)
        unanswered = asyncio.create_task(stand.account(total_seconds=20).send("Halo", [BU_TANI]))
        await asyncio.sleep(0.1)
        assert len(local.messages) == 1
        local.faults = Faults(slow_answer=SlowAnswer(seconds=600))
        slow = asyncio.create_task(stand.account(total_seconds=20).send("Halo", [PAK_TANI]))
        await asyncio.sleep(0.05)
        started = time.monotonic()
    assert time.monotonic() - started < 2
    assert await unanswered == {BU_TANI: Unknown("the connection was lost")}
    assert await slow == {PAK_TANI: Unknown("the connection was lost")}
    assert not gateway.calls


async def test_it_is_for_this_machine_only(http: ClientSession, gateway: Gateway) -> None:
    local = _local(http, gateway.hooks)

    @web.middleware
    async def from_elsewhere(request: web.Request, handler: Any) -> web.StreamResponse:
        answer: web.StreamResponse = await handler(request.clone(remote="192.0.2.7"))
        return answer

    app = web.Application(middlewares=[from_elsewhere])
    local.add_to(app)
    async with serving(app) as url, http.get(f"{url}/local/messages") as response:
        assert response.status == 403


async def test_without_a_webhook_nothing_is_reported(http: ClientSession) -> None:
    local = _local(http, HookUrls(ussd=""))
    app = web.Application()
    local.add_to(app)
    async with serving(app) as url:
        with capture_logs() as logs:
            stand = Stand(local, url, http, Gateway())
            assert isinstance((await stand.send())[0], Accepted)
            await asyncio.sleep(0.05)
    assert logs == []


# Its page in the README --------------------------------------------------------------------------------------------

README = (Path(carriers.__file__).parent / "README.md").read_text()


def test_the_readme_explains_every_fault_and_setting() -> None:
    rows = re.findall(r"^\| `(\w+)`((?: `\w+`)*) \| [^|]+ \| [^|]+ \|$", README, re.MULTILINE)
    explained = {name: re.findall(r"\w+", keys) for name, keys in rows if name in Faults.model_fields}
    kinds = {name: get_args(field.annotation)[0] for name, field in Faults.model_fields.items()}
    assert explained == {name: [key for key in kind.model_fields if key != "times"] for name, kind in kinds.items()}


def test_the_faults_of_the_readme_can_be_set() -> None:
    documents = re.findall(r"^curl -X PUT --json '(.*)' http://127.0.0.1:8080/local/faults$", README, re.MULTILINE)
    assert len(documents) == 3
    for document in documents:
        assert faults_from(document.encode()).model_dump(exclude_none=True).keys() == json.loads(document).keys()
