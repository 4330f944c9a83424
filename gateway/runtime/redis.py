"""Auto-pipelining Redis client of the USSD path: the commands of concurrent hops share one round trip.

A call of redis-py per hop costs more processor time than all of its HTTP. Here a command that is issued during a round
trip joins the next one: a single hop waits for nothing, and sixty-four together share a few writes. Pipelining is
implicit, so callers write single commands. It uses a connection of redis-py's own pool, which keeps TLS, passwords and
Sentinel working.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any

from hiredis import pack_command
from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError, ResponseError

from gateway.text.errors import StoreUnavailable

MAX_BATCH = 256

_Pending = tuple[bytes, asyncio.Future[Any], float]  # packed command, its answer, its deadline in the loop's time


class RedisUnavailable(StoreUnavailable):
    """Error: Redis did not answer in time, or cannot work now (out of memory, read-only after a failover).

    `refused` means that it is certain that the command was not carried out. Otherwise it may have been.
    """

    store = "Redis"

    def __init__(self, message: str = "", reason: str = "", *, refused: bool = False) -> None:
        super().__init__(message, reason)
        self.refused = refused


def redis_client(url: str) -> Redis:
    """Return a client that fails at once instead of retrying: every caller has a deadline and a fallback."""
    return Redis.from_url(url, retry=Retry(NoBackoff(), 0), socket_timeout=None, socket_connect_timeout=1.0)


class Pipeline:
    """Auto-pipelining client: sends the commands of all callers in batches, one batch at a time.

    The commands of a batch are independent of each other: it is no transaction. An answer that is late fails its whole
    batch and drops the connection, since the answers after it could no longer be matched to their commands.
    """

    def __init__(self, client: Redis, deadline: float) -> None:
        """Use connections of `client`. `deadline` in seconds bounds a command, the wait for its batch included."""
        self._client = client
        self._deadline = deadline
        self._waiting: deque[_Pending] = deque()
        self._drain: asyncio.Task[None] | None = None
        self._connection: AbstractConnection | None = None
        self._closed = False
        self._loop: asyncio.AbstractEventLoop | None = None  # the one that it works on, from the first command on

    async def run(self, *command: Any) -> Any:
        """Run `command` (its name and arguments) and return the answer. Raises `RedisUnavailable`, `NoScriptError`."""
        if self._closed:
            raise RedisUnavailable("closed", refused=True)
        loop = self._loop
        if loop is None:  # cached: in CPython it is a system call, and two of them per hop are a tenth of the hop
            loop = self._loop = asyncio.get_running_loop()
        answer: asyncio.Future[Any] = loop.create_future()
        self._waiting.append((pack_command(command), answer, loop.time() + self._deadline))
        if self._drain is None:
            self._drain = loop.create_task(self._send_all())
        return await answer

    async def close(self) -> None:
        """Cancel the batch under way. Waiting and later calls raise `RedisUnavailable`."""
        self._closed = True
        if self._drain is not None:
            self._drain.cancel()
            await asyncio.gather(self._drain, return_exceptions=True)
        await self._drop_connection()
        self._fail([answer for _, answer, _ in self._waiting], RedisUnavailable("closed"))

    async def _send_all(self) -> None:
        try:
            while self._waiting:
                await asyncio.sleep(0)  # callers that are ready in this iteration of the loop join the batch
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
            refused = self._connection is None  # there is none: nothing was sent
            await self._drop_connection()
            self._fail(answers, RedisUnavailable(type(error).__name__, refused=refused))
        except BaseException:
            await self._drop_connection()
            self._fail(answers, RedisUnavailable("interrupted"))
            raise

    async def _exchange(self, packed: bytes, answers: Sequence[asyncio.Future[Any]]) -> None:
        """Send the packed commands in one write, and set the answers as they arrive, in the same order."""
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
                    answer.set_exception(refusal if unknown_script else RedisUnavailable(str(refusal), refused=True))
            else:
                if not answer.done():
                    answer.set_result(result)

    async def _drop_connection(self) -> None:
        """Close a connection whose answers can no longer be matched. The next batch takes another one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.disconnect(nowait=True)
            await self._client.connection_pool.release(connection)

    @staticmethod
    def _fail(answers: list[asyncio.Future[Any]], error: RedisUnavailable) -> None:
        for answer in answers:
            if not answer.done():
                answer.set_exception(error)
