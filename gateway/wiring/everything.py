"""The whole gateway in one process, with stores of its own and, where no channel is set, a carrier of its own."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from aiohttp import web
from pydantic import SecretStr

from gateway.accounts.store import FIRST_NAME, Accounts
from gateway.carriers.local.carrier import LocalCarrier
from gateway.carriers.local.handset import HookUrls
from gateway.menu.limits import Limits
from gateway.runtime.embedded import EmbeddedStores, addresses
from gateway.runtime.postgres import is_empty, upgrade
from gateway.runtime.secrets import Secrets, load_or_make
from gateway.runtime.secrets import load as load_secrets
from gateway.settings import ChannelSettings, Settings
from gateway.vault.key_check import prove_key
from gateway.web.phone import add_phone
from gateway.web.webhooks import hook_urls
from gateway.wiring.packs import load_menu
from gateway.wiring.parts import Parts, process
from gateway.wiring.processes import served, web_app, working

_URL, _PACK = "url", "pack"  # what is noted in the data folder's `run/`
LOCAL = "local"
LOCAL_SERVICE_CODE = "*384*3375#"
LOCAL_SHORT_CODE = "3375"


@dataclass(frozen=True, slots=True)
class Running:
    """What `waspada run` has made: its address, and whether the built-in carrier and its phone are there.

    `first_password` is that of the administrator whom this start has made, if it has.
    """

    url: str
    with_phone: bool
    first_password: str | None = field(repr=False)

    def greeting(self) -> str:
        """What the terminal says once a phone may dial."""
        lines = [f"Waspada is ready on {self.url}"]
        if self.with_phone:
            lines.append(f"  A phone:   {self.url}/phone   or, in another terminal: .venv/bin/waspada dial")
        lines.append(f"  Webhooks:  {self.url}/hooks/<channel>/<secret>/…   whole: .venv/bin/waspada channels")
        lines.append("  The log:   .venv/bin/waspada logs -f     Ctrl-C stops; the data stays.")
        if self.first_password:
            lines += (
                "",
                f"  First-run administrator password: {self.first_password}",
                f"  The account is {FIRST_NAME}. This is shown only now; to set another: "
                f".venv/bin/waspada users password {FIRST_NAME}",
            )
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
        completed = complete(settings, await _secrets(settings), url)
        await upgrade(completed.database_address)
        parts = await stack.enter_async_context(process(completed, stream))
        await prove_key(parts.database, parts.vault, parts.clock)
        app = web_app(parts)
        with_phone = not settings.channels
        if with_phone:
            add_local_carrier(app, parts)
        await stack.enter_async_context(served(app, settings.host, settings.port))
        await stack.enter_async_context(working(parts))
        remember(settings.data, url, settings.pack)
        stack.callback(forget_pack, settings.data)
        # Last, so that no start that fails after it has taken its password along.
        yield Running(url, with_phone, await Accounts(parts.database, parts.clock).add_first())


async def _secrets(settings: Settings) -> Secrets:
    """Those of the data folder; new ones, unless the database was filled with the key of lost ones."""
    if settings.vault_key is not None:
        return load_or_make(settings.data)
    database_url = settings.database_address if settings.database_url else addresses(settings.data)[1]
    return load_or_make(settings.data, in_use=not await is_empty(database_url))


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
    settings = with_pack_in_use(settings)
    if settings.database_url is not None and settings.redis_url is not None and settings.vault_key is not None:
        return settings
    url = recalled(settings.data) or f"http://{_reachable(settings.host)}:{settings.port}"
    return complete(settings, load_secrets(settings.data), url)


def with_pack_in_use(settings: Settings) -> Settings:
    """The settings with the pack that the `run` of their data folder speaks by, unless another one is set."""
    pack = None if settings.is_set("pack") else recalled(settings.data, _PACK)
    return settings.model_copy(update={"pack": Path(pack)}) if pack else settings


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
    app.router.add_get("/", _to_the_phone)


async def _to_the_phone(_: web.Request) -> web.StreamResponse:
    raise web.HTTPFound("/phone")


def remember(data: Path, url: str, pack: Path) -> None:
    """Note the running gateway's address and its pack for the other verbs."""
    folder = data / "run"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _URL).write_text(url)
    (folder / _PACK).write_bytes(os.fsencode(pack.resolve()))


def forget_pack(data: Path) -> None:
    """The gateway runs no more: the next one may be told another pack."""
    (data / "run" / _PACK).unlink(missing_ok=True)


def recalled(data: Path, name: str = _URL) -> str | None:
    """What was last noted under that name; None where there is nothing."""
    try:
        return os.fsdecode((data / "run" / name).read_bytes())
    except OSError:
        return None
