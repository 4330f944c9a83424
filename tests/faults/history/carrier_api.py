"""Stand-in for Africa's Talking: keeps every SMS, spoils a tenth of its answers, and sends delivery reports."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import Any

from aiohttp import web

from tests.faults.history.line import Line
from tests.faults.history.records import Outbound
from tests.helpers.carrier_server import serve_app

SPOILED_SHARE = 0.1
_SPOILS = ("cut", "dropped", "garbled", "error")


class CarrierApi:
    """Messaging API: every number of every request that it has taken is in the history."""

    def __init__(self, line: Line, chance: Random) -> None:
        self._line = line
        self._chance = chance
        self._ids = 0
        self._reports: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[str]:
        """Serve the API while the block lasts. Yields its address."""
        app = web.Application()
        app.router.add_post("/version1/messaging", self._send)
        async with serve_app(app) as url:
            yield url
            for report in self._reports:
                report.cancel()
            await asyncio.gather(*self._reports, return_exceptions=True)

    async def _send(self, request: web.Request) -> web.StreamResponse:
        fields = await request.post()
        answer = self._chance.choice(_SPOILS) if self._chance.random() < SPOILED_SHARE else "whole"
        at, text = time.time(), str(fields["message"])
        recipients = [self._take(number) for number in str(fields["to"]).split(",")]
        self._line.history.outbound += [Outbound(one["number"], text, at, answer) for one in recipients]
        for one in recipients:
            report = asyncio.create_task(self._report(one["messageId"], one["number"]))
            self._reports.add(report)
            report.add_done_callback(self._reports.discard)
        body = json.dumps({"SMSMessageData": {"Message": "Sent", "Recipients": recipients}})
        return await self._answer(request, body, answer)

    def _take(self, number: str) -> dict[str, Any]:
        self._ids += 1
        id = f"ATXid_{self._ids:08x}"
        return {"statusCode": 101, "number": number, "status": "Success", "cost": "0", "messageId": id}

    async def _answer(self, request: web.Request, body: str, answer: str) -> web.StreamResponse:
        """Answer as a good carrier does, or spoil it. By then the SMS is on its way."""
        if answer == "error":
            return web.Response(status=500, text="Internal Server Error")
        if answer == "garbled":
            return web.Response(status=201, text="<html>Sent</html>", content_type="text/html")
        if answer == "whole":
            return web.Response(status=201, text=body, content_type="application/json")
        if answer == "cut":
            response = web.StreamResponse(status=201, headers={"Content-Length": str(len(body))})
            await response.prepare(request)
            await response.write(body[: len(body) // 2].encode())
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)

    async def _report(self, id: str, number: str) -> None:
        """Report the delivery soon, sometimes twice."""
        for _ in range(1 + (self._chance.random() < 0.1)):
            await asyncio.sleep(self._chance.uniform(0.02, 0.5))
            await self._line.report({"id": id, "status": "Success", "phoneNumber": number, "networkCode": "51001"})
