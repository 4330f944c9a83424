"""Hostile requests against a whole `waspada run` while residents dial: `python -m tests.faults.history.hostile`.

Broken HTTP, half heads and bodies, odd paths and ranges come from `tests.helpers.hostile`. Here are callbacks that only
somebody with the secret can send: numbers in names of sessions and in statuses, halves of bodies, odd encodings.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from urllib.parse import quote, urlsplit

from gateway.carriers.local.handset import Handset
from tests.faults.history.run import MEMORY
from tests.helpers import hostile
from tests.helpers.hostile import attack
from tests.helpers.journeys import KEYS, StandaloneGateway, run_standalone_gateway, walk
from tests.helpers.phones import NUMBER

AT_A_TIME, RESIDENTS = 50, 2
PATIENCE_S, HALF_PATIENCE_S = 2.5, 0.3  # who has sent a whole head gets an answer, half a head waits for the rest
WHOLE_ANSWER_S = 10.0
_DIGITS = NUMBER.e164[1:]
_NUMBERS = (
    *(f"{_DIGITS}1796029540", f"1796029540-{_DIGITS}", f"1796029540.{_DIGITS}", f"2026-11-30 {_DIGITS}"),
    *(
        f"00000{_DIGITS}",
        f"0{_DIGITS[2:]}",
        f"+{_DIGITS}",
        f"{_DIGITS[:5]} {_DIGITS[5:8]}-{_DIGITS[8:]}",
        f"x{_DIGITS}y",
    ),
)
_FIELDS = (
    "sessionId",
    "status",
    "errorMessage",
    "id",
    "failureReason",
    "networkCode",
    "senderId",
    "from",
    "text",
    "date",
)
_TEXTS = ("", "1*1", "*" * 300, "x" * 5000, "%", "%ff%fe", "\ud800", "\0", "é" * 300, "1*" * 127)
_FAILURE = re.compile(rb"Traceback|\"level\": ?\"(error|critical)\"|\[(error|critical) ")
_HOOKS = ("ussd", "ussd_event", "sms", "receipt", "optout")


@dataclass(slots=True)
class Assault:
    """Result: what was answered how often, and what must not be."""

    statuses: Counter[int] = field(default_factory=Counter)
    journeys: int = 0
    faults: list[str] = field(default_factory=list)


def callbacks(chance: Random, paths: Sequence[str]) -> Iterator[bytes]:
    """Make hostile callbacks, without end, to the webhooks at these paths."""
    while True:
        values = {"sessionId": "ATUid_1", "phoneNumber": f"+{_DIGITS}", "status": "Success", "senderId": "3375"}
        for name in chance.sample(_FIELDS, 3):
            values[name] = chance.choice(_NUMBERS if chance.random() < 0.6 else _TEXTS)
        values |= {"text": chance.choice(_TEXTS)} if chance.random() < 0.5 else {}
        body = "&".join(f"{name}={quote(value, safe='%', errors='surrogatepass')}" for name, value in values.items())
        head = f"POST {chance.choice(paths)} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        head += "Content-Type: application/x-www-form-urlencoded\r\n"
        if chance.random() < 0.1:
            yield (head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n").encode() + body.encode()
            continue
        sent = (head + f"Content-Length: {len(body)}\r\n\r\n{body}").encode()
        yield sent[: -chance.randrange(1, len(body))] if chance.random() < 0.1 else sent


def assaults(seed: int, number: int, paths: Sequence[str], hooks: Sequence[str]) -> Iterator[bytes]:
    """Make so many requests, half of them callbacks with the right secret."""
    own = callbacks(Random(seed), hooks)
    for other in hostile.requests(seed, number // 2, [*paths, *hooks]):
        yield other
        yield next(own)


async def assault(gateway: StandaloneGateway, requests: int, seed: int) -> Assault:
    """Send hostile requests, while residents dial. Returns what must not be, in words."""
    result, done = Assault(), asyncio.Event()
    hooks = [urlsplit(getattr(gateway.hooks, hook)).path for hook in _HOOKS]
    sent = assaults(seed, requests, _paths(hooks[0]), hooks)

    async def attacker() -> None:
        for request in sent:
            patience = PATIENCE_S if b"\r\n\r\n" in request else HALF_PATIENCE_S
            answer = await attack(gateway.program.url, request, patience)
            result.statuses[answer.status] += 1
            if answer.status == 500:
                result.faults.append(f"500: {request[:200]!r}")

    async with asyncio.TaskGroup() as tasks:
        for number in range(RESIDENTS):
            tasks.create_task(_reside(gateway, ("id", "en")[number % 2], result, done))
        async with asyncio.TaskGroup() as attackers:
            for _ in range(AT_A_TIME):
                attackers.create_task(attacker())
        done.set()
    result.faults += log_faults(gateway.program.log.read_bytes())
    return result


def log_faults(log: bytes) -> list[str]:
    """Return the lines of a log that show a failure or a number."""
    numbers = (_DIGITS.encode(), _DIGITS[2:].encode())
    found = [line for line in log.splitlines() if _FAILURE.search(line) or any(one in line for one in numbers)]
    return [f"log: {line[:200]!r} … {line[-300:]!r}" for line in found]


def _paths(hook: str) -> list[str]:
    """Return the paths of everything else: pages, health, the built-in carrier, and a hook with a wrong secret."""
    return [
        *("/", "/healthz", "/readyz", "/metrics", "/himbauan", "/phone", "/phone/static/", "/phone/static/phone.css"),
        *("/local/messages", "/local/version1/messaging", "/local/version1/user", "/local/ussd", "/local/sms"),
        *(hook.replace("/ussd", "x/ussd"), "/hooks/", "/nothing"),
    ]


async def _reside(gateway: StandaloneGateway, language: str, result: Assault, done: asyncio.Event) -> None:
    """Report again and again. Every answer is a screen, in time."""
    handset: Handset = gateway.phone()
    while not done.is_set():
        try:
            async with asyncio.timeout(WHOLE_ANSWER_S * len(KEYS[language])):
                await walk(handset, KEYS[language])
        except (AssertionError, TimeoutError) as error:
            result.faults.append(f"a resident was told {error}")
        result.journeys += 1
        await handset.close()
        handset = gateway.phone()
    await handset.close()


async def _main(requests: int, seed: int) -> Assault:
    with tempfile.TemporaryDirectory(prefix="waspada-hostile-", dir=MEMORY) as folder:
        async with run_standalone_gateway(Path(folder) / "var") as gateway:
            return await assault(gateway, requests, seed)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.history.hostile", description=__doc__)
    parser.add_argument("--requests", type=int, default=60_000, help="how many [60000]")
    parser.add_argument("--seed", type=int, default=1, help="of the requests [1]")
    options = parser.parse_args()
    began = time.monotonic()
    result = asyncio.run(_main(options.requests, options.seed))
    statuses = ", ".join(f"{status or 'none'}: {number}" for status, number in sorted(result.statuses.items()))
    seconds = time.monotonic() - began
    print(f"hostile: {result.statuses.total()} requests in {seconds:.0f} s, {result.journeys} journeys ({statuses})")
    for fault in result.faults[:20]:
        print(fault)
    if result.faults:
        sys.exit(f"{len(result.faults)} faults")


if __name__ == "__main__":
    main()
