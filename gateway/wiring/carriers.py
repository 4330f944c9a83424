"""Table of the carriers that a channel may name: one line each (gateway/carriers/README.md, adding a carrier).

A carrier outside this table, in a test for instance, is passed in: `read_settings` and `open_services` take a table.
Only who builds a carrier imports it: every verb of the command reads settings, and few speak to a carrier.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from gateway.carriers.africastalking.settings import AfricasTalkingSettings
from gateway.carriers.carrier import Carrier
from gateway.settings import ChannelSettings, Settings, load_settings

if TYPE_CHECKING:
    from aiohttp import ClientSession

S = TypeVar("S", bound=ChannelSettings)


@dataclass(frozen=True, slots=True)
class RegisteredCarrier(Generic[S]):
    """Row of the table: the model of a channel's settings, and the constructor of the carrier from them."""

    settings: type[S]
    build: Callable[[str, S, ClientSession, str], Carrier]


Carriers = Mapping[str, RegisteredCarrier[Any]]


def _africas_talking(name: str, channel: AfricasTalkingSettings, http: ClientSession, region: str) -> Carrier:
    from gateway.carriers.africastalking.carrier import AfricasTalking  # noqa: PLC0415

    return AfricasTalking.from_settings(name, channel, http, region)


CARRIERS: Carriers = {
    "africastalking": RegisteredCarrier(AfricasTalkingSettings, _africas_talking),
}


def read_settings(config: Path | None = None, carriers: Carriers = CARRIERS, **options: Any) -> Settings:
    """Read settings from `config` (else `WASPADA_CONFIG`), the environment and the `options` of a command.

    A channel may name a carrier of the table `carriers`. Raises `SettingsRefused`.
    """
    return load_settings(config, {name: carrier.settings for name, carrier in carriers.items()}, **options)


def build_carrier(name: str, channel: ChannelSettings, http: ClientSession, region: str, carriers: Carriers) -> Carrier:
    """Build the carrier of a channel. `region` is the country whose subscribers call, or empty."""
    return carriers[channel.carrier].build(name, channel, http, region)


async def read_balances(settings: Settings, channels: Sequence[str]) -> list[str | None]:
    """Return the balance of the account of each channel, or None if its carrier does not tell it in time."""
    import aiohttp  # noqa: PLC0415

    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        carriers = [build_carrier(name, settings.channels[name], http, "", CARRIERS) for name in channels]
        return await asyncio.gather(*(carrier.balance() for carrier in carriers))
