"""Delivery reports of the built-in carrier, as the gateway's real Africa's Talking code reads them."""

from __future__ import annotations

import asyncio

from aiohttp import ClientSession
from structlog.testing import capture_logs

from gateway.carriers.carrier import Accepted, Receipt, ReceiptStatus
from gateway.carriers.local.delivery_reports import REPEATS
from gateway.carriers.local.faults import DuplicateReports, Fault, Faults
from gateway.carriers.local.handset import WebhookUrls
from tests.helpers.carrier_server import StubGateway, fixture
from tests.helpers.local_carrier import LocalCarrierSetup, local_carrier, serve_local_carrier
from tests.helpers.phones import NUMBER, OTHER
from tests.helpers.waiting import until


async def test_message_is_reported_as_accepted_and_then_as_delivered(setup: LocalCarrierSetup) -> None:
    (outcome,) = await setup.send()

    assert isinstance(outcome, Accepted)
    assert await setup.reports(2) == [
        (outcome.message_id, ReceiptStatus.ACCEPTED),
        (outcome.message_id, ReceiptStatus.DELIVERED),
    ]


async def test_report_looks_like_a_captured_one(setup: LocalCarrierSetup) -> None:
    await setup.send()

    (call, *_) = await setup.gateway.wait_for_calls("receipt", 1)

    assert call.body.split(b"&")[1:] == [
        b"status=Sent",
        b"phoneNumber=%2B6281230004567",
        b"networkCode=99999",
    ]
    assert call.body.split(b"=")[0] == fixture("dlr_sent").split(b"=")[0]
    assert setup.account().read_receipt(call.body, call.headers) == Receipt(
        setup.local.messages[0].message_id, ReceiptStatus.ACCEPTED, "Sent", ""
    )


async def test_report_that_the_gateway_does_not_take_is_repeated(setup: LocalCarrierSetup) -> None:
    setup.gateway.status = 503
    await setup.send()
    await setup.reports(3)

    setup.gateway.status = 200

    async def final_one_is_taken() -> bool:
        return setup.gateway.calls_of("receipt")[-1].fields["status"] == "Success"

    await until(final_one_is_taken)
    assert {call.fields["status"] for call in setup.gateway.calls_of("receipt")[:3]} == {"Sent"}


async def test_report_that_is_never_taken_is_given_up_with_one_warning_for_all(setup: LocalCarrierSetup) -> None:
    setup.gateway.status = 503

    with capture_logs() as logs:
        await setup.send(NUMBER, OTHER)
        await until(lambda: len(logs) == 2)

    assert [(line["event"], line["number"]) for line in logs] == [("local.reports_not_taken", 2)] * 2
    assert len(setup.gateway.calls_of("receipt")) == 2 * 2 * (1 + REPEATS)
    assert "81230004567" not in repr(logs)


async def test_without_a_webhook_nothing_is_reported(http: ClientSession) -> None:
    local = local_carrier(http, WebhookUrls(ussd=""))

    with capture_logs() as logs:
        async with serve_local_carrier(local) as url:
            (outcome,) = await LocalCarrierSetup(local, url, http, StubGateway()).send()
            await asyncio.sleep(0.05)

    assert isinstance(outcome, Accepted)
    assert logs == []


# Injected faults of reports ------------------------------------------------------------------------------------------


async def test_duplicate_and_reordered_reports_come_twice_and_the_final_one_first(setup: LocalCarrierSetup) -> None:
    setup.local.faults = Faults(duplicate_reports=DuplicateReports(copies=2), reordered_reports=Fault())

    await setup.send()

    statuses = [status for _, status in await setup.reports(4)]
    assert statuses == [ReceiptStatus.DELIVERED] * 2 + [ReceiptStatus.ACCEPTED] * 2
    assert setup.local.messages[0].status == "Success"


async def test_early_reports_come_before_the_answer(setup: LocalCarrierSetup) -> None:
    setup.local.faults = Faults(early_reports=Fault(times=1))

    (early,) = await setup.send()
    calls_with_the_answer = list(setup.gateway.calls_of("receipt"))
    await setup.send()
    calls_with_the_next_answer = setup.gateway.calls_of("receipt")

    assert isinstance(early, Accepted)
    assert [call.fields["id"] for call in calls_with_the_answer] == [early.message_id] * 2
    assert len(calls_with_the_next_answer) == 2


async def test_no_reports_leaves_out_those_of_one_message(setup: LocalCarrierSetup) -> None:
    setup.local.faults = Faults(no_reports=Fault(times=1))

    unreported, reported = await setup.send(NUMBER, OTHER)

    assert isinstance(unreported, Accepted)
    assert isinstance(reported, Accepted)
    assert {message for message, _ in await setup.reports(2)} == {reported.message_id}
