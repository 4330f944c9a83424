"""Settings of an account at Africa's Talking."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr

from gateway.settings.channel import ChannelSettings
from gateway.settings.types import UNSET, FromFile, HttpUrl, Required


class AfricasTalkingSettings(ChannelSettings):
    """A channel with `carrier = "africastalking"`. The built-in carrier takes the same settings."""

    username: str = Field(min_length=1)
    """The account's name there; `sandbox` is Africa's Talking's test network."""
    api_key_file: Path | None = None
    """The file that holds api_key."""
    api_key: Annotated[SecretStr, Required, FromFile] = Field(default=UNSET, validate_default=True)
    """The account's key."""
    sender: str | None = Field(default=None, min_length=1, max_length=15)
    """What an SMS says it comes from: a short code or a registered name. By default the carrier's own."""
    api_url: HttpUrl | None = None
    """Where the carrier's API is, when it is not at the carrier's own host for this username."""
