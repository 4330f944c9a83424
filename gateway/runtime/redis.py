"""Redis as the USSD path uses it: the commands of concurrent hops share one round trip.

A redis-py call per hop costs more processor time than all of its HTTP. So whoever asks while a round trip is under way
joins the next one: one hop alone waits for nothing, sixty-four together share a few pipelines. Built on redis-py's own
pipeline, which keeps TLS, passwords and Sentinel working.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

LARGEST_BATCH = 256


class RedisAway(Exception):
    """Redis did not answer in time, or not at all."""


class Batcher:
    """Runs single commands, many at a time. Commands of one batch are independent of each other: no transaction."""

    def __init__(self, client: Redis, deadline: float) -> None:
        """`deadline` in seconds is how long any one command may take, waiting for its batch included."""
        self._client = client
        self._deadline = deadline
        self._waiting: deque[tuple[tuple[Any, ...], asyncio.Future[Any], float]] = deque()
        self._drain: asyncio.Task[None] | None = None

    async def run(self, *command: Any) -> Any:
        """The answer to `command` (its name and arguments). Raises `RedisAway`, or `ResponseError` for a refusal."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Any] = loop.create_future()
        self._waiting.append((command, answer, loop.time() + self._deadline))
        if self._drain is None:
            self._drain = loop.create_task(self._send_all())
        return await answer

    async def close(self) -> None:
        """End what is under way; whoever waits gets `RedisAway`."""
        if self._drain is not None:
            self._drain.cancel()
            await asyncio.gather(self._drain, return_exceptions=True)
        self._fail([answer for _, answer, _ in self._waiting], RedisAway("closed"))

    async def _send_all(self) -> None:
        try:
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), LARGEST_BATCH))]
                await self._send(batch)
        finally:
            self._drain = None

    async def _send(self, batch: list[tuple[tuple[Any, ...], asyncio.Future[Any], float]]) -> None:
        answers = [answer for _, answer, _ in batch]
        try:
            async with asyncio.timeout_at(batch[0][2]), self._client.pipeline(transaction=False) as pipeline:
                for command, _, _ in batch:
                    pipeline.execute_command(*command)
                results = await pipeline.execute(raise_on_error=False)
        except (RedisError, OSError, TimeoutError) as error:
            self._fail(answers, RedisAway(type(error).__name__))
        except asyncio.CancelledError:
            self._fail(answers, RedisAway("closed"))
            raise
        else:
            for answer, result in zip(answers, results, strict=True):
                self._settle(answer, result)

    @staticmethod
    def _settle(answer: asyncio.Future[Any], result: Any) -> None:
        if answer.done():
            return
        if isinstance(result, ResponseError):
            answer.set_exception(result)
        elif isinstance(result, Exception):
            answer.set_exception(RedisAway(type(result).__name__))
        else:
            answer.set_result(result)

    @staticmethod
    def _fail(answers: list[asyncio.Future[Any]], error: RedisAway) -> None:
        for answer in answers:
            if not answer.done():
                answer.set_exception(error)
