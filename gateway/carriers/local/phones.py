"""The phones of the built-in carrier: `/local/ussd` and `/local/sms`, for the handset in the browser."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Literal, TypeVar
from urllib.parse import urlencode

import aiohttp
from aiohttp import ClientSession, ClientTimeout, web
from pydantic import BaseModel, ConfigDict, Field, PlainValidator, TypeAdapter, ValidationError

from gateway.carriers.form_body import FORM_TYPE
from gateway.carriers.local.handset import SANDBOX_NETWORK, Display, Handset, NotDialled, WebhookUrls
from gateway.runtime.clock import Clock
from gateway.text.phone import NotAPhoneNumber, Phone

SESSION_SECONDS = 180.0  # a network ends a dialogue that lasts longer (facts/protocols.md A.4)
MOST_SESSIONS = 1000
CLOSE_SECONDS = 1.0

_SMS_TIMEOUT = ClientTimeout(total=10.0)

T = TypeVar("T")


def _number(value: object) -> Phone:
    if not isinstance(value, str):
        raise NotAPhoneNumber
    return Phone(value)


_Number = Annotated[Phone, PlainValidator(_number)]


class _StrictBody(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Dial(_StrictBody):
    phone: _Number
    dial: Annotated[str, Field(max_length=64)]


class _Answer(_StrictBody):
    session: str
    keys: Annotated[str, Field(max_length=1000)]


class _HangUp(_StrictBody):
    session: str
    hang_up: Literal[True]


class _Sms(_StrictBody):
    phone: _Number
    text: Annotated[str, Field(min_length=1, max_length=2000)]
    to: Annotated[str, Field(max_length=64)] | None = None


_USSD = TypeAdapter[_Dial | _Answer | _HangUp](_Dial | _Answer | _HangUp)
_SMS = TypeAdapter[_Sms](_Sms)


@dataclass(frozen=True, slots=True)
class _Session:
    handset: Handset
    until: float


class SimulatedPhones:
    """Every phone that somebody plays on this machine, each with at most one session."""

    def __init__(
        self,
        http: ClientSession,
        hooks: WebhookUrls,
        clock: Clock,
        *,
        service_code: str,
        short_code: str,
        most_sessions: int = MOST_SESSIONS,
    ) -> None:
        self._http = http
        self._hooks = hooks
        self._clock = clock
        self._service_code = service_code
        self._short_code = short_code
        self._most_sessions = most_sessions
        self._sessions: dict[str, _Session] = {}  # the oldest first
        self._closing: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Hang up every phone; its last event has a second to get through."""
        for session in self._sessions.values():
            self._let_go(session.handset)
        self._sessions.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*self._closing), CLOSE_SECONDS)

    async def ussd(self, request: web.Request) -> web.Response:
        """Dial, answer or hang up; the answer is what the display shows."""
        form = '{"phone", "dial"}, {"session", "keys"} or {"session", "hang_up": true}'
        wish = await _json(request, _USSD, form)
        self._leave_out_of_time()
        if isinstance(wish, _Dial):
            return await self._dial(wish)
        session = self._sessions.get(wish.session)
        if session is None:
            return error_response(404, "no such session is open: dial again")
        handset = session.handset
        try:
            shown = await (handset.answer(wish.keys) if isinstance(wish, _Answer) else handset.hang_up())
        except NotDialled:  # it ended while this was on its way
            shown = Display("", open=False)
        return self._show(handset, shown)

    async def _dial(self, wish: _Dial) -> web.Response:
        for session in [one for one in self._sessions.values() if one.handset.phone == wish.phone]:
            self._leave(session)
        while len(self._sessions) >= self._most_sessions:
            self._leave(next(iter(self._sessions.values())))
        handset = Handset(self._http, self._hooks, wish.phone, self._clock, service_code=self._service_code)
        shown = await handset.dial(wish.dial)
        if shown.open:
            self._sessions[handset.session] = _Session(handset, self._clock.monotonic() + SESSION_SECONDS)
        return self._show(handset, shown)

    def _show(self, handset: Handset, shown: Display) -> web.Response:
        if not shown.open:
            self._sessions.pop(handset.session, None)
            self._let_go(handset)
        return web.json_response({"session": handset.session, "screen": shown.text, "open": shown.open})

    def _leave_out_of_time(self) -> None:
        now = self._clock.monotonic()
        for session in [one for one in self._sessions.values() if one.until <= now]:
            self._leave(session)

    def _leave(self, session: _Session) -> None:
        self._sessions.pop(session.handset.session, None)
        self._let_go(session.handset)

    def _let_go(self, handset: Handset) -> None:
        """The event of an ended session goes its way after the answer."""
        task = asyncio.create_task(handset.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def sms(self, request: web.Request) -> web.Response:
        """Send an SMS to the gateway, once: what it does not take is said and not tried again."""
        sms = await _json(request, _SMS, '{"phone", "text"} and perhaps "to"')
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


async def _json(request: web.Request, shape: TypeAdapter[T], expected: str) -> T:
    require_json(request)
    try:
        return shape.validate_json(await request.read())
    except ValidationError:
        reason = json.dumps({"error": f"expected {expected}; a phone is + and its country code and number"})
        raise web.HTTPBadRequest(text=reason, content_type="application/json") from None


def require_json(request: web.Request) -> None:
    """Raise 415 for anything but JSON: a page of another site cannot post JSON here."""
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(text="send it as application/json")


def error_response(status: int, reason: str) -> web.Response:
    return web.json_response({"error": reason}, status=status)
