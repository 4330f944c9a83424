"""Structured log: one JSON object per line, masked, cheap enough for every turn of every dialogue.

A record is captured at once and rendered a tenth of a second later, in a batch: rendering lines one after the other
costs half of rendering each between two turns. A batch is one write, and goes to the live tail too
(`gateway.runtime.log_stream`). A warning, or worse, flushes everything at once; so do a line of a thread or a program
without an event loop, and the end of the process.

The configuration of structlog and logging belongs to the process, and so does the output here: it is also used by
loggers that modules created long before `configure`.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import logging
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from types import TracebackType
from typing import Any, Literal, NoReturn, TextIO

import structlog
from pydantic_core import to_json

from gateway.runtime.clock import Clock

Level = Literal["debug", "info", "warning", "error", "critical"]
LEVELS: Mapping[str, int] = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}

FLUSH_S = 0.1
_SHORTEST_NUMBER = 9  # a text or an integer with fewer digits is no phone number
_HARMLESS = frozenset({float, bool, type(None)})
_UNCHANGING = _HARMLESS | {str, int}
_REMEMBERED = 4096
_LONGEST_REMEMBERED = 256

Mask = Callable[[str], str]
CopyTarget = Callable[[Sequence[bytes]], None]
ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def configure(*, format: Literal["json", "console"], level: Level, mask: Mask, stream: TextIO, clock: Clock) -> None:
    """Write every line from `level` on to `stream`, also those of libraries from `info` on.

    `mask` removes the phone numbers of a text. It is called once for each text that may contain one.
    """
    _output.flush()
    record = _Recorder(mask, clock)
    _output.write_to(stream, format, record.line)
    _processors[:] = [record]
    structlog.configure(
        processors=_processors,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: _output,
        cache_logger_on_first_use=True,
    )
    # Handlers of others stay (pytest has one), and that of an earlier `configure` goes.
    root = logging.getLogger()
    root.handlers[:] = [
        *(handler for handler in root.handlers if not isinstance(handler, _LibraryHandler)),
        _LibraryHandler(record),
    ]
    root.setLevel(max(LEVELS[level], logging.INFO))
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells its context at each look at the tables
    atexit.unregister(flush)
    atexit.register(flush)


def silence() -> None:
    """Write no line: a verb of the command has an output of its own."""
    _processors[:] = [_drop]  # the same list, which loggers have kept since their first line
    structlog.configure(processors=_processors)


def _drop(_logger: object, _level: str, _fields: Any) -> NoReturn:
    raise structlog.DropEvent


def flush() -> None:
    _output.flush()


def copy_to(target: CopyTarget | None) -> None:
    """Pass every batch of lines to `target` too, until None is passed. It must not block, raise or log."""
    _output.flush()
    _output.copy = target


def readable(line: Mapping[str, Any], colours: bool, zone: tzinfo | None = None, now: datetime | None = None) -> str:
    """Format a line for a person: time, level, event, fields. The screen is left out: it takes half a page.

    The time is that of `local_time`.
    """
    known = {"at", "level", "event", "screen", "exception"}
    level = str(line.get("level", ""))
    colour, dim, end = (_COLOURS.get(level, ""), "\033[2m", "\033[0m") if colours else ("", "", "")
    at = local_time(str(line.get("at", "")), zone, now)
    fields = " ".join(f"{dim}{key}={end}{_printable(value)}" for key, value in line.items() if key not in known)
    text = f"{dim}{at}{end} {colour}{level:<8}{end} {_printable(line.get('event', '')):<18} {fields}".rstrip()
    return f"{text}\n{line['exception']}" if "exception" in line else text


_COLOURS = {"warning": "\033[33m", "error": "\033[31m", "critical": "\033[31;1m"}


def local_time(at: str, zone: tzinfo | None = None, now: datetime | None = None) -> str:
    """Return the time of a line in a zone, or in that of the machine. A line of another day than `now` has its date."""
    try:
        local = datetime.fromisoformat(at).astimezone(zone)
    except ValueError:
        return at
    is_today = now is None or local.date() == now.astimezone(zone).date()
    return local.strftime("%H:%M:%S.%f" if is_today else "%Y-%m-%d %H:%M:%S.%f")[:-3]


def _printable(value: object) -> str:
    """Quote a value if it has spaces or control characters: no typed text may control the terminal."""
    if isinstance(value, str) and value.isprintable() and value and not set(value) & set(' "='):
        return value
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=not value.replace("\n", "").isprintable())
    return json.dumps(value)


Record = tuple[datetime, str, Mapping[str, Any]]  # time, level, and the fields, with the event among them


class _Recorder:
    """Processor of structlog: captures an event with its fields, and later renders it as a line of masked JSON."""

    def __init__(self, mask: Mask, clock: Clock) -> None:
        self._mask = mask
        self._clock = clock
        self._clean: set[str] = set()  # cache of texts without a number: screens and session ids are logged often

    def __call__(self, _logger: object, level: str, fields: Mapping[str, Any]) -> tuple[tuple[Record], dict[str, Any]]:
        return (self.capture(level, fields),), {}

    def capture(self, level: str, fields: Mapping[str, Any]) -> Record:
        """Return the record. Values that may change until it is rendered are converted now."""
        if "exc_info" not in fields and _UNCHANGING.issuperset(map(type, fields.values())):
            return self._clock.now(), level, fields
        # The slow path, for errors and collections: they may change before the batch is rendered.
        changing = [name for name, value in fields.items() if type(value) not in _UNCHANGING or name == "exc_info"]
        still = {name: value for name, value in fields.items() if name not in changing}
        for name in changing:
            if name == "exc_info":
                still["exception"] = _traceback(fields[name])
            else:
                still[name] = self._to_json_type(fields[name])
        return self._clock.now(), level, still

    def line(self, record: Record) -> bytes:
        now, level, fields = record
        at = now.isoformat("T", "milliseconds")[:23] + "Z"
        line: dict[str, Any] = {"at": at, "level": level, "event": "", **fields}
        for name, value in fields.items():
            kind = type(value)
            if kind is str:
                # The same test as in `_mask_cached`, inline: a call per field costs more than the test.
                if len(value) >= _SHORTEST_NUMBER and value not in self._clean:
                    line[name] = self._mask_cached(value)
            elif kind not in _HARMLESS:
                line[name] = self._to_json_type(value)
        return _json(line)

    def _mask_cached(self, text: str) -> str:
        if len(text) < _SHORTEST_NUMBER or text in self._clean:
            return text
        masked = self._mask(text)
        if masked == text and len(text) <= _LONGEST_REMEMBERED:
            # Emptied rather than evicted one by one: it fills up again within seconds.
            if len(self._clean) >= _REMEMBERED:
                self._clean.clear()
            self._clean.add(text)
        return masked

    def _to_json_type(self, value: Any) -> Any:
        """Convert `value` to JSON types, masked. An object becomes its `repr`: a `Phone` must not be taken apart."""
        if isinstance(value, str):
            return self._mask_cached(str(value))
        if value is None or isinstance(value, bool | float):
            return value
        if isinstance(value, int):
            text = str(value)
            return value if len(text) < _SHORTEST_NUMBER or self._mask(text) == text else self._mask(text)
        if isinstance(value, Mapping):
            return {self._mask_cached(str(key)): self._to_json_type(item) for key, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._to_json_type(item) for item in value]
        if isinstance(value, datetime):
            return value.isoformat()
        return self._mask_cached(repr(value))


def _json(line: dict[str, Any]) -> bytes:
    try:
        return to_json(line, inf_nan_mode="null")
    except ValueError:  # half a surrogate pair cannot be encoded in UTF-8
        return json.dumps(line).encode()


def _traceback(exc_info: BaseException | ExcInfo | bool | None) -> str:
    error = exc_info if isinstance(exc_info, BaseException) else None
    if isinstance(exc_info, tuple):
        error = exc_info[1]
    elif exc_info is True:
        error = sys.exception()
    return "".join(traceback.format_exception(error)).rstrip() if error else ""


class _Output:
    """Logger of structlog: collects records and writes them in batches."""

    def __init__(self) -> None:
        self.copy: CopyTarget | None = None
        self._stream: TextIO | None = None
        self._readable = False
        self._records: deque[Record] = deque()
        self._line: Callable[[Record], bytes] = lambda _: b""
        self._due_on: asyncio.AbstractEventLoop | None = None
        self._writing = threading.RLock()  # the garbage collector may log during a write

    def write_to(self, stream: TextIO, format: Literal["json", "console"], line: Callable[[Record], bytes]) -> None:
        self._stream = stream
        self._line = line
        self._readable = format == "console"

    def collect(self, record: Record) -> None:
        self._records.append(record)
        if self._due_on is not None and not self._due_on.is_closed():
            return  # a flush is scheduled already; asking for the running loop is a system call
        try:
            self._due_on = asyncio.get_running_loop()
        except RuntimeError:
            self.flush()
        else:
            self._due_on.call_later(FLUSH_S, self.flush)

    def write(self, record: Record) -> None:
        self._records.append(record)
        self.flush()

    debug = info = collect
    warning = error = critical = write

    def flush(self) -> None:
        with self._writing:
            self._due_on = None
            # Only the records of now: rendering one may log another, which is for the next batch.
            lines = [self._line(self._records.popleft()) for _ in range(len(self._records))]
            if not lines:
                return
            self._put(lines)
            if self.copy:
                self.copy(lines)

    def _put(self, lines: list[bytes]) -> None:
        if self._stream is None:
            return
        try:
            if self._readable:
                colours = self._stream.isatty()
                text = "\n".join(readable(json.loads(line), colours) for line in lines)
            else:
                text = b"\n".join(lines).decode()
            self._stream.write(text + "\n")
            self._stream.flush()
        except (OSError, ValueError):  # the terminal is closed, or the disk is full: nothing is left to report to
            pass


class _LibraryHandler(logging.Handler):
    """Handler of the standard library's loggers: event `log`, with `logger` and `message`."""

    def __init__(self, record: _Recorder) -> None:
        super().__init__()
        self._record = record

    def emit(self, record: logging.LogRecord) -> None:
        try:
            message = record.getMessage()
        except (TypeError, ValueError, KeyError):  # the placeholders and values of the library do not match
            message = str(record.msg)
        fields: dict[str, Any] = {"event": "log", "logger": record.name, "message": message}
        if record.exc_info:
            fields["exc_info"] = record.exc_info
        level = next((name for name, number in LEVELS.items() if record.levelno <= number), "critical")
        put = _output.collect if LEVELS[level] < logging.WARNING else _output.write
        put(self._record.capture(level, fields))


_output = _Output()
_processors: list[Any] = []
"""Always the same list object: structlog's `capture_logs` works through it, for early loggers too."""
