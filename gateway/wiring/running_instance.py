"""Find the gateway of a data folder: its address, its pack, and the defaults of `waspada run`."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import SecretStr

from gateway.carriers.africastalking.settings import AfricasTalkingSettings
from gateway.menu.limits import Limits
from gateway.runtime.embedded import store_urls
from gateway.runtime.secrets import Secrets
from gateway.runtime.secrets import load as load_secrets
from gateway.settings import Settings
from gateway.web.webhooks import hook_urls

LOCAL = "local"


LOCAL_USERNAME = "sandbox"


LOCAL_SERVICE_CODE = "*384*3375#"


LOCAL_SHORT_CODE = "3375"


_URL = "url"  # names of the notes in the data folder's `run/`


_PACK = "pack"


def with_defaults(settings: Settings, secrets: Secrets, url: str) -> Settings:
    """The settings with what `run` brings itself, where they leave it open: stores, key, and the channel `local`."""
    redis_url, database_url = store_urls(settings.data)
    brought = {
        "redis_url": settings.redis_url or SecretStr(redis_url),
        "database_url": settings.database_url or SecretStr(database_url),
        "vault_key": settings.vault_key or SecretStr(secrets.vault_key),
        "public_url": settings.public_url or url,
        "channels": settings.channels or {LOCAL: _local_channel(secrets, url)},
    }
    return settings.model_copy(update=brought)


def locate(settings: Settings) -> Settings:
    """The settings of the gateway that a verb speaks of: over your own stores, or over those of the data folder."""
    settings = with_pack_in_use(settings)
    if settings.database_url is not None and settings.redis_url is not None and settings.vault_key is not None:
        return settings
    url = read_note(settings.data) or f"http://{reachable_host(settings.host)}:{settings.port}"
    return with_defaults(settings, load_secrets(settings.data), url)


def with_pack_in_use(settings: Settings) -> Settings:
    """The settings with the pack that the `run` of their data folder speaks by, unless another one is set."""
    pack = None if settings.is_set("pack") else read_note(settings.data, _PACK)
    return settings.model_copy(update={"pack": Path(pack)}) if pack else settings


def channel_urls(settings: Settings, channel: str) -> dict[str, str]:
    """The webhook addresses of a channel, as its carrier reaches them."""
    base = settings.public_url or f"http://{reachable_host(settings.host)}:{settings.port}"
    return hook_urls(base, channel, settings.channels[channel].secrets[0])


def _local_channel(secrets: Secrets, url: str) -> AfricasTalkingSettings:
    return AfricasTalkingSettings(
        carrier="africastalking",
        username=LOCAL_USERNAME,
        api_key=SecretStr(secrets.local_api_key),
        sender=LOCAL_SHORT_CODE,
        api_url=f"{url}/local",
        secret=(SecretStr(secrets.channel_secret),),
        service_code=LOCAL_SERVICE_CODE,
        limit=Limits().septets,
    )


def reachable_host(host: str) -> str:
    return "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - compared, not bound


def write_notes(data: Path, url: str, pack: Path) -> None:
    """Note the running gateway's address and its pack for the other verbs."""
    folder = data / "run"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _URL).write_text(url)
    (folder / _PACK).write_bytes(os.fsencode(pack.resolve()))


def forget_pack(data: Path) -> None:
    """The gateway runs no more: the next one may be told another pack."""
    (data / "run" / _PACK).unlink(missing_ok=True)


def read_note(data: Path, name: str = _URL) -> str | None:
    """What was last noted under that name; None where there is nothing."""
    try:
        return os.fsdecode((data / "run" / name).read_bytes())
    except OSError:
        return None
