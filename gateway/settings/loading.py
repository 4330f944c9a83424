"""Where settings come from, and what is said when they are wrong."""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import SettingsConfigDict, SettingsError

from gateway.settings.settings import ChannelSettings, Settings
from gateway.settings.sources import SettingsRefused, Sources, find_lines

NOT_SETTINGS = frozenset({"config", "token", "token_file", "password_file"})
"""Variables `WASPADA_…` that are no settings: the settings file, and the actor of a verb (`cli/authentication.py`)."""


def read_settings(config: Path | None = None, **options: Any) -> Settings:
    """The settings, with `config` as their file (else `WASPADA_CONFIG`) and what was given on the command line.

    An option that is None was not given. Raises `SettingsRefused`.
    """
    if config is None and (named := os.environ.get("WASPADA_CONFIG")):
        config = Path(named)
    given = {name: value for name, value in options.items() if value is not None}
    origins = Sources(options=frozenset(given), file=config, lines=find_lines(config) if config else {})

    class Configured(Settings):
        model_config = SettingsConfigDict(toml_file=config)

    diagnostics = [f"{name}: there is no such setting{_hint(name)}" for name in _unknown_variables()]
    try:
        settings = Configured(**given)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        diagnostics += dict.fromkeys(_diagnostic(fault, origins) for fault in faults)
    except SettingsError:
        diagnostics.append("WASPADA_CHANNELS: is not JSON")
    if diagnostics:
        raise SettingsRefused(diagnostics)
    settings._origins = origins
    return settings


def _unknown_variables() -> list[str]:
    """Variables that begin as ours do and name nothing: most likely a slip of the pen."""
    known = {*Settings.model_fields, *NOT_SETTINGS}
    ours = (name for name in os.environ if name.upper().startswith("WASPADA_"))
    return sorted(name for name in ours if name[8:].lower().partition("__")[0] not in known)


def _diagnostic(fault: ErrorDetails, origins: Sources) -> str:
    path = [str(part) for part in fault["loc"] if part != "[key]"]
    path = path[: 3 if path[0] == "channels" else 1]
    name = ".".join(path)
    message = fault["msg"].removeprefix("Value error, ")
    if fault["type"] == "extra_forbidden":
        message = f"there is no such setting{_hint(path[-1])}"
    elif fault["type"] == "missing":
        message = "is missing"
    origin = next(filter(None, (origins.find(".".join(path[:size])) for size in range(len(path), 0, -1))), None)
    return f"{origin}: {name}: {message}" if origin else f"{name}: {message}"


def _hint(name: str) -> str:
    known = [*Settings.model_fields, *ChannelSettings.model_fields, *NOT_SETTINGS]
    close = difflib.get_close_matches(name.lower().removeprefix("waspada_"), known, n=1)
    return f" (did you mean {close[0]}?)" if close else ""
