"""Settings of an account at the toy carrier: the settings of every channel, and two of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr

from gateway.settings.channel import ChannelSettings
from gateway.settings.types import UNSET, FromFile, HttpUrl, Required


class ToySettings(ChannelSettings):
    """Settings of a channel with `carrier = "toy"`."""

    api_url: HttpUrl
    """The address of the toy carrier's API."""
    token_file: Path | None = None
    """The file that holds token."""
    token: Annotated[SecretStr, Required, FromFile] = Field(default=UNSET, validate_default=True)
    """The account's bearer token."""
