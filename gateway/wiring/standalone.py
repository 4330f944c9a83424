"""Whole gateway in one process, with embedded stores and, without a configured channel, the built-in carrier."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TextIO
from urllib.parse import urlsplit

from aiohttp import web

from gateway.accounts.store import FIRST_ADMINISTRATOR, AccountStore
from gateway.carriers.local.carrier import LocalCarrier
from gateway.carriers.local.handset import WebhookUrls
from gateway.runtime.embedded import EmbeddedStores
from gateway.runtime.schema import is_empty, upgrade
from gateway.runtime.secrets import Secrets, load_or_create
from gateway.runtime.store_urls import store_urls
from gateway.settings import Settings
from gateway.vault.key_check import check_vault_key
from gateway.web.handset_page import add_handset_page
from gateway.web.server import serve
from gateway.wiring.container import Services, open_services
from gateway.wiring.pack_loading import load_menu
from gateway.wiring.processes import run_worker, watch_stores, web_app
from gateway.wiring.running_instance import (
    LOCAL,
    LOCAL_SHORT_CODE,
    LOCAL_USERNAME,
    channel_urls,
    forget_pack,
    own_url,
    with_defaults,
    write_notes,
)


@dataclass(frozen=True, slots=True)
class RunningGateway:
    """Address of a running `waspada run`, with the built-in carrier's phone or without it.

    `first_password` is the password of the administrator account, if this start has created it.
    """

    url: str
    with_phone: bool
    first_password: str | None = field(repr=False)

    def greeting(self, options: str = "") -> str:
        """Return the text for the terminal, printed once a phone may dial.

        `options` locate this gateway, such as ` --data elsewhere`, for the commands that the text names.
        """
        command = ".venv/bin/waspada"
        lines = [f"Waspada is ready on {self.url}"]
        if self.with_phone:
            lines.append(f"  A phone:   {self.url}/phone   or, in another terminal: {command} dial{options}")
        lines.append(f"  Webhooks:  {self.url}/hooks/<channel>/<secret>/…   in full: {command} channels{options}")
        lines.append(f"  The log:   {command} logs -f{options}     Ctrl-C stops; the data stays.")
        if self.first_password:
            lines += (
                "",
                f"  First-run administrator password: {self.first_password}",
                f"  The account is {FIRST_ADMINISTRATOR}. This is shown only now; to set another: "
                f"{command} users password {FIRST_ADMINISTRATOR}{options}",
            )
        return "\n".join(lines)


@asynccontextmanager
async def run_standalone(settings: Settings, stream: TextIO) -> AsyncIterator[RunningGateway]:
    """Run stores, worker and web in one process, ready for calls. Without a configured channel, add `local`."""
    load_menu(settings.pack, settings.channels)  # refused before anything is started
    async with AsyncExitStack() as stack:
        if settings.redis_url is None or settings.database_url is None:
            stores = await EmbeddedStores.start(settings.data)
            stack.push_async_callback(stores.stop)
        url = own_url(settings)
        secrets = await _secrets(settings)
        completed = with_defaults(settings, secrets, url)
        await upgrade(completed.database_address)
        services = await stack.enter_async_context(open_services(completed, stream))
        await check_vault_key(services.database, services.vault, services.clock)
        app = web_app(services)
        with_phone = not settings.channels
        if with_phone:
            add_local_carrier(app, services, secrets.local_api_key)
        await stack.enter_async_context(serve(app, settings.host, settings.port))
        await stack.enter_async_context(run_worker(services))
        await stack.enter_async_context(watch_stores(services))
        write_notes(settings.data, url, settings.pack)
        stack.callback(forget_pack, settings.data)
        # Last, so that a start that fails cannot create the account and lose its password.
        yield RunningGateway(
            url, with_phone, await AccountStore(services.database, services.clock).add_first_administrator()
        )


async def _secrets(settings: Settings) -> Secrets:
    """Load the secrets of the data folder. Creates them, unless the database was encrypted with a lost key."""
    if settings.vault_key is not None:
        return load_or_create(settings.data)
    database_url = settings.database_address if settings.database_url else store_urls(settings.data).database
    return load_or_create(settings.data, in_use=not await is_empty(database_url))


def add_local_carrier(app: web.Application, services: Services, api_key: str) -> None:
    """Serve the built-in carrier and its phone on the gateway's own port."""
    channel = services.settings.channels[LOCAL]
    public = urlsplit(services.settings.public_url or "").hostname
    LocalCarrier(
        services.http,
        WebhookUrls(**channel_urls(services.settings, LOCAL)),
        services.clock,
        username=LOCAL_USERNAME,
        api_key=api_key,
        service_code=channel.service_code,
        short_code=LOCAL_SHORT_CODE,
        region=services.versions.current.region,
        hosts=[services.settings.host, public or ""],
    ).add_to(app)
    add_handset_page(app, channel.service_code, channel.limit)
    app.router.add_get("/", _redirect_to_phone)


async def _redirect_to_phone(_: web.Request) -> web.StreamResponse:
    raise web.HTTPFound("/phone")
