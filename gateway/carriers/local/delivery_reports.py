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
REPEATS = 4
"""Times that a report is sent again if the gateway did not take it."""
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
    """Client of the gateway's receipt webhook. It repeats a report that is not taken a few times, as real ones do."""

    def __init__(self, http: ClientSession, url: str, repeat_seconds: float) -> None:
        """Call `url`. `repeat_seconds` pass before the first repetition, and twice as long before each further one."""
        self._http = http
        self._url = url
        self._repeat_seconds = repeat_seconds
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
            await self._deliver([(plan.message, plan.statuses[index]) for plan in plans if index < len(plan.statuses)])

    async def _deliver(self, reports: Sequence[tuple[SentMessage, str]]) -> None:
        """Send these reports, and those again that are not taken. What is left at the end is lost."""
        left = [report for report in reports if not await self._is_taken(*report)]
        for repeat in range(REPEATS):
            if not left:
                return
            await asyncio.sleep(self._repeat_seconds * 2**repeat)
            left = [report for report in left if not await self._is_taken(*report)]
        if left:
            log.warning("local.reports_not_taken", number=len(left))

    async def _is_taken(self, message: SentMessage, status: str) -> bool:
        """Send one report. Returns True if the gateway has taken it."""
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
                return response.status == 200
        except (aiohttp.ClientError, OSError):
            return False
