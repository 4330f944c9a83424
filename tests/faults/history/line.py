"""Line between phones and the gateway: the carrier's callbacks over real HTTP, all of them kept in the history.

It picks one of the web processes for each callback, and tries the other if that one refuses the connection, as a load
balancer does. An SMS that is not taken is sent again under its id.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from aiohttp import ClientConnectorError, ClientError, ClientSession, ClientTimeout

from gateway.carriers.africastalking.callbacks import LABEL_HEADER
from gateway.web.hook_urls import hook_urls
from tests.faults.history.records import History, Hop, Inbound

SECRET = "a-secret-of-the-webhooks"
CODE = "*384*3375#"
_TRIES, _AGAIN_S = 8, 0.7
_TIMEOUT = ClientTimeout(total=15)


@dataclass(frozen=True, slots=True)
class Reply:
    """Answer of the gateway, or none: then the status is 0."""

    web: str
    status: int = 0
    body: str = ""
    label: str | None = None


class Line:
    """Carrier of all phones, over web processes that come and go."""

    def __init__(self, http: ClientSession, webs: Mapping[str, str], history: History, chance: Random) -> None:
        """`webs` are the addresses of the web processes, by name."""
        self._http = http
        self._hooks = {name: hook_urls(url, "at", SECRET) for name, url in webs.items()}
        self.history = history
        self._chance = chance

    async def hop(
        self,
        call: str,
        phone: str,
        text: str,
        typed: str | None,
        label: str | None,
        *,
        at: float | None = None,
        repeated: bool = False,
        shown: bool = True,
    ) -> Reply:
        """Send a callback, and keep it with its answer. `at` is the time when it was typed."""
        sent = time.time()
        fields = {"sessionId": call, "phoneNumber": phone, "serviceCode": CODE, "text": text, "networkCode": "51001"}
        reply = await self._post("ussd", fields, {LABEL_HEADER: label} if label is not None else {})
        answered = time.time() if reply.status else None
        seen = shown and bool(reply.status)
        self.history.hops.append(
            Hop(
                call,
                phone,
                text,
                typed,
                at or sent,
                sent,
                answered,
                reply.status,
                reply.body,
                reply.web,
                seen,
                repeated,
            )
        )
        return reply

    async def sms(self, id: str, phone: str, text: str) -> None:
        """Bring an SMS, and repeat it until it is taken."""
        await self._bring("sms", id, phone, text, {"id": id, "from": phone, "to": "3375", "text": text, "date": ""})

    async def opt_out(self, phone: str) -> None:
        """Report an opt-out of the carrier's own."""
        await self._bring("optout", "", phone, "", {"phoneNumber": phone, "senderId": "3375"})

    async def report(self, fields: Mapping[str, str]) -> None:
        """Bring a delivery report. It may be lost."""
        await self._post("receipt", fields)

    async def end(self, call: str, phone: str) -> None:
        """Report the end of a session. It may be lost."""
        await self._post("ussd_event", {"sessionId": call, "phoneNumber": phone, "status": "Incomplete"})

    async def _bring(self, hook: str, id: str, phone: str, text: str, fields: Mapping[str, str]) -> None:
        """Send until it is taken. A try without an answer may have been kept, so the wish is as old as the first."""
        began, reply, sent = time.time(), Reply(""), 0.0
        for _ in range(_TRIES):
            sent = time.time()
            reply = await self._post(hook, fields)
            if reply.status == 200:
                break
            await asyncio.sleep(_AGAIN_S)
        answered = time.time() if reply.status else None
        first = began if reply.status == 200 else sent
        self.history.inbound.append(Inbound(id, phone, text, first, answered, reply.status, reply.web, hook))

    async def _post(self, hook: str, fields: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Reply:
        for web in self._order():
            try:
                async with self._http.post(
                    self._hooks[web][hook], data=fields, headers=headers, timeout=_TIMEOUT
                ) as answer:
                    return Reply(web, answer.status, await answer.text(), answer.headers.get(LABEL_HEADER))
            except ClientConnectorError:
                continue
            except (ClientError, TimeoutError, OSError):
                return Reply(web)
        return Reply("")

    def _order(self) -> Sequence[str]:
        names = list(self._hooks)
        self._chance.shuffle(names)
        return names
