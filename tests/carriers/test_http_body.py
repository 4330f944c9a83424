"""Bodies of HTTP answers, read within a bound."""

from __future__ import annotations

import zlib

import pytest
from aiohttp import ClientSession, web

from gateway.carriers.http_body import AnswerTooLong, read_body
from tests.helpers.carrier_server import Answer, serve_answer


def answer_of(body: bytes, **headers: str) -> Answer:
    """Make a handler that sends `body` in two chunks."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        await response.write(body[:5])
        await response.write(body[5:])
        return response

    return answer


async def test_read_body_joins_all_chunks(http: ClientSession) -> None:
    async with serve_answer(answer_of(b"0123456789")) as url, http.get(url) as response:
        assert await read_body(response, 10) == b"0123456789"


async def test_read_body_refuses_more_bytes_than_allowed(http: ClientSession) -> None:
    async with serve_answer(answer_of(b"0123456789")) as url, http.get(url) as response:
        with pytest.raises(AnswerTooLong, match="longer than allowed"):
            await read_body(response, 9)


async def test_read_body_counts_decompressed_bytes(http: ClientSession) -> None:
    compressed = zlib.compress(b"x" * 1000)

    async with serve_answer(answer_of(compressed, **{"Content-Encoding": "deflate"})) as url, http.get(url) as response:
        with pytest.raises(AnswerTooLong):
            await read_body(response, 999)
