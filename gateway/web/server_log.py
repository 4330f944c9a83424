"""What aiohttp's server has to say of itself, told as our log tells things.

Anybody may send what is no HTTP. aiohttp calls that an error and quotes it with a traceback: the path would stand
there, and in it the secret of a webhook whose carrier, or proxy, has made a slip. It is one short warning here.
"""

from __future__ import annotations

import logging
from typing import Any

import structlog
from aiohttp.http import HttpProcessingError
from aiohttp.web_protocol import RequestPayloadError

log = structlog.get_logger()


class ServerLog(logging.LoggerAdapter[logging.Logger]):
    """The logger to be given to aiohttp's server."""

    def __init__(self) -> None:
        super().__init__(logging.getLogger("aiohttp.server"))

    def exception(self, msg: object, *args: object, exc_info: Any = True, **kwargs: Any) -> None:
        """A warning without a traceback where the client is at fault, and what aiohttp says otherwise."""
        if isinstance(exc_info, HttpProcessingError | RequestPayloadError):
            log.warning("http.malformed", problem=type(exc_info).__name__)
        else:
            super().exception(msg, *args, exc_info=exc_info, **kwargs)
