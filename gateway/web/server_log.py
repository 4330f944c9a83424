"""Logger of aiohttp's server: a malformed request is one short warning.

Anybody may send bytes that are not HTTP, or hang up at once. aiohttp logs that as an error, with a traceback and the
path, which may contain the secret of a webhook if a carrier or a proxy made the mistake.
"""

from __future__ import annotations

import logging
from typing import Any

import structlog
from aiohttp import ClientConnectionResetError
from aiohttp.http import HttpProcessingError
from aiohttp.web_protocol import RequestPayloadError

log = structlog.get_logger()


class ServerLog(logging.LoggerAdapter[logging.Logger]):
    """Logger to be passed to aiohttp's server."""

    def __init__(self) -> None:
        super().__init__(logging.getLogger("aiohttp.server"))

    def exception(self, msg: object, *args: object, exc_info: Any = True, **kwargs: Any) -> None:
        """Log a short warning if the client is at fault, and the traceback otherwise."""
        if isinstance(exc_info, HttpProcessingError | RequestPayloadError | ClientConnectionResetError):
            log.warning("http.malformed", problem=type(exc_info).__name__)
        else:
            super().exception(msg, *args, exc_info=exc_info, **kwargs)
