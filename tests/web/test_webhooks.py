"""Delivery reports, messages, opt-outs and ends of sessions over HTTP: every captured body, byte for byte."""

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


def test_no_captured_callback_is_left_out() -> None:
    captured = {
        path.stem for path in FIXTURES.iterdir() if path.stem.startswith(("ussd_", "dlr_", "inbox_", "optout_"))
    }
    known = USSD.keys() | MALFORMED.keys() | WELL_FORMED_BAD | RECEIPTS.keys() | INBOX.keys() | EVENTS.keys() | OPT_OUTS
    assert {name for name in captured if not name.startswith("ussd_reply_")} == known


async def accepted(waspada: WebGateway, carrier_id: str) -> None:
    """A message that the carrier has accepted under this id."""
    services = waspada.services
    async with services.database.begin() as connection:
        new = NewMessage(MessageClass.CONFIRMATION, "at", Phone("+254711000123"), "Laporan diterima", "id")
        await enqueue(connection, new, services.vault, services.clock.now())
    (claim,) = await services.outbox.claim(1, "worker", "at")
    await services.outbox.record("at", [(claim, Accepted(carrier_id))])


@pytest.mark.parametrize("name", RECEIPTS)
async def test_a_captured_delivery_report(waspada: WebGateway, name: str) -> None:
    body = fixture(name)
    await accepted(waspada, body.decode().partition("id=")[2].partition("&")[0])
    for _ in range(2):
        answer = await waspada.post("receipt", body)
        assert (answer.status, answer.text) == (200, "ok")
    (message,) = await waspada.rows(messages)
    assert message["status"] == RECEIPTS[name]
    (receipt,) = await waspada.rows(receipts)
    assert receipt["message"] == message["id"]
    assert bool(waspada.lines("receipt.not_understood")) == (name == "dlr_unknown_status")


async def test_delivery_reports_in_a_wild_order(waspada: WebGateway) -> None:
    await accepted(waspada, "ATXid_d6909d4585e48b7f8b97acc97187c257")
    for name in ("dlr_success", "dlr_sent", "dlr_submitted", "dlr_minimal", "dlr_buffered", "dlr_success"):
        assert (await waspada.post("receipt", fixture(name))).status == 200
        assert [message["status"] for message in await waspada.rows(messages)] == ["delivered"]


async def test_delivery_reports_of_strangers(waspada: WebGateway) -> None:
    for name in RECEIPTS:
        assert (await waspada.post("receipt", fixture(name))).status == 200
    assert await waspada.rows(messages) == []


@pytest.mark.parametrize("name", INBOX)
async def test_a_captured_message(waspada: WebGateway, name: str) -> None:
    for _ in range(2):
        answer = await waspada.post("sms", fixture(name))
        assert (answer.status, answer.text) == (200, "ok")
    (message,) = await waspada.rows(inbound_messages)
    assert (message["text"], message["sent_at"]) == INBOX[name]
    assert waspada.services.vault.open(message["sender_sealed"]) == Phone("+254711000123")
    assert [line["new"] for line in waspada.lines("sms.received")] == [True, False]


async def test_a_message_is_stored_and_not_handled(waspada: WebGateway) -> None:
    """The carrier waits for no report to be filed: the worker does that."""
    report = {"id": "1", "from": "+6281230004567", "to": "3375", "text": "LAPOR 3 KLEGO\ttawuran\r\n\0di pasar"}
    for changes in ({}, {}, {"text": "changed on the way"}, {"id": "2"}):
        answer = await waspada.post("sms", urlencode(report | changes).encode())
        assert (answer.status, answer.text) == (200, "ok")
    stored = await waspada.rows(inbound_messages)
    assert [(one["carrier_id"], one["text"]) for one in stored] == [
        ("1", "LAPOR 3 KLEGO tawuran\n di pasar"),
        ("2", "LAPOR 3 KLEGO tawuran\n di pasar"),
    ]
    assert {(one["handled_at"], one["made"], one["ticket"]) for one in stored} == {(None, "", None)}
    assert await waspada.rows(messages) == await waspada.rows(incidents) == []
    await waspada.services.inbound_handler.handle_all()
    assert [one["made"] for one in await waspada.rows(inbound_messages)] == ["report", "repeated"]
    (incident,) = await waspada.rows(incidents)
    assert (incident["channel"], incident["description"]) == ("at", "tawuran\n di pasar")
    logged = str(waspada.lines())
    assert "1230004567" not in logged
    assert "tawuran" not in logged


async def test_the_longest_message_is_stored(waspada: WebGateway) -> None:
    report = {"id": "1", "from": "+6281230004567", "to": "3375", "text": f"LAPOR 3 KLEGO {'é' * 2000}"}
    assert (await waspada.post("sms", urlencode(report).encode())).text == "ok"
    await waspada.services.inbound_handler.handle_all()
    assert [len(one["description"]) for one in await waspada.rows(incidents)] == [1000]


@pytest.mark.parametrize("name", OPT_OUTS)
async def test_a_captured_opt_out(waspada: WebGateway, name: str) -> None:
    for _ in range(2):
        answer = await waspada.post("optout", fixture(name))
        assert (answer.status, answer.text) == (200, "ok")
    (opt_out,) = await waspada.rows(opt_outs)
    assert opt_out["sender"] == "INFOTANI"
    assert opt_out["phone_key"] == waspada.services.vault.lookup(Phone("+254711000123"))


@pytest.mark.parametrize("name", EVENTS)
async def test_a_captured_end_of_a_session(waspada: WebGateway, name: str) -> None:
    for _ in range(2):
        answer = await waspada.post("ussd-event", fixture(name))
        assert (answer.status, answer.text) == (200, "ok")
    (end,) = await waspada.rows(session_ends)
    assert (end["ending"], end["hops"], end["duration_ms"]) == EVENTS[name]
    assert "Info Tani" not in str(end), "what the screen said is not kept"


@pytest.mark.parametrize("hook", ["receipt", "sms", "optout", "ussd-event"])
async def test_a_malformed_callback_is_not_wanted_again(waspada: WebGateway, hook: str) -> None:
    for name in MALFORMED:
        answer = await waspada.post(hook, fixture(name))
        assert (answer.status, answer.text) == (200, "ignored"), name
    assert [line["hook"] for line in waspada.lines("hook.malformed")] == [hook] * len(MALFORMED)
    for table in (receipts, inbound_messages, opt_outs, session_ends):
        assert await waspada.rows(table) == []


async def test_no_number_leaves_in_a_log_line(waspada: WebGateway) -> None:
    for path in FIXTURES.iterdir():
        for hook, beginning in (("ussd", "ussd_"), ("receipt", "dlr_"), ("sms", "inbox_"), ("optout", "optout_")):
            if path.stem.startswith(beginning):
                await waspada.post(hook, path.read_bytes())
    logged = str(waspada.lines())
    assert len(waspada.lines()) > 20
    assert not [digits for digits in DIGITS if digits in logged]
