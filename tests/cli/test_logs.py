"""Output of `waspada logs`, over a real Redis."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
import pytest
from redis.asyncio import Redis

from gateway.cli.logs import LogOptions, print_logs, render_dialogue
from gateway.cli.screen import draw_screen
from gateway.runtime.log_stream import KEY, LineFilter, LogStream
from gateway.runtime.logs import local_time
from tests.helpers.outages import OwnRedis, own_redis

__all__ = ["own_redis"]


async def keep(lines: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Hide nothing: these lines are of no restricted report."""
    return [*lines]


SECOND = "2026-11-23T20:41:{:02d}.000Z"


def turn(second: int, state: str, typed: str, screen: str, **fields: Any) -> dict[str, Any]:
    return {
        "at": SECOND.format(second),
        "level": "info",
        "event": "ussd.turn",
        "channel": "at",
        "session": "s1",
        "state": state,
        "input": typed,
        "screen": screen,
        "outcome": "new",
        "end": False,
    } | fields


DIALOGUE = [
    turn(1, "", "", "Bahasa?\n1 Indonesia"),
    turn(4, "language", "1", "1 Lapor\n2 Cek status"),
    turn(4, "language", "1", "1 Lapor\n2 Cek status", outcome="repeated"),
    turn(9, "main", "2", "Nomor laporan?", ticket="73402816"),
    turn(15, "ask_ticket", "(8 characters)", "Terima kasih.\x1b", end=True),
]
AS_SEEN = f"""\
Session s1 on at

{local_time(SECOND.format(1))}  dials
┌────────────────────────────┐
│ Bahasa?                    │
│ 1 Indonesia                │
└────────────────────────────┘

{local_time(SECOND.format(4))}  > 1
┌────────────────────────────┐
│ 1 Lapor                    │
│ 2 Cek status               │
└────────────────────────────┘

{local_time(SECOND.format(4))}  > 1  (repeated)
┌────────────────────────────┐
│ 1 Lapor                    │
│ 2 Cek status               │
└────────────────────────────┘

{local_time(SECOND.format(9))}  > 2
┌────────────────────────────┐
│ Nomor laporan?             │
└────────────────────────────┘

{local_time(SECOND.format(15))}  > (8 characters)
┌────────────────────────────┐
│ Terima kasih.              │
╘════════════════════════════╛"""


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Redis]:
    """Start a Redis whose log has the dialogue and two other lines."""
    async with Redis.from_url(redis_url) as connected:
        tail = LogStream(connected, lambda _: None)
        other = {"at": SECOND.format(20), "level": "warning", "event": "message.sent", "channel": "at"}
        another = turn(21, "main", "1", "…", session="s2", channel="local")
        tail.put([json.dumps(line).encode() for line in [*DIALOGUE, other, another]])
        await tail.close()
        yield connected


def test_dialogue_is_rendered_as_the_resident_saw_it() -> None:
    assert render_dialogue(DIALOGUE) == AS_SEEN


def test_dialogue_of_another_day_has_its_date_in_the_time_of_the_pack() -> None:
    jakarta = ZoneInfo("Asia/Jakarta")
    same_day, next_day = (datetime(2026, 11, day, 16, 59, tzinfo=UTC) for day in (24, 25))

    assert "\n03:41:01.000  dials" in render_dialogue(DIALOGUE, jakarta, same_day)
    assert "\n2026-11-24 03:41:01.000  dials" in render_dialogue(DIALOGUE, jakarta, next_day)


def test_dialogue_without_screens_says_so() -> None:
    assert render_dialogue([{"event": "ussd.failed"}]) == "The log has no screen of this session any more."


def test_long_line_is_wrapped_and_wide_letters_keep_the_frame() -> None:
    assert {len(line) for line in draw_screen("kata " * 40, end=False).splitlines()} == {48}
    assert draw_screen("文文", end=True).splitlines()[1] == "│ 文文" + " " * 23 + "│"


async def test_session_is_shown_as_its_dialogue_and_its_lines(
    client: Redis, capsys: pytest.CaptureFixture[str]
) -> None:
    await print_logs(client, LineFilter(session="s1"), LogOptions(follow=False, as_json=False, limit=1000), keep)
    printed = capsys.readouterr().out

    day = f"{datetime.fromisoformat(SECOND.format(1)).astimezone():%Y-%m-%d} "
    as_seen = re.sub(r"(?m)^(?=\d\d:)", day, AS_SEEN)
    assert printed.startswith(f"{as_seen}\n\n")

    lines = printed.removeprefix(as_seen).strip().splitlines()
    assert len(lines) == len(DIALOGUE)
    assert "ussd.turn" in lines[0]
    assert "Bahasa" not in lines[0]


@pytest.mark.parametrize("typed", ["ATUid_7f3", "ATUid_7", "ATUid_7f3\u2026", " ATUid_7f3 ", "ATUid_7f3a99"])
async def test_beginning_of_one_session_is_enough(
    client: Redis, capsys: pytest.CaptureFixture[str], typed: str
) -> None:
    await add_sessions(client, "ATUid_7f3a99", "ATUid_8")

    await print_logs(client, LineFilter(session=typed), LogOptions(follow=False, as_json=True, limit=5), keep)

    assert [line["session"] for line in json.loads(capsys.readouterr().out)] == ["ATUid_7f3a99"]


async def test_whole_name_is_that_session_though_others_begin_with_it(
    client: Redis, capsys: pytest.CaptureFixture[str]
) -> None:
    await add_sessions(client, "ATUid_1", "ATUid_12")

    await print_logs(client, LineFilter(session="ATUid_1"), LogOptions(follow=False, as_json=True, limit=5), keep)

    assert [line["session"] for line in json.loads(capsys.readouterr().out)] == ["ATUid_1"]


async def test_beginning_of_several_sessions_names_the_newest(client: Redis) -> None:
    await add_sessions(client, *(f"ATUid_{number}" for number in range(7)))

    with pytest.raises(click.ClickException) as refused:
        await print_logs(client, LineFilter(session="ATUid"), LogOptions(follow=False, as_json=True, limit=1), keep)

    assert refused.value.message == (
        '7 sessions of the log begin with "ATUid": ATUid_6, ATUid_5, ATUid_4, ATUid_3, ATUid_2 and others;'
        " write more of it"
    )


async def add_sessions(client: Redis, *sessions: str) -> None:
    """Add a line of each session to the log."""
    tail = LogStream(client, lambda _: None)
    tail.put([json.dumps(turn(30, "", "", "Bahasa?", session=session)).encode() for session in sessions])
    await tail.close()


async def test_readable_lines_have_the_newest_last(client: Redis, capsys: pytest.CaptureFixture[str]) -> None:
    await print_logs(client, LineFilter(), LogOptions(follow=False, as_json=False, limit=2), keep)
    first, second = capsys.readouterr().out.splitlines()

    assert "message.sent" in first
    assert "session=s2" in second


async def test_json_is_one_array_with_the_newest_first(client: Redis, capsys: pytest.CaptureFixture[str]) -> None:
    await print_logs(client, LineFilter(session="s1"), LogOptions(follow=False, as_json=True, limit=3), keep)
    assert json.loads(capsys.readouterr().out) == DIALOGUE[:1:-1]


async def test_empty_log_says_so(client: Redis, capsys: pytest.CaptureFixture[str]) -> None:
    await print_logs(client, LineFilter(session="unknown"), LogOptions(follow=False, as_json=False, limit=3), keep)
    assert capsys.readouterr().out == "The log has no such line.\n"

    await print_logs(client, LineFilter(session="unknown"), LogOptions(follow=False, as_json=True, limit=3), keep)
    assert json.loads(capsys.readouterr().out) == []


async def test_follow_prints_one_object_per_line_until_cancelled(
    client: Redis, capsys: pytest.CaptureFixture[str]
) -> None:
    following = asyncio.create_task(
        print_logs(client, LineFilter(level="warning"), LogOptions(follow=True, as_json=True, limit=1000), keep)
    )
    printed = ""
    async with asyncio.timeout(5):
        while not printed:
            await asyncio.sleep(0.01)
            printed = capsys.readouterr().out
    following.cancel()

    await following

    assert json.loads(printed)["event"] == "message.sent"


@asynccontextmanager
async def started(redis_url: str, *arguments: str) -> AsyncIterator[Process]:
    """Run the verb in a process of its own, on this Redis."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from gateway.cli.logs import logs; logs()", *arguments),
        cwd=Path(__file__).parents[2],
        env={
            "WASPADA_REDIS_URL": redis_url,
            "WASPADA_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
            "WASPADA_VAULT_KEY": "00" * 32,
        },
        stdout=PIPE,
        stderr=PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def test_ctrl_c_ends_follow_with_status_0(client: Redis, redis_url: str) -> None:
    async with started(redis_url, "-f", "--json", "--ticket", "7340-2816") as process, asyncio.timeout(20):
        assert process.stdout
        assert json.loads(await process.stdout.readline()) == DIALOGUE[3]

        process.send_signal(signal.SIGINT)
        assert await process.communicate() == (b"", b"")
        assert process.returncode == 0


async def test_follow_waits_for_redis_and_says_so_once(own_redis: OwnRedis) -> None:
    async with Redis.from_url(own_redis.url) as client:
        await client.xadd(KEY, {"lines": json.dumps(DIALOGUE[0])})
    async with started(own_redis.url, "-f", "--json") as process, asyncio.timeout(30):
        assert process.stdout
        assert json.loads(await process.stdout.readline()) == DIALOGUE[0]
        await own_redis.kill()
        await asyncio.sleep(2.5)
        await own_redis.start()
        async with Redis.from_url(own_redis.url) as client:
            await client.xadd(KEY, {"lines": json.dumps(DIALOGUE[1])})
        assert json.loads(await process.stdout.readline()) == DIALOGUE[1]
        process.send_signal(signal.SIGINT)
        out, err = await process.communicate()

    assert (process.returncode, out) == (0, b"")
    assert err == b"Redis does not answer any more. Waiting for it; Ctrl-C ends that.\n"


async def test_unavailable_redis_is_one_line_on_stderr() -> None:
    async with started("redis://127.0.0.1:1/0") as process:
        out, err = await process.communicate()

    assert (process.returncode, out) == (1, b"")
    assert err.startswith(b"Error: The gateway's store does not answer")
    assert err.count(b"\n") == 1


@pytest.mark.parametrize("options", [(), ("-f",)])
async def test_stopped_redis_is_one_line_on_stderr(own_redis: OwnRedis, options: tuple[str, ...]) -> None:
    own_redis.hang()
    async with started(own_redis.url, *options) as process:
        out, err = await process.communicate()
    own_redis.resume()

    assert (process.returncode, out) == (1, b"")
    assert b"Redis" in err
    assert err.count(b"\n") == 1


async def test_reader_that_has_gone_ends_the_verb_without_a_word(own_redis: OwnRedis) -> None:
    async with Redis.from_url(own_redis.url) as client:
        await client.xadd(KEY, {"lines": "\n".join(json.dumps(DIALOGUE[0]) for _ in range(500))})
    async with started(own_redis.url) as process:
        assert process.stdout
        process.stdout._transport.close()  # type: ignore[attr-defined] # as `| head` does
        _, err = await process.communicate()

    assert err == b""
