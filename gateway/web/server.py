"""HTTP server of a process: its limits on strangers, and the headers that every answer has.

`web` is safe without a proxy in front of it: a client that sends nothing, or half a head, is hung up on, and a client
that opens many connections cannot keep others out.
"""

from __future__ import annotations

import asyncio
import os
import resource
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from aiohttp import web
from aiohttp.hdrs import SERVER
from aiohttp.web_server import Server

from gateway.text.errors import UserError
from gateway.web.hook_urls import authority
from gateway.web.server_log import ServerLog

HEAD_S = 10.0
"""Seconds that a client has for the head of its request, from its connection or its first byte."""
KEEP_ALIVE_S = 150.0
"""Seconds without a request before a connection is closed. Proxies keep theirs shorter: nginx 60, Caddy 120."""
BACKLOG = 1024
"""Connections that may wait to be accepted. A full queue makes the client's system wait one second and more."""
RESERVED_FILES = 128
"""Open files that connections leave to the stores, the carriers and the log."""
HEADERS = {SERVER: "Waspada", "X-Content-Type-Options": "nosniff"}
"""Headers of every answer. The first is there to replace that of aiohttp, which names the versions."""


class PortTaken(UserError):
    """Address cannot be listened on: another program does, or this machine does not have it."""


@asynccontextmanager
async def serve(
    app: web.Application, host: str, port: int, *, head_s: float = HEAD_S, most: int | None = None
) -> AsyncIterator[None]:
    """Serve `app` on a port while the block lasts. `host` is a name, or an address of IPv4 or IPv6.

    A client has `head_s` seconds for the head of a request, and `most` connections are open at a time: by default as
    many as the process may have files, less a reserve. Raises `PortTaken`.
    """
    app.on_response_prepare.append(_add_headers)
    runner = web.AppRunner(app, handle_signals=False, shutdown_timeout=5)
    await runner.setup()
    server, loop = cast(Server, runner.server), asyncio.get_running_loop()
    limits = head_s, _most_connections() if most is None else most
    try:
        listener = await loop.create_server(lambda: _Connection(server, loop, *limits), host, port, backlog=BACKLOG)
    except OSError as error:
        await runner.cleanup()
        reason = error.strerror if isinstance(error, socket.gaierror) else os.strerror(error.errno or 0)
        raise PortTaken(f"{authority(host, port)} cannot be listened on ({reason}); choose another --port") from None
    try:
        yield
    finally:
        listener.close()
        await runner.cleanup()


def _most_connections() -> int:
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if files == resource.RLIM_INFINITY else max(files - RESERVED_FILES, 1)


class _Connection(web.RequestHandler):
    """Connection of one client. It is closed if the client takes too long for the head of a request."""

    __slots__ = ("_head_s", "_most", "_server", "_too_late")

    def __init__(self, server: Server, loop: asyncio.AbstractEventLoop, head_s: float, most: int) -> None:
        """Bound the time of a head, `head_s` seconds, and the number of open connections of `server`, `most`."""
        # No carrier compresses its bodies. Without decompression, a broken body or a zip bomb causes no error here.
        super().__init__(
            server,
            loop=loop,
            access_log=None,  # type: ignore[arg-type]
            logger=ServerLog(),  # type: ignore[arg-type]
            auto_decompress=False,
            keepalive_timeout=KEEP_ALIVE_S,
        )
        self._server = server
        self._head_s = head_s
        self._most = most
        self._too_late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        connections = cast(list[_Connection], self._server.connections)
        super().connection_made(transport)
        if len(connections) >= self._most:
            # The oldest that waits for its client makes room. If all are at work, this one has to go.
            next((other for other in connections if other.is_waiting()), self).force_close()
        self._start_timer()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self.is_waiting():
            self._stop_timer()
        elif self._too_late is None:
            self._start_timer()

    def connection_lost(self, exc: BaseException | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def is_waiting(self) -> bool:
        """Return True if no request is under way: none has come, or only the beginning of its head."""
        return self._waiter is not None and not self._waiter.done()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer a malformed request, or one whose handler failed. The answer quotes nothing of the request."""
        response = super().handle_error(request, status, exc, None if status == 500 else "malformed request")
        response.headers.update(HEADERS)
        return response

    def _start_timer(self) -> None:
        self._too_late = self._loop.call_later(self._head_s, self._hang_up)

    def _stop_timer(self) -> None:
        if self._too_late is not None:
            self._too_late.cancel()
            self._too_late = None

    def _hang_up(self) -> None:
        self._too_late = None
        if self.is_waiting():
            self.force_close()


async def _add_headers(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)
