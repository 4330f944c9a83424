"""The delivery reports of the built-in carrier, called back as Africa's Talking does (facts/protocols.md B.6)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

import aiohttp
import structlog
from aiohttp import ClientSession, ClientTimeout

from gateway.carriers.form_body import FORM_TYPE
from gateway.carriers.local.faults import Faults, trigger
from gateway.carriers.local.handset import SANDBOX_NETWORK

log = structlog.get_logger()

DELIVERED = "Success"
_TIMEOUT = ClientTimeout(total=5.0)


@dataclass(slots=True)
class SentMessage:
    """One message that the gateway asked to send. `status` is the carrier's last word on it."""

    to: str
    sender: str
    text: str
    message_id: str
    status: str
    at: str

    def for_json(self) -> dict[str, str]:
        """As `/local/messages` shows it."""
        return {
            "to": self.to,
            "from": self.sender,
            "text": self.text,
            "message_id": self.message_id,
            "status": self.status,
            "at": self.at,
        }


@dataclass(frozen=True, slots=True)
class ReportPlan:
    """The reports that one message will get, in this order."""

    message: SentMessage
    statuses: Sequence[str]
    early: bool


def plan_reports(message: SentMessage, faults: Faults) -> ReportPlan:
    """`Sent`, then `Success`, unless a fault will have it otherwise."""
    if trigger(faults.no_reports):
        return ReportPlan(message, (), early=False)
    statuses = ["Sent", DELIVERED]
    if trigger(faults.reordered_reports):
        statuses.reverse()
    if duplicate := trigger(faults.duplicate_reports):
        statuses = [status for status in statuses for _ in range(duplicate.copies)]
    return ReportPlan(message, statuses, early=trigger(faults.early_reports) is not None)


class DeliveryReports:
    """Calls the gateway's receipt webhook, once per report: one that it does not take is lost, as in reality."""

    def __init__(self, http: ClientSession, url: str) -> None:
        self._http = http
        self._url = url
        self._later: set[asyncio.Task[None]] = set()
        self._closed = False

    def deliver_later(self, plans: Sequence[ReportPlan], seconds: float) -> None:
        """`deliver`, in the background until `close`."""
        if self._closed:
            return
        task = asyncio.create_task(self.deliver(plans, seconds))
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def close(self) -> None:
        """Drop the reports that are still to come."""
        self._closed = True
        for task in self._later:
            task.cancel()
        await asyncio.gather(*self._later, return_exceptions=True)

    async def deliver(self, plans: Sequence[ReportPlan], seconds: float) -> None:
        """The first report of each message, then the second of each, and so on; `seconds` pass before each round."""
        if not self._url:
            return
        for number in range(max((len(plan.statuses) for plan in plans), default=0)):
            await asyncio.sleep(seconds)
            for one in plans:
                if number < len(one.statuses):
                    await self._report(one.message, one.statuses[number])

    async def _report(self, message: SentMessage, status: str) -> None:
        if message.status != DELIVERED:
            message.status = status
        fields = {
            "id": message.message_id,
            "status": status,
            "phoneNumber": message.to,
            "networkCode": SANDBOX_NETWORK,
        }
        try:
            async with self._http.post(
                self._url,
                data=urlencode(fields).encode(),
                headers={"Content-Type": FORM_TYPE},
                allow_redirects=False,
                timeout=_TIMEOUT,
            ) as response:
                if response.status != 200:
                    log.warning("local.report_not_taken", message=message.message_id, http_status=response.status)
        except (aiohttp.ClientError, OSError) as error:
            log.warning("local.report_not_taken", message=message.message_id, error=type(error).__name__)
