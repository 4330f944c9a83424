"""Liveness, readiness and metrics: `/healthz`, `/readyz`, `/metrics`."""

from __future__ import annotations

from aiohttp import web

from gateway.runtime.metrics import Metrics
from gateway.runtime.readiness import Readiness
from gateway.web.service_gauges import ServiceGauges


class Health:
    """Health pages. A store that does not take a write within a second is unavailable."""

    def __init__(self, readiness: Readiness, metrics: Metrics, gauges: ServiceGauges) -> None:
        self._readiness = readiness
        self._metrics = metrics
        self._gauges = gauges

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._metrics_page)

    async def _healthz(self, _: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def _readyz(self, _: web.Request) -> web.Response:
        faults = {name: str(fault) for name, fault in (await self._readiness.faults()).items()}
        return web.json_response({"ready": not faults, "away": faults}, status=503 if faults else 200)

    async def _metrics_page(self, _: web.Request) -> web.Response:
        await self._gauges.refresh()
        return web.Response(body=self._metrics.render(), headers={"Content-Type": self._metrics.content_type})
