"""A simulated phone: it dials, shows a screen, types, hangs up, and speaks the USSD webhook as Africa's Talking does.

The phone in the browser and `waspada dial` are both this one, so what they show is what a resident would see
(facts/protocols.md A.1 to A.7).
"""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import urlencode

import aiohttp
from aiohttp import ClientResponse, ClientSession, ClientTimeout

from gateway.carriers.africastalking.callbacks import LABEL_HEADER
from gateway.carriers.form_body import FORM_TYPE
from gateway.carriers.http_body import AnswerTooLong, read_body
from gateway.runtime.clock import Clock
from gateway.text.errors import ExplainedError
from gateway.text.phone import Phone

SANDBOX_NETWORK = "99999"
NETWORK_ERROR = "Connection problem or invalid MMI code."
ANSWER_SECONDS = 10.0  # A.4
LARGEST_SCREEN = 16 * 1024

_DIALLABLE = re.compile(r"[*#][0-9*#]{1,62}#")


@dataclass(frozen=True, slots=True)
class WebhookUrls:
    """The gateway's webhooks, as they are entered at a carrier. One left empty is not called."""

    ussd: str
    ussd_event: str = ""
    sms: str = ""
    receipt: str = ""
    optout: str = ""


@dataclass(frozen=True, slots=True)
class Display:
    """What the display says now, and whether an answer may be typed."""

    text: str
    open: bool


class NotDialled(ExplainedError):
    """No session is open on this phone: dial first."""


@dataclass(slots=True)
class _Dialling:
    """One session as the carrier keeps it."""

    id: str
    service_code: str
    text: str
    began: float
    label: str | None = None
    labels: list[str] = field(default_factory=list)
    hops: int = 0
    body: str = ""


class Handset:
    """A phone with one subscriber's number. Close it, or use `async with`, so that its last event gets through."""

    def __init__(
        self,
        http: ClientSession,
        hooks: WebhookUrls,
        phone: Phone,
        clock: Clock,
        *,
        service_code: str,
        network_code: str = SANDBOX_NETWORK,
        suffix_in_text: bool = True,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        """Only `service_code` leads to the gateway. Whether the rest of a longer code that is dialled comes in the
        text or stays in the service code is not known of Africa's Talking (A.5); `suffix_in_text` chooses.
        """
        self.phone = phone
        self.session = ""  # the id of the last session
        self._http = http
        self._hooks = hooks
        self._clock = clock
        self._service_code = service_code
        self._network_code = network_code
        self._suffix_in_text = suffix_in_text
        self._timeout = ClientTimeout(total=answer_seconds)
        self._dialling: _Dialling | None = None
        self._events: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def dial(self, code: str) -> Display:
        """Begin a session, after hanging up an open one."""
        await self.hang_up()
        suffix = self._suffix(code)
        if suffix is None:
            return Display(NETWORK_ERROR, open=False)
        dialled, text = (self._service_code, suffix) if self._suffix_in_text else (code, "")
        self.session = f"ATUid_{self._clock.new_id()}"
        self._dialling = _Dialling(self.session, dialled, text, self._clock.monotonic())
        return await self._hop(self._dialling)

    async def answer(self, keys: str) -> Display:
        """Send what was typed, which may be nothing. Raises `NotDialled`."""
        if self._dialling is None:
            raise NotDialled
        self._dialling.text = f"{self._dialling.text}*{keys}" if self._dialling.text else keys
        return await self._hop(self._dialling)

    async def hang_up(self) -> Display:
        """Leave the dialogue where it is, as a resident does, and a network when the time is up."""
        if self._dialling:
            self._end(self._dialling, "Incomplete")
        return Display("", open=False)

    async def close(self) -> None:
        """Hang up, and wait for the events that are on their way."""
        await self.hang_up()
        await asyncio.gather(*self._events)

    def _suffix(self, code: str) -> str | None:
        """What `code` has more than the service code; `None` if the network would not bring it to us."""
        if not _DIALLABLE.fullmatch(code):
            return None
        if code == self._service_code:
            return ""
        stem = f"{self._service_code.removesuffix('#')}*"
        return code[len(stem) : -1] if code.startswith(stem) else None

    async def _hop(self, dialling: _Dialling) -> Display:
        dialling.hops += 1
        error = await self._ask(dialling)
        if self._dialling is not dialling:  # hung up while the gateway was thinking
            return Display("", open=False)
        if error:
            self._end(dialling, "Failed", error)
            return Display(NETWORK_ERROR, open=False)
        going_on = dialling.body.startswith("CON ")
        if not going_on:
            self._end(dialling, "Success")
        return Display(dialling.body[4:], going_on)

    async def _ask(self, dialling: _Dialling) -> str:
        """One callback; its answer goes into `dialling`. Returns what was wrong with it, if anything."""
        headers = {"Content-Type": FORM_TYPE}
        if dialling.label is not None:
            headers[LABEL_HEADER] = dialling.label
        fields = {
            "sessionId": dialling.id,
            "serviceCode": dialling.service_code,
            "phoneNumber": self.phone.e164,
            "networkCode": self._network_code,
            "text": dialling.text,
        }
        try:
            async with self._http.post(
                self._hooks.ussd, data=_form(fields), headers=headers, allow_redirects=False, timeout=self._timeout
            ) as response:
                return await _read(response, dialling)
        except TimeoutError:
            return "No response in time"
        except (aiohttp.ClientError, OSError):
            return "Could not connect"

    def _end(self, dialling: _Dialling, status: str, error: str = "") -> None:
        self._dialling = None
        if not self._hooks.ussd_event:
            return
        fields = {
            "date": f"{self._clock.now():%Y-%m-%d %H:%M:%S}",
            "sessionId": dialling.id,
            "serviceCode": dialling.service_code,
            "networkCode": self._network_code,
            "phoneNumber": self.phone.e164,
            "status": status,
            "cost": "0.00",
            "durationInMillis": str(round((self._clock.monotonic() - dialling.began) * 1000)),
            "hopsCount": str(dialling.hops),
            "hopsMetadata": "|".join(dialling.labels),
            "input": dialling.text,
            "lastAppResponse": dialling.body,
            **({"errorMessage": error} if error else {}),
        }
        task = asyncio.create_task(self._tell(fields))
        self._events.add(task)
        task.add_done_callback(self._events.discard)

    async def _tell(self, fields: dict[str, str]) -> None:
        """The end-of-session event: a hint that may get lost, as it does in reality (A.7)."""
        with suppress(aiohttp.ClientError, OSError):
            async with self._http.post(
                self._hooks.ussd_event,
                data=_form(fields),
                headers={"Content-Type": FORM_TYPE},
                allow_redirects=False,
                timeout=self._timeout,
            ):
                pass


async def _read(response: ClientResponse, dialling: _Dialling) -> str:
    if response.status != 200:
        return f"Received unexpected response code: {response.status} <none>"
    try:
        dialling.body = (await read_body(response, LARGEST_SCREEN)).decode()
    except (AnswerTooLong, UnicodeDecodeError):
        return "The response could not be read"
    if not dialling.body.startswith(("CON ", "END ")):
        return "The response should start with CON or END"
    dialling.label = response.headers.get(LABEL_HEADER)
    if dialling.label is not None:
        dialling.labels.append(dialling.label)
    return ""


def _form(fields: dict[str, str]) -> bytes:
    """As Africa's Talking writes it: a `*` stays a `*`."""
    return urlencode(fields, safe="*").encode()
