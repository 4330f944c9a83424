"""Simulated residents who walk whole journeys over HTTP, each on one connection, and verify every answer.

A client library would cost more processor time than the server it measures, so this speaks just enough HTTP/1.1.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote_plus

PHONES = 100_000  # +62812300xxxxx
FORM = "application/x-www-form-urlencoded"
Verify = Callable[[int, str], bool]  # hop and body → True if it is the right answer


@dataclass(slots=True)
class Tally:
    """Figures of a round of journeys."""

    hops: int = 0
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        """Return the latency in milliseconds below which `share` (0 to 1) of the hops are."""
        ordered = sorted(self.latencies)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000


class WrongAnswer(Exception):
    """Error: the server gave another answer than expected."""


async def walk(
    port: int, path: str, keys: Sequence[str], residents: int, journeys: int, seed: int, verify: Verify
) -> Tally:
    """Walk `journeys` journeys of `1 + len(keys)` hops with each of `residents` concurrent residents.

    Each journey has a phone of its own, which no walk with another `seed` has: a phone that dials again is known, and
    does not begin at the first screen.
    """
    tally = Tally()
    started = time.perf_counter()
    await asyncio.gather(
        *(
            _resident(port, path, keys, seed * residents + number, journeys, verify, tally)
            for number in range(residents)
        )
    )
    tally.seconds = time.perf_counter() - started
    return tally


async def _resident(
    port: int, path: str, keys: Sequence[str], number: int, journeys: int, verify: Verify, tally: Tally
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {FORM}\r\nContent-Length: "
    try:
        for journey in range(journeys):
            phone = f"%2B62812300{number * journeys + journey:05d}"
            session = f"ATUid_{number:016x}{journey:08x}{time.time_ns() & 0xFFFFFFFF:08x}"
            for hop in range(len(keys) + 1):
                text = quote_plus("*".join(keys[:hop]))
                body = f"sessionId={session}&serviceCode=*384*3375%23&phoneNumber={phone}&networkCode=99999&text={text}"
                sent = time.perf_counter()
                writer.write(f"{head}{len(body)}\r\n\r\n{body}".encode())
                answer = await _answer(reader)
                tally.latencies.append(time.perf_counter() - sent)
                tally.hops += 1
                if not verify(hop, answer):
                    raise WrongAnswer(f"hop {hop}: {answer!r}")
    finally:
        writer.close()
        await writer.wait_closed()


async def _answer(reader: asyncio.StreamReader) -> str:
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200 "):
        raise WrongAnswer(head.decode("latin-1"))
    lowered = head.lower()
    start = lowered.index(b"content-length:") + 15
    return (await reader.readexactly(int(lowered[start : lowered.index(b"\r\n", start)]))).decode()
