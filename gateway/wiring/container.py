"""What a process is made of: carriers, the menu, the stores, the vault. A carrier is one line in `CARRIERS`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Literal, TextIO

import aiohttp
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from gateway.appeals.appeal import Brake, Price
from gateway.appeals.published import Publisher
from gateway.appeals.responses import note_stop
from gateway.appeals.worker import AppealWorker
from gateway.appeals.workflow import AppealSettings
from gateway.carriers.africastalking.callbacks import AfricasTalking
from gateway.carriers.carrier import Carrier
from gateway.incidents.drafts import Drafts
from gateway.incidents.reporter import Reporter
from gateway.incidents.store import IncidentStore
from gateway.incidents.ticket_attempts import TicketAttempts
from gateway.menu.model import Menu
from gateway.messages.inbox import Inbox
from gateway.messages.outbox import Outbox
from gateway.messages.suppression import OptOuts
from gateway.people.directory import Directory
from gateway.people.subscriptions import Subscriptions
from gateway.privacy.retention import Retention
from gateway.runtime import logs
from gateway.runtime.clock import Clock
from gateway.runtime.log_stream import LogStream
from gateway.runtime.metrics import Metrics
from gateway.runtime.postgres import Database
from gateway.runtime.redis import Pipeline
from gateway.settings import ChannelSettings, Settings
from gateway.sms.commands import Commands
from gateway.sms.handler import InboundHandler
from gateway.sms.inbound_queue import InboundQueue
from gateway.text.phone import mask_in
from gateway.ussd.dropped_sessions import DroppedSessions
from gateway.ussd.effects import Effects
from gateway.ussd.filing import Filing
from gateway.ussd.menu_versions import MenuVersions
from gateway.ussd.pending_reports import PendingReports
from gateway.ussd.sessions import Sessions
from gateway.ussd.turn import Service, TurnDeps, Turns
from gateway.vault.vault import Vault
from gateway.web.appeals_page import AppealsPage
from gateway.web.webhooks import STORED_WITHIN_S, Channel, without_secrets
from gateway.wiring.pack_loading import limits_of, load_menu
from gateway.wiring.pack_reload import watch_pack


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


@dataclass(frozen=True, slots=True)
class Services:
    """What web and worker share in one process. Made by `process`, which also takes it apart again."""

    settings: Settings
    editions: MenuVersions
    clock: Clock
    vault: Vault
    metrics: Metrics
    redis: Redis
    batcher: Pipeline
    database: Database
    http: aiohttp.ClientSession
    channels: Mapping[str, Channel]

    @property
    def book(self) -> IncidentStore:
        return IncidentStore(self.database, self.vault, self.clock)

    @property
    def outbox(self) -> Outbox:
        return Outbox(self.database, self.vault, self.clock)

    @property
    def filing(self) -> Filing:
        unfiled = PendingReports(self.batcher, self.vault)
        return Filing(self.editions, self.book, unfiled, self._service_codes, self._sql_deadline)

    @property
    def drafts(self) -> Drafts:
        return Drafts(self.database, self.vault, self.clock, self.book)

    @property
    def sessions(self) -> Sessions:
        return Sessions(self.batcher)

    @property
    def dropped(self) -> DroppedSessions:
        return DroppedSessions(
            self.batcher, self.sessions, self.editions, self.drafts, self.vault, self.clock, self._service_codes
        )

    @property
    def effects(self) -> Effects:
        return Effects(
            self.filing,
            Reporter(self.database, self.vault, self.clock),
            self.drafts,
            Subscriptions(self.database, self.vault, self.clock),
            self._opt_outs,
            TicketAttempts(self.batcher, self.vault),
            self._sql_deadline,
        )

    @property
    def turns(self) -> Turns:
        means = TurnDeps(self.editions, self.sessions, self.effects, self.dropped, self.vault, self.clock, self.metrics)
        return Turns(means, self.settings.session_ttl_s)

    @property
    def post(self) -> InboundHandler:
        reporter = Reporter(self.database, self.vault, self.clock)
        subscriptions = Subscriptions(self.database, self.vault, self.clock)
        return InboundHandler(
            InboundQueue(self.database, self.vault, self.clock),
            Commands(self.book, reporter, subscriptions, self._opt_outs, TicketAttempts(self.batcher, self.vault)),
            self.dropped,
            Directory(self.database, self.vault, self.clock),
            self.sessions,
            self.editions,
            self.vault,
            self.clock,
            self._service_codes,
            own_numbers=[sender for channel in self.settings.channels.values() if (sender := channel.sender)],
        )

    @property
    def _opt_outs(self) -> OptOuts:
        return OptOuts(self.database, self.vault, self.clock, note_stop)

    @property
    def inbox(self) -> Inbox:
        return Inbox(self.database, self.vault, self.clock, note_stop, STORED_WITHIN_S)

    @property
    def retention(self) -> Retention:
        return Retention(self.database, self.clock, timedelta(days=self.settings.retention_days))

    @property
    def publisher(self) -> Publisher:
        return Publisher(self.database, self._menu, self._service_codes)

    @property
    def himbauan(self) -> AppealsPage:
        return AppealsPage(self.publisher.latest, self._menu, self.clock)

    @property
    def runner(self) -> AppealWorker:
        return AppealWorker(self.database, self.clock, self._menu, appeal_terms(self.settings))

    def _menu(self) -> Menu:
        return self.editions.current

    @property
    def _service_codes(self) -> Mapping[str, str]:
        return {name: channel.service.service_code for name, channel in self.channels.items()}

    @property
    def _sql_deadline(self) -> float:
        return self.settings.sql_deadline_ms / 1000


def appeal_terms(settings: Settings) -> AppealSettings:
    """What the settings say of appeals."""
    amount, _, currency = (settings.part_cost or "").partition(" ")
    codes = {name: channel.service_code for name, channel in settings.channels.items()}
    price = Price(Decimal(amount), currency) if amount else None
    return AppealSettings(codes, price, Brake(share=settings.appeal_pause_share), settings.appeal_ahead)


@asynccontextmanager
async def open_services(settings: Settings, stream: TextIO) -> AsyncIterator[Services]:
    """The parts of one process, its log included, over stores that need not answer yet."""
    settings.require("redis_url", "database_url", "vault_key")
    menu = load_menu(settings.pack, settings.channels)
    clock, metrics = Clock(), Metrics()
    logs.configure(
        format=_log_format(settings, stream), level=settings.log_level, mask=_masked, stream=stream, clock=clock
    )
    async with AsyncExitStack() as stack:
        redis = redis_client(settings.redis_address)
        stack.push_async_callback(redis.aclose)
        tail = LogStream(redis, metrics.log_lines_dropped.inc)
        stack.push_async_callback(tail.close)
        logs.copy_to(tail.put)
        stack.callback(logs.copy_to, None)
        http = await stack.enter_async_context(aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()))
        database = Database(settings.database_address, pool_size=settings.database_pool_size)
        stack.push_async_callback(database.close)
        batcher = Pipeline(redis, settings.redis_deadline_ms / 1000)
        stack.push_async_callback(batcher.close)
        channels = {name: _channel(name, channel, http) for name, channel in settings.channels.items()}
        vault = Vault(settings.vault_key_bytes)
        editions = MenuVersions(menu)
        await stack.enter_async_context(watch_pack(settings.pack, settings.channels, editions))
        yield Services(settings, editions, clock, vault, metrics, redis, batcher, database, http, channels)


def _masked(text: str) -> str:
    """What may stand in a log: no whole number, no secret of a webhook."""
    return mask_in(without_secrets(text))


def _log_format(settings: Settings, stream: TextIO) -> Literal["json", "console"]:
    if settings.log_format != "auto":
        return settings.log_format
    return "console" if stream.isatty() else "json"


def redis_client(url: str) -> Redis:
    """A client that fails at once instead of trying again: every caller has a deadline and a way out."""
    return Redis.from_url(url, retry=Retry(NoBackoff(), 0), socket_timeout=None, socket_connect_timeout=1.0)


async def balances(settings: Settings, channels: Sequence[str]) -> list[str | None]:
    """What the account of each of these channels has left, where its carrier says so within seconds."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        accounts = [(name, settings.channels[name]) for name in channels]
        carriers = [CARRIERS[account.carrier](name, account, http) for name, account in accounts]
        return await asyncio.gather(*(carrier.balance() for carrier in carriers))


def _channel(name: str, channel: ChannelSettings, http: aiohttp.ClientSession) -> Channel:
    service = Service(name, channel.service_code, limits_of(channel))
    return Channel(name, CARRIERS[channel.carrier](name, channel, http), channel.secrets, service)
