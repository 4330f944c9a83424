"""Gateway of a data folder: its address, its pack, and the defaults of `waspada run`."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import SecretStr

from gateway.carriers.africastalking.settings import AfricasTalkingSettings
from gateway.menu.limits import Limits
from gateway.runtime.secrets import Secrets
from gateway.runtime.secrets import load as load_secrets
from gateway.runtime.store_urls import store_urls
from gateway.settings import Settings
from gateway.web.hook_urls import authority, hook_urls
from gateway.wiring.carriers import read_settings

LOCAL = "local"  # name of the built-in channel
LOCAL_USERNAME = "sandbox"
LOCAL_SERVICE_CODE = "*384*3375#"
LOCAL_SHORT_CODE = "3375"

# Notes of a running gateway, files in the folder `run/` of its data folder.
_URL_NOTE = "url"
_PACK_NOTE = "pack"


def locate_gateway(config: Path | None, data: Path | None, pack: Path | None = None) -> Settings:
    """Return the settings of the gateway of `--config` and `--data`, with another `pack` if one is given."""
    return locate(read_settings(config, data=data, pack=pack))


def locate(settings: Settings) -> Settings:
    """Complete the settings of a command: with its own stores, or with those of the data folder.

    Raises `SecretsUnusable` if stores or key are missing and the data folder has none.
    """
    settings = with_pack_in_use(settings)
    if settings.database_url is not None and settings.redis_url is not None and settings.vault_key is not None:
        return settings
    url = read_note(settings.data) or own_url(settings)
    return with_defaults(settings, load_secrets(settings.data), url)


def with_pack_in_use(settings: Settings) -> Settings:
    """Return the settings with the pack of the running gateway of their data folder, unless they set a pack."""
    if settings.is_set("pack"):
        return settings
    pack = read_note(settings.data, _PACK_NOTE)
    return settings.model_copy(update={"pack": Path(pack)}) if pack else settings


def with_defaults(settings: Settings, secrets: Secrets, url: str) -> Settings:
    """Return the settings with the defaults of `run` for stores, key, public URL, and the channel `local`."""
    stores = store_urls(settings.data)
    defaults = {
        "redis_url": settings.redis_url or SecretStr(stores.redis),
        "database_url": settings.database_url or SecretStr(stores.database),
        "vault_key": settings.vault_key or SecretStr(secrets.vault_key),
        "public_url": settings.public_url or url,
        "channels": settings.channels or {LOCAL: _local_channel(secrets, url)},
    }
    return settings.model_copy(update=defaults)


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


def channel_urls(settings: Settings, channel: str) -> dict[str, str]:
    """Return the webhook URLs of a channel, as its carrier reaches them."""
    base = settings.public_url or own_url(settings)
    return hook_urls(base, channel, settings.channels[channel].secrets[0])


def own_url(settings: Settings) -> str:
    """Return the URL by which this machine reaches the gateway."""
    return f"http://{authority(reachable_host(settings.host), settings.port)}"


def reachable_host(host: str) -> str:
    """Return the host to connect to if the gateway listens on `host`, which may mean all interfaces."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound


def write_notes(data: Path, url: str, pack: Path) -> None:
    """Note the address and the pack of the running gateway, for other commands."""
    folder = data / "run"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _URL_NOTE).write_text(url)
    (folder / _PACK_NOTE).write_bytes(os.fsencode(pack.resolve()))


def forget_pack(data: Path) -> None:
    """Remove the note of the pack when the gateway stops: the next start may use another one."""
    (data / "run" / _PACK_NOTE).unlink(missing_ok=True)


def read_note(data: Path, name: str = _URL_NOTE) -> str | None:
    """Return the last note of that name, or None."""
    try:
        return os.fsdecode((data / "run" / name).read_bytes())
    except OSError:
        return None
