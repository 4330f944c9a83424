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
    assert web_gateway.services.vault.open(message["sender_sealed"], message["sender_key"]) == Phone("+254711000123")
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


# Bodies of SMS that are not quite well-formed, each with its text and its disposition.
DAMAGED = {
    "an emoji in CESU-8": ("text=LAPOR+3+KLEGO+ribut+%ED%A0%BD%ED%B8%A1", "LAPOR 3 KLEGO ribut \U0001f621", "report"),
    "half an emoji": ("text=LAPOR+3+KLEGO+ribut+%ED%A0%BD", "LAPOR 3 KLEGO ribut \ufffd", "report"),
    "the other half": ("text=%ED%B8%A1LAPOR", "\ufffdLAPOR", None),
    "Latin-1": ("text=LAPOR+3+KLEGO+ribut+caf%E9", "LAPOR 3 KLEGO ribut caf\ufffd", "report"),
    "NUL": ("text=LAPOR+3+KLEGO%00ribut", "LAPOR 3 KLEGO ribut", "report"),
    "too long": (f"text=LAPOR+3+KLEGO+{'ribut+' * 800}", f"LAPOR 3 KLEGO {'ribut ' * 680}r…", "report"),
    "over 16 KiB": (f"text=LAPOR+3+KLEGO+{'%F0%9F%98%A1' * 4000}", f"LAPOR 3 KLEGO {chr(0x1F621) * 4000}", "report"),
    "number with a blank": ("from=+6281230004567&text=LAPOR+3+KLEGO+ribut", "LAPOR 3 KLEGO ribut", "report"),
    "number without plus": ("from=6281230004567&text=LAPOR+3+KLEGO+ribut", "LAPOR 3 KLEGO ribut", "report"),
    "number as dialled": ("from=081230004567&text=LAPOR+3+KLEGO+ribut", "LAPOR 3 KLEGO ribut", "report"),
    "no number": ("from=Bu+081230004567&text=LAPOR+3+KLEGO+ribut", "LAPOR 3 KLEGO ribut", "other"),
    "no sender": ("from=&text=LAPOR+3+KLEGO+ribut", "LAPOR 3 KLEGO ribut", "other"),
    "long network": (f"networkCode={'5' * 40}&text=LAPOR+3+KLEGO+ribut", "LAPOR 3 KLEGO ribut", "report"),
    "long id": (f"id={'x' * 300}&text=LAPOR+3+KLEGO+ribut", "LAPOR 3 KLEGO ribut", "report"),
    "odd id": ("id=%00%E9&text=LAPOR+3+KLEGO+ribut", "LAPOR 3 KLEGO ribut", "report"),
    "odd recipient": (f"to=%00{'3' * 300}&text=LAPOR+3+KLEGO+ribut", "LAPOR 3 KLEGO ribut", "report"),
    "odd time": ("date=kemarin&text=LAPOR+3+KLEGO+ribut", "LAPOR 3 KLEGO ribut", "report"),
    "no text": ("id=1", "", None),
}


@pytest.mark.parametrize(("body", "text", "made"), DAMAGED.values(), ids=DAMAGED)
async def test_damaged_sms_is_kept_and_handled(web_gateway: WebGateway, body: str, text: str, made: str | None) -> None:
    sender = "" if "from=" in body else "&from=%2B6281230004567"
    answer = await web_gateway.post("sms", f"{body}{sender}".encode())
    assert (answer.status, answer.text) == (200, "ok")

    await web_gateway.services.inbound_handler.handle_all()
    (stored,) = await web_gateway.rows(inbound_messages)
    assert stored["text"] == text
    assert made in (None, stored["made"])
    assert len(await web_gateway.rows(incidents)) == (made == "report")

    (listed,) = await web_gateway.services.inbound_queue.list_inbound()
    assert listed.sender == ("+62812****567" if made != "other" else "?")
    assert listed.to_sort == (made != "report")


async def test_sms_without_an_id_is_stored_each_time(web_gateway: WebGateway) -> None:
    """Two SMS of the same words cannot be told from one that came twice. The handler ignores the second for a while."""
    for _ in range(2):
        assert (await web_gateway.post("sms", b"from=%2B6281230004567&text=LAPOR+3+KLEGO+ribut")).text == "ok"
    await web_gateway.services.inbound_handler.handle_all()

    assert [one["made"] for one in await web_gateway.rows(inbound_messages)] == ["report", "repeated"]


NOTHING_LEFT = [b"", b"{}", b"to=3375&id=1", b"\0" * 300, b"text=" + b"x" * 300_000]


async def test_sms_of_which_nothing_can_be_kept_is_refused(web_gateway: WebGateway) -> None:
    """Never 200: the carrier repeats it, and shows its operator that it failed."""
    for body in NOTHING_LEFT:
        assert (await web_gateway.post("sms", body)).status == 400

    assert [line["hook"] for line in web_gateway.lines("hook.malformed")] == ["sms"] * len(NOTHING_LEFT)
    assert await web_gateway.rows(inbound_messages) == []


@pytest.mark.parametrize(
    "body",
    [
        f"id=ATXid_1&status=Failed&failureReason={'x' * 300}",
        "id=ATXid_1&status=failed+&failureReason=a%00b%E9",
        "id=ATXid_1&status=FAILED&failureReason=",
    ],
)
async def test_odd_delivery_report_is_applied(web_gateway: WebGateway, body: str) -> None:
    await accepted(web_gateway, "ATXid_1")
    assert (await web_gateway.post("receipt", body.encode())).text == "ok"

    assert [message["status"] for message in await web_gateway.rows(messages)] == ["undelivered"]


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


@pytest.mark.parametrize("hook", ["receipt", "optout", "ussd-event"])
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
