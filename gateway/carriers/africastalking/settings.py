"""Settings of an account at Africa's Talking."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr

from gateway.settings.channel import ChannelSettings
from gateway.settings.types import UNSET, FromFile, HttpUrl, Required


class AfricasTalkingSettings(ChannelSettings):
    """Settings of a channel with `carrier = "africastalking"`. The built-in carrier has the same."""

    username: str = Field(min_length=1)
    """The account's name at Africa's Talking; `sandbox` is its test network."""
    api_key_file: Path | None = None
    """The file that holds api_key."""
    api_key: Annotated[SecretStr, Required, FromFile] = Field(default=UNSET, validate_default=True)
    """The account's key."""
    sender: str | None = Field(default=None, min_length=1, max_length=15)
    """The sender that an SMS shows: a short code or a registered name. By default the carrier's own."""
    api_url: HttpUrl | None = None
    """The address of the API, if it is not the carrier's own host for this username."""
