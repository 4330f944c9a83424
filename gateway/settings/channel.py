"""Settings of a channel: the base that all carriers share, and the tagged union of what each adds to it.

A carrier declares its own settings in a subclass of `ChannelSettings` beside its code. This room imports no carrier:
`load_settings` is given the subclasses by name, and joins them here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Union

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, create_model
from pydantic_settings import NoDecode

from gateway.settings.types import CommaSeparated, FromFile, NavigationKey, Required, ServiceCode, WebhookSecret
from gateway.text.diagnostics import unknown

UNKNOWN_CARRIER = "unknown carrier"
"""Tag of a channel whose carrier is in no table. It cannot be mistaken for a carrier: no name has a space."""


class StrictSettings(BaseModel):
    """Base of a table of the settings file: an unknown key is refused, and no error quotes a value."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, hide_input_in_errors=True)


class KeySettings(StrictSettings):
    """Navigation keys of a channel: a table `[channels.<name>.keys]` of the file (menus/README.md, keys)."""

    back: NavigationKey
    """One page or one screen back."""
    back_elsewhere: NavigationKey
    """The same, where a screen gives the first another meaning."""
    home: NavigationKey
    """To the main screen."""
    more: NavigationKey
    """The next page."""

    def __str__(self) -> str:
        return f"back {self.back} or {self.back_elsewhere}, home {self.home}, more {self.more}"


class ChannelSettings(StrictSettings):
    """Base of the settings of one account at a carrier: a table `[channels.<name>]` of the file.

    The name is of a-z, 0-9 and `-`.
    """

    carrier: str
    """The carrier of the channel, such as `africastalking`."""
    sender: str | None = None
    """The sender that an SMS shows. By default the carrier's own."""
    secret_file: Path | None = None
    """The file that holds secret."""
    secret: Annotated[tuple[WebhookSecret, ...], Field(max_length=2), NoDecode, CommaSeparated, Required, FromFile] = (
        Field(default=(), validate_default=True)
    )
    """The secret part of the webhooks' URLs. Two (a list, or separated by a comma) while it is being changed."""
    service_code: ServiceCode
    """The code that residents dial, such as `*384*3375#`."""
    limit: int = Field(default=160, ge=40, le=182)
    """The longest screen, in septets, that the carrier transmits whole."""
    rate: float | None = Field(default=None, gt=0, le=10_000, allow_inf_nan=False)
    """The rate limit: parts of SMS per second, all workers together. By default there is none."""

    keys: KeySettings | None = None
    """The navigation keys of this channel, if its networks do not transmit those of the pack: all four of them."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """Valid secrets. The first one is shown in URLs."""
        return tuple(secret.get_secret_value() for secret in self.secret)


ChannelVariants = Mapping[str, type[ChannelSettings]]
"""The settings of each carrier, by the name of the carrier: the variants of the tagged union."""


def channel_union(variants: ChannelVariants) -> Any:
    """Join the settings of all carriers: a discriminated (tagged) union, where `carrier` is the tag.

    A channel of an unknown carrier is validated all the same, so that its other mistakes are found at once.
    Returns a type for pydantic.
    """

    def tag(channel: object) -> str:
        name = channel.get("carrier") if isinstance(channel, Mapping) else getattr(channel, "carrier", None)
        return name if isinstance(name, str) and name in variants else UNKNOWN_CARRIER

    members = {**variants, UNKNOWN_CARRIER: _unknown_carrier(variants)}
    tagged = tuple(Annotated[model, Tag(name)] for name, model in members.items())
    return Annotated[Union[tagged], Discriminator(tag)]  # noqa: UP007 - `|` joins no tuple


def _unknown_carrier(variants: ChannelVariants) -> type[ChannelSettings]:
    """Make the variant that refuses its `carrier` and takes every setting that one of the known carriers has."""

    def refuse(name: object) -> str:
        raise ValueError(unknown("carrier", name, variants))

    others: dict[str, Any] = {name: (Any, None) for model in variants.values() for name in model.model_fields}
    for name in ChannelSettings.model_fields:
        others.pop(name, None)
    return create_model(
        "ChannelOfUnknownCarrier",
        __base__=ChannelSettings,
        carrier=(Annotated[str, BeforeValidator(refuse)], ...),
        **others,
    )
