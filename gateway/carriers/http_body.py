"""Bodies of HTTP answers, read within a bound, so that no server can fill our memory."""

from __future__ import annotations

from aiohttp import ClientResponse

from gateway.text.errors import ExplainedError


class AnswerTooLong(ExplainedError):
    """HTTP answer longer than allowed."""


async def read_body(response: ClientResponse, most_bytes: int) -> bytes:
    """Read the whole body, decompressed. Raises `AnswerTooLong` once it has more than `most_bytes`."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > most_bytes:
            raise AnswerTooLong
    return bytes(body)
