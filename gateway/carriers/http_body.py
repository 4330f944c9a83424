"""The body of an HTTP answer, read within a bound: no stranger fills our memory."""

from __future__ import annotations

from aiohttp import ClientResponse

from gateway.text.errors import ExplainedError


class AnswerTooLong(ExplainedError):
    """The answer is longer than it may be."""


async def read_body(response: ClientResponse, most: int) -> bytes:
    """The whole body, unpacked. Raises `AnswerTooLong` once it has more than `most` bytes."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > most:
            raise AnswerTooLong
    return bytes(body)
