"""Liveness, readiness and metrics: `/healthz`, `/readyz`, `/metrics`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from gateway.runtime.metrics import Metrics

Probe = Callable[[float], Awaitable[None]]
"""Function that returns when the store answers, and raises if it does not within so many seconds."""
PROBE_SECONDS = 1.0


class NotReady(Exception):
    """Error: a store answers, but cannot be used. The text is shown on the page."""


class Health:
    """Health pages. A store that does not answer its probe within a second is unavailable."""

    def __init__(self, probes: Mapping[str, Probe], metrics: Metrics) -> None:
        self._probes = probes
        self._metrics = metrics

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._metrics_page)

    async def _healthz(self, _: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def _readyz(self, _: web.Request) -> web.Response:
        reasons = dict(
            zip(self._probes, await asyncio.gather(*map(_failure_reason, self._probes.values())), strict=True)
        )
        unavailable = {name: reason for name, reason in reasons.items() if reason}
        return web.json_response({"ready": not unavailable, "away": unavailable}, status=503 if unavailable else 200)

    async def _metrics_page(self, _: web.Request) -> web.Response:
        return web.Response(body=self._metrics.render(), headers={"Content-Type": self._metrics.content_type})


async def _failure_reason(probe: Probe) -> str:
    try:
        await probe(PROBE_SECONDS)
    except NotReady as reason:
        return str(reason)
    except Exception as error:  # noqa: BLE001 - any failure of a probe means unavailable
        # The text of the error may name hosts and users, and the page is open to all.
        hangs = isinstance(error, TimeoutError) or isinstance(error.__cause__, TimeoutError)
        return f"It has not answered within {PROBE_SECONDS:g} s." if hangs else "It cannot be reached, or used."
    return ""
