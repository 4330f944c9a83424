"""The only place where the parts are built and joined: the web app, the worker, and both in one with their own stores.

A carrier is one line in `CARRIERS`. Nothing registers itself, nothing is a global: what a part needs is handed to it.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal, TextIO

import aiohttp
import structlog
from aiohttp import web
from pydantic import SecretStr
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from gateway.carriers.africastalking import AfricasTalking
from gateway.carriers.carrier import Carrier
from gateway.carriers.handset import HookUrls
from gateway.carriers.local import LocalCarrier
from gateway.incidents.book import Book
from gateway.incidents.incident import ANSWERS, ON_THE_WAY, REQUIRED
from gateway.menu.checking import check
from gateway.menu.definition import Menu
from gateway.menu.engine import Limits
from gateway.menu.loading import PackRefused, load
from gateway.messages.inbox import Inbox
from gateway.messages.outbox import Outbox
from gateway.messages.receipts import Receipts
from gateway.messages.sending import Pace, Sender
from gateway.people.vault import Vault
from gateway.runtime import logs
from gateway.runtime.clock import Clock
from gateway.runtime.embedded import EmbeddedStores, addresses
from gateway.runtime.metrics import Metrics
from gateway.runtime.packs import read_pack
from gateway.runtime.postgres import Database, is_current, upgrade
from gateway.runtime.redis import Batcher
from gateway.runtime.secrets import Secrets, load_or_make
from gateway.runtime.secrets import load as load_secrets
from gateway.runtime.tail import Tail
from gateway.settings import ChannelSettings, Settings
from gateway.text.complaints import Complaint
from gateway.text.phone import mask_in
from gateway.ussd.filing import Filing
from gateway.ussd.sessions import Sessions
from gateway.ussd.turn import Service, Turns
from gateway.ussd.unfiled import UnfiledReports
from gateway.web.health import Health, NotReady
from gateway.web.phone import add_phone
from gateway.web.webhooks import LARGEST_BODY, Channel, Webhooks, hook_urls

log = structlog.get_logger()

HOUSEKEEPING_S = 5.0
LOCAL = "local"
LOCAL_SERVICE_CODE = "*384*3375#"
LOCAL_SHORT_CODE = "3375"


class TablesOutdated(NotReady):
    """The tables are not those of this release. Run: waspada db upgrade"""

    def __str__(self) -> str:
        return self.__doc__ or ""


class PortTaken(Exception):
    """Another program listens there already. Stop it, or choose another port with --port."""


# Carriers --------------------------------------------------------------------------------------------------


def _africastalking(name: str, channel: ChannelSettings, http: aiohttp.ClientSession) -> Carrier:
    return AfricasTalking(
        name,
        channel.username,
        channel.api_key.get_secret_value(),
        http,
        sender=channel.sender,
        api_url=channel.api_url,
    )


CARRIERS: Mapping[str, Callable[[str, ChannelSettings, aiohttp.ClientSession], Carrier]] = {
    "africastalking": _africastalking,
}


# Parts -----------------------------------------------------------------------------------------------------


def load_menu(pack: Path, channels: Mapping[str, ChannelSettings]) -> Menu:
    """The menu of a pack, proven for every channel. Raises `PackNotFound`, or `PackRefused` with all complaints."""
    menu = load(read_pack(pack))
    sizes = {channel.limit for channel in channels.values()} or {Limits().septets}
    complaints = [complaint for size in sorted(sizes) for complaint in check(menu, Limits(septets=size))]
    complaints += _record_complaints(menu)
    if complaints:
        raise PackRefused(complaints)
    return menu


def _record_complaints(menu: Menu) -> Iterator[Complaint]:
    """Answers that a pack keeps and the record of an incident has no place for, or the other way round."""
    kept = {state.keep: state for state in menu.states.values() if state.keep}
    for name in sorted(kept.keys() - ANSWERS - ON_THE_WAY):
        message = f"{name} has no place in an incident; known are {', '.join(sorted(ANSWERS))}"
        yield Complaint("flow.yaml", kept[name].line, message)
    for name in REQUIRED:
        if name not in kept:
            yield Complaint("flow.yaml", 0, f"no state keeps {name}, which every incident has")


@dataclass(frozen=True, slots=True)
class Parts:
    """What web and worker share in one process. Made by `process`, which also takes it apart again."""

    settings: Settings
    menu: Menu
    clock: Clock
    vault: Vault
    metrics: Metrics
    redis: Redis
    batcher: Batcher
    database: Database
    http: aiohttp.ClientSession
    channels: Mapping[str, Channel]

    @property
    def book(self) -> Book:
        return Book(self.database, self.vault, self.clock)

    @property
    def outbox(self) -> Outbox:
        return Outbox(self.database, self.vault, self.clock)

    @property
    def filing(self) -> Filing:
        unfiled = UnfiledReports(self.batcher, self.vault)
        return Filing(self.menu, self.book, unfiled, self.settings.sql_deadline_ms / 1000)


@asynccontextmanager
async def process(settings: Settings, stream: TextIO) -> AsyncIterator[Parts]:
    """The parts of one process, its log included, over stores that need not answer yet."""
    menu = load_menu(settings.pack, settings.channels)
    clock, metrics = Clock(), Metrics()
    logs.configure(
        format=_log_format(settings, stream), level=settings.log_level, mask=mask_in, stream=stream, clock=clock
    )
    async with AsyncExitStack() as stack:
        redis = redis_client(settings.redis_address)
        stack.push_async_callback(redis.aclose)
        tail = Tail(redis, metrics.log_lines_dropped.inc)
        stack.push_async_callback(tail.close)
        logs.copy_to(tail.put)
        stack.callback(logs.copy_to, None)
        http = await stack.enter_async_context(aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()))
        database = Database(settings.database_address, pool_size=settings.database_pool_size)
        stack.push_async_callback(database.close)
        batcher = Batcher(redis, settings.redis_deadline_ms / 1000)
        stack.push_async_callback(batcher.close)
        channels = {name: _channel(name, channel, http) for name, channel in settings.channels.items()}
        vault = Vault(settings.vault_key_bytes)
        yield Parts(settings, menu, clock, vault, metrics, redis, batcher, database, http, channels)


def _log_format(settings: Settings, stream: TextIO) -> Literal["json", "console"]:
    if settings.log_format != "auto":
        return settings.log_format
    return "console" if stream.isatty() else "json"


def redis_client(url: str) -> Redis:
    """A client that fails at once instead of trying again: every caller has a deadline and a way out."""
    return Redis.from_url(url, retry=Retry(NoBackoff(), 0), socket_timeout=None, socket_connect_timeout=1.0)


def _channel(name: str, channel: ChannelSettings, http: aiohttp.ClientSession) -> Channel:
    service = Service(name, channel.service_code, Limits(septets=channel.limit))
    return Channel(name, CARRIERS[channel.carrier](name, channel, http), channel.carrier, channel.secrets, service)


# Web -------------------------------------------------------------------------------------------------------


def web_app(parts: Parts) -> web.Application:
    """The webhooks and the health pages."""
    settings = parts.settings
    app = web.Application(client_max_size=LARGEST_BODY)
    turns = Turns(
        parts.menu,
        Sessions(parts.batcher, settings.session_ttl_s),
        parts.filing,
        parts.vault,
        parts.clock,
        parts.metrics,
    )
    receipts, inbox = Receipts(parts.database, parts.clock), Inbox(parts.database, parts.vault, parts.clock)
    Webhooks(parts.channels, turns, receipts, inbox, parts.metrics).add_to(app)

    async def redis_answers(seconds: float) -> None:
        async with asyncio.timeout(seconds):
            await parts.redis.ping()

    async def tables_are_there(seconds: float) -> None:
        if not await is_current(parts.database, deadline=seconds):
            raise TablesOutdated

    Health({"redis": redis_answers, "postgres": tables_are_there}, parts.metrics).add_to(app)
    return app


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


# Worker ----------------------------------------------------------------------------------------------------


@asynccontextmanager
async def working(parts: Parts) -> AsyncIterator[None]:
    """The worker while the block lasts: sends what is due, and files the reports that had to wait."""
    settings = parts.settings
    carriers = {name: channel.carrier for name, channel in parts.channels.items()}
    worker = f"{socket.gethostname()}:{os.getpid()}:{parts.clock.token()[:8]}"
    pace = Pace(
        batch=settings.send_batch,
        calls=settings.send_concurrency,
        idle=timedelta(milliseconds=settings.poll_ms),
        lost_after=timedelta(seconds=settings.claim_timeout_s),
        resend_after=timedelta(seconds=settings.unknown_resend_after_s),
    )
    sender = Sender(parts.outbox, carriers, parts.clock, worker, pace, parts.metrics)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(sender.run())
        housekeeping = tasks.create_task(_keep_house(parts.filing))
        try:
            yield
        finally:
            sender.stop()
            housekeeping.cancel()


async def _keep_house(filing: Filing) -> None:
    while True:
        try:
            await filing.file_kept()
        except Exception:
            log.exception("worker.housekeeping_failed")
        await asyncio.sleep(HOUSEKEEPING_S)


# The gateway that brings its own stores ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Running:
    """What `waspada run` has made: its address, and whether the built-in carrier and its phone are there."""

    url: str
    with_phone: bool

    def greeting(self) -> str:
        """What the terminal says once a phone may dial."""
        lines = [f"Waspada is ready on {self.url}"]
        if self.with_phone:
            lines.append(f"  A phone:   {self.url}/phone   or, in another terminal: .venv/bin/waspada dial")
        lines.append(f"  Webhooks:  {self.url}/hooks/<channel>/<secret>/…   whole: .venv/bin/waspada channels")
        lines.append("  The log:   .venv/bin/waspada logs -f     Ctrl-C stops; the data stays.")
        return "\n".join(lines)


@asynccontextmanager
async def everything(settings: Settings, stream: TextIO) -> AsyncIterator[Running]:
    """Stores, worker and web in one process, ready to be dialled. Without a channel there is the built-in one."""
    load_menu(settings.pack, settings.channels)  # refused before anything is started
    async with AsyncExitStack() as stack:
        if settings.redis_url is None or settings.database_url is None:
            stores = await EmbeddedStores.start(settings.data)
            stack.push_async_callback(stores.stop)
        url = f"http://{_reachable(settings.host)}:{settings.port}"
        completed = complete(settings, load_or_make(settings.data), url)
        await upgrade(completed.database_address)
        parts = await stack.enter_async_context(process(completed, stream))
        app = web_app(parts)
        with_phone = not settings.channels
        if with_phone:
            add_local_carrier(app, parts)
        await stack.enter_async_context(served(app, settings.host, settings.port))
        await stack.enter_async_context(working(parts))
        remember(settings.data, url)
        yield Running(url, with_phone)


def _reachable(host: str) -> str:
    return "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - compared, not bound


def complete(settings: Settings, secrets: Secrets, url: str) -> Settings:
    """The settings with what `run` brings itself, where they leave it open: stores, key, and the channel `local`."""
    redis_url, database_url = addresses(settings.data)
    brought = {
        "redis_url": settings.redis_url or SecretStr(redis_url),
        "database_url": settings.database_url or SecretStr(database_url),
        "vault_key": settings.vault_key or SecretStr(secrets.vault_key),
        "public_url": settings.public_url or url,
        "channels": settings.channels or {LOCAL: _local_channel(secrets, url)},
    }
    return settings.model_copy(update=brought)


def located(settings: Settings) -> Settings:
    """The settings of the gateway that a verb speaks of: over your own stores, or over those of the data folder."""
    if settings.database_url is not None and settings.redis_url is not None and settings.vault_key is not None:
        return settings
    url = recalled(settings.data) or f"http://{_reachable(settings.host)}:{settings.port}"
    return complete(settings, load_secrets(settings.data), url)


def _local_channel(secrets: Secrets, url: str) -> ChannelSettings:
    return ChannelSettings(
        carrier="africastalking",
        username="sandbox",
        api_key=SecretStr(secrets.local_api_key),
        sender=LOCAL_SHORT_CODE,
        api_url=f"{url}/local",
        secret=(SecretStr(secrets.channel_secret),),
        service_code=LOCAL_SERVICE_CODE,
        limit=Limits().septets,
    )


def channel_urls(settings: Settings, channel: str) -> dict[str, str]:
    """The webhook addresses of a channel, as its carrier reaches them."""
    base = settings.public_url or f"http://{_reachable(settings.host)}:{settings.port}"
    return hook_urls(base, channel, settings.channels[channel].secrets[0])


def add_local_carrier(app: web.Application, parts: Parts) -> None:
    """The built-in carrier and its phone, on the gateway's own port."""
    account = parts.settings.channels[LOCAL]
    LocalCarrier(
        parts.http,
        HookUrls(**channel_urls(parts.settings, LOCAL)),
        parts.clock,
        username=account.username,
        api_key=account.api_key.get_secret_value(),
        service_code=account.service_code,
        short_code=LOCAL_SHORT_CODE,
    ).add_to(app)
    add_phone(app, account.service_code)


def remember(data: Path, url: str) -> None:
    """Note the running gateway's address for the other verbs."""
    (data / "run").mkdir(parents=True, exist_ok=True)
    (data / "run" / "url").write_text(url)


def recalled(data: Path) -> str | None:
    """The address that was last noted; None where there is none."""
    try:
        return (data / "run" / "url").read_text()
    except OSError:
        return None
