"""Model of the settings: name, type, default and meaning of each. They are read once, by `load_settings`.

The first source that has a setting wins: an option of the command, a variable `WASPADA_<NAME>`
(`WASPADA_CHANNELS__<CHANNEL>__<NAME>`), the TOML file (`--config`, `WASPADA_CONFIG`), the default. A secret can also be
given as the name of a file that holds it: `<name>_file`. Unknown settings and wrong values are refused, all at once.

The docstring of a setting is its meaning in `waspada settings`.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, PrivateAttr, SecretStr, ValidationInfo, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from gateway.settings.channel import ChannelSettings
from gateway.settings.sources import SettingsRefused, Sources, read_toml
from gateway.settings.types import (
    UNSET,
    ChannelName,
    Host,
    HttpUrl,
    LowerCase,
    PartCost,
    PostgresUrl,
    RedisUrl,
    VaultKey,
    decode_vault_key,
)

_POSTGRES = re.compile(r"(postgres|postgresql|postgresql\+asyncpg)://")


class Settings(BaseSettings):
    """Settings of a gateway. Read them with `gateway.wiring.read_settings`."""

    model_config = SettingsConfigDict(
        env_prefix="WASPADA_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
    )

    data: Path = Path("var")
    """The folder of `waspada run`: the embedded stores and the secrets of the first start."""
    pack: Path = Path("menus/pekalongan")
    """The folder of the menu pack."""
    host: Host = "127.0.0.1"
    """The address to listen on."""
    port: int = Field(default=8080, ge=1, le=65535)
    """The port to listen on."""
    worker_port: int | None = Field(default=None, ge=1, le=65535)
    """The port on which a worker shows its health and counts: /healthz, /readyz, /metrics. By default it shows none."""
    public_url: HttpUrl | None = None
    """The public address of this gateway: the beginning of the webhook URLs that `waspada channels` shows."""
    trusted_network: bool = False
    """The network to Redis and PostgreSQL on other machines is private: their TLS certificates need not be verified."""
    redis_url_file: Path | None = None
    """The file that holds redis_url."""
    redis_url: RedisUrl = Field(default=None, validate_default=True)
    """Redis (redis://…, rediss://…, unix://…). `waspada run` brings its own when this is not set."""
    database_url_file: Path | None = None
    """The file that holds database_url."""
    database_url: PostgresUrl = Field(default=None, validate_default=True)
    """PostgreSQL (postgresql://…). `waspada run` brings its own when this is not set."""
    database_pool_size: int = Field(default=5, ge=2, le=100)
    """Connections to PostgreSQL per process, beside two for what carriers bring. An inbound SMS takes two."""
    vault_key_file: Path | None = None
    """The file that holds vault_key."""
    vault_key: VaultKey = Field(default=None, validate_default=True)
    """Encrypts phone numbers: 32 bytes, as 64 hex digits or base64url. `waspada run` makes one when this is not set."""
    require_second_factor: bool = False
    """If administrators must give a code of their phone beside the password. Recommended on a server."""
    log_level: Annotated[Literal["debug", "info", "warning", "error"], LowerCase] = "info"
    """The lowest level of the log lines that are written."""
    log_format: Annotated[Literal["auto", "json", "console"], LowerCase] = "auto"
    """The format of a log line; `auto` is `console` in a terminal and `json` elsewhere."""
    session_ttl_s: int = Field(default=600, ge=180, le=86_400)
    """Seconds for which a dialogue is kept after its last turn. A network keeps one open for 180 at the most."""
    redis_deadline_ms: int = Field(default=300, ge=10, le=5_000)
    """Milliseconds after which Redis counts as unavailable."""
    sql_deadline_ms: int = Field(default=900, ge=50, le=60_000)
    """Milliseconds after which PostgreSQL counts as unavailable. A resident gets an answer within two seconds."""
    send_batch: int = Field(default=200, ge=1, le=5_000)
    """Messages that a worker claims at a time."""
    send_recipients: int = Field(default=100, ge=1, le=100)
    """Numbers of one call with the same text. One timeout makes at most so many messages unknown."""
    send_concurrency: int = Field(default=12, ge=1, le=100)
    """Calls to one carrier that a worker makes at the same time."""
    poll_ms: int = Field(default=500, ge=10, le=60_000)
    """Milliseconds after which a worker looks for new messages again."""
    claim_timeout_s: int = Field(default=300, ge=10, le=86_400)
    """Seconds after which a message that a worker claimed, without a recorded outcome, counts as unknown."""
    unknown_resend_after_s: int = Field(default=60, ge=0, le=86_400)
    """Seconds that an unknown confirmation is given to be reported as delivered before it is sent again."""
    retention_days: int = Field(default=90, ge=1, le=3650)
    """Days after which a number is erased from finished records: closed incidents, messages, withdrawn consents."""
    part_cost: PartCost | None = None
    """The price of one part of an SMS, such as `350 IDR`, for the preview of an appeal. By default none is shown."""
    appeal_pause_share: float = Field(default=0.2, gt=0, le=1, allow_inf_nan=False)
    """An appeal pauses itself when more than this share of its last 200 sends was refused or is unknown."""
    appeal_ahead: int = Field(default=20_000, ge=1_000, le=10_000_000)
    """Messages of one appeal that wait in the queue at a time. The rest of its audience is queued as these leave."""
    channels: dict[ChannelName, ChannelSettings] = Field(default_factory=dict)
    """The channels. Without any, `waspada run` makes one named `local` on the built-in carrier."""

    _sources: Sources = PrivateAttr(default_factory=Sources)

    @property
    def redis_address(self) -> str:
        """URL of Redis. Raises `SettingsRefused` when it is not set."""
        return self._required_secret("redis_url")

    @property
    def database_address(self) -> str:
        """URL of PostgreSQL as SQLAlchemy expects it. Raises `SettingsRefused` when it is not set."""
        return _POSTGRES.sub("postgresql+asyncpg://", self._required_secret("database_url"), count=1)

    @property
    def vault_key_bytes(self) -> bytes:
        """Vault key, 32 bytes. Raises `SettingsRefused` when it is not set."""
        return decode_vault_key(self._required_secret("vault_key"))

    @field_validator("*", mode="before")
    @classmethod
    def _refuse_true_for_a_number(cls, value: object, info: ValidationInfo) -> object:
        """Refuse `port = true`, which pydantic would take for 1."""
        if isinstance(value, bool) and cls.model_fields[str(info.field_name)].annotation is not bool:
            raise ValueError("must not be true or false")
        return value

    def require(self, *names: str) -> None:
        """Raise `SettingsRefused` for all of these settings that are not set."""
        if missing := [name for name in names if not getattr(self, name)]:
            raise SettingsRefused(
                [f"{name}: is missing: set WASPADA_{name.upper()}, or {name} in the settings file" for name in missing]
            )

    def is_set(self, name: str) -> bool:
        """Return True if an option, a variable or the file sets it: its default is not used."""
        return self._sources.find(name) is not None

    def rows(self) -> Iterator[SettingRow]:
        """Yield every setting in a form that is safe to show: secrets are hidden."""
        yield from _rows(self, type(self), "", self._sources)
        for name, channel in self.channels.items():
            yield from _rows(channel, type(channel), f"channels.{name}.", self._sources)

    def _required_secret(self, name: str) -> str:
        self.require(name)
        secret: SecretStr = getattr(self, name)
        return secret.get_secret_value()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources: options, environment, file. A `.env` file is never read."""
        return init_settings, env_settings, _SettingsFile(settings_cls)


class _SettingsFile(TomlConfigSettingsSource):
    """Source of the settings file, which is read as `read_toml` reads it."""

    def _read_file(self, file_path: Any) -> dict[str, Any]:
        return read_toml(file_path)


@dataclass(frozen=True, slots=True)
class SettingRow:
    """Setting in a form that is safe to show: a secret is `hidden`."""

    name: str
    value: str
    default: str
    source: str
    meaning: str


def _rows(values: BaseModel, model: type[BaseModel], prefix: str, sources: Sources) -> Iterator[SettingRow]:
    for name in _names_in_order(model):
        info = model.model_fields[name]
        value = getattr(values, name)
        default = "" if info.is_required() else _displayed(info.get_default(call_default_factory=True))
        source = sources.find(prefix + name) or "default"
        yield SettingRow(prefix + name, _displayed(value), default, source, info.description or "")


def _names_in_order(model: type[BaseModel]) -> list[str]:
    """Return the names of the settings to show.

    Those of a channel begin with its carrier. The settings of that carrier follow, then those of every channel.
    """
    fields = model.model_fields
    if not issubclass(model, ChannelSettings):
        return [name for name in fields if name != "channels"]
    own = [name for name in inspect.get_annotations(model) if name in fields]
    return list(dict.fromkeys(["carrier", *own, *fields]))


def _displayed(value: Any) -> str:
    if isinstance(value, tuple | SecretStr):
        return "hidden" if value not in (UNSET, ()) else ""
    return "" if value is None else str(value)
