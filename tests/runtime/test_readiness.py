"""Readiness: each store is probed once at a time, and each change is one line of the log."""

from __future__ import annotations

import asyncio

from structlog.testing import capture_logs

from gateway.runtime.readiness import NotReady, Readiness


class Store:
    """Store of a test, which counts its probes and fails as it is told."""

    def __init__(self) -> None:
        self.probes = 0
        self.error: Exception | None = None
        self.answers = asyncio.Event()
        self.answers.set()

    async def probe(self, seconds: float) -> None:
        self.probes += 1
        await self.answers.wait()
        if self.error:
            raise self.error


async def test_callers_at_the_same_time_share_one_probe() -> None:
    store = Store()
    readiness = Readiness({"store": store.probe})
    store.answers.clear()
    callers = [asyncio.create_task(readiness.faults()) for _ in range(100)]
    await asyncio.sleep(0)
    callers[0].cancel()
    store.answers.set()

    answers = await asyncio.gather(*callers, return_exceptions=True)

    assert isinstance(answers[0], asyncio.CancelledError)
    assert answers[1:] == [{}] * 99
    assert store.probes == 1

    await readiness.faults()
    assert store.probes == 2


async def test_each_change_is_one_line_of_the_log() -> None:
    store = Store()
    readiness = Readiness({"store": store.probe})
    with capture_logs() as lines:
        for error in (None, None, NotReady("full"), NotReady("full"), TimeoutError(), TimeoutError(), None, None):
            store.error = error
            await readiness.faults(2)

    assert [(line["event"], line.get("reason")) for line in lines] == [
        ("store.unusable", "full"),
        ("store.unusable", "It has not answered within 2 s."),
        ("store.usable", None),
    ]


async def test_fault_says_if_it_is_known_what_is_there() -> None:
    store, other = Store(), Store()
    readiness = Readiness({"store": store.probe, "other": other.probe})
    store.error, other.error = TimeoutError(), NotReady("full")

    faults = await readiness.faults()

    assert {name: fault.unreachable for name, fault in faults.items()} == {"store": True, "other": False}


async def test_unexpected_error_is_logged_and_not_shown() -> None:
    store = Store()
    store.error = ValueError("secret")
    with capture_logs() as lines:
        faults = await Readiness({"store": store.probe}).faults()

    assert str(faults["store"]) == "It cannot be used: see the log."
    assert "store.probe_failed" in [line["event"] for line in lines]
