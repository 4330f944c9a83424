"""Who is let in to the webhooks, and what becomes of a request that is cut short, without end, or no HTTP."""

from __future__ import annotations

import asyncio
import logging
import time
from urllib.parse import urlsplit

import pytest
import structlog

from gateway.carriers.form_body import FORM_TYPE
from gateway.web.webhooks import HOOKS
from tests.helpers.captured import APOLOGY, screen
from tests.helpers.carrier_server import fixture
from tests.helpers.web import NEW_SECRET, OLD_SECRET, WebGateway

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


async def test_who_does_not_know_the_address_gets_a_bare_404_at_once(waspada: WebGateway) -> None:
    """Before the body is read: it never comes."""
    for path in WRONG_ADDRESSES:
        head, body = await raw(waspada, f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n".encode())
        assert head.startswith(b"HTTP/1.1 404 "), path
        assert body == b""
    assert waspada.lines() == []


async def raw(waspada: WebGateway, *pieces: bytes) -> tuple[bytes, bytes]:
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


async def test_both_secrets_are_good_while_one_is_being_changed(waspada: WebGateway) -> None:
    for secret in (NEW_SECRET, OLD_SECRET):
        assert (await waspada.post("ussd", fixture("ussd_01_initial"), secret=secret)).text == screen()


async def test_a_callback_is_posted_or_not_at_all(waspada: WebGateway) -> None:
    for method in ("GET", "PUT", "DELETE", "HEAD"):
        answer = await waspada.call(method, f"/hooks/at/{NEW_SECRET}/ussd")
        assert answer.status in (404, 405)


async def test_a_carrier_that_hangs_up_in_the_midst_of_a_body(waspada: WebGateway) -> None:
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
async def test_a_body_that_never_ends_is_answered_soon(waspada: WebGateway, hook: str, rest: str) -> None:
    began = time.monotonic()
    head, body = await raw(waspada, f"POST /hooks/at/{NEW_SECRET}/{hook} HTTP/1.1\r\n{FORM_HEAD}\r\n{rest}".encode())
    assert time.monotonic() - began < 2
    status, told_carrier = (200, APOLOGY) if hook == "ussd" else (503, "try again")
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert body.decode() == told_carrier
    (line,) = waspada.lines()
    told = (line["event"], line["hook"], line["problem"])
    assert told == ("hook.malformed", hook, "the body was not whole after 1 s")


async def test_a_body_that_goes_wrong_on_the_way_gets_an_apology(waspada: WebGateway) -> None:
    head = f"POST /hooks/at/{NEW_SECRET}/ussd HTTP/1.1\r\n{FORM_HEAD}\r\nTransfer-Encoding: chunked\r\n\r\n"
    _, body = await raw(waspada, head.encode(), b"a\r\nsessionId=\r\n", b"no length\r\n")
    assert body.decode() == APOLOGY
    assert {line["level"] for line in waspada.lines()} == {"warning"}


async def test_a_body_that_comes_in_pieces_is_read(waspada: WebGateway) -> None:
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
async def test_what_is_no_http_is_one_short_warning_without_the_path(waspada: WebGateway, sent: str) -> None:
    head, _ = await raw(waspada, sent.encode())
    assert head.split(b" ")[1] == b"400"
    (line,) = waspada.lines()
    assert line.keys() == {"at", "level", "event", "problem"}
    assert (line["level"], line["event"]) == ("warning", "http.malformed")
    assert len(line["problem"]) < 40
    assert "hooks" not in waspada.log.getvalue()


async def test_no_secret_leaves_in_a_log_line(waspada: WebGateway) -> None:
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
