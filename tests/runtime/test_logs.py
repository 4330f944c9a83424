"""Log lines: one masked JSON object each, from every logger, written in batches."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import math
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from gateway.runtime import logs
from gateway.text.phone import Phone, mask_in
from tests.helpers.clocks import ManualClock

NUMBER = "+6281230004567"
MASKED = "+62812****567"
EVENING = datetime(2026, 11, 23, 20, 41, 5, 123456, tzinfo=UTC)

early = structlog.get_logger()  # created before `configure`, as in every module


class Outcome(StrEnum):
    NEW = "new"


def configured(format: str = "json", level: str = "debug") -> io.StringIO:
    stream = io.StringIO()
    logs.configure(
        format="json" if format == "json" else "console",
        level="debug" if level == "debug" else "warning",
        mask=mask_in,
        stream=stream,
        clock=ManualClock(EVENING),
    )
    return stream


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    yield configured()
    logs.copy_to(None)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    logs.flush()
    return [json.loads(line) for line in stream.getvalue().split("\n") if line]


def logged(**fields: Any) -> dict[str, Any]:
    """Log these fields and return the line."""
    stream = configured()
    structlog.get_logger().info("probe", **fields)
    (line,) = lines(stream)
    return line


async def test_line_is_one_json_object(stream: io.StringIO) -> None:
    log = structlog.get_logger()
    log.info("ussd.turn", channel="at", screen="Sugeng rawuh\n1 Nglaporké", ms=1.23, end=False, ticket=None, hops=3)

    assert lines(stream) == [
        {
            "at": "2026-11-23T20:41:05.123Z",
            "level": "info",
            "event": "ussd.turn",
            "channel": "at",
            "screen": "Sugeng rawuh\n1 Nglaporké",
            "ms": 1.23,
            "end": False,
            "ticket": None,
            "hops": 3,
        }
    ]
    assert list(lines(stream)[0])[:3] == ["at", "level", "event"]
    assert "Nglaporké" in stream.getvalue()


async def test_no_number_reaches_the_log(stream: io.StringIO) -> None:
    log = structlog.get_logger().bind(caller=NUMBER)
    try:
        int(f"no route to {NUMBER}")
    except ValueError:
        log.exception(
            f"sent to {NUMBER}",
            text=f"Hubungi {NUMBER}",
            number=int(NUMBER),
            phone=Phone(NUMBER),
            several=[NUMBER, {"to": (Phone(NUMBER),), NUMBER: 1}],
            raw=NUMBER.encode(),
            session="ATUid_5f4dcc3b5aa765d61d8327deb882cf99",
            ticket="73402816",
        )
    logging.getLogger("aiohttp.server").error("Error from %s", NUMBER)

    (line, library_line) = lines(stream)

    assert "81230004567" not in stream.getvalue()
    assert line["event"] == f"sent to {MASKED}"
    assert line["text"] == f"Hubungi {MASKED}"
    assert line["phone"] == f"Phone({MASKED})"
    assert line["exception"].endswith(f"'no route to {MASKED}'")
    assert line["session"] == "ATUid_5f4dcc3b5aa765d61d8327deb882cf99"
    assert line["ticket"] == "73402816"
    assert library_line["message"] == f"Error from {MASKED}"


async def test_text_is_masked_every_time(stream: io.StringIO) -> None:
    for _ in range(3):
        structlog.get_logger().info("probe", text=f"ke {NUMBER}", clean="Kecamatan Pekalongan Barat")
    assert [line["text"] for line in lines(stream)] == [f"ke {MASKED}"] * 3


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Outcome.NEW, "new"),
        (EVENING, "2026-11-23T20:41:05.123456+00:00"),
        (math.nan, None),
        (math.inf, None),
        (12345678, 12345678),
        ({"b"}, ["b"]),
        ("half a pair \ud83d", "half a pair \ud83d"),
        ("\x1b[2J\x00", "\x1b[2J\x00"),
    ],
)
def test_values_are_converted_to_json_types(value: object, shown: object) -> None:
    assert logged(value=value)["value"] == shown


@settings(max_examples=40)
@given(
    st.dictionaries(
        st.text(min_size=1, max_size=9).filter(lambda name: name not in {"event", "self", "exc_info", "at", "level"}),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
            lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
            max_leaves=3,
        ),
        max_size=4,
    )
)
def test_any_value_is_one_line_of_json(fields: Mapping[str, Any]) -> None:
    assert logged(**fields).keys() == {"at", "level", "event", *fields}


async def test_lines_wait_for_their_batch_and_a_warning_flushes_it(stream: io.StringIO) -> None:
    log = structlog.get_logger()
    log.info("one")
    log.info("two")

    assert stream.getvalue() == ""

    log.warning("three")
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["one", "two", "three"]

    log.info("four")
    await asyncio.sleep(logs.FLUSH_S * 1.5)
    assert json.loads(stream.getvalue().splitlines()[-1])["event"] == "four"


async def test_line_of_a_thread_is_written_at_once(stream: io.StringIO) -> None:
    threading.Thread(target=structlog.get_logger().info, args=("threaded",)).start()
    for _ in range(100):
        await asyncio.sleep(0.001)
        if stream.getvalue():
            break

    assert json.loads(stream.getvalue())["event"] == "threaded"


def test_line_without_a_loop_is_written_at_once(stream: io.StringIO) -> None:
    structlog.get_logger().info("one")
    assert json.loads(stream.getvalue())["event"] == "one"


def test_lines_of_a_closed_loop_are_not_lost(stream: io.StringIO) -> None:
    async def log() -> None:
        structlog.get_logger().info("from a loop")

    thread = threading.Thread(target=asyncio.run, args=(log(),))
    thread.start()
    thread.join()
    structlog.get_logger().info("later")
    assert [line["event"] for line in lines(stream)] == ["from a loop", "later"]


def test_end_of_the_process_loses_no_line() -> None:
    program = (
        "import asyncio, sys, structlog\n"
        "from gateway.runtime import logs\n"
        "from gateway.runtime.clock import Clock\n"
        "logs.configure(format='json', level='info', mask=str, stream=sys.stdout, clock=Clock())\n"
        "async def main(): structlog.get_logger().info('last words')\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, cwd=Path(__file__).parents[2]
    )

    assert json.loads(done.stdout)["event"] == "last words"
    assert done.stderr == b""


async def test_every_batch_goes_to_the_copy_target_too(stream: io.StringIO) -> None:
    batches: list[Sequence[bytes]] = []
    logs.copy_to(batches.append)
    log = structlog.get_logger()
    log.info("one")
    log.warning("two")
    logs.copy_to(None)

    log.warning("three")

    assert [[json.loads(line)["event"] for line in batch] for batch in batches] == [["one", "two"]]
    assert len(lines(stream)) == 3


def test_closed_stream_raises_no_error(stream: io.StringIO) -> None:
    stream.close()
    structlog.get_logger().error("into the void")


def test_loggers_made_early_follow_a_new_configuration(stream: io.StringIO) -> None:
    early.info("one")
    second = configured()
    early.info("two")

    assert [line["event"] for line in lines(stream)] == ["one"]
    assert [line["event"] for line in lines(second)] == ["two"]

    with capture_logs() as captured:
        early.info("three")
    assert captured == [{"event": "three", "log_level": "info"}]


def test_below_the_level_nothing_is_logged() -> None:
    stream = configured(level="warning")
    structlog.get_logger().info("quiet")
    logging.getLogger("alembic").info("quiet")

    structlog.get_logger().warning("loud")

    assert [line["event"] for line in lines(stream)] == ["loud"]


def test_libraries_log_in_the_same_form(stream: io.StringIO) -> None:
    logging.getLogger("redis.client").info("Connected to %s", "a socket")
    logging.getLogger("asyncio").debug("Using selector")
    try:
        int("x")
    except ValueError:
        logging.getLogger("aiohttp.server").exception("Error handling request")

    (redis, aiohttp) = lines(stream)

    assert redis == {
        "at": "2026-11-23T20:41:05.123Z",
        "level": "info",
        "event": "log",
        "logger": "redis.client",
        "message": "Connected to a socket",
    }
    assert aiohttp["level"] == "error"
    assert aiohttp["exception"].endswith("ValueError: invalid literal for int() with base 10: 'x'")


def test_migrations_tell_nothing_of_their_context(stream: io.StringIO) -> None:
    logging.getLogger("alembic.runtime.migration").info("Context impl PostgresqlImpl.")
    logging.getLogger("alembic.runtime.migration").warning("a warning")

    assert [line["message"] for line in lines(stream)] == ["a warning"]


def test_malformed_library_line_leaks_no_number(stream: io.StringIO) -> None:
    (handler,) = [one for one in logging.getLogger().handlers if type(one).__module__ == logs.__name__]
    handler.handle(logging.LogRecord("careless", logging.WARNING, "", 0, "%d sent", (NUMBER,), None))

    (line,) = lines(stream)

    assert (line["logger"], line["message"]) == ("careless", "%d sent")


def test_readable_line_has_time_level_event_and_fields() -> None:
    stream = configured("console")
    structlog.get_logger().info("ussd.turn", state="main", screen="1 Lapor\n2 Cek", input="", note="dua kata", ms=1.5)
    text = stream.getvalue()

    at = EVENING.astimezone().strftime("%H:%M:%S.123")

    assert text == f'{at} info     ussd.turn          state=main input="" note="dua kata" ms=1.5\n'


def test_readable_line_has_its_traceback_below() -> None:
    stream = configured("console")
    try:
        int("x")
    except ValueError:
        structlog.get_logger().error("sms.failed", exc_info=True)

    head, *rest = stream.getvalue().splitlines()

    assert head.endswith("error    sms.failed")
    assert rest[0] == "Traceback (most recent call last):"
    assert rest[-1] == "ValueError: invalid literal for int() with base 10: 'x'"


@pytest.mark.parametrize("typed", ["\x1b[2J", "a\nb", "\x9b2J", "\u202eabc", 'a"b c'])
def test_readable_line_quotes_control_characters(typed: str) -> None:
    shown = logs.readable({"at": "?", "level": "info", "event": "probe", "input": typed}, colours=False)

    assert shown.isprintable()
    assert json.loads(shown.split("input=")[1]) == typed


def test_readable_line_has_colours_on_a_terminal_only() -> None:
    line = {"at": "2026-11-23T20:41:05.123Z", "level": "error", "event": "probe"}

    assert "\033[31m" in logs.readable(line, colours=True)
    assert "\033" not in logs.readable(line, colours=False)
