"""What a process does with its parts: it serves webhooks, or it sends."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import structlog
from aiohttp import web

from gateway.appeals.running import Runner
from gateway.messages.channels import Channels
from gateway.messages.inbox import Inbox
from gateway.messages.rate import Rates
from gateway.messages.receipts import Receipts
from gateway.messages.sending import Pace, Sender
from gateway.runtime.postgres import DatabaseAway, is_current
from gateway.runtime.redis import RedisAway
from gateway.sms.post import Post
from gateway.ussd.dropped import Dropped
from gateway.ussd.filing import Filing
from gateway.web.health import Health, NotReady
from gateway.web.webhooks import LARGEST_BODY, Webhooks
from gateway.wiring.parts import Parts

log = structlog.get_logger()

HOUSEKEEPING_S = 5.0
APPEALS_S = 0.5


class TablesOutdated(NotReady):
    """The tables are not those of this release. Run: waspada db upgrade"""

    def __str__(self) -> str:
        return self.__doc__ or ""


class PortTaken(Exception):
    """Another program listens there already. Stop it, or choose another port with --port."""


def web_app(parts: Parts) -> web.Application:
    """The webhooks, the public page of the appeals, and the health pages."""
    app = web.Application(client_max_size=LARGEST_BODY)
    receipts, inbox = Receipts(parts.database, parts.clock), Inbox(parts.database, parts.vault, parts.clock)
    Webhooks(parts.channels, parts.turns, receipts, inbox, parts.metrics).add_to(app)
    parts.himbauan.add_to(app)
    health(parts).add_to(app)
    return app


def health_app(parts: Parts) -> web.Application:
    """The health pages alone, for a worker."""
    app = web.Application(client_max_size=LARGEST_BODY)
    health(parts).add_to(app)
    return app


def health(parts: Parts) -> Health:
    """Whether both stores can be used, and what this process has counted."""

    async def redis_answers(seconds: float) -> None:
        async with asyncio.timeout(seconds):
            await parts.redis.ping()

    async def tables_are_there(seconds: float) -> None:
        if not await is_current(parts.database, deadline=seconds):
            raise TablesOutdated

    return Health({"redis": redis_answers, "postgres": tables_are_there}, parts.metrics)


@asynccontextmanager
async def served(app: web.Application, host: str, port: int) -> AsyncIterator[None]:
    """`app` on a port while the block lasts. Raises `PortTaken`."""
    # No carrier compresses what it posts: so a body is what came, and a broken or swollen one is no error of ours.
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=5, auto_decompress=False)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        await runner.cleanup()
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            raise PortTaken(
                f"{host}:{port} cannot be listened on ({os.strerror(error.errno)}): choose another --port"
            ) from None
        raise
    try:
        yield
    finally:
        await runner.cleanup()


@asynccontextmanager
async def working(parts: Parts) -> AsyncIterator[None]:
    """The worker while the block lasts: sends what is due, and files the reports that had to wait."""
    settings = parts.settings
    carriers = {name: channel.carrier for name, channel in parts.channels.items()}
    worker = f"{socket.gethostname()}:{os.getpid()}:{parts.clock.token()[:8]}"
    pace = Pace(
        batch=settings.send_batch,
        recipients=settings.send_recipients,
        calls=settings.send_concurrency,
        idle=timedelta(milliseconds=settings.poll_ms),
        lost_after=timedelta(seconds=settings.claim_timeout_s),
        resend_after=timedelta(seconds=settings.unknown_resend_after_s),
    )
    rates = Rates(parts.batcher, parts.clock, {name: channel.rate for name, channel in settings.channels.items()})
    channels = Channels(parts.database, parts.clock)

    def quiet_until(at: datetime) -> datetime | None:
        return parts.editions.current.quiet_until(at)

    sender = Sender(parts.outbox, channels, carriers, parts.clock, worker, pace, parts.metrics, rates, quiet_until)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(sender.run())
        others = [
            tasks.create_task(_keep_house(parts.filing, parts.dropped)),
            tasks.create_task(_mind_the_post(parts.post, settings.poll_ms / 1000)),
            tasks.create_task(_keep_appeals_going(parts.runner)),
        ]
        try:
            yield
        finally:
            sender.stop()
            for task in others:
                task.cancel()


async def _mind_the_post(post: Post, poll_s: float) -> None:
    """Handle letters as they come. Where a store is away they wait."""
    while True:
        pause = poll_s
        try:
            await post.handle_all()
        except (DatabaseAway, RedisAway):
            pause = HOUSEKEEPING_S
        except Exception:
            log.exception("worker.post_failed")
            pause = HOUSEKEEPING_S
        await asyncio.sleep(pause)


async def _keep_appeals_going(runner: Runner) -> None:
    """Begin, expand, hold and end appeals as it is time to."""
    while True:
        pause = APPEALS_S
        try:
            if await runner.look():
                pause = 0.0
        except DatabaseAway:
            pause = HOUSEKEEPING_S
        except Exception:
            log.exception("worker.appeals_failed")
            pause = HOUSEKEEPING_S
        await asyncio.sleep(pause)


async def _keep_house(filing: Filing, dropped: Dropped) -> None:
    while True:
        for work in (filing.file_kept, dropped.look, dropped.forget_old):
            try:
                await work()
            except DatabaseAway:
                pass
            except Exception:
                log.exception("worker.housekeeping_failed")
        await asyncio.sleep(HOUSEKEEPING_S)
