"""The built-in carrier, with the gateway's real Africa's Talking code sending to it over HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aiohttp import ClientSession

from gateway.carriers.africastalking.carrier import AfricasTalking
from gateway.carriers.carrier import Outcome, ReceiptStatus
from gateway.carriers.local.carrier import LocalCarrier
from gateway.carriers.local.handset import WebhookUrls
from gateway.runtime.clock import Clock
from gateway.text.phone import Phone
from tests.helpers.carrier_server import StubGateway

BU_TANI = Phone("+6281230004567")
PAK_TANI = Phone("+6285712340008")


@dataclass(frozen=True, slots=True)
class LocalCarrierSetup:
    """A gateway's carrier, the built-in carrier that it sends to, and the webhooks that this one calls."""

    local: LocalCarrier
    url: str
    http: ClientSession
    gateway: StubGateway

    def account(self, **others: Any) -> AfricasTalking:
        settings = {"username": "sandbox", "api_key": "demo", "total_seconds": 0.3, **others}
        return AfricasTalking("local", http=self.http, api_url=f"{self.url}/local", **settings)

    async def send(self, *phones: Phone) -> list[Outcome]:
        answer = await self.account().send("Halo", phones or (BU_TANI,))
        return [answer[phone] for phone in phones or (BU_TANI,)]

    async def reports(self, number: int) -> list[tuple[str, ReceiptStatus]]:
        """Message and status of the first `number` reports, as the gateway's carrier reads them."""
        calls = (await self.gateway.wait_for_calls("receipt", number))[:number]
        receipts = [self.account().read_receipt(call.body, call.headers) for call in calls]
        return [(receipt.message_id, receipt.status) for receipt in receipts]


def local_carrier(http: ClientSession, hooks: WebhookUrls, report_seconds: float = 0.02) -> LocalCarrier:
    return LocalCarrier(
        http,
        hooks,
        Clock(),
        username="sandbox",
        api_key="demo",
        service_code="*384*3375#",
        short_code="3375",
        report_seconds=report_seconds,
    )
