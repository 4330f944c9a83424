"""The built-in carrier as the gateway's real Africa's Talking code meets it over HTTP."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from aiohttp import ClientSession, web
from structlog.testing import capture_logs

from gateway.carriers.africastalking import messaging as sms
from gateway.carriers.carrier import Accepted, Receipt, ReceiptStatus, Unknown
from gateway.carriers.local.faults import Faults, NoAnswer, SlowAnswer
from gateway.carriers.local.handset import WebhookUrls
from gateway.carriers.local.messaging import MESSAGES_KEPT
from tests.helpers.carrier_server import StubGateway, fixture, serve_app
from tests.helpers.local_carrier import BU_TANI, PAK_TANI, LocalCarrierSetup, local_carrier


async def test_the_account_shows_what_was_spent(stand: LocalCarrierSetup) -> None:
    assert await stand.account().balance() == "IDR 1000000000.0000"
    await stand.send(BU_TANI, PAK_TANI)
    assert await stand.account().balance() == "IDR 999999300.0000"
    assert await stand.account(api_key="another").balance() is None


# The ordinary run ---------------------------------------------------------------------------------------------------


async def test_a_message_is_accepted_reported_and_shown(stand: LocalCarrierSetup) -> None:
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


async def test_a_report_looks_like_a_captured_one(stand: LocalCarrierSetup) -> None:
    await stand.send()
    (call, *_) = await stand.gateway.wait_for_calls("receipt", 1)
    assert call.body.split(b"&")[1:] == [
        b"status=Sent",
        b"phoneNumber=%2B6281230004567",
        b"networkCode=99999",
    ]
    assert call.body.split(b"=")[0] == fixture("dlr_sent").split(b"=")[0]
    assert stand.account().read_receipt(call.body, call.headers) == Receipt(
        stand.local.messages[0].message_id, ReceiptStatus.ACCEPTED, "Sent", ""
    )


async def test_the_answer_has_the_recorded_shape(stand: LocalCarrierSetup) -> None:
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
async def test_who_is_not_known_is_told_so(stand: LocalCarrierSetup, wrong: dict[str, str]) -> None:
    outcome = (await stand.account(**wrong).send("Halo", [BU_TANI]))[BU_TANI]
    assert outcome == sms.HTTP_STATUSES[401]
    assert not stand.local.messages


async def test_a_request_without_its_fields_is_refused(stand: LocalCarrierSetup) -> None:
    for form in ({}, {"to": "+6281230004567"}, {"message": "Halo"}, {"to": "", "message": "Halo"}):
        async with stand.http.post(
            f"{stand.url}/local/version1/messaging", data={"username": "sandbox", **form}, headers={"apiKey": "demo"}
        ) as response:
            assert response.status == 400


async def test_only_the_last_messages_are_kept(stand: LocalCarrierSetup) -> None:
    form = {"username": "sandbox", "to": ",".join(["+62"] * (MESSAGES_KEPT + 5)), "message": "Halo"}
    async with stand.http.post(f"{stand.url}/local/version1/messaging", data=form, headers={"apiKey": "demo"}):
        assert len(stand.local.messages) == MESSAGES_KEPT


# Its edges ----------------------------------------------------------------------------------------------------------


async def test_it_closes_at_once_and_hangs_up(http: ClientSession, gateway: StubGateway) -> None:
    """With a client that waits for nothing, one that waits long, and a report that is still to come."""
    local = local_carrier(http, gateway.hooks, report_seconds=60)
    local.faults = Faults(no_answer=NoAnswer(times=1))
    app = web.Application()
    local.add_to(app)
    async with serve_app(app, patience=10) as url:
        stand = LocalCarrierSetup(local, url, http, gateway)
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


async def test_it_is_for_this_machine_only(http: ClientSession, gateway: StubGateway) -> None:
    local = local_carrier(http, gateway.hooks)

    @web.middleware
    async def from_elsewhere(request: web.Request, handler: Any) -> web.StreamResponse:
        answer: web.StreamResponse = await handler(request.clone(remote="192.0.2.7"))
        return answer

    app = web.Application(middlewares=[from_elsewhere])
    local.add_to(app)
    async with serve_app(app) as url, http.get(f"{url}/local/messages") as response:
        assert response.status == 403


async def test_without_a_webhook_nothing_is_reported(http: ClientSession) -> None:
    local = local_carrier(http, WebhookUrls(ussd=""))
    app = web.Application()
    local.add_to(app)
    async with serve_app(app) as url:
        with capture_logs() as logs:
            stand = LocalCarrierSetup(local, url, http, StubGateway())
            assert isinstance((await stand.send())[0], Accepted)
            await asyncio.sleep(0.05)
    assert logs == []
