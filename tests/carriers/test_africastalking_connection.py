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
    ACCEPTED_RECIPIENT,
    BU_TANI,
    KEY,
    PAK_TANI,
    at_account,
    fixed_answer,
    never_answer,
    one_connection,
    outcomes,
    recipients_answer,
    unexpected_request,
)
from tests.helpers.carrier_server import Answer, serve_answer

# The connection -----------------------------------------------------------------------------------------------------


async def test_nobody_listens(http: ClientSession) -> None:
    async with serve_answer(unexpected_request) as url:
        pass
    assert await at_account(http, url).send("Halo", [BU_TANI]) == {BU_TANI: Deferred("no connection to the carrier")}


async def test_the_name_of_the_host_is_not_known(http: ClientSession) -> None:
    unknown = at_account(http, "http://nowhere.invalid")
    assert await unknown.send("Halo", [BU_TANI]) == {BU_TANI: Deferred("no connection to the carrier")}


async def test_no_connection_in_time(http: ClientSession) -> None:
    """The only connection is taken: nothing was written, so it surely was not sent."""
    async with one_connection() as single, serve_answer(never_answer) as url:
        taken = asyncio.create_task(at_account(single, url, total_seconds=0.4).send("Halo", [PAK_TANI]))
        await asyncio.sleep(0.1)
        waiting = at_account(single, url, connect_seconds=0.1)
        assert await waiting.send("Halo", [BU_TANI]) == {BU_TANI: Deferred("no connection to the carrier in time")}
        assert await taken == {PAK_TANI: Unknown("no answer in time")}


async def test_an_answer_that_dribbles_meets_the_total_deadline(http: ClientSession) -> None:
    async def dribble(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=201, headers={"Content-Type": "application/json"})
        await response.prepare(request)
        for octet in recipients_answer(ACCEPTED_RECIPIENT):
            await response.write(bytes([octet]))
            await asyncio.sleep(0.05)
        return response

    async with serve_answer(dribble) as url:
        started = time.monotonic()
        slow = at_account(http, url, total_seconds=0.3)
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
        answer: Answer = fixed_answer(recipients_answer(ACCEPTED_RECIPIENT)) if requests == 1 else _hang_up
        return await answer(request)

    async with one_connection() as single, serve_answer(once) as url:
        carrier = at_account(single, url)
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
        (outcome,) = (await at_account(http, f"http://{host}:{port}").send("Halo", [BU_TANI])).values()
    assert isinstance(outcome, Unknown)


async def test_a_closed_client() -> None:
    http = ClientSession()
    carrier = at_account(http, "http://127.0.0.1:9")
    await http.close()
    assert await carrier.send("Halo", [BU_TANI]) == {BU_TANI: sms.STOPPING}


async def test_who_cancels_a_send_is_obeyed(http: ClientSession) -> None:
    async with serve_answer(never_answer) as url:
        sending = asyncio.create_task(at_account(http, url).send("Halo", [BU_TANI]))
        await asyncio.sleep(0.05)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending


# Privacy ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        fixed_answer(recipients_answer(message="InvalidPhoneNumber +6281230004567")),
        fixed_answer(recipients_answer({**ACCEPTED_RECIPIENT, "statusCode": "+6281230004567"})),
        fixed_answer(recipients_answer({**ACCEPTED_RECIPIENT, "messageId": "to +6281230004567"})),
        fixed_answer("Invalid phone number: +6281230004567", 418, "text/plain"),
        _hang_up,
    ],
)
async def test_no_log_line_and_no_reason_shows_a_number_or_the_key(http: ClientSession, answer: Answer) -> None:
    with capture_logs() as logs:
        found = await outcomes(http, answer, BU_TANI)
    assert logs
    assert "81230004567" not in repr((logs, found))
    assert KEY not in repr((logs, found))
