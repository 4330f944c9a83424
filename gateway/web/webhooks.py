"""Webhooks for the carriers' callbacks: `POST /hooks/<channel>/<secret>/<hook>`.

Only the secret in the path authenticates a carrier (facts/protocols.md D): it is compared in constant time before a
byte of the body is read, and a wrong one gets a bare 404. A USSD callback is always answered 200 with a screen. The
other callbacks get 503 if they could not be stored, so that a carrier that retries does so. An inbound SMS of which
nothing can be kept gets 400: a person wrote it, so the carrier shall repeat it, and its operator see that it failed.
All are answered before the timeout of the proxy in front, which is five seconds (deploy/nginx).
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import structlog
from aiohttp import web
from aiohttp.hdrs import CONTENT_TYPE

from gateway.carriers.carrier import BadCallback, Carrier
from gateway.messages.inbox import Inbox
from gateway.messages.receipts import Receipts
from gateway.runtime.metrics import Metrics
from gateway.runtime.postgres import DatabaseUnavailable
from gateway.ussd.turn import TurnHandler, UssdService

log = structlog.get_logger()

MAX_BODY = 16 * 1024
MAX_SMS_BODY = 256 * 1024  # the longest SMS has 255 parts, and each of its 17,085 characters takes up to twelve bytes
BODY_TIMEOUT_S = 1.0
STORE_TIMEOUT_S = 3.0


class BodyLate(BadCallback):
    """Error: the body of a callback did not arrive in time. A retry of the carrier may succeed."""


@dataclass(frozen=True, slots=True)
class Channel:
    """Configured account of a carrier, with the secrets that its webhook URLs may contain."""

    name: str
    carrier: Carrier
    secrets: tuple[str, ...]
    service: UssdService

    def admits(self, secret: bytes) -> bool:
        """Return True if `secret` is one of the channel's. All are compared, in constant time."""
        admitted = False
        for valid in self.secrets:
            admitted |= hmac.compare_digest(secret, valid.encode())
        return admitted


class Webhooks:
    def __init__(
        self,
        channels: Mapping[str, Channel],
        turns: TurnHandler,
        receipts: Receipts,
        inbox: Inbox,
        metrics: Metrics,
    ) -> None:
        self._channels = channels
        self._turns = turns
        self._receipts = receipts
        self._inbox = inbox
        self._metrics = metrics
        self._hooks: Mapping[str, Callable[[Channel, web.Request], Awaitable[web.Response]]] = {
            "ussd": self._ussd,
            "ussd-event": self._ussd_event,
            "sms": self._sms,
            "receipt": self._receipt,
            "optout": self._opt_out,
        }

    def add_to(self, app: web.Application) -> None:
        app.router.add_post("/hooks/{channel}/{secret}/{hook}", self.handle)

    async def handle(self, request: web.Request) -> web.Response:
        path = request.match_info
        channel = self._channels.get(path["channel"])
        hook = self._hooks.get(path["hook"])
        if channel is None or hook is None or not channel.admits(path["secret"].encode()):
            return web.Response(status=404)
        return await hook(channel, request)

    async def _ussd(self, channel: Channel, request: web.Request) -> web.Response:
        try:
            turn = channel.carrier.read_turn(await _read_body(request), request.headers)
        except BadCallback as error:
            _log_malformed(channel, "ussd", error)
            screen = self._turns.apology(channel.service)
        else:
            screen = await self._turns.handle(channel.service, turn)
        reply = channel.carrier.write_screen(screen)
        return web.Response(body=reply.body, headers={**reply.headers, CONTENT_TYPE: "text/plain; charset=utf-8"})

    async def _ussd_event(self, channel: Channel, request: web.Request) -> web.Response:
        async def store() -> None:
            ended = channel.carrier.read_session_end(await _read_body(request), request.headers)
            await self._inbox.store_session_end(channel.name, ended)
            log.info(
                "ussd.ended",
                channel=channel.name,
                session=ended.session,
                ending=ended.ending,
                hops=ended.hops,
            )

        return await self._answer_when_stored(channel, "ussd-event", store)

    async def _sms(self, channel: Channel, request: web.Request) -> web.Response:
        async def store() -> None:
            inbound = channel.carrier.read_inbound(await _read_body(request, MAX_SMS_BODY), request.headers)
            new = await self._inbox.store_sms(channel.name, inbound)
            log.info("sms.received", channel=channel.name, id=inbound.id, characters=len(inbound.text), new=new)

        return await self._answer_when_stored(channel, "sms", store, malformed_status=400)

    async def _receipt(self, channel: Channel, request: web.Request) -> web.Response:
        async def store() -> None:
            receipt = channel.carrier.read_receipt(await _read_body(request), request.headers)
            await self._receipts.store(channel.name, receipt)
            self._metrics.receipts.labels(channel.name, receipt.status).inc()

        return await self._answer_when_stored(channel, "receipt", store)

    async def _opt_out(self, channel: Channel, request: web.Request) -> web.Response:
        async def store() -> None:
            await self._inbox.store_opt_out(
                channel.name, channel.carrier.read_opt_out(await _read_body(request), request.headers)
            )
            log.info("people.opted_out", channel=channel.name)

        return await self._answer_when_stored(channel, "optout", store)

    @staticmethod
    async def _answer_when_stored(
        channel: Channel, hook: str, store: Callable[[], Awaitable[None]], malformed_status: int = 200
    ) -> web.Response:
        """Answer 200 once `store` is done, and 503 for a retry.

        A callback of which nothing can be kept gets `malformed_status`.
        """
        try:
            await store()
        except BodyLate as error:
            _log_malformed(channel, hook, error)
            return web.Response(status=503, text="try again")
        except BadCallback as error:
            _log_malformed(channel, hook, error)
            return web.Response(status=malformed_status, text="ignored")
        except DatabaseUnavailable:
            log.warning("hook.not_stored", channel=channel.name, hook=hook)
            return web.Response(status=503, text="try again")
        return web.Response(text="ok")


async def _read_body(request: web.Request, most_bytes: int = MAX_BODY) -> bytes:
    try:
        if request.content.is_eof():  # the usual case, which needs no timer
            return await _read_bounded(request, most_bytes)
        async with asyncio.timeout(BODY_TIMEOUT_S):
            return await _read_bounded(request, most_bytes)
    except TimeoutError:
        raise BodyLate(f"the body was not whole after {BODY_TIMEOUT_S:g} s") from None
    except ConnectionError:
        raise BadCallback("the connection broke while the body came") from None


async def _read_bounded(request: web.Request, most_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > most_bytes:
            raise BadCallback(f"the body is over {most_bytes // 1024} KiB")
    return bytes(body)


def _log_malformed(channel: Channel, hook: str, error: BadCallback) -> None:
    log.warning("hook.malformed", channel=channel.name, hook=hook, problem=str(error))
