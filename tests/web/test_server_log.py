"""Malformed HTTP in the log: one short warning, without the path and the secret in it."""

from __future__ import annotations

import pytest

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
