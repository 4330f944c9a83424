"""Access to the webhooks, and requests that are broken off or never end."""

from __future__ import annotations

import asyncio
import logging
import time
from urllib.parse import urlsplit

import pytest
import structlog

from gateway.carriers.form_body import FORM_TYPE
from gateway.web.hook_urls import HOOKS
from tests.helpers.captured import APOLOGY, screen
from tests.helpers.carrier_server import fixture
from tests.helpers.web import NEW_SECRET, OLD_SECRET, WebGateway, send_raw

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


async def test_wrong_address_gets_a_bare_404_before_its_body(web_gateway: WebGateway) -> None:
    """The answer comes before the body is read, which is never sent."""
    for path in WRONG_ADDRESSES:
        head, body = await send_raw(
            web_gateway.url, f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n".encode()
        )
        assert head.startswith(b"HTTP/1.1 404 "), path
        assert body == b""
    assert web_gateway.lines() == []


async def test_old_and_new_secret_are_both_admitted(web_gateway: WebGateway) -> None:
    for secret in (NEW_SECRET, OLD_SECRET):
        assert (await web_gateway.post("ussd", fixture("ussd_01_initial"), secret=secret)).text == screen()


async def test_other_methods_than_post_are_refused(web_gateway: WebGateway) -> None:
    for method in ("GET", "PUT", "DELETE", "HEAD"):
        answer = await web_gateway.call(method, f"/hooks/at/{NEW_SECRET}/ussd")
        assert answer.status in (404, 405)


async def test_connection_closed_within_a_body_is_no_error(web_gateway: WebGateway) -> None:
    address = urlsplit(web_gateway.url)
    _, writer = await asyncio.open_connection(address.hostname, address.port)
    head = (
        f"POST /hooks/at/{NEW_SECRET}/ussd HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM_TYPE}\r\nContent-Length: 500\r\n"
    )
    writer.write(head.encode() + b"\r\nsessionId=")
    await writer.drain()
    writer.close()

    await writer.wait_closed()

    assert (await web_gateway.post("ussd", fixture("ussd_01_initial"))).text == screen()
    assert not [line for line in web_gateway.lines() if line["level"] in ("error", "critical")]


HOOK = f"/hooks/at/{NEW_SECRET}/ussd"
FORM_HEAD = f"Host: x\r\nContent-Type: {FORM_TYPE}"
UNFINISHED = {
    "shorter than told": "Content-Length: 500\r\n\r\nsessionId=",
    "no last chunk": "Transfer-Encoding: chunked\r\n\r\na\r\nsessionId=\r\n",
}


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("rest", UNFINISHED.values(), ids=UNFINISHED)
async def test_unfinished_body_is_answered_within_two_seconds(web_gateway: WebGateway, hook: str, rest: str) -> None:
    began = time.monotonic()
    head, body = await send_raw(
        web_gateway.url, f"POST /hooks/at/{NEW_SECRET}/{hook} HTTP/1.1\r\n{FORM_HEAD}\r\n{rest}".encode()
    )

    assert time.monotonic() - began < 2

    status, told_carrier = (200, APOLOGY) if hook == "ussd" else (503, "try again")
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert body.decode() == told_carrier

    (line,) = web_gateway.lines()
    logged = (line["event"], line["hook"], line["problem"])
    assert logged == ("hook.malformed", hook, "the body was not whole after 1 s")


async def test_broken_chunk_gets_an_apology(web_gateway: WebGateway) -> None:
    head = f"POST /hooks/at/{NEW_SECRET}/ussd HTTP/1.1\r\n{FORM_HEAD}\r\nTransfer-Encoding: chunked\r\n\r\n"
    _, body = await send_raw(web_gateway.url, head.encode(), b"a\r\nsessionId=\r\n", b"no length\r\n")

    assert body.decode() == APOLOGY
    assert {line["level"] for line in web_gateway.lines()} == {"warning"}


async def test_body_in_pieces_is_read(web_gateway: WebGateway) -> None:
    body = fixture("ussd_01_initial")
    head = f"POST /hooks/at/{NEW_SECRET}/ussd HTTP/1.1\r\n{FORM_HEAD}\r\nContent-Length: {len(body)}\r\n\r\n"

    _, answer = await send_raw(web_gateway.url, head.encode(), body[:40], body[40:])

    assert answer.decode() == screen()


async def test_log_masks_the_secrets_of_webhooks(web_gateway: WebGateway) -> None:
    def of_ours(request: bytes) -> None:
        raise RuntimeError(f"no answer to {request!r}")

    structlog.get_logger().info("probe", path=HOOK, several=[f"https://gateway.example/hooks/at/{NEW_SECRET}/ussd?x=1"])
    try:
        of_ours(f"POST {HOOK} HTTP/1.1\r\n".encode())
    except RuntimeError:
        logging.getLogger("aiohttp.server").exception("Error handling %s", HOOK)
    probe, error = web_gateway.lines()
    assert (probe["path"], probe["several"]) == ("/hooks/at/…/ussd", ["https://gateway.example/hooks/at/…/ussd?x=1"])
    assert error["message"] == "Error handling /hooks/at/…/ussd"
    assert error["exception"].endswith("no answer to b'POST /hooks/at/…/ussd HTTP/1.1\\r\\n'")
    assert NEW_SECRET not in web_gateway.log.getvalue()
