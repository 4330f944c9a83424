"""HTTP server against strangers: no error, no version, no connection that is kept open for nothing."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientSession, web

from gateway.web.server import PortTaken, serve
from tests.helpers.captured import screen
from tests.helpers.carrier_server import fixture
from tests.helpers.hostile import attack, requests
from tests.helpers.program import free_port
from tests.helpers.waiting import until
from tests.helpers.web import NEW_SECRET, WebGateway, serve_gateway

HEAD_S = 0.3
PATHS = [
    *("/", "/healthz", "/readyz", "/metrics", "/himbauan", "/phone", "/phone/static/", "/phone/static/phone.css"),
    *(
        "/local/messages",
        "/local/version1/messaging",
        "/local/version1/user",
        "/local/faults",
        "/local/ussd",
        "/local/sms",
    ),
    *(f"/hooks/at/{NEW_SECRET}/{hook}" for hook in ("ussd", "ussd-event", "sms", "receipt", "optout")),
    *("/hooks/at/wrong/ussd", "/hooks/", "/nothing"),
]
LONG = "a" * 256
EMPTY = b"Host: 127.0.0.1\r\nContent-Length: 0"
NAMED = {
    "a name that is too long": b"GET /phone/static/" + LONG.encode() + b" HTTP/1.1\r\n" + EMPTY,
    "a name with NUL": b"GET /phone/static/phone.css%00 HTTP/1.1\r\n" + EMPTY,
    "a name outside": b"GET /phone/static/..%2fphone.html HTTP/1.1\r\n" + EMPTY,
    "a name that is a folder": b"GET /phone/static/. HTTP/1.1\r\n" + EMPTY,
    "a range from behind": b"GET /phone/static/phone.css HTTP/1.1\r\nRange: bytes=9-1\r\n" + EMPTY,
    "a range of words": b"GET /phone/static/phone.css HTTP/1.1\r\nRange: bytes=a-b\r\n" + EMPTY,
    "a date of words": b"GET /phone/static/phone.css HTTP/1.1\r\nIf-Modified-Since: yesterday\r\n" + EMPTY,
    "a body in parts": b"POST /local/version1/messaging HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 1\r\n\r\na",
    "an unknown charset": b"POST /local/version1/messaging HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    b"Content-Type: application/x-www-form-urlencoded; charset=bogus\r\nContent-Length: 1\r\n\r\na",
    "no HTTP": b"\x16\x03\x01\x02\x00\x01",
    "another HTTP": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a length below zero": b"POST /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1",
    "an unknown expectation": b"GET /healthz HTTP/1.1\r\nExpect: 200-ok\r\n" + EMPTY,
}


@pytest.fixture
async def demo(redis_url: str, database_url: str) -> AsyncIterator[WebGateway]:
    async with serve_gateway(redis_url, database_url, demo=True, head_s=HEAD_S) as gateway:
        yield gateway


@pytest.mark.parametrize("sent", NAMED.values(), ids=NAMED)
async def test_odd_request_is_refused_without_an_error(demo: WebGateway, sent: bytes) -> None:
    answer = await attack(demo.url, sent if b"\r\n\r\n" in sent else sent + b"\r\n\r\n")

    assert 200 <= answer.status < 500
    assert_harmless(demo)


@pytest.mark.parametrize("seed", range(4))
async def test_hostile_requests_cause_no_error_and_name_no_version(demo: WebGateway, seed: int) -> None:
    limit = asyncio.Semaphore(16)

    async def one(sent: bytes) -> None:
        async with limit:
            answer = await attack(demo.url, sent)
        assert answer.status < 500, answer.request[:2000]
        for head in answer.heads:
            assert b"nosniff" in head, answer.request[:2000]
            assert b"aiohttp" not in head
            assert b"ython" not in head

    await asyncio.gather(*(one(sent) for sent in requests(seed, 250, PATHS)))

    assert (await demo.post("ussd", fixture("ussd_01_initial"))).text == screen()
    assert_harmless(demo)


def assert_harmless(demo: WebGateway) -> None:
    assert [line for line in demo.lines() if line["level"] in ("error", "critical") or "exception" in line] == []
    assert NEW_SECRET not in demo.log.getvalue()


HALF_HEADS = [b"", b"G", b"POST /hooks/at/x/ussd HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nX: ", b"\r\n"]


@pytest.mark.parametrize("sent", HALF_HEADS)
async def test_connection_without_a_whole_head_is_closed(demo: WebGateway, sent: bytes) -> None:
    address = urlsplit(demo.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(sent)

    async with asyncio.timeout(20):
        assert await reader.read() == b""
    writer.close()


async def test_head_that_comes_byte_by_byte_is_cut_off(demo: WebGateway) -> None:
    address = urlsplit(demo.url)
    _, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(b"GET /healthz HTTP/1.1\r\nX: ")

    async def next_byte_is_refused() -> bool:
        writer.write(b"x")
        try:
            await writer.drain()
        except ConnectionError:
            return True
        return False

    await until(next_byte_is_refused, 20)
    writer.close()


async def test_second_head_on_a_connection_is_bounded_too(demo: WebGateway) -> None:
    address = urlsplit(demo.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    assert (await reader.readuntil(b"}")).startswith(b"HTTP/1.1 200 ")

    writer.write(b"GET /healthz HTTP/1.1\r\nHost:")
    async with asyncio.timeout(20):
        assert await reader.read() == b""
    writer.close()


async def test_connection_is_kept_between_requests(demo: WebGateway) -> None:
    """The bound of a head does not run between requests: a proxy keeps its connections for a minute."""
    address = urlsplit(demo.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    for _ in range(2):
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert (await reader.readuntil(b"}")).startswith(b"HTTP/1.1 200 ")
        await asyncio.sleep(2 * HEAD_S)
    writer.close()


async def test_idle_connections_make_room_for_a_resident(redis_url: str, database_url: str) -> None:
    async with serve_gateway(redis_url, database_url, most=8) as gateway:
        address = urlsplit(gateway.url)
        idle = [await asyncio.open_connection(address.hostname, address.port) for _ in range(30)]

        assert (await gateway.post("ussd", fixture("ussd_01_initial"))).text == screen()

        async def most_are_closed() -> bool:
            return sum(reader.at_eof() for reader, _ in idle) >= 30 - 8

        await until(most_are_closed, 20)
        for _, writer in idle:
            writer.close()


async def test_many_connections_wait_in_the_queue_of_a_busy_process(demo: WebGateway) -> None:
    """The event loop accepts nothing while this test connects, so that the system's queue has to hold them all."""
    address = urlsplit(demo.url)
    waiting = [socket.create_connection((address.hostname, address.port), timeout=5) for _ in range(300)]

    assert (await demo.post("ussd", fixture("ussd_01_initial"))).text == screen()
    for connection in waiting:
        connection.close()


async def _hello(_: web.Request) -> web.Response:
    return web.Response(text="hello")


@pytest.fixture
def app() -> web.Application:
    app = web.Application()
    app.router.add_get("/", _hello)
    return app


@pytest.mark.parametrize(("host", "called"), [("::1", "[::1]"), ("::", "[::1]"), ("localhost", "localhost")])
async def test_server_listens_on_an_address_of_ipv6_or_a_name(app: web.Application, host: str, called: str) -> None:
    port = free_port()
    async with serve(app, host, port), ClientSession() as http, http.get(f"http://{called}:{port}/") as response:
        assert await response.text() == "hello"


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("2001:db8::7", "[2001:db8::7]:"),
        ("192.0.2.7", "192.0.2.7:"),
        ("no.such.host.invalid", "no.such.host.invalid:"),
        ("127.0.0.1.1", "127.0.0.1.1:"),
        ("[::1", "[[::1]:"),
    ],
)
async def test_server_refuses_an_address_that_this_machine_does_not_have(
    app: web.Application, host: str, shown: str
) -> None:
    with pytest.raises(PortTaken, match="cannot be listened on") as refused:
        async with serve(app, host, free_port()):
            pytest.fail("it listens")

    assert str(refused.value).startswith(shown)
    assert len(str(refused.value).splitlines()) == 1


async def test_server_refuses_a_taken_port(app: web.Application, demo: WebGateway) -> None:
    with pytest.raises(PortTaken, match="Address already in use"):
        async with serve(app, "127.0.0.1", int(demo.url.rpartition(":")[2])):
            pytest.fail("it listens")
