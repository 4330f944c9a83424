"""Live tail of the log: the latest lines of all processes in one capped Redis stream.

An entry is a batch of lines of one process, so that a line costs next to nothing. The tail is best effort: while Redis
is slow or unavailable, a few megabytes are buffered, then the oldest lines are dropped, and nobody waits. Delivery is
at least once: a batch whose answer was lost is sent again, so a line may be in the stream twice.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from gateway.runtime.logs import LEVELS

KEY = "waspada:log"
MAX_ENTRIES = 4000
MAX_ENTRY_BYTES = 16 * 1024  # bytes; times the entries, 64 MB at the very most
MAX_BUFFERED_BYTES = 4 * 1024 * 1024
_BATCH_ENTRIES = 64
_WRITE_TIMEOUT_S = 1.0
_RETRY_S = 1.0
_READ_TIMEOUT_S = 5.0
_POLL_S = 0.2
_PAGE = 100

LogLine = dict[str, Any]


class LogStream:
    """Writer of the stream: takes batches of lines from `gateway.runtime.logs.copy_to`."""

    def __init__(self, client: Redis, on_drop: Callable[[int], object]) -> None:
        """Write through `client`. `on_drop` is called with the number of lines that were dropped."""
        self._client = client
        self._on_drop = on_drop
        self._entries: deque[tuple[bytes, int]] = deque()  # lines joined, and how many
        self._buffered_bytes = 0  # bytes
        self._task: asyncio.Task[None] | None = None

    def put(self, lines: Sequence[bytes]) -> None:
        """Buffer `lines`, to be sent while the event loop runs. Never blocks, raises or logs."""
        for entry in _entries(lines):
            self._entries.append(entry)
            self._buffered_bytes += len(entry[0])
        self._drop_oldest(MAX_BUFFERED_BYTES)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return  # the next batch of the loop takes them along, or `close`
        if self._task is None or self._task.done():
            self._task = loop.create_task(self._send_all())

    async def close(self) -> None:
        """Send the buffered lines, or drop them after a second."""
        if self._entries and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._send_all())
        if self._task:
            await asyncio.wait([self._task], timeout=_WRITE_TIMEOUT_S)
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._drop_oldest(0)

    async def _send_all(self) -> None:
        while self._entries:
            batch = [self._pop() for _ in range(min(len(self._entries), _BATCH_ENTRIES))]
            sent = False
            try:
                sent = await self._write([joined for joined, _ in batch])
            finally:
                if not sent:
                    self._entries.extendleft(reversed(batch))
                    self._buffered_bytes += sum(len(joined) for joined, _ in batch)
                    self._drop_oldest(MAX_BUFFERED_BYTES)
            if not sent:
                await asyncio.sleep(_RETRY_S)

    async def _write(self, batches: Sequence[bytes]) -> bool:
        try:
            async with asyncio.timeout(_WRITE_TIMEOUT_S), self._client.pipeline(transaction=False) as pipeline:
                for joined in batches:
                    pipeline.xadd(KEY, {"lines": joined}, maxlen=MAX_ENTRIES, approximate=True)
                await pipeline.execute()
        except (RedisError, OSError, TimeoutError):
            return False
        return True

    def _pop(self) -> tuple[bytes, int]:
        entry = self._entries.popleft()
        self._buffered_bytes -= len(entry[0])
        return entry

    def _drop_oldest(self, most: int) -> None:
        """Drop the oldest entries until at most `most` bytes are buffered."""
        while self._entries and self._buffered_bytes > most:
            self._on_drop(self._pop()[1])


def _entries(lines: Sequence[bytes]) -> Iterator[tuple[bytes, int]]:
    """Yield `lines` joined to entries of at most `MAX_ENTRY_BYTES`, with their numbers. A longer line goes alone."""
    first, size = 0, 0
    for number, line in enumerate(lines):
        if size and size + len(line) > MAX_ENTRY_BYTES:
            yield b"\n".join(lines[first:number]), number - first
            first, size = number, 0
        size += len(line) + 1
    yield b"\n".join(lines[first:]), len(lines) - first


# Reading -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LineFilter:
    """Conditions that a line must meet to be shown. An empty one is met by every line."""

    level: str = "debug"  # at least
    event: str = ""  # begins with it
    channel: str = ""
    session: str = ""
    ticket: str = ""  # with or without its dash

    def matches(self, line: LogLine) -> bool:
        return (
            LEVELS.get(line.get("level", ""), 0) >= LEVELS[self.level]
            and str(line.get("event", "")).startswith(self.event)
            and self.channel in ("", line.get("channel"))
            and self.session in ("", line.get("session"))
            and self.ticket.replace("-", "") in ("", str(line.get("ticket", "")).replace("-", ""))
        )


async def read_tail(client: Redis, line_filter: LineFilter, limit: int) -> list[LogLine]:
    """Return the newest `limit` lines that pass the filter, in order of time. Raises `RedisError`."""
    lines, _ = await _read_newest(client, line_filter, limit)
    return lines


async def find_sessions(client: Redis, beginning: str, channel: str = "") -> list[str]:
    """Return the sessions of the log whose name has this beginning, the newest first. Raises `RedisError`.

    It is the one with exactly this name alone, if there is one.
    """
    found: dict[str, None] = {}
    end = "+"
    while page := _parse(await client.xrevrange(KEY, max=end, count=_PAGE)):
        for line in (line for _, entry in page for line in reversed(entry)):
            session = str(line.get("session", ""))
            if session and session.startswith(beginning) and channel in ("", line.get("channel")):
                found[session] = None
        end = f"({page[-1][0]}"
    return [beginning] if beginning in found else list(found)


async def follow(
    client: Redis, line_filter: LineFilter, before: int, on_outage: Callable[[], object] = lambda: None
) -> AsyncGenerator[LogLine, None]:
    """Yield the newest `before` lines that pass the filter, then every new one. Raises `RedisError` at the start.

    In a later outage of Redis, `on_outage` is called once, and the missed lines follow as soon as it answers again.
    """
    lines, last = await _read_newest(client, line_filter, before)
    unavailable = False
    while True:
        for line in lines:
            yield line
        try:
            async with asyncio.timeout(_READ_TIMEOUT_S):
                page = _parse(await client.xrange(KEY, min=f"({last}", count=_PAGE))
        except (RedisError, OSError, TimeoutError):
            if not unavailable:
                on_outage()
            unavailable, page = True, []
        else:
            unavailable = False
        last = page[-1][0] if page else last
        lines = _by_time(line for _, entry in page for line in entry if line_filter.matches(line))
        if not page:
            await asyncio.sleep(_RETRY_S if unavailable else _POLL_S)


async def _read_newest(client: Redis, line_filter: LineFilter, limit: int) -> tuple[list[LogLine], str]:
    """Return the newest lines, and the id of the newest entry of the stream."""
    found: list[LogLine] = []
    newest, end = "0-0", "+"
    while page := _parse(await client.xrevrange(KEY, max=end, count=_PAGE)):
        newest = page[0][0] if end == "+" else newest
        for _, entry in page:
            found += [line for line in reversed(entry) if line_filter.matches(line)]
        if len(found) >= limit:
            break
        end = f"({page[-1][0]}"
    return _by_time(reversed(found[:limit])), newest


def _parse(entries: Any) -> list[tuple[str, list[LogLine]]]:
    """Return the id and the lines of each entry, from a client that decodes or from one that does not."""
    return [
        (_text(entry_id), [json.loads(line) for joined in fields.values() for line in _text(joined).split("\n")])
        for entry_id, fields in entries
    ]


def _by_time(lines: Iterable[LogLine]) -> list[LogLine]:
    return sorted(lines, key=lambda line: str(line.get("at", "")))


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
