"""What Africa's Talking is sent, byte for byte, and how each of its answers, and each lack of one, is judged."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import ClientSession, DummyCookieJar, TCPConnector, web
from multidict import CIMultiDict
from structlog.testing import capture_logs

from gateway.carriers import africastalking_sms as sms
from gateway.carriers.africastalking import AfricasTalking
from gateway.carriers.carrier import Accepted, Deferred, Outcome, Refused, Unknown
from gateway.text.phone import Phone
from tests.carriers.serving import Answer, answering, fixture

BU_TANI = Phone("+6281230004567")
PAK_TANI = Phone("+6285712340008")
KENYAN = Phone("+254711000123")
KEY = "atsk_secret"


def account(http: ClientSession, url: str, **others: Any) -> AfricasTalking:
    return AfricasTalking("at", "sandbox", KEY, http, api_url=url, **others)


def replaying(body: bytes | str, status: int = 201, kind: str = "application/json", **headers: str) -> Answer:
    async def answer(_: web.Request) -> web.Response:
        octets = body.encode() if isinstance(body, str) else body
        return web.Response(status=status, body=octets, headers={"Content-Type": kind, **headers})

    return answer


def listing(*recipients: dict[str, Any], message: str = "Sent") -> bytes:
    return json.dumps({"SMSMessageData": {"Message": message, "Recipients": list(recipients)}}).encode()


async def outcomes(http: ClientSession, answer: Answer, *phones: Phone) -> dict[Phone, Outcome]:
    async with answering(answer) as url:
        return await account(http, url).send("Halo", phones)


# The request -------------------------------------------------------------------------------------------------


async def test_the_request_is_the_one_of_the_sdk(http: ClientSession) -> None:
    seen: list[tuple[str, str, bytes, CIMultiDict[str]]] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append((request.method, request.path, await request.read(), CIMultiDict(request.headers)))
        return web.Response(status=500)

    async with answering(answer) as url:
        named = account(http, url, sender="INFOTANI")
        await named.send("Halo Bu Tani, panen padi siap. Info: 12345", [BU_TANI])
        await account(http, f"{url}/").send("Halo & selamat pagi + salam", [BU_TANI, PAK_TANI, BU_TANI])

    assert [(method, path) for method, path, _, _ in seen] == [("POST", "/version1/messaging")] * 2
    assert seen[0][2] == fixture("sms_send_request")
    assert seen[1][2] == fixture("sms_send_request_multi") + b"&enqueue=1"
    for _, _, _, headers in seen:
        assert headers["apiKey"] == KEY
        assert headers["Accept"] == "application/json"
        assert headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_without_api_url_it_is_the_host_of_the_username() -> None:
    def url(username: str) -> str:
        built: sms._Request = sms._Requests(username, KEY, None).send("Halo", [BU_TANI.e164])
        return built.url

    assert url("sandbox") == "https://api.sandbox.africastalking.com/version1/messaging"
    assert url("waspada") == "https://api.africastalking.com/version1/messaging"


@pytest.mark.parametrize(
    ("username", "api_key", "api_url"),
    [
        ("", KEY, None),
        ("Sandbox", KEY, None),
        (" sandbox", KEY, None),
        ("sandbox\n", KEY, None),
        ("waspada", "", None),
        ("waspada", "key\r\nX-Other: 1", None),
        ("waspada", KEY, ""),
        ("waspada", KEY, "localhost:8080"),
        ("waspada", KEY, "ftp://localhost"),
        ("waspada", KEY, "http://user:password@localhost"),
        ("waspada", KEY, "http://localhost/?to=1"),
    ],
)
async def test_an_account_that_cannot_be_right(
    http: ClientSession, username: str, api_key: str, api_url: str | None
) -> None:
    with pytest.raises(ValueError, match="must be") as refused:
        AfricasTalking("at", username, api_key, http, api_url=api_url)
    assert not api_key or api_key not in str(refused.value)


@pytest.mark.parametrize("text", ["", "\ud83d"])
async def test_a_text_that_cannot_be_sent_is_not_sent(http: ClientSession, text: str) -> None:
    async with answering(_never_asked) as url:
        assert await account(http, url).send(text, [BU_TANI]) == {BU_TANI: sms.NOT_SENDABLE}


async def test_nobody_is_sent_to_without_a_request(http: ClientSession) -> None:
    async with answering(_never_asked) as url:
        assert await account(http, url).send("Halo", []) == {}


# Answers, number by number --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "phone", "outcome"),
    [
        ("sms_send_201_sent", KENYAN, Accepted("ATXid_d6909d4585e48b7f8b97acc97187c257")),
        ("sms_send_201_queued", KENYAN, Accepted("ATXid_354d2c366eb5300ff4ea9117e51cd4d8")),
        ("sms_premium_201", KENYAN, Accepted("ATXid_cc31280d6899af94a3c7236b52949b50")),
        ("sms_send_201_gateway_error", KENYAN, sms.CODES[501]),
        ("sms_send_201_unsupported_indonesia", BU_TANI, sms.CODES[404]),
        ("sms_send_dnd_409", Phone("+2348030000001"), sms.CODES[409]),
        ("sms_send_201_invalid_sender_no_recipients", KENYAN, sms.EMPTY_ANSWERS["InvalidSenderId"]),
        ("fetch_messages_200", KENYAN, sms.NOT_UNDERSTOOD),
        ("user_200", KENYAN, sms.NOT_UNDERSTOOD),
    ],
)
async def test_a_recorded_answer(http: ClientSession, name: str, phone: Phone, outcome: Outcome) -> None:
    assert await outcomes(http, replaying(fixture(name)), phone) == {phone: outcome}


async def test_an_answer_goes_by_number_and_says_nothing_of_who_is_missing(http: ClientSession) -> None:
    opted_out = Phone("+254711000999")
    phones = [opted_out, BU_TANI, KENYAN]
    assert await outcomes(http, replaying(fixture("sms_send_201_mixed")), *phones) == {
        opted_out: Refused("opted out at the carrier", opted_out=True),
        BU_TANI: sms.MISSING,
        KENYAN: Accepted("ATXid_7cd1c32b3c4cb5abf9f9e25113e99112"),
    }


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        *((code, Accepted) for code in (100, 101, 102)),
        *((code, Unknown) for code in (401, 500, 501)),
        *((code, Refused) for code in (402, 403, 404, 406, 407, 409, 502)),
        (405, Deferred),
    ],
)
def test_every_code_of_the_documents_has_its_outcome(code: int, kind: type) -> None:
    assert isinstance(sms.CODES[code], kind)


def test_the_table_of_codes_has_no_other() -> None:
    assert len(sms.CODES) == 14
    assert [code for code, outcome in sms.CODES.items() if getattr(outcome, "opted_out", False)] == [406]
    assert [code for code, outcome in sms.CODES.items() if getattr(outcome, "whole_channel", False)] == [405]


TAKEN = {"statusCode": 101, "number": BU_TANI.e164, "status": "Success", "cost": "0", "messageId": "ATXid_1"}


@pytest.mark.parametrize(
    ("answer", "outcome", "warned"),
    [
        (listing(TAKEN), Accepted("ATXid_1"), None),
        (listing(TAKEN, TAKEN), Accepted("ATXid_1"), None),
        (listing({**TAKEN, "number": "6281230004567"}), Accepted("ATXid_1"), None),
        (listing({**TAKEN, "number": PAK_TANI.e164}), sms.MISSING, None),
        (listing(TAKEN, {**TAKEN, "statusCode": 403}), sms.CONTRADICTORY, None),
        (listing(TAKEN, {**TAKEN, "messageId": "ATXid_2"}), sms.CONTRADICTORY, None),
        (listing({**TAKEN, "statusCode": 777}), sms.NOT_UNDERSTOOD, "status code"),
        (listing({**TAKEN, "statusCode": True}), sms.NOT_UNDERSTOOD, "status code"),
        (listing({**TAKEN, "statusCode": [101]}), sms.NOT_UNDERSTOOD, "status code"),
        (listing({"number": BU_TANI.e164}), sms.NOT_UNDERSTOOD, "status code"),
        (listing({**TAKEN, "messageId": "None"}), sms.WITHOUT_ID, "message id"),
        (listing({**TAKEN, "messageId": None}), sms.WITHOUT_ID, "message id"),
        (listing({**TAKEN, "messageId": "a\0b"}), sms.WITHOUT_ID, "message id"),
        (listing({**TAKEN, "messageId": "x" * 129}), sms.WITHOUT_ID, "message id"),
        (
            listing(message="InvalidSenderId"),
            Deferred("the sender name is not registered", whole_channel=True),
            "empty list of recipients",
        ),
        (listing(message="InsufficientBalance"), sms.CODES[405], "empty list of recipients"),
        (listing(message="Queued"), sms.MISSING, "empty list of recipients"),
        (b'{"SMSMessageData": {"Recipients": []}}', sms.MISSING, "empty list of recipients"),
        (b'{"SMSMessageData": {"Recipients": [1, null, "x"]}}', sms.MISSING, "empty list of recipients"),
        (b'{"SMSMessageData": {"Recipients": null}}', sms.NOT_UNDERSTOOD, "answer"),
        (b'{"SMSMessageData": {}}', sms.NOT_UNDERSTOOD, "answer"),
        (b'{"SMSMessageData": []}', sms.NOT_UNDERSTOOD, "answer"),
        (b"[]", sms.NOT_UNDERSTOOD, "answer"),
        (b"null", sms.NOT_UNDERSTOOD, "answer"),
        (b"", sms.NOT_UNDERSTOOD, "answer"),
        (b"<html>OK</html>", sms.NOT_UNDERSTOOD, "answer"),
        (b'{"SMSMessageData":', sms.NOT_UNDERSTOOD, "answer"),
        (b"\xff\xfe", sms.NOT_UNDERSTOOD, "answer"),
        (b"[" * 100_000, sms.NOT_UNDERSTOOD, "answer"),
        (b" " * sms.LARGEST_ANSWER + listing(TAKEN), sms.NOT_UNDERSTOOD, "answer"),
    ],
)
async def test_an_answer_of_any_shape(http: ClientSession, answer: bytes, outcome: Outcome, warned: str | None) -> None:
    with capture_logs() as logs:
        assert await outcomes(http, replaying(answer), BU_TANI) == {BU_TANI: outcome}
    assert {line["what"] for line in logs} == ({warned} if warned else set())


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "text/html", "application/octet-stream"])
async def test_the_content_type_and_which_2xx_it_is_do_not_matter(http: ClientSession, kind: str) -> None:
    answer = replaying(listing(TAKEN), status=200, kind=kind)
    assert await outcomes(http, answer, BU_TANI) == {BU_TANI: Accepted("ATXid_1")}


# The status of the whole answer -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (400, Refused("the carrier calls the request malformed")),
        (401, Deferred("the carrier does not accept the API key", whole_channel=True)),
        (403, Deferred("the carrier denies access", whole_channel=True)),
        (404, Deferred("there is no messaging API at api_url", whole_channel=True)),
        (409, sms.CODES[409]),
        (413, Refused("the carrier calls the request too large")),
        (429, Deferred("too many requests", whole_channel=True)),
        (500, sms.CODES[500]),
        (501, sms.CODES[500]),
        (502, sms.CODES[500]),
        (503, Deferred("the carrier is not available")),
        (504, sms.CODES[500]),
        (408, sms.NOT_UNDERSTOOD),
        (418, sms.NOT_UNDERSTOOD),
        (599, sms.NOT_UNDERSTOOD),
    ],
)
async def test_an_http_status(http: ClientSession, status: int, outcome: Outcome) -> None:
    answer = replaying("The supplied authentication is invalid", status, "text/plain")
    with capture_logs() as logs:
        assert await outcomes(http, answer, BU_TANI, PAK_TANI) == {BU_TANI: outcome, PAK_TANI: outcome}
    assert [line["what"] for line in logs] == (["HTTP status"] if outcome == sms.NOT_UNDERSTOOD else [])


async def test_the_recorded_401(http: ClientSession) -> None:
    answer = replaying(
        fixture("sms_send_401"), 401, "text/plain; charset=UTF-8", **{"WWW-Authenticate": 'Basic realm="api"'}
    )
    assert await outcomes(http, answer, BU_TANI) == {BU_TANI: sms.HTTP_STATUSES[401]}


@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_lets_the_whole_channel_wait(http: ClientSession, status: int) -> None:
    (outcome,) = (await outcomes(http, replaying("", status, **{"Retry-After": "7"}), BU_TANI)).values()
    assert isinstance(outcome, Deferred)
    assert (outcome.after, outcome.whole_channel) == (timedelta(seconds=7), True)


@pytest.mark.parametrize(
    ("value", "date", "wait"),
    [
        ("7", None, timedelta(seconds=7)),
        (" 0 ", None, timedelta()),
        ("999999999", None, timedelta(days=1)),
        ("Mon, 23 Nov 2026 04:06:06 GMT", "Mon, 23 Nov 2026 04:05:06 GMT", timedelta(minutes=1)),
        ("Mon, 23 Nov 2026 04:04:06 GMT", "Mon, 23 Nov 2026 04:05:06 GMT", timedelta()),
        ("Mon, 23 Nov 2036 04:04:06 GMT", "Mon, 23 Nov 2026 04:05:06 GMT", timedelta(days=1)),
        ("Mon, 23 Nov 2026 04:04:06 GMT", None, None),
        ("Mon, 23 Nov 2026 04:04:06 GMT", "today", None),
        ("Mon, 23 Nov 2026 04:04:06 -0000", "Mon, 23 Nov 2026 04:05:06 GMT", None),
        ("soon", None, None),
        ("-5", None, None),
        ("\u0667", None, None),
        ("", None, None),
    ],
)
def test_how_long_a_carrier_asks_to_wait(value: str, date: str | None, wait: timedelta | None) -> None:
    headers = CIMultiDict({"retry-after": value, **({"Date": date} if date else {})})
    assert sms.retry_after(headers) == wait


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(http: ClientSession, status: int) -> None:
    """The SDK would have sent the key to the other host (facts/protocols.md C.2, hazard 7)."""
    async with answering(_never_asked) as other:
        answer = replaying("", status, Location=f"{other}/version1/messaging")
        assert await outcomes(http, answer, BU_TANI) == {BU_TANI: sms.HTTP_STATUSES[status]}
    assert isinstance(sms.HTTP_STATUSES[status], Deferred)


# The connection ---------------------------------------------------------------------------------------------------


async def test_nobody_listens(http: ClientSession) -> None:
    async with answering(_never_asked) as url:
        pass
    assert await account(http, url).send("Halo", [BU_TANI]) == {BU_TANI: Deferred("no connection to the carrier")}


async def test_the_name_of_the_host_is_not_known(http: ClientSession) -> None:
    unknown = account(http, "http://nowhere.invalid")
    assert await unknown.send("Halo", [BU_TANI]) == {BU_TANI: Deferred("no connection to the carrier")}


async def test_no_connection_in_time(http: ClientSession) -> None:
    """The only connection is taken: nothing was written, so it surely was not sent."""
    async with _one_connection() as single, answering(_silence) as url:
        taken = asyncio.create_task(account(single, url, total_seconds=0.4).send("Halo", [PAK_TANI]))
        await asyncio.sleep(0.1)
        waiting = account(single, url, connect_seconds=0.1)
        assert await waiting.send("Halo", [BU_TANI]) == {BU_TANI: Deferred("no connection to the carrier in time")}
        assert await taken == {PAK_TANI: Unknown("no answer in time")}


async def test_an_answer_that_dribbles_meets_the_total_deadline(http: ClientSession) -> None:
    async def dribble(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=201, headers={"Content-Type": "application/json"})
        await response.prepare(request)
        for octet in listing(TAKEN):
            await response.write(bytes([octet]))
            await asyncio.sleep(0.05)
        return response

    async with answering(dribble) as url:
        started = time.monotonic()
        slow = account(http, url, total_seconds=0.3)
        assert await slow.send("Halo", [BU_TANI]) == {BU_TANI: Unknown("no answer in time")}
        assert time.monotonic() - started < 1.5


async def _hang_up(request: web.Request) -> web.Response:
    await request.read()
    assert request.transport
    request.transport.close()
    return web.Response()


async def _hang_up_within_the_answer(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(status=201, headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"SMSMessageData":')
    assert request.transport
    request.transport.close()
    return response


@pytest.mark.parametrize("break_off", [_hang_up, _hang_up_within_the_answer])
async def test_a_connection_lost_after_the_request(http: ClientSession, break_off: Answer) -> None:
    assert await outcomes(http, break_off, BU_TANI) == {BU_TANI: Unknown("the connection was lost")}


async def test_a_reused_connection_that_is_gone_is_not_tried_again() -> None:
    """It may have died before the request or after it: nobody can know, so nobody may repeat it."""
    requests = 0

    async def once(request: web.Request) -> web.StreamResponse:
        nonlocal requests
        requests += 1
        answer: Answer = replaying(listing(TAKEN)) if requests == 1 else _hang_up
        return await answer(request)

    async with _one_connection() as single, answering(once) as url:
        carrier = account(single, url)
        assert await carrier.send("Halo", [BU_TANI]) == {BU_TANI: Accepted("ATXid_1")}
        assert await carrier.send("Halo", [BU_TANI]) == {BU_TANI: Unknown("the connection was lost")}
    assert requests == 2


async def test_no_http_at_all() -> None:
    async def babble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(babble, "127.0.0.1", 0) as server, ClientSession() as http:
        host, port = server.sockets[0].getsockname()
        (outcome,) = (await account(http, f"http://{host}:{port}").send("Halo", [BU_TANI])).values()
    assert isinstance(outcome, Unknown)


async def test_a_closed_client() -> None:
    http = ClientSession()
    carrier = account(http, "http://127.0.0.1:9")
    await http.close()
    assert await carrier.send("Halo", [BU_TANI]) == {BU_TANI: sms.STOPPING}


async def test_who_cancels_a_send_is_obeyed(http: ClientSession) -> None:
    async with answering(_silence) as url:
        sending = asyncio.create_task(account(http, url).send("Halo", [BU_TANI]))
        await asyncio.sleep(0.05)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending


# Privacy ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        replaying(listing(message="InvalidPhoneNumber +6281230004567")),
        replaying(listing({**TAKEN, "statusCode": "+6281230004567"})),
        replaying(listing({**TAKEN, "messageId": "to +6281230004567"})),
        replaying("Invalid phone number: +6281230004567", 418, "text/plain"),
        _hang_up,
    ],
)
async def test_no_log_line_and_no_reason_shows_a_number_or_the_key(http: ClientSession, answer: Answer) -> None:
    with capture_logs() as logs:
        found = await outcomes(http, answer, BU_TANI)
    assert logs
    assert "81230004567" not in repr((logs, found))
    assert KEY not in repr((logs, found))


async def _silence(_: web.Request) -> web.Response:
    await asyncio.sleep(60)
    return web.Response()


async def _never_asked(_: web.Request) -> web.Response:
    """Would be `NOT_UNDERSTOOD`."""
    return web.Response(status=418)


def _one_connection() -> AbstractAsyncContextManager[ClientSession]:
    return ClientSession(connector=TCPConnector(limit=1), cookie_jar=DummyCookieJar())


# The balance ----------------------------------------------------------------------------------------------------


async def test_the_balance_is_asked_for_and_told_in_the_carriers_words(http: ClientSession) -> None:
    asked: list[tuple[str, str, str]] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append((request.method, request.path_qs, request.headers["apiKey"]))
        return web.Response(body=fixture("user_200"), content_type="application/json")

    async with answering(answer) as url:
        told = await account(http, url).balance()
    assert told == json.loads(fixture("user_200"))["UserData"]["balance"]
    assert asked == [("GET", "/version1/user?username=sandbox", KEY)]


@pytest.mark.parametrize(
    "answer",
    [
        replaying("The supplied authentication is invalid", 401, "text/plain"),
        replaying("", 302, Location="/elsewhere"),
        replaying("<html>", 200),
        replaying("null", 200),
        replaying('{"UserData": {}}', 200),
        replaying('{"UserData": {"balance": ""}}', 200),
        replaying('{"UserData": {"balance": "\\u0000"}}', 200),
        replaying("x" * (sms.LARGEST_ANSWER + 1), 200),
    ],
)
async def test_no_balance_is_no_error(http: ClientSession, answer: Answer) -> None:
    async with answering(answer) as url:
        assert await account(http, url).balance() is None
    assert await account(http, url).balance() is None, "nobody listens there any more"
