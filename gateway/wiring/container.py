"""Service container of a process: carriers, menu, stores, vault."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from typing import Literal, TextIO

import aiohttp
from redis.asyncio import Redis

from gateway.appeals.responses import record_stop
from gateway.incidents.desk_questions import DeskQuestions
from gateway.incidents.drafts import DraftStore
from gateway.incidents.operator_actions import IncidentActions
from gateway.incidents.reporter import Reporter
from gateway.incidents.store import IncidentStore
from gateway.incidents.ticket_attempts import TicketAttempts
from gateway.menu.definitions.roles import duty_roles
from gateway.menu.model import Menu
from gateway.messages.channel_state import Channels
from gateway.messages.inbox import Inbox
from gateway.messages.operator_actions import OperatorActions
from gateway.messages.outbox import Outbox
from gateway.messages.quiet_now import QuietNow
from gateway.messages.receipts import Receipts
from gateway.messages.sending.rate_limiter import RateLimiter
from gateway.messages.sending.sender import Sender
from gateway.messages.suppression import OptOuts
from gateway.people.directory import Directory
from gateway.people.subscriptions import Subscriptions
from gateway.privacy.erasure import Eraser
from gateway.privacy.retention import Retention
from gateway.runtime import logs
from gateway.runtime.clock import Clock
from gateway.runtime.log_stream import LogStream
from gateway.runtime.metrics import Metrics
from gateway.runtime.postgres import Database
from gateway.runtime.redis import Pipeline, redis_client
from gateway.runtime.redis_file import RedisFile
from gateway.settings import ChannelSettings, Settings
from gateway.sms.commands import Commands
from gateway.sms.desk_answers import DeskAnswers
from gateway.sms.desk_inbox import DeskInbox
from gateway.sms.handler import InboundHandler
from gateway.sms.inbound_queue import InboundQueue
from gateway.sms.long_sms import LongSms
from gateway.ussd.dropped_sessions import DroppedSessions
from gateway.ussd.effects import Effects
from gateway.ussd.filing import Filing
from gateway.ussd.menu_versions import MenuVersions
from gateway.ussd.pending_reports import UNCOMPLETED, PendingReports
from gateway.ussd.sessions import SessionStore
from gateway.ussd.turn import TurnDeps, TurnHandler, UssdService
from gateway.vault.vault import Vault
from gateway.web.appeals_page import AppealsPage
from gateway.web.webhooks import STORE_TIMEOUT_S, Channel
from gateway.wiring.appeal_services import AppealServices, appeal_settings
from gateway.wiring.carriers import CARRIERS, Carriers, build_carrier
from gateway.wiring.live_log import mask_for_log
from gateway.wiring.pack_loading import limits_of, load_menu
from gateway.wiring.pack_reload import watch_pack
from gateway.wiring.readiness import readiness_of
from gateway.wiring.service_gauges import ServiceCounts
from gateway.wiring.service_options import sender_options, worker_name

CALLBACK_CONNECTIONS = 2
"""Connections to PostgreSQL for what carriers bring: one for delivery reports, one for the rest."""


class Services:
    """Services of one process, each built once. Web and worker of the same process share them.

    `open_services` opens the stores and closes them again.
    """

    def __init__(
        self,
        settings: Settings,
        versions: MenuVersions,
        clock: Clock,
        metrics: Metrics,
        redis: Redis,
        pipeline: Pipeline,
        database: Database,
        callback_database: Database,
        http: aiohttp.ClientSession,
        carriers: Carriers,
    ) -> None:
        self.settings = settings
        self.versions = versions
        self.clock = clock
        self.metrics = metrics
        self.redis = redis
        self.pipeline = pipeline
        self.database = database
        self.callback_database = callback_database
        self.http = http
        self.vault = Vault(settings.vault_key_bytes)
        self.redis_file = RedisFile(redis)
        self.readiness = readiness_of(redis, database, self.vault, clock)
        self.channels = {
            name: _build_channel(name, channel, http, versions.current.region, carriers)
            for name, channel in settings.channels.items()
        }
        self._codes = {name: channel.service.service_code for name, channel in self.channels.items()}
        # In this order: the later ones need the earlier ones.
        self._build_stores()
        self.appeals = AppealServices(database, self.vault, clock, self._current_menu, appeal_settings(settings))
        self._build_ussd()
        self._build_sms()
        self._build_sending()
        self._build_gauges()
        self.appeals_page = AppealsPage(self.appeals.published.list_published, self._current_menu, clock)

    def _build_stores(self) -> None:
        database, vault, clock = self.database, self.vault, self.clock
        self.incidents = IncidentStore(
            database,
            vault,
            clock,
            self._count_report,
            self._duty_roles,
            is_restricted=lambda category: self._current_menu().is_restricted(category),
        )
        self.incident_actions = IncidentActions(database, vault, clock)
        self.desk_questions = DeskQuestions(database, vault, clock)
        self.drafts = DraftStore(database, vault, clock, self.incidents)
        self.reporter = Reporter(database, vault, clock)
        self.directory = Directory(database, vault, clock)
        self.subscriptions = Subscriptions(database, vault, clock)
        self.opt_outs = OptOuts(database, vault, clock, record_stop)
        self.outbox = Outbox(database, vault, clock)
        self.operator_actions = OperatorActions(database, vault, clock)
        self.channel_state = Channels(database, clock)
        # Carriers wait for an answer to what they bring, so these two have a deadline and connections of their own:
        # neither waits for a connection that the sender of an appeal uses, nor the sender for theirs.
        self.receipts = Receipts(self.callback_database, clock, STORE_TIMEOUT_S)
        self.inbox = Inbox(self.callback_database, vault, clock, record_stop, STORE_TIMEOUT_S)
        self.inbound_queue = InboundQueue(database, vault, clock)
        self.desk_inbox = DeskInbox(database, vault, clock, self.incidents, self._current_menu, self._codes)
        self.eraser = Eraser(database, vault, clock)
        self.retention = Retention(database, clock, timedelta(days=self.settings.retention_days))
        self.sessions = SessionStore(self.pipeline)
        self.pending_reports = PendingReports(self.pipeline, vault)
        self.pending_answers = PendingReports(self.pipeline, vault, UNCOMPLETED)
        self.ticket_attempts = TicketAttempts(self.pipeline, vault)

    def _build_ussd(self) -> None:
        deadline_s = self.settings.sql_deadline_ms / 1000
        self.filing = Filing(
            self.versions, self.incidents, self.pending_reports, self.pending_answers, self._codes, deadline_s
        )
        self.dropped_sessions = DroppedSessions(
            self.pipeline,
            self.sessions,
            self.versions,
            self.drafts,
            self.filing,
            self.inbox,
            self.vault,
            self.clock,
            self._codes,
        )
        self.effects = Effects(
            self.filing,
            self.reporter,
            self.drafts,
            self.subscriptions,
            self.opt_outs,
            self.ticket_attempts,
            deadline_s,
        )
        deps = TurnDeps(
            self.versions,
            self.sessions,
            self.effects,
            self.dropped_sessions,
            self.vault,
            self.clock,
            self.metrics,
            self.appeals.latest.values,
        )
        self.turns = TurnHandler(deps, self.settings.session_ttl_s)

    def _build_sms(self) -> None:
        self.commands = Commands(
            self.incidents,
            self.reporter,
            self.subscriptions,
            self.opt_outs,
            self.ticket_attempts,
            self.vault,
            self.appeals.published,
        )
        self.inbound_handler = InboundHandler(
            self.inbound_queue,
            self.commands,
            LongSms(self.reporter),
            DeskAnswers(self.desk_questions),
            self.dropped_sessions,
            self.directory,
            self.sessions,
            self.versions,
            self.vault,
            self.clock,
            self._codes,
            own_numbers=[sender for channel in self.settings.channels.values() if (sender := channel.sender)],
        )

    def _build_sending(self) -> None:
        rates = {name: channel.rate for name, channel in self.settings.channels.items()}
        self.rate_limiter = RateLimiter(self.pipeline, self.clock, rates)
        self.sender = Sender(
            self.outbox,
            self.channel_state,
            {name: channel.carrier for name, channel in self.channels.items()},
            self.clock,
            worker_name(self.clock),  # unique to this process: it is the proof of its claims
            sender_options(self.settings),
            self.metrics,
            self.rate_limiter,
            self._quiet_now,
        )

    def _build_gauges(self) -> None:
        counts = ServiceCounts(
            self.database,
            self.clock,
            self.channels,
            self.drafts,
            self.inbound_queue,
            self.outbox,
            self.channel_state,
            self.pending_reports,
        )
        self.gauges = counts.gauges(self.clock.monotonic)
        self.metrics.add(self.gauges)
        for category in self._current_menu().categories:
            self.metrics.reports.labels(category)  # 0 from the start, so that the first report is an increase

    def _count_report(self, category: str) -> None:
        self.metrics.reports.labels(category).inc()

    # Services get the menu through a function, since the pack may be reloaded at any time.
    def _current_menu(self) -> Menu:
        return self.versions.current

    def _duty_roles(self) -> Sequence[str]:
        return duty_roles(self._current_menu().roles)

    def _quiet_now(self, at: datetime) -> QuietNow:
        menu = self._current_menu()
        return QuietNow(at.astimezone(menu.timezone).time(), menu.quiet_until(at))


@asynccontextmanager
async def open_services(
    settings: Settings,
    stream: TextIO,
    *,
    clock: Clock | None = None,
    menu: Menu | None = None,
    carriers: Carriers = CARRIERS,
) -> AsyncIterator[Services]:
    """Open the stores of one process, configure its log and build its services. The stores need not answer yet.

    `menu` is a pack that is loaded already. Without it, the pack of the settings is loaded, and reloaded when it
    changes. `carriers` is the table that channels find their carriers in. Raises `PackNotFound` and `PackRefused`, and
    `SettingsRefused` if an address or the key is missing.
    """
    settings.require("redis_url", "database_url", "vault_key")
    clock, metrics = clock or Clock(), Metrics()
    versions = MenuVersions(menu or load_menu(settings.pack, settings.channels))
    log_format = _log_format(settings, stream)
    logs.configure(format=log_format, level=settings.log_level, mask=mask_for_log, stream=stream, clock=clock)
    async with AsyncExitStack() as stack:
        # Closed in the reverse order: the log stream sends its last lines before its Redis client closes.
        redis = redis_client(settings.redis_address)
        stack.push_async_callback(redis.aclose)
        log_stream = LogStream(redis, metrics.log_lines_dropped.inc)
        stack.push_async_callback(log_stream.close)
        logs.copy_to(log_stream.put)
        stack.callback(logs.copy_to, None)
        # One client session for all carriers, without cookies: requests to two accounts must not share state.
        http = await stack.enter_async_context(aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()))
        database = Database(settings.database_address, pool_size=settings.database_pool_size)
        stack.push_async_callback(database.close)
        callback_database = Database(settings.database_address, pool_size=CALLBACK_CONNECTIONS)
        stack.push_async_callback(callback_database.close)
        pipeline = Pipeline(redis, settings.redis_deadline_ms / 1000)
        stack.push_async_callback(pipeline.close)
        if menu is None:
            await stack.enter_async_context(watch_pack(settings.pack, settings.channels, versions))
        yield Services(settings, versions, clock, metrics, redis, pipeline, database, callback_database, http, carriers)


def _log_format(settings: Settings, stream: TextIO) -> Literal["json", "console"]:
    if settings.log_format != "auto":
        return settings.log_format
    return "console" if stream.isatty() else "json"


def _build_channel(
    name: str, channel: ChannelSettings, http: aiohttp.ClientSession, region: str, carriers: Carriers
) -> Channel:
    service = UssdService(name, channel.service_code, limits_of(channel))
    return Channel(name, build_carrier(name, channel, http, region, carriers), channel.secrets, service)
