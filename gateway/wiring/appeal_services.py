"""Services of appeals, for the processes and for the command."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

from gateway.appeals.appeal import AutoPause, Price
from gateway.appeals.latest import LatestAppeals
from gateway.appeals.published import PublishedAppeals
from gateway.appeals.results import ResultsStore
from gateway.appeals.worker import AppealWorker
from gateway.appeals.workflow import AppealSettings, AppealWorkflow
from gateway.menu.model import Menu
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.settings import Settings
from gateway.vault.vault import Vault

_NAME = re.compile(r"[^\W\d_]")


class AppealServices:
    """Services of appeals. They need no Redis, so the command builds them without the others."""

    def __init__(
        self, database: Database, vault: Vault, clock: Clock, menu: Callable[[], Menu], configured: AppealSettings
    ) -> None:
        self.workflow = AppealWorkflow(database, clock, menu, configured)
        self.worker = AppealWorker(database, clock, menu, configured)
        self.results = ResultsStore(database, vault)
        self.published = PublishedAppeals(database, menu, configured.values_for)
        self.latest = LatestAppeals(self.published.list_published, menu, clock)


def appeal_settings(settings: Settings) -> AppealSettings:
    """Return the part of the settings that appeals need. Without a cost per part, they have no price."""
    amount, _, currency = (settings.part_cost or "").partition(" ")
    codes = {name: channel.service_code for name, channel in settings.channels.items()}
    price = Price(Decimal(amount), currency) if amount else None
    pause = AutoPause(max_failed_share=settings.appeal_pause_share)
    return AppealSettings(codes, _named_senders(settings), price, pause, settings.appeal_ahead)


def _named_senders(settings: Settings) -> frozenset[str]:
    """Return the channels whose sender is a name. Nobody can reply to a name."""
    return frozenset(name for name, channel in settings.channels.items() if _NAME.search(channel.sender or ""))
