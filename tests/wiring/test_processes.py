"""Periodic work of a worker: it survives every failure."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from structlog.testing import capture_logs

from gateway.runtime.postgres import DatabaseUnavailable
from gateway.runtime.redis import RedisUnavailable
from gateway.wiring.processes import run_periodically

LONG = 60.0


def ending(*answers: object) -> tuple[Callable[[], Awaitable[object]], asyncio.Event]:
    """Work with these results, one after the other, and an event set at the call after the last."""
    left, over = list(answers), asyncio.Event()

    async def work() -> object:
        if not left:
            over.set()
            await asyncio.Event().wait()
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return work, over


async def done(*answers: object, rest_s: float, trouble_s: float) -> bool:
    """Return True if all of it was done soon."""
    work, over = ending(*answers)
    task = asyncio.create_task(run_periodically("test", work, rest_s, trouble_s))
    try:
        await asyncio.wait_for(over.wait(), 0.3)
    except TimeoutError:
        return False
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    return True


async def test_periodic_work_rests_unless_it_returns_true() -> None:
    assert await done(True, True, True, rest_s=LONG, trouble_s=LONG)
    assert await done(0, None, False, rest_s=0.0, trouble_s=LONG)
    assert not await done(False, rest_s=LONG, trouble_s=0.0)
    assert not await done(7, rest_s=LONG, trouble_s=0.0), "a count is no sign of more"


@pytest.mark.parametrize(
    "error", [DatabaseUnavailable("gone"), RedisUnavailable("gone"), ValueError("wrong")], ids=repr
)
async def test_periodic_work_survives_failures_and_waits(error: Exception) -> None:
    assert await done(error, error, rest_s=0.0, trouble_s=0.0)
    assert not await done(error, rest_s=0.0, trouble_s=LONG)


@pytest.mark.parametrize(
    ("error", "events"), [(DatabaseUnavailable("gone"), []), (ValueError("wrong"), ["worker.failed"])], ids=repr
)
async def test_periodic_work_logs_only_unexpected_failures(error: Exception, events: list[str]) -> None:
    with capture_logs() as lines:
        await done(error, rest_s=0.0, trouble_s=0.0)

    assert [line["event"] for line in lines] == events
    assert all(line["work"] == "test" for line in lines)
