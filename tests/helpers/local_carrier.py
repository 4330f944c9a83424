"""Built-in carrier, with the gateway's real Africa's Talking code sending to it over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientSession, web

from gateway.carriers.africastalking.carrier import AfricasTalking
from gateway.carriers.carrier import Outcome, ReceiptStatus
from gateway.carriers.local.carrier import LocalCarrier
from gateway.carriers.local.handset import WebhookUrls
from gateway.runtime.clock import Clock
from gateway.text.phone import Phone
from tests.helpers.carrier_server import StubGateway, serve_app
from tests.helpers.phones import NUMBER

INVALID_FAULTS = [
    (b'{"no_anser": {}}', "no_anser: Extra inputs are not permitted"),
    (b'{"no_answer": {"seconds": 1}}', "no_answer.seconds: Extra inputs are not permitted"),
    (b'{"no_answer": {"times": -1}}', "no_answer.times: "),
    (b'{"slow_answer": {}}', "slow_answer.seconds: Field required"),
    (b'{"http_status": {"status": "503"}}', "http_status.status: "),
    (b'{"refuse": {"numbers": {"+6281230004567": "x"}}}', "refuse.numbers.+62812****567: "),
    (b"[]", "Input should be an object"),
    (b"", "Invalid JSON"),
]
"""Documents of faults that are refused, each with the beginning of its diagnostic."""


@dataclass(frozen=True, slots=True)
class LocalCarrierSetup:
    """Built-in carrier on a port, an account that sends to it, and the gateway whose webhooks it calls."""

    local: LocalCarrier
    url: str
    http: ClientSession
    gateway: StubGateway

    def account(self, **options: Any) -> AfricasTalking:
        """Make an account of the gateway at the built-in carrier."""
        given = {"username": "sandbox", "api_key": "demo", "total_seconds": 0.3, **options}
        return AfricasTalking("local", http=self.http, api_url=f"{self.url}/local", **given)

    async def send(self, *phones: Phone) -> list[Outcome]:
        """Send an SMS to these numbers, by default to `NUMBER`. Returns their outcomes."""
        phones = phones or (NUMBER,)
        answer = await self.account().send("Halo", phones)
        return [answer[phone] for phone in phones]

    async def reports(self, number: int) -> list[tuple[str, ReceiptStatus]]:
        """Wait for so many delivery reports. Returns message id and status of each, as the gateway reads them."""
        calls = (await self.gateway.wait_for_calls("receipt", number))[:number]
        receipts = [self.account().read_receipt(call.body, call.headers) for call in calls]
        return [(receipt.message_id, receipt.status) for receipt in receipts]


def local_carrier(
    http: ClientSession,
    hooks: WebhookUrls,
    clock: Clock | None = None,
    report_seconds: float = 0.02,
    hosts: Sequence[str] = (),
    region: str = "ID",
) -> LocalCarrier:
    """Make a built-in carrier that knows the account of `LocalCarrierSetup`."""
    return LocalCarrier(
        http,
        hooks,
        clock or Clock(),
        username="sandbox",
        api_key="demo",
        service_code="*384*3375#",
        short_code="3375",
        region=region,
        hosts=hosts,
        report_seconds=report_seconds,
    )


@asynccontextmanager
async def serve_local_carrier(local: LocalCarrier) -> AsyncIterator[str]:
    """Serve the routes of a built-in carrier on a free port, and yield its address."""
    app = web.Application()
    local.add_to(app)
    async with serve_app(app, patience=10) as url:
        yield url
