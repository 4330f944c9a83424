"""Carrier for Africa's Talking: its callbacks and its messaging API, for one account."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from aiohttp import ClientSession

from gateway.carriers.africastalking.callbacks import Callbacks
from gateway.carriers.africastalking.messaging import Messaging
from gateway.carriers.africastalking.settings import AfricasTalkingSettings
from gateway.carriers.carrier import Carrier, Outcome
from gateway.text.phone import Phone


class AfricasTalking(Callbacks, Carrier):
    """Carrier of one account at Africa's Talking."""

    def __init__(
        self,
        name: str,
        username: str,
        api_key: str,
        http: ClientSession,
        *,
        region: str = "",
        sender: str | None = None,
        api_url: str | None = None,
        connect_seconds: float = 3.0,
        total_seconds: float = 15.0,
    ) -> None:
        """Join callbacks and messaging. `name` is the channel's, for the log.

        `region` is the country (ISO 3166) whose subscribers call: numbers without a country code are read as theirs.
        `sender` is a short code or a registered name. Without one Africa's Talking uses a name of its own. Without
        `api_url` messages go to its own host for `username`. A send has `connect_seconds` to get a connection and
        `total_seconds` for everything. Raises `ValueError` for an impossible username, key or address.
        """
        super().__init__(name, region)
        self._messaging = Messaging(
            name,
            username,
            api_key,
            http,
            sender=sender,
            api_url=api_url,
            connect_seconds=connect_seconds,
            total_seconds=total_seconds,
        )

    @classmethod
    def from_settings(cls, name: str, settings: AfricasTalkingSettings, http: ClientSession, region: str) -> Self:
        """Build the carrier of the channel `name`. Raises `ValueError`, as the constructor does."""
        return cls(
            name,
            settings.username,
            settings.api_key.get_secret_value(),
            http,
            region=region,
            sender=settings.sender,
            api_url=settings.api_url,
        )

    async def send(self, text: str, recipients: Sequence[Phone]) -> dict[Phone, Outcome]:
        return await self._messaging.send(text, recipients)

    async def balance(self) -> str | None:
        return await self._messaging.balance()
