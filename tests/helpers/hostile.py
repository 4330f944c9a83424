"""Hostile HTTP: requests of a stranger, made at random from a seed, and the answers that they get."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from gateway.carriers.form_body import FORM_TYPE

METHODS = [
    *(b"GET", b"POST", b"HEAD", b"PUT", b"DELETE", b"OPTIONS", b"PATCH", b"TRACE", b"CONNECT", b"PRI", b"PROPFIND"),
    *(b"get", b"GETT", b"G\0T", b"M-SEARCH", b"X" * 300, b"\xff"),
]
VERSIONS = [b"HTTP/1.1"] * 12 + [b"HTTP/1.0", b"HTTP/0.9", b"HTTP/2.0", b"HTTP/9.9", b"HTTP/1.1x", b"", b"ICAP/1.0"]
NAMES = [
    *(b"a" * 256, b"a" * 5000, b"a" * 9000, b"%00", b"%", b"%ZZ", b"%ff%fe", b"%u0041", b"..%2f..%2fphone.html"),
    *(
        b"../../phone.html",
        b"..",
        b".",
        b"/",
        b"//x/y",
        b"phone.css%00.png",
        b"phone.css/",
        b"%2e%2e/%2e%2e/etc/passwd",
    ),
    *(b"\xff\xfe", b"caf\xc3\xa9", b"a;b=c", b"?" + b"q=" * 2000, b"#x", b"%0d%0aX: y", b"phone.css", b"phone.js", b""),
]
HEADERS = [
    *(b"Range: " + value for value in (b"bytes=0-1", b"bytes=-0", b"bytes=5-2", b"bytes=a-b", b"bytes=0-1,3-4")),
    *(
        b"Range: " + value
        for value in (b"x=1", b"bytes=" + b"9" * 400 + b"-", b"bytes=0-" + b"9" * 5000, b"bytes=-", b"")
    ),
    *(b"Range: bytes=%d-" % n for n in (0, 10**6, 2**63, 2**64)),
    *(b"If-Modified-Since: " + value for value in (b"yesterday", b"Mon, 99 Nov 9999 99:99:99 GMT", b"0", b"\xff")),
    *(b"If-Unmodified-Since: " + value for value in (b"Thu, 01 Jan 1970 00:00:00 GMT", b"never", b"-1")),
    *(b"If-Range: " + value for value in (b'"x"', b"Thu, 32 Jan 1970", b"\xc3\xa9")),
    *(b"If-None-Match: " + value for value in (b"*", b'"', b'W/"x', b'"' + b"x" * 4000 + b'"', b"x,,,y")),
    *(b"If-Match: " + value for value in (b"*", b'"x"', b",", b'W/"')),
    *(b"Accept: " + value for value in (b"application/json", b"\xff", b";q=x", b"x" * 4000)),
    *(b"Accept-Encoding: " + value for value in (b"gzip", b"br;q=x", b"\xff", b"gzip, deflate, br, zstd, *;q=0")),
    *(
        b"Content-Type: " + value
        for value in (FORM_TYPE.encode(), b"multipart/form-data", b"multipart/form-data; boundary=x")
    ),
    *(
        b"Content-Type: " + value
        for value in (b"multipart/form-data; boundary=", b"multipart/x; boundary=" + b"x" * 300)
    ),
    *(
        b"Content-Type: " + value
        for value in (b"application/json", b"application/json; charset=bogus", b"/", b";", b"\xff")
    ),
    *(
        b"Content-Type: " + FORM_TYPE.encode() + b"; charset=" + value
        for value in (b"utf-16", b"bogus", b"base64", b"\0")
    ),
    *(
        b"Content-Encoding: " + value
        for value in (b"gzip", b"br", b"deflate", b"zstd", b"x", b"gzip, gzip", b"identity")
    ),
    *(b"Content-Length: " + value for value in (b"-1", b"1e3", b"+5", b"9" * 40, b"0x10", b"", b"5, 5", b"10000000")),
    *(b"Transfer-Encoding: " + value for value in (b"chunked", b"gzip, chunked", b"x", b"chunked, x", b"CHUNKED", b"")),
    *(b"Expect: " + value for value in (b"100-continue", b"200-ok", b"")),
    *(
        b"Upgrade: " + value
        for value in (b"websocket\r\nConnection: Upgrade", b"h2c\r\nConnection: Upgrade, HTTP2-Settings")
    ),
    *(b"Connection: " + value for value in (b"close", b"keep-alive", b"close, keep-alive", b"x" * 500)),
    *(
        b"Host: " + value
        for value in (b"a.example", b"", b"[", b"[::1", b"x:y:z", b"127.0.0.1:99999", b"\xff", b"a b", b"]")
    ),
    *(b"Cookie: " + value for value in (b"a=b; c", b"\0", b"=" * 3000, b"a=" + b"\xff" * 100)),
    *(b"X: " + b"x" * size for size in (8000, 9000, 70_000)),
    *(b"%s: x" % name for name in (b"", b"a b", b"\xff", b"(", b"x" * 9000)),
    *(
        b"no colon",
        b" folded",
        b"X: a\r\n b",
        b"X: \0",
        b"X: a\rb",
        b"apiKey: x",
        b"Authorization: Basic x",
        b"Referer: x",
    ),
    b"\r\n".join(b"X-%d: y" % n for n in range(200)),
]


def _is_plain(value: bytes) -> bool:
    return value.decode("latin-1").isprintable() and value.isascii() and b" " not in value[:1] and len(value) < 8000


PLAIN_NAMES = [name for name in NAMES if _is_plain(name)]
PLAIN_HEADERS = [
    header
    for header in HEADERS
    if header.startswith((b"Range", b"If-", b"Accept", b"Content-Type", b"Content-Encoding", b"Expect", b"Cookie"))
    and _is_plain(header)
]
BODIES = [
    *(
        b"",
        b"a",
        b"\0" * 50,
        b"{}",
        b"[" * 3000,
        b'{"a":' * 2000,
        b"null",
        b"\xff\xfe",
        b"username=x&to=%2B62&message=a",
    ),
    *(
        b"--x\r\n\r\na\r\n--x--",
        b"--x\r\nContent-Disposition: form-data\r\n\r\n",
        b'--x\r\nContent-Disposition: x; name="',
        b"--x",
    ),
    *(
        b"5\r\nhello\r\n0\r\n\r\n",
        b"z\r\n",
        b"-1\r\n\r\n",
        b"ffffffffffffffffff\r\n",
        b"5;" + b"x" * 9000 + b"\r\nhello",
        b"0\r\n",
    ),
    *(b'{"phone": "+62", "dial": "*1#"}', b'{"phone": "\\ud800", "dial": ""}', b'{"session": 1e999}', b"x" * 20_000),
    *(
        b'{"phone": "+6281230004567", "text": "\\u0000\\ud83d"}',
        b'{"no_answer": {"times": 1e400}}',
        b"username=%ff&to=&message=",
    ),
    *(b"\x1f\x8b\x08\0\0\0\0\0", b"GET / HTTP/1.1\r\n\r\n", b"&" * 5000, b"%" * 5000, b"=" * 5000),
]
GARBAGE = [
    *(
        b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\r\n\r\n\r\n",
        b"\0" * 100,
        b"GET",
    ),
    *(
        b"SSH-2.0-x\r\n",
        b"*1\r\n$4\r\nPING\r\n",
        b"GET /\r\n\r\n",
        b"GET  / HTTP/1.1\r\n\r\n",
        b"\xff" * 2000,
        b"a" * 100_000,
    ),
]


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """Answer to a hostile request, as bytes. Both are empty if the server hung up or kept silent."""

    request: bytes
    answer: bytes

    @property
    def status(self) -> int:
        return int(self.answer[9:12]) if self.answer.startswith(b"HTTP/1.") else 0

    @property
    def heads(self) -> list[bytes]:
        """Heads of all final answers on this connection."""
        return [
            part for part in self.answer.split(b"\r\n\r\n") if part.startswith(b"HTTP/1.") and b" 100 " not in part[:14]
        ]


def requests(seed: int, number: int, paths: Sequence[str]) -> Iterator[bytes]:
    """Make hostile requests to `paths`, the same ones for the same seed: two in three are HTTP, the others are not."""
    chance = random.Random(seed)
    for _ in range(number):
        yield _well_formed(chance, paths) if chance.random() < 0.66 else _broken(chance, paths)


def _well_formed(chance: random.Random, paths: Sequence[str]) -> bytes:
    """Make a request that a parser of HTTP takes, so that the routes have to cope with it."""
    path = chance.choice(paths).encode() + (chance.choice(PLAIN_NAMES) if chance.random() < 0.5 else b"")
    body = chance.choice(BODIES) if chance.random() < 0.6 else b""
    headers = {header.partition(b":")[0]: header for header in chance.choices(PLAIN_HEADERS, k=chance.randrange(4))}
    return _join([chance.choice(METHODS[:7]), path, b"HTTP/1.1"], [*headers.values(), *_framing(body)], body)


def _broken(chance: random.Random, paths: Sequence[str]) -> bytes:
    if chance.random() < 0.2:
        return chance.choice(GARBAGE)
    path = chance.choice(
        [*(path.encode() for path in paths), b"*", b"", b"http://x/", b"//", b"x", b"http://[/", b"\0"]
    )
    headers, body = chance.choices(HEADERS, k=chance.randrange(4)), chance.choice(BODIES)
    line = [chance.choice(METHODS), path + chance.choice(NAMES), chance.choice(VERSIONS)]
    whole = _join(line, [*headers, *(_framing(body) if chance.random() < 0.5 else [])], body)
    return whole[: chance.randrange(len(whole))] if chance.random() < 0.2 else whole


def _framing(body: bytes) -> list[bytes]:
    return [b"Host: 127.0.0.1", b"Content-Length: %d" % len(body)]


def _join(line: list[bytes], headers: list[bytes], body: bytes) -> bytes:
    return b"\r\n".join([b" ".join(line), *headers, b"", b""]) + body


async def attack(url: str, sent: bytes, patience_s: float = 1.5) -> RawAnswer:
    """Send the bytes, close our side, and return the answer. The server may keep silent for `patience_s` seconds."""
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    answer = bytearray()
    try:
        with suppress(ConnectionError):
            writer.write(sent)
            await writer.drain()
        with suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(patience_s):
                while piece := await reader.read(65_536):
                    answer += piece
                    if sent.startswith(b"HEAD") or _is_whole(bytes(answer)):
                        break
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
    return RawAnswer(sent, bytes(answer))


def _is_whole(answer: bytes) -> bool:
    head, blank, body = answer.partition(b"\r\n\r\n")
    length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0].strip()
    return bool(blank) and length.isdigit() and len(body) >= int(length)
