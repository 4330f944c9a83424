"""Simulated phones of the built-in carrier: `/local/ussd`, `/local/sms` and `/local/number`, for the handset page."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import urlencode

import aiohttp
from aiohttp import ClientSession, ClientTimeout, web
from pydantic import Field, PlainValidator, TypeAdapter

from gateway.carriers.form_body import FORM_TYPE
from gateway.carriers.local.handset import SANDBOX_NETWORK, Display, Handset, NotDialled, WebhookUrls
from gateway.carriers.local.json_api import StrictJson, error_response, read_json
from gateway.carriers.numbers import read_number
from gateway.runtime.clock import Clock
from gateway.text.phone import NotAPhoneNumber, Phone

SESSION_SECONDS = 180.0  # a network ends a longer session (facts/protocols.md A.4)
MOST_SESSIONS = 1000
CLOSE_SECONDS = 1.0

_SMS_TIMEOUT = ClientTimeout(total=10.0)


def _parse_phone(value: object) -> Phone:
    if not isinstance(value, str):
        raise NotAPhoneNumber
    return Phone(value)


_PhoneNumber = Annotated[Phone, PlainValidator(_parse_phone)]


class _DialRequest(StrictJson):
    phone: _PhoneNumber
    dial: Annotated[str, Field(max_length=64)]


class _KeysRequest(StrictJson):
    session: str
    keys: Annotated[str, Field(max_length=1000)]


class _HangUpRequest(StrictJson):
    session: str
    hang_up: Literal[True]


class _LoseSignalRequest(StrictJson):
    session: str
    lose_signal: Literal[True]


class _SmsRequest(StrictJson):
    phone: _PhoneNumber
    text: Annotated[str, Field(min_length=1, max_length=2000)]
    to: Annotated[str, Field(max_length=64)] | None = None


class _NumberRequest(StrictJson):
    number: Annotated[str, Field(max_length=64)]


_USSD = TypeAdapter[_DialRequest | _KeysRequest | _HangUpRequest | _LoseSignalRequest](
    _DialRequest | _KeysRequest | _HangUpRequest | _LoseSignalRequest
)
_USSD_FORM = '{"phone", "dial"}, {"session", "keys"}, {"session", "hang_up": true} or {"session", "lose_signal": true}'
_NUMBER = TypeAdapter[_NumberRequest](_NumberRequest)
_NUMBER_FORM = '{"number"}'
_SMS = TypeAdapter[_SmsRequest](_SmsRequest)
_SMS_FORM = '{"phone", "text"} and perhaps "to"'


@dataclass(frozen=True, slots=True)
class _OpenSession:
    handset: Handset
    ends_at: float  # seconds of the monotonic clock


class SimulatedPhones:
    """Phones that clients on this machine play, each with at most one USSD session."""

    def __init__(
        self,
        http: ClientSession,
        hooks: WebhookUrls,
        clock: Clock,
        *,
        service_code: str,
        short_code: str,
        region: str = "",
        most_sessions: int = MOST_SESSIONS,
    ) -> None:
        """Make phones that dial `service_code`. `region` (ISO 3166) reads numbers without a country code."""
        self._http = http
        self._hooks = hooks
        self._clock = clock
        self._service_code = service_code
        self._short_code = short_code
        self._region = region
        self._most_sessions = most_sessions
        self._sessions: dict[str, _OpenSession] = {}  # by session id, oldest first
        self._closing: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Hang up every phone. Their session ends have a second to be sent."""
        for session in self._sessions.values():
            self._close_handset(session.handset)
        self._sessions.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*self._closing), CLOSE_SECONDS)

    async def ussd(self, request: web.Request) -> web.Response:
        """Dial, answer, hang up or lose the signal. Returns what the display shows."""
        action = await read_json(request, _USSD, _USSD_FORM)
        self._end_expired_sessions()
        if isinstance(action, _DialRequest):
            return await self._dial(action)
        session = self._sessions.get(action.session)
        if session is None:
            return error_response(404, "no such session is open: dial again")
        handset = session.handset
        try:
            if isinstance(action, _KeysRequest):
                display = await handset.answer(action.keys)
            elif isinstance(action, _LoseSignalRequest):
                display = handset.lose_signal()
            else:
                display = await handset.hang_up()
        except NotDialled:  # the session ended while this request was on its way
            display = Display("", open=False)
        return self._respond(handset, display)

    async def number(self, request: web.Request) -> web.Response:
        """Read a number in any spelling, as a subscriber of the region means it. Returns it in E.164, or 400."""
        written = (await read_json(request, _NUMBER, _NUMBER_FORM)).number
        try:
            return web.json_response({"phone": read_number(written.strip(), self._region).e164})
        except NotAPhoneNumber as error:
            return error_response(400, str(error))

    async def _dial(self, action: _DialRequest) -> web.Response:
        of_this_phone = [session for session in self._sessions.values() if session.handset.phone == action.phone]
        for session in of_this_phone:
            self._end_session(session)
        while len(self._sessions) >= self._most_sessions:
            self._end_session(next(iter(self._sessions.values())))
        handset = Handset(self._http, self._hooks, action.phone, self._clock, service_code=self._service_code)
        display = await handset.dial(action.dial)
        if display.open:
            self._sessions[handset.session] = _OpenSession(handset, self._clock.monotonic() + SESSION_SECONDS)
        return self._respond(handset, display)

    def _respond(self, handset: Handset, display: Display) -> web.Response:
        if not display.open:
            self._sessions.pop(handset.session, None)
            self._close_handset(handset)
        return web.json_response({"session": handset.session, "screen": display.text, "open": display.open})

    def _end_expired_sessions(self) -> None:
        now = self._clock.monotonic()
        for session in [session for session in self._sessions.values() if session.ends_at <= now]:
            self._end_session(session)

    def _end_session(self, session: _OpenSession) -> None:
        self._sessions.pop(session.handset.session, None)
        self._close_handset(session.handset)

    def _close_handset(self, handset: Handset) -> None:
        """Close the handset in the background: its session end need not be sent before the answer."""
        task = asyncio.create_task(handset.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def sms(self, request: web.Request) -> web.Response:
        """Send an SMS to the gateway, once. If the gateway does not take it, the answer is 502 with the reason."""
        sms = await read_json(request, _SMS, _SMS_FORM)
        fields = {
            "date": f"{self._clock.now():%Y-%m-%dT%H:%M:%SZ}",
            "from": sms.phone.e164,
            "id": f"ATXid_{self._clock.new_id()}",
            "linkId": "",
            "text": sms.text,
            "to": sms.to or self._short_code,
            "cost": "0.0000",
            "networkCode": SANDBOX_NETWORK,
        }
        try:
            async with self._http.post(
                self._hooks.sms,
                data=urlencode(fields).encode(),
                headers={"Content-Type": FORM_TYPE},
                allow_redirects=False,
                timeout=_SMS_TIMEOUT,
            ) as response:
                if response.status != 200:
                    return error_response(502, f"the gateway answered HTTP {response.status}")
        except (aiohttp.ClientError, OSError) as error:
            return error_response(502, f"the gateway did not answer: {type(error).__name__}")
        return web.json_response({"id": fields["id"]})
