"""Loading of settings from options, environment and file, and the words for wrong ones."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import GenericAlias
from typing import Any

from pydantic import Field, ValidationError, create_model
from pydantic_core import ErrorDetails
from pydantic_settings import SettingsError

from gateway.settings.channel import ChannelVariants, KeySettings, channel_union
from gateway.settings.settings import Settings
from gateway.settings.sources import SettingsRefused, Sources, find_lines
from gateway.settings.types import ChannelName

NOT_SETTINGS = frozenset({"config", "token", "token_file", "password_file", "totp", "traceback"})
"""Variables `WASPADA_…` that are no settings: the settings file, the login of a verb (`cli/authentication.py`), and the
request for a traceback (`cli/errors.py`)."""


def load_settings(config: Path | None, variants: ChannelVariants, **options: Any) -> Settings:
    """Read settings from `config` (else `WASPADA_CONFIG`), the environment and the `options` of a command.

    `variants` are the settings of the carriers that a channel may name. An option that is None was not given.
    Raises `SettingsRefused`.
    """
    if config is None and (named := os.environ.get("WASPADA_CONFIG")):
        config = Path(named)
    given = {name: value for name, value in options.items() if value is not None}
    sources = Sources(options=frozenset(given), file=config, lines=find_lines(config) if config else {})

    known = _names_like((), "", variants)
    diagnostics = [f"{name}: there is no such setting{_hint(name, known)}" for name in _unknown_variables()]
    try:
        settings = _settings_model(config, variants)(**given)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        diagnostics += dict.fromkeys(_diagnostic(fault, sources, variants) for fault in faults)
    except SettingsError:
        diagnostics.append("WASPADA_CHANNELS: is not JSON")
    if diagnostics:
        raise SettingsRefused(diagnostics)
    settings._sources = sources
    return settings


def _settings_model(config: Path | None, variants: ChannelVariants) -> type[Settings]:
    """Make the model that reads the file `config`, and channels of these carriers."""
    channels: Any = GenericAlias(dict, (ChannelName, channel_union(variants)))
    return create_model(
        "ConfiguredSettings",
        __base__=Settings,
        __cls_kwargs__={"toml_file": config},
        channels=(channels, Field(default_factory=dict)),
    )


def _unknown_variables() -> list[str]:
    """Return the variables that begin with `WASPADA_` and name no setting: most likely a slip of the pen."""
    known = {*Settings.model_fields, *NOT_SETTINGS}
    ours = (name for name in os.environ if name.upper().startswith("WASPADA_"))
    return sorted(name for name in ours if name[8:].lower().partition("__")[0] not in known)


def _diagnostic(fault: ErrorDetails, sources: Sources, variants: ChannelVariants) -> str:
    """Word an error of pydantic: where the setting was set, its dotted name, and what is wrong with it."""
    path = [str(part) for part in fault["loc"] if part != "[key]"]
    carrier = ""
    if path[0] != "channels":
        path = path[:1]  # `port`, without the parts that pydantic adds
    elif len(path) > 2:
        carrier = path.pop(2)  # `channels.at.limit`, without the tag of the union
        path = path[: 4 if path[2:3] == ["keys"] else 3]
    message = fault["msg"].removeprefix("Value error, ")
    if fault["type"] == "extra_forbidden":
        message = f"there is no such setting{_hint(path[-1], _names_like(path, carrier, variants))}"
    elif fault["type"] == "missing":
        message = "is missing"
    elif fault["type"] == "model_type":
        message = "must be a table of settings"
    name = ".".join(path)
    origin = next(filter(None, (sources.find(".".join(path[:size])) for size in range(len(path), 0, -1))), None)
    return f"{origin}: {name}: {message}" if origin else f"{name}: {message}"


def _names_like(path: Sequence[str], carrier: str, variants: ChannelVariants) -> list[str]:
    """List the names that may be meant at `path`: of navigation keys, of this carrier, or of every setting."""
    if path[2:3] == ["keys"]:
        return [*KeySettings.model_fields]
    models = [variants[carrier]] if carrier in variants else variants.values()
    return [*Settings.model_fields, *(name for model in models for name in model.model_fields), *NOT_SETTINGS]


def _hint(name: str, known: Iterable[str]) -> str:
    """Suggest the known name that is closest. Returns an empty text if none is close."""
    close = difflib.get_close_matches(name.lower().removeprefix("waspada_"), list(known), n=1)
    return f" (did you mean {close[0]}?)" if close else ""
