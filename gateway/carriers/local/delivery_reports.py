"""Delivery reports of the built-in carrier, sent to the webhook as Africa's Talking does (facts/protocols.md B.6)."""

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
    """Message that the gateway asked to send. `status` is that of its last delivery report, or of the send."""

    to: str
    sender: str
    text: str
    message_id: str
    status: str
    at: str

    def for_json(self) -> dict[str, str]:
        """Convert the message to JSON for `/local/messages`."""
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
    """Delivery reports that one message will get, in this order. `early` ones precede the answer to the send."""

    message: SentMessage
    statuses: Sequence[str]
    early: bool


def plan_reports(message: SentMessage, faults: Faults) -> ReportPlan:
    """Plan the reports of a message: `Sent`, then `Success`, unless a fault changes that."""
    if trigger(faults.no_reports):
        return ReportPlan(message, (), early=False)
    statuses = ["Sent", DELIVERED]
    if trigger(faults.reordered_reports):
        statuses.reverse()
    if duplicate := trigger(faults.duplicate_reports):
        statuses = [status for status in statuses for _ in range(duplicate.copies)]
    return ReportPlan(message, statuses, early=trigger(faults.early_reports) is not None)


class DeliveryReports:
    """Client of the gateway's receipt webhook. It calls once per report: a rejected one is lost, as in reality."""

    def __init__(self, http: ClientSession, url: str) -> None:
        self._http = http
        self._url = url
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    def deliver_later(self, plans: Sequence[ReportPlan], seconds: float) -> None:
        """Deliver the reports in the background, until `close`."""
        if self._closed:
            return
        task = asyncio.create_task(self.deliver(plans, seconds))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Drop the reports that are not sent yet."""
        self._closed = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def deliver(self, plans: Sequence[ReportPlan], seconds: float) -> None:
        """Send the first report of each message, then the second of each, and so on.

        `seconds` pass before each of these passes. Without a webhook nothing is sent.
        """
        if not self._url:
            return
        for index in range(max((len(plan.statuses) for plan in plans), default=0)):
            await asyncio.sleep(seconds)
            for plan in plans:
                if index < len(plan.statuses):
                    await self._report(plan.message, plan.statuses[index])

    async def _report(self, message: SentMessage, status: str) -> None:
        if message.status != DELIVERED:  # a late `Sent` does not undo it
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
