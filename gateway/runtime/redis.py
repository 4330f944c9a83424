"""Redis as the USSD path uses it: the commands of concurrent hops share one round trip.

A redis-py call per hop costs more processor time than all of its HTTP. So whoever asks while a round trip is under way
joins the next one: one hop alone waits for nothing, sixty-four together share a few writes. Built on a connection of
redis-py's own pool, which keeps TLS, passwords and Sentinel working.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any

from hiredis import pack_command
from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import NoScriptError, RedisError, ResponseError

MAX_BATCH = 256

_Pending = tuple[bytes, asyncio.Future[Any], float]  # a packed command, its answer, and when that is due


class RedisUnavailable(Exception):
    """Redis did not answer in time, or not at all, or is of no use now: out of memory, read-only after a failover."""


class Pipeline:
    """Runs single commands, many at a time. Commands of one batch are independent of each other: no transaction."""

    def __init__(self, client: Redis, deadline: float) -> None:
        """`deadline` in seconds is how long any one command may take, waiting for its batch included."""
        self._client = client
        self._deadline = deadline
        self._waiting: deque[_Pending] = deque()
        self._drain: asyncio.Task[None] | None = None
        self._connection: AbstractConnection | None = None
        self._closed = False
        self._loop: asyncio.AbstractEventLoop | None = None  # the one that it works on, from the first command on

    async def run(self, *command: Any) -> Any:
        """The answer to `command` (its name and arguments). Raises `RedisAway`, and `NoScriptError`."""
        if self._closed:
            raise RedisUnavailable("closed")
        loop = self._loop
        if loop is None:  # asked for once: CPython makes a system call of it, which twice a hop is a tenth of the hop
            loop = self._loop = asyncio.get_running_loop()
        answer: asyncio.Future[Any] = loop.create_future()
        self._waiting.append((pack_command(command), answer, loop.time() + self._deadline))
        if self._drain is None:
            self._drain = loop.create_task(self._send_all())
        return await answer

    async def close(self) -> None:
        """End what is under way; whoever waits, or asks later, gets `RedisAway`."""
        self._closed = True
        if self._drain is not None:
            self._drain.cancel()
            await asyncio.gather(self._drain, return_exceptions=True)
        await self._drop_connection()
        self._fail([answer for _, answer, _ in self._waiting], RedisUnavailable("closed"))

    async def _send_all(self) -> None:
        try:
            while self._waiting:
                await asyncio.sleep(0)  # everybody who is ready in this turn of the loop comes along
                batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), MAX_BATCH))]
                await self._send(batch)
        finally:
            self._drain = None

    async def _send(self, batch: list[_Pending]) -> None:
        answers = [answer for _, answer, _ in batch]
        try:
            async with asyncio.timeout_at(batch[0][2]):
                await self._exchange(b"".join([packed for packed, _, _ in batch]), answers)
        except (RedisError, OSError, TimeoutError) as error:
            await self._drop_connection()
            self._fail(answers, RedisUnavailable(type(error).__name__))
        except BaseException:
            await self._drop_connection()
            self._fail(answers, RedisUnavailable("cut short"))
            raise

    async def _exchange(self, packed: bytes, answers: Sequence[asyncio.Future[Any]]) -> None:
        """Send the packed commands in one write, then settle the answers as they come, in the same order."""
        if self._connection is None:
            self._connection = await self._client.connection_pool.get_connection()  # type: ignore[no-untyped-call]
        connection = self._connection
        await connection.send_packed_command([packed], check_health=False)
        for answer in answers:
            try:
                result = await connection.read_response()
            except ResponseError as refusal:
                if not answer.done():
                    unknown_script = isinstance(refusal, NoScriptError)
                    answer.set_exception(refusal if unknown_script else RedisUnavailable(str(refusal)))
            else:
                if not answer.done():
                    answer.set_result(result)

    async def _drop_connection(self) -> None:
        """Leave a connection whose answers can no longer be told apart; the next batch takes another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.disconnect(nowait=True)
            await self._client.connection_pool.release(connection)

    @staticmethod
    def _fail(answers: list[asyncio.Future[Any]], error: RedisUnavailable) -> None:
        for answer in answers:
            if not answer.done():
                answer.set_exception(error)
