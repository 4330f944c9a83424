"""Options of services, converted from settings."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from gateway.appeals.appeal import Price
from gateway.runtime.clock import Clock
from gateway.wiring.appeal_services import appeal_settings
from gateway.wiring.service_options import sender_options, worker_name
from tests.helpers.gateway import SERVICE_CODES, settings_of

REDIS, DATABASE = "redis://127.0.0.1:9", "postgresql+asyncpg://127.0.0.1:9/waspada"


def test_sender_options_are_those_of_the_settings() -> None:
    settings = settings_of(REDIS, DATABASE, send_batch=7, poll_ms=250, claim_timeout_s=60)

    options = sender_options(settings)

    assert (options.batch_size, options.idle_poll, options.lost_after) == (
        7,
        timedelta(milliseconds=250),
        timedelta(seconds=60),
    )


def test_appeal_settings_have_a_price_per_part_with_its_currency() -> None:
    settings = settings_of(REDIS, DATABASE, part_cost="350.50 IDR")

    assert appeal_settings(settings).price == Price(Decimal("350.50"), "IDR")


def test_appeal_settings_without_a_cost_have_no_price() -> None:
    options = appeal_settings(settings_of(REDIS, DATABASE))

    assert (options.price, dict(options.service_codes)) == (None, dict(SERVICE_CODES))


def test_worker_name_differs_at_every_start() -> None:
    clock = Clock()

    assert worker_name(clock) != worker_name(clock)
