"""Malformed HTTP in the log: one short warning, without the path and the secret in it."""

from __future__ import annotations

import socket
import struct
from urllib.parse import urlsplit

import pytest

from tests.helpers.waiting import until
from tests.helpers.web import NEW_SECRET, WebGateway, send_raw

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
async def test_malformed_http_is_one_short_warning_without_the_path(web_gateway: WebGateway, sent: str) -> None:
    head, _ = await send_raw(web_gateway.url, sent.encode())
    assert head.split(b" ")[1] == b"400"

    (line,) = web_gateway.lines()
    assert line.keys() == {"at", "level", "event", "problem"}
    assert (line["level"], line["event"]) == ("warning", "http.malformed")
    assert len(line["problem"]) < 40
    assert "hooks" not in web_gateway.log.getvalue()


async def test_client_that_is_gone_before_its_100_continue_is_one_short_warning(web_gateway: WebGateway) -> None:
    address = urlsplit(web_gateway.url)
    with socket.create_connection((address.hostname, address.port)) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # hangs up without a goodbye
        client.sendall(f"POST {HOOK} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n".encode())

    await until(lambda: bool(web_gateway.lines()))

    (line,) = web_gateway.lines()
    assert (line["level"], line["event"], "exception" in line) == ("warning", "http.malformed", False)
    assert "hooks" not in web_gateway.log.getvalue()
