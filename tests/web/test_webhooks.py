"""The carriers' callbacks over HTTP: every captured body, byte for byte, and everything that may come instead."""

from __future__ import annotations

import asyncio
import gzip
import logging
import time
from datetime import UTC, datetime
from urllib.parse import urlencode, urlsplit

import pytest
import structlog

from gateway.carriers.carrier import Accepted
from gateway.carriers.form import FORM_TYPE
from gateway.incidents.records import incidents
from gateway.menu.loading import load
from gateway.messages.inbox import inbound_messages, opt_outs, session_ends
from gateway.messages.ledger import messages, receipts
from gateway.messages.message import MessageClass
from gateway.messages.outbox import NewMessage, enqueue
from gateway.runtime.packs import read_pack
from gateway.text.phone import Phone
from gateway.web.webhooks import HOOKS
from tests.carriers.serving import FIXTURES, fixture
from tests.outages import Gate, OwnRedis
from tests.walked import walk
from tests.web.stage import CODE, NEW_SECRET, OLD_SECRET, PACK, Answer, Gateway

MENU = load(read_pack(PACK))
APOLOGY = "END " + MENU.wordings["id"].apology.replace("{ussd}", CODE)
PADI = "Padi & jagung + sapi, warung Bu Dèwi"
DIGITS = ("1230004567", "5712340008", "711000123")  # of the numbers in the captured bodies

# What each captured callback leads to when it is the first of its session: what was typed by then.
USSD = {
    "ussd_01_initial": [],
    "ussd_02_first_choice": ["1"],
    "ussd_03_same_choice_again": ["1", "1"],
    "ussd_04_retransmit_of_03": ["1", "1"],
    "ussd_05_free_text_utf8": ["1", "1", PADI],
    "ussd_06_back_zero": ["1", "1", PADI, "0"],
    "ussd_07_empty_reply": ["1", ""],
    "ussd_08_star_inside_input": ["1", "", "2", "3"],
    "ussd_09_hash_and_double_zero": ["1", "00", "#"],
    "ussd_10_suffix_dial_first_request": ["1", "2"],
    "ussd_11_suffix_in_service_code": ["1", "2"],
    "ussd_12_star_percent_encoded": ["1", "1"],
    "ussd_13_live_safaricom": [],
}
WELL_FORMED_BAD = {"ussd_bad_other_phone_same_session", "ussd_bad_shorter_transcript"}
MALFORMED = {
    "ussd_bad_control_chars": "text has control characters",
    "ussd_bad_duplicate_key": "text is there twice",
    "ussd_bad_missing_session": "sessionId is missing",
    "ussd_bad_not_utf8": "it is not UTF-8",
    "ussd_bad_not_utf8_escaped": "it is not UTF-8",
    "ussd_bad_plus_not_escaped": "phoneNumber is not a number in E.164 with its +",
}
RECEIPTS = {  # where a report moves an accepted message
    "dlr_absent_subscriber": "undelivered",
    "dlr_buffered": "accepted",
    "dlr_expired": "undelivered",
    "dlr_failed": "undelivered",
    "dlr_minimal": "delivered",
    "dlr_rejected": "undelivered",
    "dlr_sandbox": "delivered",
    "dlr_sent": "accepted",
    "dlr_submitted": "accepted",
    "dlr_success": "delivered",
    "dlr_unknown_status": "accepted",
}
INBOX = {
    "inbox_iso_date": ("HARGA padi", datetime(2026, 11, 23, 4, 5, 6, tzinfo=UTC)),
    "inbox_space_date_empty_link": ("Cuaca besok? é & + …", datetime(2026, 11, 23, 4, 5, 6, tzinfo=UTC)),
}
EVENTS = {
    "ussd_event_failed": ("failed", 1, 10200),
    "ussd_event_incomplete": ("abandoned", 1, 1000),
    "ussd_event_success": ("completed", 4, 46000),
    "ussd_event_success_old_no_metadata": ("completed", 3, 21000),
}
OPT_OUTS = {"optout_alphanumeric"}


def screen(*inputs: str) -> str:
    """The body that answers these inputs, from the menu itself."""
    return f"CON {walk(MENU, inputs, given={'ussd': CODE}).screen}"


def is_ussd_reply(answer: Answer) -> bool:
    return (
        answer.status == 200
        and answer.headers["Content-Type"].startswith("text/plain")
        and answer.text.startswith(("CON ", "END "))
        and "at-ussd-hop-metadata" in answer.headers
    )


def test_no_captured_callback_is_left_out() -> None:
    captured = {
        path.stem for path in FIXTURES.iterdir() if path.stem.startswith(("ussd_", "dlr_", "inbox_", "optout_"))
    }
    known = USSD.keys() | MALFORMED.keys() | WELL_FORMED_BAD | RECEIPTS.keys() | INBOX.keys() | EVENTS.keys() | OPT_OUTS
    assert {name for name in captured if not name.startswith("ussd_reply_")} == known


# USSD --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", USSD)
async def test_a_captured_callback_alone(waspada: Gateway, name: str) -> None:
    answer = await waspada.post("ussd", fixture(name))
    assert is_ussd_reply(answer)
    assert answer.text == screen(*USSD[name])
    assert len(await waspada.keys()) == 1


async def test_the_captured_session_in_order(waspada: Gateway) -> None:
    names = [name for name in USSD if name < "ussd_07"]
    answers = [await waspada.post("ussd", fixture(name)) for name in names]
    assert [answer.text for answer in answers] == [screen(*USSD[name]) for name in names]
    assert [answer.label for answer in answers] == [
        "language.id",
        "main.id",
        "notice.id",
        "notice.id",
        "notice.id",
        "main.id",
    ]
    late = [await waspada.post("ussd", fixture(name)) for name in (*names, "ussd_12_star_percent_encoded")]
    assert {answer.text for answer in late} == {answers[-1].text}, "what comes late or again changes nothing"


async def test_the_captured_session_with_a_star_in_order(waspada: Gateway) -> None:
    answers = [await waspada.post("ussd", fixture(name)) for name in USSD if "ussd_07" <= name < "ussd_10"]
    assert [answer.text for answer in answers] == [
        screen("1", ""),
        screen("1", "", "2", "3"),
        screen("1", "", "2", "3"),
    ]


async def test_a_shorter_transcript_gets_the_stored_screen(waspada: Gateway) -> None:
    for name in ("ussd_01_initial", "ussd_02_first_choice", "ussd_03_same_choice_again"):
        here = await waspada.post("ussd", fixture(name))
    assert (await waspada.post("ussd", fixture("ussd_bad_shorter_transcript"))).text == here.text
    assert (await waspada.post("ussd", fixture("ussd_05_free_text_utf8"))).text == screen("1", "1", PADI)


async def test_another_phone_with_the_same_session(waspada: Gateway) -> None:
    for name in ("ussd_01_initial", "ussd_02_first_choice", "ussd_03_same_choice_again"):
        here = await waspada.post("ussd", fixture(name))
    other = await waspada.post("ussd", fixture("ussd_bad_other_phone_same_session"))
    assert is_ussd_reply(other)
    assert other.text == screen("1", "1", "2"), "a dialogue of its own"
    assert (await waspada.post("ussd", fixture("ussd_04_retransmit_of_03"))).text == here.text
    assert len(await waspada.keys()) == 2


@pytest.mark.parametrize("name", MALFORMED)
async def test_a_malformed_callback_gets_an_apology_and_changes_nothing(waspada: Gateway, name: str) -> None:
    alone = await waspada.post("ussd", fixture(name))
    assert is_ussd_reply(alone)
    assert (alone.text, alone.label) == (APOLOGY, "apology")
    assert await waspada.keys() == []
    for earlier in ("ussd_01_initial", "ussd_02_first_choice", "ussd_03_same_choice_again"):
        here = await waspada.post("ussd", fixture(earlier))
    raw = [await waspada.parts.batcher.run("GET", key) for key in await waspada.keys()]
    assert (await waspada.post("ussd", fixture(name))).text == APOLOGY
    assert [await waspada.parts.batcher.run("GET", key) for key in await waspada.keys()] == raw
    assert (await waspada.post("ussd", fixture("ussd_04_retransmit_of_03"))).text == here.text
    warnings = waspada.lines("hook.malformed")
    assert [(line["level"], line["hook"], line["problem"]) for line in warnings] == [
        ("warning", "ussd", MALFORMED[name])
    ] * 2


NONSENSE = [
    (b"", {"Content-Type": FORM_TYPE}),
    (b"\x00" * 300, {"Content-Type": FORM_TYPE}),
    (fixture("ussd_01_initial") + b"&filler=" + b"x" * 16384, {"Content-Type": FORM_TYPE}),
    (fixture("ussd_01_initial"), {"Content-Type": "application/json"}),
    (fixture("ussd_01_initial"), {"Content-Type": "multipart/form-data; boundary=x"}),
    (fixture("ussd_01_initial"), {"Content-Type": ""}),
    (b"no gzip at all", {"Content-Type": FORM_TYPE, "Content-Encoding": "gzip"}),
    (gzip.compress(b"x" * 10_000_000), {"Content-Type": FORM_TYPE, "Content-Encoding": "gzip"}),
]


async def test_whatever_is_posted_gets_an_apology(waspada: Gateway) -> None:
    for body, headers in NONSENSE:
        answer = await waspada.post("ussd", body, headers)
        assert is_ussd_reply(answer)
        assert answer.text == APOLOGY, f"{body[:40]!r} {headers}"
    assert await waspada.keys() == []
    assert [line["event"] for line in waspada.lines()] == ["hook.malformed"] * len(NONSENSE)


async def test_a_body_of_just_16_kib_is_read(waspada: Gateway) -> None:
    body = fixture("ussd_01_initial") + b"&filler="
    answer = await waspada.post("ussd", body + b"x" * (16 * 1024 - len(body)))
    assert answer.text == screen()


async def test_other_spellings_of_the_content_type(waspada: Gateway) -> None:
    for kind in (f"{FORM_TYPE}; charset=UTF-8", "Application/X-WWW-Form-URLEncoded"):
        assert (await waspada.post("ussd", fixture("ussd_01_initial"), {"Content-Type": kind})).text == screen()


async def test_a_whole_journey(waspada: Gateway) -> None:
    """With the label echoed as the carrier does; the ticket is a committed row with its confirmation."""
    keys = ["3", "1", "1", "98", "8", "1", "5", "1", "2", "2", "1", "water at 50 cm", "1", "1"]
    body = fixture("ussd_01_initial")
    answer = await waspada.post("ussd", body)
    for hop in range(len(keys)):
        assert answer.text == screen(*keys[:hop])
        headers = {"Content-Type": FORM_TYPE, "at-ussd-hop-metadata": answer.label}
        typed = "*".join(keys[: hop + 1]).replace(" ", "+").encode()
        answer = await waspada.post("ussd", body + typed, headers)
    (incident,) = await waspada.rows(incidents)
    ticket = f"{incident['ticket'][:4]}-{incident['ticket'][4:]}"
    assert answer.text.startswith(f"END Thank you. Ticket: {ticket}\n")
    assert answer.label == "ticket.en"
    (message,) = await waspada.rows(messages)
    assert (message["ticket"], message["class"]) == (incident["ticket"], "confirmation")


async def test_two_hundred_callbacks_at_once(waspada: Gateway) -> None:
    bodies = [fixture("ussd_01_initial").replace(b"6281230004567", b"2547110%05d" % n) for n in range(200)]
    answers = await asyncio.gather(*(waspada.post("ussd", body) for body in bodies))
    assert {answer.text for answer in answers} == {screen()}
    assert len(await waspada.keys()) == 200


# Delivery reports, messages, opt-outs, ends of sessions ------------------------------------------------------


async def accepted(waspada: Gateway, carrier_id: str) -> None:
    """A message that the carrier has accepted under this id."""
    parts = waspada.parts
    async with parts.database.begin() as connection:
        new = NewMessage(MessageClass.CONFIRMATION, "at", Phone("+254711000123"), "Laporan diterima", "id")
        await enqueue(connection, new, parts.vault, parts.clock.now())
    (claim,) = await parts.outbox.claim(1, "worker", "at")
    await parts.outbox.record("at", [(claim, Accepted(carrier_id))])


@pytest.mark.parametrize("name", RECEIPTS)
async def test_a_captured_delivery_report(waspada: Gateway, name: str) -> None:
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


async def test_delivery_reports_in_a_wild_order(waspada: Gateway) -> None:
    await accepted(waspada, "ATXid_d6909d4585e48b7f8b97acc97187c257")
    for name in ("dlr_success", "dlr_sent", "dlr_submitted", "dlr_minimal", "dlr_buffered", "dlr_success"):
        assert (await waspada.post("receipt", fixture(name))).status == 200
        assert [message["status"] for message in await waspada.rows(messages)] == ["delivered"]


async def test_delivery_reports_of_strangers(waspada: Gateway) -> None:
    for name in RECEIPTS:
        assert (await waspada.post("receipt", fixture(name))).status == 200
    assert await waspada.rows(messages) == []


@pytest.mark.parametrize("name", INBOX)
async def test_a_captured_message(waspada: Gateway, name: str) -> None:
    for _ in range(2):
        answer = await waspada.post("sms", fixture(name))
        assert (answer.status, answer.text) == (200, "ok")
    (message,) = await waspada.rows(inbound_messages)
    assert (message["text"], message["sent_at"]) == INBOX[name]
    assert waspada.parts.vault.open(message["sender_sealed"]) == Phone("+254711000123")
    assert [line["new"] for line in waspada.lines("sms.received")] == [True, False]


async def test_a_message_is_stored_and_not_handled(waspada: Gateway) -> None:
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
    await waspada.parts.post.handle_all()
    assert [one["made"] for one in await waspada.rows(inbound_messages)] == ["report", "repeated"]
    (incident,) = await waspada.rows(incidents)
    assert (incident["channel"], incident["description"]) == ("at", "tawuran\n di pasar")
    logged = str(waspada.lines())
    assert "1230004567" not in logged
    assert "tawuran" not in logged


async def test_the_longest_message_is_stored(waspada: Gateway) -> None:
    report = {"id": "1", "from": "+6281230004567", "to": "3375", "text": f"LAPOR 3 KLEGO {'é' * 2000}"}
    assert (await waspada.post("sms", urlencode(report).encode())).text == "ok"
    await waspada.parts.post.handle_all()
    assert [len(one["description"]) for one in await waspada.rows(incidents)] == [1000]


@pytest.mark.parametrize("name", OPT_OUTS)
async def test_a_captured_opt_out(waspada: Gateway, name: str) -> None:
    for _ in range(2):
        answer = await waspada.post("optout", fixture(name))
        assert (answer.status, answer.text) == (200, "ok")
    (opt_out,) = await waspada.rows(opt_outs)
    assert opt_out["sender"] == "INFOTANI"
    assert opt_out["phone_key"] == waspada.parts.vault.lookup(Phone("+254711000123"))


@pytest.mark.parametrize("name", EVENTS)
async def test_a_captured_end_of_a_session(waspada: Gateway, name: str) -> None:
    for _ in range(2):
        answer = await waspada.post("ussd-event", fixture(name))
        assert (answer.status, answer.text) == (200, "ok")
    (end,) = await waspada.rows(session_ends)
    assert (end["ending"], end["hops"], end["duration_ms"]) == EVENTS[name]
    assert "Info Tani" not in str(end), "what the screen said is not kept"


@pytest.mark.parametrize("hook", ["receipt", "sms", "optout", "ussd-event"])
async def test_a_malformed_callback_is_not_wanted_again(waspada: Gateway, hook: str) -> None:
    for name in MALFORMED:
        answer = await waspada.post(hook, fixture(name))
        assert (answer.status, answer.text) == (200, "ignored"), name
    assert [line["hook"] for line in waspada.lines("hook.malformed")] == [hook] * len(MALFORMED)
    for table in (receipts, inbound_messages, opt_outs, session_ends):
        assert await waspada.rows(table) == []


async def test_no_number_leaves_in_a_log_line(waspada: Gateway) -> None:
    for path in FIXTURES.iterdir():
        for hook, beginning in (("ussd", "ussd_"), ("receipt", "dlr_"), ("sms", "inbox_"), ("optout", "optout_")):
            if path.stem.startswith(beginning):
                await waspada.post(hook, path.read_bytes())
    logged = str(waspada.lines())
    assert len(waspada.lines()) > 20
    assert not [digits for digits in DIGITS if digits in logged]


# Who is let in -----------------------------------------------------------------------------------------------


WRONG_ADDRESSES = [
    f"/hooks/at/{NEW_SECRET[:-1]}/ussd",
    f"/hooks/at/{NEW_SECRET}x/ussd",
    f"/hooks/at/{NEW_SECRET.upper()}/ussd",
    "/hooks/at/%00/ussd",
    "/hooks/at/%ff%fe/ussd",
    "/hooks/at/%C3%A8/receipt",
    f"/hooks/other/{NEW_SECRET}/ussd",
    f"/hooks/at/{NEW_SECRET}/nothing",
    f"/hooks/at/{NEW_SECRET}/ussd_event",
]


async def test_who_does_not_know_the_address_gets_a_bare_404_at_once(waspada: Gateway) -> None:
    """Before the body is read: it never comes."""
    for path in WRONG_ADDRESSES:
        head, body = await raw(waspada, f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n".encode())
        assert head.startswith(b"HTTP/1.1 404 "), path
        assert body == b""
    assert waspada.lines() == []


async def raw(waspada: Gateway, *pieces: bytes) -> tuple[bytes, bytes]:
    """The head and the body that answer these very bytes, sent one piece after the other."""
    address = urlsplit(waspada.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        for piece in pieces:
            writer.write(piece)
            await asyncio.sleep(0.05)
        async with asyncio.timeout(2):
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
            return head, await reader.readexactly(length)
    finally:
        writer.close()
        await writer.wait_closed()


async def test_both_secrets_are_good_while_one_is_being_changed(waspada: Gateway) -> None:
    for secret in (NEW_SECRET, OLD_SECRET):
        assert (await waspada.post("ussd", fixture("ussd_01_initial"), secret=secret)).text == screen()


async def test_a_callback_is_posted_or_not_at_all(waspada: Gateway) -> None:
    for method in ("GET", "PUT", "DELETE", "HEAD"):
        answer = await waspada.call(method, f"/hooks/at/{NEW_SECRET}/ussd")
        assert answer.status in (404, 405)


async def test_a_carrier_that_hangs_up_in_the_midst_of_a_body(waspada: Gateway) -> None:
    address = urlsplit(waspada.url)
    _, writer = await asyncio.open_connection(address.hostname, address.port)
    head = (
        f"POST /hooks/at/{NEW_SECRET}/ussd HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM_TYPE}\r\nContent-Length: 500\r\n"
    )
    writer.write(head.encode() + b"\r\nsessionId=")
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    assert (await waspada.post("ussd", fixture("ussd_01_initial"))).text == screen()
    assert not [line for line in waspada.lines() if line["level"] in ("error", "critical")]


FORM_HEAD = f"Host: x\r\nContent-Type: {FORM_TYPE}"
UNFINISHED = {
    "shorter than told": "Content-Length: 500\r\n\r\nsessionId=",
    "no last chunk": "Transfer-Encoding: chunked\r\n\r\na\r\nsessionId=\r\n",
}


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("rest", UNFINISHED.values(), ids=UNFINISHED)
async def test_a_body_that_never_ends_is_answered_soon(waspada: Gateway, hook: str, rest: str) -> None:
    began = time.monotonic()
    head, body = await raw(waspada, f"POST /hooks/at/{NEW_SECRET}/{hook} HTTP/1.1\r\n{FORM_HEAD}\r\n{rest}".encode())
    assert time.monotonic() - began < 2
    status, told_carrier = (200, APOLOGY) if hook == "ussd" else (503, "try again")
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert body.decode() == told_carrier
    (line,) = waspada.lines()
    told = (line["event"], line["hook"], line["problem"])
    assert told == ("hook.malformed", hook, "the body was not whole after 1 s")


async def test_a_body_that_goes_wrong_on_the_way_gets_an_apology(waspada: Gateway) -> None:
    head = f"POST /hooks/at/{NEW_SECRET}/ussd HTTP/1.1\r\n{FORM_HEAD}\r\nTransfer-Encoding: chunked\r\n\r\n"
    _, body = await raw(waspada, head.encode(), b"a\r\nsessionId=\r\n", b"no length\r\n")
    assert body.decode() == APOLOGY
    assert {line["level"] for line in waspada.lines()} == {"warning"}


async def test_a_body_that_comes_in_pieces_is_read(waspada: Gateway) -> None:
    body = fixture("ussd_01_initial")
    head = f"POST /hooks/at/{NEW_SECRET}/ussd HTTP/1.1\r\n{FORM_HEAD}\r\nContent-Length: {len(body)}\r\n\r\n"
    _, answer = await raw(waspada, head.encode(), body[:40], body[40:])
    assert answer.decode() == screen()


HOOK = f"/hooks/at/{NEW_SECRET}/ussd"
NO_HTTP = {
    "a blank in the path": f"POST {HOOK} x HTTP/1.1\r\nHost: x\r\n\r\n",
    "a path without end": f"POST {HOOK}/{'x' * 9000} HTTP/1.1\r\nHost: x\r\n\r\n",
    "a header without end": f"POST {HOOK} HTTP/1.1\r\nHost: x\r\nReferer: {HOOK}{'x' * 9000}\r\n\r\n",
    "a header that is none": f"POST {HOOK} HTTP/1.1\r\nHost: x\r\n{HOOK}\r\n\r\n",
    "a length in words": f"POST {HOOK} HTTP/1.1\r\nHost: x\r\nContent-Length: {HOOK}\r\n\r\n",
    "two framings": f"POST {HOOK} HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a chunk of no length": f"POST {HOOK} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n{HOOK}\r\n\r\n",
}


@pytest.mark.parametrize("sent", NO_HTTP.values(), ids=NO_HTTP)
async def test_what_is_no_http_is_one_short_warning_without_the_path(waspada: Gateway, sent: str) -> None:
    head, _ = await raw(waspada, sent.encode())
    assert head.split(b" ")[1] == b"400"
    (line,) = waspada.lines()
    assert line.keys() == {"at", "level", "event", "problem"}
    assert (line["level"], line["event"]) == ("warning", "http.malformed")
    assert len(line["problem"]) < 40
    assert "hooks" not in waspada.log.getvalue()


async def test_no_secret_leaves_in_a_log_line(waspada: Gateway) -> None:
    def of_ours(request: bytes) -> None:
        raise RuntimeError(f"no answer to {request!r}")

    structlog.get_logger().info("probe", path=HOOK, several=[f"https://gateway.example{HOOK}?x=1"])
    try:
        of_ours(f"POST {HOOK} HTTP/1.1\r\n".encode())
    except RuntimeError:
        logging.getLogger("aiohttp.server").exception("Error handling %s", HOOK)
    probe, error = waspada.lines()
    assert (probe["path"], probe["several"]) == ("/hooks/at/…/ussd", ["https://gateway.example/hooks/at/…/ussd?x=1"])
    assert error["message"] == "Error handling /hooks/at/…/ussd"
    assert error["exception"].endswith("no answer to b'POST /hooks/at/…/ussd HTTP/1.1\\r\\n'")
    assert NEW_SECRET not in waspada.log.getvalue()


# Stores away -------------------------------------------------------------------------------------------------


CALLBACKS = {
    "receipt": "dlr_success",
    "sms": "inbox_iso_date",
    "optout": "optout_alphanumeric",
    "ussd-event": "ussd_event_success",
}


async def test_postgresql_away(shaky: Gateway, postgres: Gate) -> None:
    """What could not be stored is asked for again; a dialogue goes on."""
    await postgres.shut()
    for hook, name in CALLBACKS.items():
        assert (await shaky.post(hook, fixture(name))).status == 503
    assert {line["hook"] for line in shaky.lines("hook.not_stored")} == CALLBACKS.keys()
    assert (await shaky.post("ussd", fixture("ussd_03_same_choice_again"))).text == screen("1", "1")
    await postgres.open()
    for hook, name in CALLBACKS.items():
        assert (await shaky.post(hook, fixture(name))).status == 200


async def test_a_postgresql_that_hangs(shaky: Gateway, postgres: Gate) -> None:
    """The proxy waits for five seconds, the carrier for ten."""
    assert (await shaky.post("sms", fixture("inbox_iso_date"))).status == 200
    postgres.hold()
    began = time.monotonic()
    answers = await asyncio.gather(*(shaky.post(hook, fixture(name)) for hook, name in CALLBACKS.items()))
    assert time.monotonic() - began < 4
    assert [answer.status for answer in answers] == [503] * len(CALLBACKS)
    await postgres.open()
    for hook, name in CALLBACKS.items():
        assert (await shaky.post(hook, fixture(name))).status == 200


async def test_redis_away(shaky: Gateway, own_redis: OwnRedis) -> None:
    own_redis.hang()
    began = time.monotonic()
    answer = await shaky.post("ussd", fixture("ussd_03_same_choice_again"))
    assert time.monotonic() - began < 2
    assert answer.text == screen("1", "1")
    for hook, name in CALLBACKS.items():
        assert (await shaky.post(hook, fixture(name))).status == 200, "none of these needs Redis"
    own_redis.go_on()
