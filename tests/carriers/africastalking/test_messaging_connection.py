"""Outcomes of a send over a connection to Africa's Talking that fails, is lost, or brings no whole answer."""

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
    KEY,
    at_account,
    fixed_answer,
    never_answer,
    one_connection,
    outcomes,
    recipients_answer,
    unexpected_request,
)
from tests.helpers.carrier_server import Answer, serve_answer
from tests.helpers.phones import NUMBER, OTHER

# The connection -----------------------------------------------------------------------------------------------------


async def test_refused_connection_is_deferred(http: ClientSession) -> None:
    async with serve_answer(unexpected_request) as url:
        pass

    assert await at_account(http, url).send("Halo", [NUMBER]) == {NUMBER: Deferred("no connection to the carrier")}


async def test_unknown_host_is_deferred(http: ClientSession) -> None:
    unknown = at_account(http, "http://nowhere.invalid")

    assert await unknown.send("Halo", [NUMBER]) == {NUMBER: Deferred("no connection to the carrier")}


async def test_no_free_connection_in_time_is_deferred(http: ClientSession) -> None:
    """The only connection is in use. Nothing was written, so the message certainly was not sent."""
    async with one_connection() as single, serve_answer(never_answer) as url:
        using_it = asyncio.create_task(at_account(single, url, total_seconds=0.4).send("Halo", [OTHER]))
        await asyncio.sleep(0.1)
        found = await at_account(single, url, connect_seconds=0.1).send("Halo", [NUMBER])
        found_by_the_other = await using_it

    assert found == {NUMBER: Deferred("no connection to the carrier in time")}
    assert found_by_the_other == {OTHER: Unknown("no answer in time")}


async def test_answer_after_the_total_timeout_is_unknown(http: ClientSession) -> None:
    async def dribble(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=201, headers={"Content-Type": "application/json"})
        await response.prepare(request)
        for octet in recipients_answer(ACCEPTED_RECIPIENT):
            await response.write(bytes([octet]))
            await asyncio.sleep(0.05)
        return response

    async with serve_answer(dribble) as url:
        started = time.monotonic()
        found = await at_account(http, url, total_seconds=0.3).send("Halo", [NUMBER])
        seconds = time.monotonic() - started

    assert found == {NUMBER: Unknown("no answer in time")}
    assert seconds < 1.5


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
async def test_connection_lost_after_the_request_is_unknown(http: ClientSession, break_off: Answer) -> None:
    assert await outcomes(http, break_off, NUMBER) == {NUMBER: Unknown("the connection was lost")}


async def test_connection_lost_on_reuse_is_unknown_and_not_retried() -> None:
    """It may have been lost before the request or after it. Nobody can know, so the request is not repeated."""
    requests = 0

    async def once(request: web.Request) -> web.StreamResponse:
        nonlocal requests
        requests += 1
        answer: Answer = fixed_answer(recipients_answer(ACCEPTED_RECIPIENT)) if requests == 1 else _hang_up
        return await answer(request)

    async with one_connection() as single, serve_answer(once) as url:
        carrier = at_account(single, url)
        first, second = await carrier.send("Halo", [NUMBER]), await carrier.send("Halo", [NUMBER])

    assert first == {NUMBER: Accepted("ATXid_1")}
    assert second == {NUMBER: Unknown("the connection was lost")}
    assert requests == 2


async def test_answer_that_is_no_http_is_unknown() -> None:
    async def babble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(babble, "127.0.0.1", 0) as server, ClientSession() as http:
        host, port = server.sockets[0].getsockname()
        (outcome,) = (await at_account(http, f"http://{host}:{port}").send("Halo", [NUMBER])).values()

    assert isinstance(outcome, Unknown)


async def test_closed_http_client_is_deferred() -> None:
    http = ClientSession()
    carrier = at_account(http, "http://127.0.0.1:9")
    await http.close()

    assert await carrier.send("Halo", [NUMBER]) == {NUMBER: sms.STOPPING}


async def test_send_can_be_cancelled(http: ClientSession) -> None:
    async with serve_answer(never_answer) as url:
        sending = asyncio.create_task(at_account(http, url).send("Halo", [NUMBER]))
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
        found = await outcomes(http, answer, NUMBER)

    assert logs
    assert "81230004567" not in repr((logs, found))
    assert KEY not in repr((logs, found))
