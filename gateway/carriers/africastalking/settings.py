"""Settings of an account at Africa's Talking."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from gateway.carriers.africastalking.account import check_address, check_key, check_username
from gateway.settings.channel import ChannelSettings
from gateway.settings.types import UNSET, FromFile, HttpUrl, Required


def _check_secret_key(api_key: SecretStr) -> SecretStr:
    check_key(api_key.get_secret_value())
    return api_key


class AfricasTalkingSettings(ChannelSettings):
    """Settings of a channel with `carrier = "africastalking"`. The built-in carrier has the same."""

    username: Annotated[str, AfterValidator(check_username)] = Field(min_length=1)
    """The account's name at Africa's Talking; `sandbox` is its test network."""
    api_key_file: Path | None = None
    """The file that holds api_key."""
    api_key: Annotated[SecretStr, AfterValidator(_check_secret_key), Required, FromFile] = Field(
        default=UNSET, validate_default=True
    )
    """The account's key."""
    sender: str | None = Field(default=None, min_length=1, max_length=15)
    """The sender that an SMS shows: a short code or a registered name. By default the carrier's own."""
    api_url: Annotated[HttpUrl | None, AfterValidator(check_address)] = None
    """The address of the API, if it is not the carrier's own host for this username."""
