"""Service container: built from settings without its stores, with a masked log and one menu for all services."""

from __future__ import annotations

import io

import pytest
import structlog

from gateway.runtime import logs
from gateway.settings import SettingsRefused
from gateway.wiring.container import open_services
from tests.helpers.gateway import open_gateway, settings_of
from tests.helpers.packs import MENU
from tests.helpers.phones import NUMBER

REDIS, DATABASE = "redis://127.0.0.1:9", "postgresql+asyncpg://127.0.0.1:9/waspada"


async def test_services_are_built_while_no_store_answers() -> None:
    async with open_gateway(REDIS, DATABASE) as services:
        assert services.channels.keys() == services.settings.channels.keys()
        assert services.versions.current is MENU


async def test_missing_address_or_key_is_refused() -> None:
    settings = settings_of(REDIS, DATABASE, vault_key=None)

    with pytest.raises(SettingsRefused, match="vault_key"):
        async with open_services(settings, io.StringIO(), menu=MENU):
            pass


async def test_log_masks_numbers_and_secrets_of_webhooks() -> None:
    log = io.StringIO()

    async with open_gateway(REDIS, DATABASE, log=log):
        structlog.get_logger().info("probe", text=f"{NUMBER.e164} called /hooks/at/a-secret-of-the-tests/ussd")
        logs.flush()

    assert f"{NUMBER.masked} called /hooks/at/…/ussd" in log.getvalue()
    assert NUMBER.e164 not in log.getvalue()
