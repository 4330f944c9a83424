"""Contract of every carrier. A new one adds itself to `CARRIERS`, and is held to all of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from aiohttp import ClientSession, web
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict
from structlog.testing import capture_logs

from gateway.carriers.africastalking.carrier import AfricasTalking
from gateway.carriers.carrier import Accepted, BadCallback, Carrier, Deferred, Screen, Unknown
from gateway.text.phone import Phone
from tests.carriers.toy.carrier import ToyCarrier
from tests.helpers.carrier_server import Answer, serve_answer
from tests.helpers.phones import NUMBER, OTHER

Make = Callable[[ClientSession, str], Carrier]


def africastalking(http: ClientSession, url: str) -> Carrier:
    return AfricasTalking("at", "sandbox", "key", http, api_url=url, total_seconds=0.3)


def toy(http: ClientSession, url: str) -> Carrier:
    return ToyCarrier("toy", url, "token", http, total_seconds=0.3)


CARRIERS: list[Make] = [africastalking, toy]
READERS = ("read_turn", "read_session_end", "read_receipt", "read_inbound", "read_opt_out")
PHONES = [NUMBER, OTHER, Phone("+254711000100")]

pytestmark = pytest.mark.parametrize("make", CARRIERS)


async def _never_answer(_: web.Request) -> web.Response:
    await asyncio.sleep(60)
    return web.Response()


async def _hang_up(request: web.Request) -> web.Response:
    assert request.transport
    request.transport.abort()
    return web.Response()


def _status(status: int, text: str = "") -> Answer:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, text=text, headers={"Location": "/elsewhere"})

    return answer


@pytest.mark.parametrize(
    "answer",
    [
        *(_status(status) for status in (200, 201, 204, 302, 400, 401, 404, 418, 429, 500, 503, 599)),
        *(_status(200, text) for text in ("OK", "{}", "[]", "null", '{"a": "+6281230004567"}', "<html>", "\x00")),
        *(_status(200, text) for text in ("[" * 100_000, "x" * 500_000)),
        _never_answer,
        _hang_up,
    ],
)
async def test_send_has_an_outcome_for_every_number_whatever_the_answer(
    http: ClientSession, make: Make, answer: Answer
) -> None:
    """An answer that does not say so in the carrier's own terms is never taken for an acceptance."""
    async with serve_answer(answer) as url:
        with capture_logs() as logs:
            found = await make(http, url).send("Halo", PHONES)

    assert list(found) == PHONES
    assert not any(isinstance(outcome, Accepted) for outcome in found.values())
    assert "81230004567" not in repr((logs, found))


@pytest.mark.parametrize("answer", [_status(500, "x"), _status(200, "{}"), _hang_up])
async def test_balance_of_an_unusable_answer_is_none(http: ClientSession, make: Make, answer: Answer) -> None:
    async with serve_answer(answer) as url:
        assert await make(http, url).balance() is None


@pytest.mark.parametrize("answer", [_never_answer, _hang_up])
async def test_send_that_may_have_been_acted_upon_is_unknown(http: ClientSession, make: Make, answer: Answer) -> None:
    async with serve_answer(answer) as url:
        found = await make(http, url).send("Halo", PHONES)

    assert {type(outcome) for outcome in found.values()} == {Unknown}


async def test_send_over_a_refused_connection_is_deferred(http: ClientSession, make: Make) -> None:
    async with serve_answer(_never_answer) as url:
        pass
    found = await make(http, url).send("Halo", PHONES)

    assert {type(outcome) for outcome in found.values()} == {Deferred}


async def test_send_over_a_closed_http_client_is_deferred(make: Make) -> None:
    http = ClientSession()
    carrier = make(http, "http://127.0.0.1:9")
    await http.close()

    found = await carrier.send("Halo", PHONES)

    assert list(found) == PHONES
    assert {type(outcome) for outcome in found.values()} == {Deferred}


async def test_send_answered_by_an_unknown_status_is_unknown_with_a_warning(http: ClientSession, make: Make) -> None:
    async with serve_answer(_status(418)) as url:
        with capture_logs() as logs:
            found = await make(http, url).send("Halo", PHONES)

    assert {type(outcome) for outcome in found.values()} == {Unknown}
    assert [(line["event"], line["log_level"]) for line in logs] == [("carrier.not_understood", "warning")]


async def test_send_follows_no_redirect(http: ClientSession, make: Make) -> None:
    paths: list[str] = []

    async def elsewhere(request: web.Request) -> web.Response:
        paths.append(request.path)
        return web.Response(status=307, headers={"Location": "/elsewhere"})

    async with serve_answer(elsewhere) as url:
        await make(http, url).send("Halo", PHONES)

    assert len(paths) == 1


KINDS = ("application/x-www-form-urlencoded", "application/json", "text/plain", "text/xml", "", "x")


@given(st.sampled_from(READERS), st.binary(max_size=200), st.sampled_from(KINDS))
async def test_callback_of_any_content_is_refused_as_malformed(make: Make, reader: str, body: bytes, kind: str) -> None:
    async with ClientSession() as http:
        carrier = make(http, "http://127.0.0.1:9")

    with pytest.raises(BadCallback) as refused:
        getattr(carrier, reader)(body, CIMultiDict({"Content-Type": kind}))

    assert refused.value.args[0]


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("body", [b"[" * 16_000, b'{"a":' * 3_000, b"&" * 16_000, b"%" * 16_000])
async def test_callback_of_extreme_content_is_refused_as_malformed(
    http: ClientSession, make: Make, reader: str, body: bytes
) -> None:
    for kind in KINDS:
        with pytest.raises(BadCallback):
            getattr(make(http, "http://127.0.0.1:9"), reader)(body, CIMultiDict({"Content-Type": kind}))


@given(st.text(st.characters(codec="utf-8")), st.booleans(), st.text())
async def test_write_screen_writes_any_text(make: Make, text: str, end: bool, label: str) -> None:
    async with ClientSession() as http:
        reply = make(http, "http://127.0.0.1:9").write_screen(Screen(text, end, label))

    assert text.encode() in reply.body
    assert all(value.isascii() and value.isprintable() for value in reply.headers.values())
