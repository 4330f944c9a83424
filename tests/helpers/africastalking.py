"""Accounts at Africa's Talking, and servers that answer as its API does, or not at all."""

from __future__ import annotations

import asyncio
import json
from contextlib import AbstractAsyncContextManager
from typing import Any

from aiohttp import ClientSession, DummyCookieJar, TCPConnector, web

from gateway.carriers.africastalking.carrier import AfricasTalking
from gateway.carriers.carrier import Outcome
from gateway.text.phone import Phone
from tests.helpers.carrier_server import Answer, serve_answer
from tests.helpers.phones import NUMBER

KENYAN = Phone("+254711000123")
KEY = "atsk_secret"
ACCEPTED_RECIPIENT = {
    "statusCode": 101,
    "number": NUMBER.e164,
    "status": "Success",
    "cost": "0",
    "messageId": "ATXid_1",
}


def at_account(http: ClientSession, url: str, **options: Any) -> AfricasTalking:
    """Make the carrier of an account whose messaging API is at `url`."""
    return AfricasTalking("at", "sandbox", KEY, http, api_url=url, **options)


def fixed_answer(body: bytes | str, status: int = 201, kind: str = "application/json", **headers: str) -> Answer:
    """Make the handler that always gives this answer."""

    async def answer(_: web.Request) -> web.Response:
        octets = body.encode() if isinstance(body, str) else body
        return web.Response(status=status, body=octets, headers={"Content-Type": kind, **headers})

    return answer


def recipients_answer(*recipients: dict[str, Any], message: str = "Sent") -> bytes:
    """Return the body of an answer with these recipients."""
    return json.dumps({"SMSMessageData": {"Message": message, "Recipients": list(recipients)}}).encode()


async def outcomes(http: ClientSession, answer: Answer, *phones: Phone) -> dict[Phone, Outcome]:
    """Send to `phones` by an API that gives this answer. Returns their outcomes."""
    async with serve_answer(answer) as url:
        return await at_account(http, url).send("Halo", phones)


async def never_answer(_: web.Request) -> web.Response:
    await asyncio.sleep(60)
    return web.Response()


async def unexpected_request(_: web.Request) -> web.Response:
    """Give an answer whose outcome is `NOT_UNDERSTOOD`, so that a test notices the request."""
    return web.Response(status=418)


def one_connection() -> AbstractAsyncContextManager[ClientSession]:
    """Open an HTTP client that has one connection at a time."""
    return ClientSession(connector=TCPConnector(limit=1), cookie_jar=DummyCookieJar())


def not_understood(what: str, value: str) -> dict[str, str]:
    """Return the log line of a word that the carrier is not known to say."""
    return {
        "event": "carrier.not_understood",
        "log_level": "warning",
        "channel": "at",
        "what": what,
        "value": value,
    }
