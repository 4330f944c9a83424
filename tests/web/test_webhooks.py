"""Webhooks of delivery reports, SMS, opt-outs and session ends: every captured body, byte for byte."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from gateway.carriers.carrier import Accepted
from gateway.incidents.tables import incidents
from gateway.messages.message import MessageClass
from gateway.messages.outbox import NewMessage, enqueue
from gateway.messages.tables import inbound_messages, messages, receipts, session_ends
from gateway.people.tables import opt_outs
from gateway.text.phone import Phone
from tests.helpers.captured import EVENTS, INBOX, MALFORMED, OPT_OUTS, RECEIPTS, USSD, WELL_FORMED_BAD
from tests.helpers.carrier_server import FIXTURES, fixture
from tests.helpers.web import WebGateway

DIGITS = ("1230004567", "5712340008", "711000123")  # of the numbers in the captured bodies


def test_every_captured_callback_is_tested() -> None:
    captured = {
        path.stem for path in FIXTURES.iterdir() if path.stem.startswith(("ussd_", "dlr_", "inbox_", "optout_"))
    }
    known = USSD.keys() | MALFORMED.keys() | WELL_FORMED_BAD | RECEIPTS.keys() | INBOX.keys() | EVENTS.keys() | OPT_OUTS

    assert {name for name in captured if not name.startswith("ussd_reply_")} == known


async def accepted(web_gateway: WebGateway, carrier_id: str) -> None:
    """Store a message that the carrier has accepted under this id."""
    services = web_gateway.services
    async with services.database.begin() as connection:
        new = NewMessage(MessageClass.CONFIRMATION, "at", Phone("+254711000123"), "Laporan diterima", "id")
        await enqueue(connection, new, services.vault, services.clock.now())
    (claim,) = await services.outbox.claim(1, "worker", "at")
    await services.outbox.record("at", [(claim, Accepted(carrier_id))])


@pytest.mark.parametrize("name", RECEIPTS)
async def test_captured_delivery_report_is_applied_once(web_gateway: WebGateway, name: str) -> None:
    body = fixture(name)
    await accepted(web_gateway, body.decode().partition("id=")[2].partition("&")[0])
    for _ in range(2):
        answer = await web_gateway.post("receipt", body)
        assert (answer.status, answer.text) == (200, "ok")
    (message,) = await web_gateway.rows(messages)

    assert message["status"] == RECEIPTS[name]

    (receipt,) = await web_gateway.rows(receipts)
    assert receipt["message"] == message["id"]
    assert bool(web_gateway.lines("receipt.not_understood")) == (name == "dlr_unknown_status")


async def test_delivery_reports_in_any_order_keep_the_final_status(web_gateway: WebGateway) -> None:
    await accepted(web_gateway, "ATXid_d6909d4585e48b7f8b97acc97187c257")
    for name in ("dlr_success", "dlr_sent", "dlr_submitted", "dlr_minimal", "dlr_buffered", "dlr_success"):
        assert (await web_gateway.post("receipt", fixture(name))).status == 200
        assert [message["status"] for message in await web_gateway.rows(messages)] == ["delivered"]


async def test_delivery_report_of_an_unknown_message_is_accepted(web_gateway: WebGateway) -> None:
    for name in RECEIPTS:
        assert (await web_gateway.post("receipt", fixture(name))).status == 200
    assert await web_gateway.rows(messages) == []


@pytest.mark.parametrize("name", INBOX)
async def test_captured_sms_is_stored_once(web_gateway: WebGateway, name: str) -> None:
    for _ in range(2):
        answer = await web_gateway.post("sms", fixture(name))
        assert (answer.status, answer.text) == (200, "ok")
    (message,) = await web_gateway.rows(inbound_messages)

    assert (message["text"], message["sent_at"]) == INBOX[name]
    assert web_gateway.services.vault.open(message["sender_sealed"]) == Phone("+254711000123")
    assert [line["new"] for line in web_gateway.lines("sms.received")] == [True, False]


async def test_inbound_sms_is_stored_and_left_to_the_worker(web_gateway: WebGateway) -> None:
    """The worker files the report, so that the carrier does not wait for it."""
    report = {"id": "1", "from": "+6281230004567", "to": "3375", "text": "LAPOR 3 KLEGO\ttawuran\r\n\0di pasar"}
    for changes in ({}, {}, {"text": "changed on the way"}, {"id": "2"}):
        answer = await web_gateway.post("sms", urlencode(report | changes).encode())
        assert (answer.status, answer.text) == (200, "ok")
    stored = await web_gateway.rows(inbound_messages)

    assert [(one["carrier_id"], one["text"]) for one in stored] == [
        ("1", "LAPOR 3 KLEGO tawuran\n di pasar"),
        ("2", "LAPOR 3 KLEGO tawuran\n di pasar"),
    ]
    assert {(one["handled_at"], one["made"], one["ticket"]) for one in stored} == {(None, "", None)}
    assert await web_gateway.rows(messages) == await web_gateway.rows(incidents) == []

    await web_gateway.services.inbound_handler.handle_all()
    assert [one["made"] for one in await web_gateway.rows(inbound_messages)] == ["report", "repeated"]

    (incident,) = await web_gateway.rows(incidents)
    assert (incident["channel"], incident["description"]) == ("at", "tawuran\n di pasar")

    logged = str(web_gateway.lines())
    assert "1230004567" not in logged
    assert "tawuran" not in logged


async def test_longest_sms_is_stored_and_cut_for_the_incident(web_gateway: WebGateway) -> None:
    report = {"id": "1", "from": "+6281230004567", "to": "3375", "text": f"LAPOR 3 KLEGO {'é' * 2000}"}
    assert (await web_gateway.post("sms", urlencode(report).encode())).text == "ok"

    await web_gateway.services.inbound_handler.handle_all()
    assert [len(one["description"]) for one in await web_gateway.rows(incidents)] == [1000]


@pytest.mark.parametrize("name", OPT_OUTS)
async def test_captured_opt_out_is_stored_once(web_gateway: WebGateway, name: str) -> None:
    for _ in range(2):
        answer = await web_gateway.post("optout", fixture(name))
        assert (answer.status, answer.text) == (200, "ok")
    (opt_out,) = await web_gateway.rows(opt_outs)

    assert opt_out["sender"] == "INFOTANI"
    assert opt_out["phone_key"] == web_gateway.services.vault.lookup(Phone("+254711000123"))


@pytest.mark.parametrize("name", EVENTS)
async def test_captured_session_end_is_stored_once(web_gateway: WebGateway, name: str) -> None:
    for _ in range(2):
        answer = await web_gateway.post("ussd-event", fixture(name))
        assert (answer.status, answer.text) == (200, "ok")
    (end,) = await web_gateway.rows(session_ends)

    assert (end["ending"], end["hops"], end["duration_ms"]) == EVENTS[name]
    assert "Info Tani" not in str(end), "what the screen said is not kept"


@pytest.mark.parametrize("hook", ["receipt", "sms", "optout", "ussd-event"])
async def test_malformed_callback_asks_for_no_retry(web_gateway: WebGateway, hook: str) -> None:
    for name in MALFORMED:
        answer = await web_gateway.post(hook, fixture(name))
        assert (answer.status, answer.text) == (200, "ignored"), name

    assert [line["hook"] for line in web_gateway.lines("hook.malformed")] == [hook] * len(MALFORMED)
    for table in (receipts, inbound_messages, opt_outs, session_ends):
        assert await web_gateway.rows(table) == []


async def test_log_contains_no_number_of_a_callback(web_gateway: WebGateway) -> None:
    for path in FIXTURES.iterdir():
        for hook, beginning in (("ussd", "ussd_"), ("receipt", "dlr_"), ("sms", "inbox_"), ("optout", "optout_")):
            if path.stem.startswith(beginning):
                await web_gateway.post(hook, path.read_bytes())
    logged = str(web_gateway.lines())

    assert len(web_gateway.lines()) > 20
    assert not [digits for digits in DIGITS if digits in logged]
