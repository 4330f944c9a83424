"""Live log of a verb: its lines are in the gateway's log, masked, and nowhere else."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import structlog
from redis.asyncio import Redis

from gateway.runtime.log_stream import LineFilter, read_tail
from gateway.runtime.logs import silence
from gateway.wiring.carriers import read_settings
from gateway.wiring.live_log import live_log
from tests.helpers.phones import NUMBER


async def test_lines_of_the_block_are_in_the_live_log_masked(
    redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WASPADA_REDIS_URL", redis_url)
    silence()
    structlog.get_logger().warning("before")
    async with live_log(read_settings(data=tmp_path)):
        structlog.get_logger().info("incident.filed", ticket="73402817", text=f"from {NUMBER.e164}")

    async with Redis.from_url(redis_url) as client:
        (line,) = await read_tail(client, LineFilter(), limit=10)
    assert (line["event"], line["ticket"], line["text"]) == ("incident.filed", "73402817", f"from {NUMBER.masked}")
    sys.stdout.flush()
    assert capfd.readouterr() == ("", "")


async def test_without_redis_the_block_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WASPADA_REDIS_URL", "redis://127.0.0.1:1/0")
    async with live_log(read_settings(data=tmp_path)):
        structlog.get_logger().info("incident.filed")
