"""What a process is made of: carriers, the menu, the stores, the vault. A carrier is one line in `CARRIERS`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TextIO

import aiohttp
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from gateway.carriers.africastalking import AfricasTalking
from gateway.carriers.carrier import Carrier
from gateway.incidents.book import Book
from gateway.incidents.incident import ANSWERS, ON_THE_WAY, REQUIRED
from gateway.menu.checking import check
from gateway.menu.definition import Menu
from gateway.menu.engine import Limits
from gateway.menu.loading import PackRefused, load
from gateway.messages.outbox import Outbox
from gateway.people.vault import Vault
from gateway.runtime import logs
from gateway.runtime.clock import Clock
from gateway.runtime.metrics import Metrics
from gateway.runtime.packs import read_pack
from gateway.runtime.postgres import Database
from gateway.runtime.redis import Batcher
from gateway.runtime.tail import Tail
from gateway.settings import ChannelSettings, Settings
from gateway.text.complaints import Complaint
from gateway.text.phone import mask_in
from gateway.ussd.filing import Filing
from gateway.ussd.turn import Service
from gateway.ussd.unfiled import UnfiledReports
from gateway.web.webhooks import Channel


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
    settings.require("redis_url", "database_url", "vault_key")
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
