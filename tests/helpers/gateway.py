"""Gateways for tests: built by `wiring` from settings, over the stores of the run or over stores that may fail."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TextIO, TypedDict

from pydantic import SecretStr

from gateway.carriers.africastalking.settings import AfricasTalkingSettings
from gateway.menu.model import Menu
from gateway.runtime.clock import Clock
from gateway.settings import Settings
from gateway.wiring.carriers import CARRIERS, Carriers
from gateway.wiring.container import Services, open_services
from tests.helpers.packs import MENU, PEKALONGAN

VAULT_KEY = bytes(range(32))
SERVICE_CODES: Mapping[str, str] = {"at": "*384*3375#", "at2": "*1*2#"}
SHORT_CODE = "3375"


class Deadlines(TypedDict):
    """Settings of how long a store may take."""

    redis_deadline_ms: int
    sql_deadline_ms: int


PATIENT = Deadlines(redis_deadline_ms=5_000, sql_deadline_ms=20_000)
"""Those of a gateway for which a slow store is available, as on a busy machine: only one that refuses is not."""
PRODUCTION = Deadlines(
    redis_deadline_ms=Settings.model_fields["redis_deadline_ms"].default,
    sql_deadline_ms=Settings.model_fields["sql_deadline_ms"].default,
)
"""Those of an office, for tests in which a store hangs."""


def channel_settings(
    service_code: str, sender: str | None = SHORT_CODE, secrets: Sequence[str] = ("a-secret-of-the-tests",)
) -> AfricasTalkingSettings:
    """Return the settings of a channel whose carrier cannot be reached."""
    return AfricasTalkingSettings(
        carrier="africastalking",
        username="sandbox",
        api_key=SecretStr("key"),
        secret=tuple(SecretStr(secret) for secret in secrets),
        service_code=service_code,
        sender=sender,
        api_url="http://127.0.0.1:9",  # nothing listens there
    )


def settings_of(redis_url: str, database_url: str, **values: object) -> Settings:
    """Return settings over these stores with the channels of `SERVICE_CODES`, `PATIENT`. `values` replace others."""
    channels = {name: channel_settings(code) for name, code in SERVICE_CODES.items()}
    return Settings(
        pack=PEKALONGAN,
        redis_url=SecretStr(redis_url),
        database_url=SecretStr(database_url),
        vault_key=SecretStr(VAULT_KEY.hex()),
        log_format="json",
        trusted_network=True,
    ).model_copy(update={"channels": channels, **PATIENT, **values})


@asynccontextmanager
async def open_gateway(
    redis_url: str,
    database_url: str,
    clock: Clock | None = None,
    menu: Menu = MENU,
    log: TextIO | None = None,
    carriers: Carriers = CARRIERS,
    **settings: object,
) -> AsyncIterator[Services]:
    """Open the services of a gateway, as production builds them.

    Stores that cannot be reached are no error here. `settings` replace those of `settings_of`. The log goes into `log`.
    """
    configured = settings_of(redis_url, database_url, **settings)
    async with open_services(configured, log or io.StringIO(), clock=clock, menu=menu, carriers=carriers) as services:
        yield services
