"""The body of an HTTP answer, read within a bound: no stranger fills our memory."""

from __future__ import annotations

from aiohttp import ClientResponse


class AnswerTooLong(Exception):
    """The answer is longer than it may be."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


async def read_answer(response: ClientResponse, most: int) -> bytes:
    """The whole body, unpacked. Raises `AnswerTooLong` once it has more than `most` bytes."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > most:
            raise AnswerTooLong
    return bytes(body)
