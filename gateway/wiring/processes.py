"""Processes of the gateway: web application, health pages, and the loops of the worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

import structlog
from aiohttp import web

from gateway.appeals.latest import REFRESH_S
from gateway.runtime.postgres import DatabaseUnavailable
from gateway.runtime.redis import RedisUnavailable
from gateway.web.health import Health
from gateway.web.webhooks import MAX_BODY, Webhooks
from gateway.wiring.container import Services

log = structlog.get_logger()

HOUSEKEEPING_S = 5.0
APPEALS_S = 0.5
RETENTION_S = 6 * 60 * 60.0
RETRY_S = 5.0  # after a failure
WATCH_S = 10.0
REDIS_FILE_S = 10 * 60.0  # to ask again; it is rewritten once an hour


def web_app(services: Services) -> web.Application:
    """Return the web application: webhooks, the public page of appeals, and the health pages."""
    app = web.Application(client_max_size=MAX_BODY)
    Webhooks(services.channels, services.turns, services.receipts, services.inbox, services.metrics).add_to(app)
    services.appeals_page.add_to(app)
    Health(services.readiness, services.metrics, services.gauges).add_to(app)
    return app


def health_app(services: Services) -> web.Application:
    """Return the application of a worker: the health pages alone."""
    app = web.Application(client_max_size=MAX_BODY)
    Health(services.readiness, services.metrics, services.gauges).add_to(app)
    return app


@asynccontextmanager
async def watch_stores(services: Services) -> AsyncIterator[None]:
    """Probe the stores every ten seconds while the block lasts, and read the latest appeals for the screens.

    The log then says why a store cannot be used.
    """
    watches = [
        asyncio.create_task(run_periodically("stores", services.readiness.faults, WATCH_S)),
        asyncio.create_task(run_periodically("latest appeals", services.appeals.latest.refresh, REFRESH_S)),
    ]
    try:
        yield
    finally:
        for watch in watches:
            watch.cancel()
        await asyncio.gather(*watches, return_exceptions=True)


@asynccontextmanager
async def run_worker(services: Services) -> AsyncIterator[None]:
    """Run the worker while the block lasts: the sender, and every periodic task of the gateway.

    Services have one worker in their life: a sender that was stopped does not start again.
    """
    poll_s = services.settings.poll_ms / 1000
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(services.sender.run())
        others = [
            tasks.create_task(run_periodically(name, work, rest_s))
            for name, work, rest_s in (
                ("post", services.inbound_handler.handle_all, poll_s),
                ("appeals", services.appeals.worker.run_once, APPEALS_S),
                ("kept reports", services.filing.file_pending, HOUSEKEEPING_S),
                ("kept answers", services.filing.complete_pending, HOUSEKEEPING_S),
                ("dropped dialogues", services.dropped_sessions.sweep, HOUSEKEEPING_S),
                ("old drafts", services.dropped_sessions.expire_drafts, HOUSEKEEPING_S),
                ("redis file", services.redis_file.rewrite, REDIS_FILE_S),
                ("retention", partial(services.retention.purge, "worker"), RETENTION_S),
            )
        ]
        try:
            yield
        finally:
            services.sender.stop()
            for task in others:
                task.cancel()


async def run_periodically(
    name: str, work: Callable[[], Awaitable[object]], rest_s: float, retry_s: float = RETRY_S
) -> None:
    """Do `work` for ever, `rest_s` seconds apart, or without a pause while it returns True.

    Waits `retry_s` seconds while a store is unavailable, and after any other failure, which is logged. Never ends by
    itself.
    """
    while True:
        pause = rest_s
        try:
            if await work() is True:
                pause = 0.0
        except (DatabaseUnavailable, RedisUnavailable):
            pause = max(rest_s, retry_s)
        except Exception:
            log.exception("worker.failed", work=name)
            pause = max(rest_s, retry_s)
        await asyncio.sleep(pause)
