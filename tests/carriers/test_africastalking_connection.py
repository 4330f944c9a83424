"""A connection to Africa's Talking that is never made, is lost, or brings no whole answer, and what is told of it."""

from __future__ import annotations

import asyncio
import time

import pytest
from aiohttp import ClientSession, web
from structlog.testing import capture_logs

from gateway.carriers.africastalking import messaging as sms
from gateway.carriers.carrier import Accepted, Deferred, Unknown
from tests.helpers.africastalking import (
    BU_TANI,
    KEY,
    PAK_TANI,
    TAKEN,
    account,
    listing,
    never_asked,
    one_connection,
    outcomes,
    replaying,
    silence,
)
from tests.helpers.carrier_server import Answer, answering

# The connection -----------------------------------------------------------------------------------------------------


async def test_nobody_listens(http: ClientSession) -> None:
    async with answering(never_asked) as url:
        pass
    assert await account(http, url).send("Halo", [BU_TANI]) == {BU_TANI: Deferred("no connection to the carrier")}


async def test_the_name_of_the_host_is_not_known(http: ClientSession) -> None:
    unknown = account(http, "http://nowhere.invalid")
    assert await unknown.send("Halo", [BU_TANI]) == {BU_TANI: Deferred("no connection to the carrier")}


async def test_no_connection_in_time(http: ClientSession) -> None:
    """The only connection is taken: nothing was written, so it surely was not sent."""
    async with one_connection() as single, answering(silence) as url:
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

    async with one_connection() as single, answering(once) as url:
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
    async with answering(silence) as url:
        sending = asyncio.create_task(account(http, url).send("Halo", [BU_TANI]))
        await asyncio.sleep(0.05)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending


# Privacy ------------------------------------------------------------------------------------------------------------


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
