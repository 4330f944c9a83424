"""Simulated phone (handset): dials, shows screens, answers and hangs up, by the USSD webhook of Africa's Talking.

The phone in the browser and `waspada dial` both use it, so they show what a resident would see (facts/protocols.md
A.1 to A.7).

    dial ──► callback ──► CON: screen, open ──► answer ──► callback …
                     └──► END: screen, closed ──► session end "Success"
             hang up ─────────────────────────► session end "Incomplete"
             signal lost ─────────────────────► no session end
             no answer, HTTP error, other text ─► session end "Failed"
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
    """URLs of the gateway's webhooks, as they are entered at a carrier. An empty one is not called."""

    ussd: str
    ussd_event: str = ""
    sms: str = ""
    receipt: str = ""
    optout: str = ""


@dataclass(frozen=True, slots=True)
class Display:
    """Display of a phone: its text, and whether the session is open for an answer."""

    text: str
    open: bool


class NotDialled(ExplainedError):
    """Session is not open on this phone: dial first."""


@dataclass(slots=True)
class _Session:
    """USSD session as the carrier keeps it. `text` is all inputs so far, and `body` the gateway's last answer."""

    id: str
    service_code: str
    text: str
    started_at: float  # seconds of the monotonic clock
    label: str | None = None
    labels: list[str] = field(default_factory=list)
    hops: int = 0
    body: str = ""


class Handset:
    """Phone with one subscriber's number. Close it, or use `async with`, so that its last session end is sent."""

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
        """Make a phone on a network where only `service_code` leads to the gateway.

        It is not known whether Africa's Talking sends the rest of a longer dialled code in the text or in the service
        code (A.5). `suffix_in_text` chooses. An answer that takes longer than `answer_seconds` fails the session.
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
        self._open_session: _Session | None = None
        self._events: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def dial(self, code: str) -> Display:
        """Start a session, after hanging up an open one. A code of another service is a network error."""
        await self.hang_up()
        suffix = self._suffix(code)
        if suffix is None:
            return Display(NETWORK_ERROR, open=False)
        dialled, text = (self._service_code, suffix) if self._suffix_in_text else (code, "")
        self.session = f"ATUid_{self._clock.new_id()}"
        self._open_session = _Session(self.session, dialled, text, self._clock.monotonic())
        return await self._call_back(self._open_session)

    async def answer(self, keys: str) -> Display:
        """Send the typed keys, which may be none. Raises `NotDialled`."""
        if self._open_session is None:
            raise NotDialled
        self._open_session.text = f"{self._open_session.text}*{keys}" if self._open_session.text else keys
        return await self._call_back(self._open_session)

    async def hang_up(self) -> Display:
        """End the session in the middle, as a resident does, or a network after its time limit."""
        if self._open_session:
            self._end(self._open_session, "Incomplete")
        return Display("", open=False)

    def lose_signal(self) -> Display:
        """Forget the session without its end: a phone out of reach sends nothing, and events may get lost (A.7)."""
        self._open_session = None
        return Display("", open=False)

    async def close(self) -> None:
        """Hang up, and wait until all session ends are sent."""
        await self.hang_up()
        await asyncio.gather(*self._events)

    def _suffix(self, code: str) -> str | None:
        """Return the part of `code` after the service code. Returns None if the network would not route it to us."""
        if not _DIALLABLE.fullmatch(code):
            return None
        if code == self._service_code:
            return ""
        stem = f"{self._service_code.removesuffix('#')}*"
        return code[len(stem) : -1] if code.startswith(stem) else None

    async def _call_back(self, session: _Session) -> Display:
        session.hops += 1
        error = await self._post_callback(session)
        if self._open_session is not session:  # hung up while the gateway prepared its answer
            return Display("", open=False)
        if error:
            self._end(session, "Failed", error)
            return Display(NETWORK_ERROR, open=False)
        is_open = session.body.startswith("CON ")
        if not is_open:
            self._end(session, "Success")
        return Display(session.body[4:], is_open)

    async def _post_callback(self, session: _Session) -> str:
        """Post one USSD callback and keep its answer in the session. Returns the error, or an empty text."""
        headers = {"Content-Type": FORM_TYPE}
        if session.label is not None:
            headers[LABEL_HEADER] = session.label
        fields = {
            "sessionId": session.id,
            "serviceCode": session.service_code,
            "phoneNumber": self.phone.e164,
            "networkCode": self._network_code,
            "text": session.text,
        }
        try:
            async with self._http.post(
                self._hooks.ussd,
                data=_encode_form(fields),
                headers=headers,
                allow_redirects=False,
                timeout=self._timeout,
            ) as response:
                return await _keep_answer(response, session)
        except TimeoutError:
            return "No response in time"
        except (aiohttp.ClientError, OSError):
            return "Could not connect"

    def _end(self, session: _Session, status: str, error: str = "") -> None:
        self._open_session = None
        if not self._hooks.ussd_event:
            return
        fields = {
            "date": f"{self._clock.now():%Y-%m-%d %H:%M:%S}",
            "sessionId": session.id,
            "serviceCode": session.service_code,
            "networkCode": self._network_code,
            "phoneNumber": self.phone.e164,
            "status": status,
            "cost": "0.00",
            "durationInMillis": str(round((self._clock.monotonic() - session.started_at) * 1000)),
            "hopsCount": str(session.hops),
            "hopsMetadata": "|".join(session.labels),
            "input": session.text,
            "lastAppResponse": session.body,
        }
        if error:
            fields["errorMessage"] = error
        task = asyncio.create_task(self._post_session_end(fields))
        self._events.add(task)
        task.add_done_callback(self._events.discard)

    async def _post_session_end(self, fields: dict[str, str]) -> None:
        """Post a session end. It may get lost, as it does in reality (A.7)."""
        with suppress(aiohttp.ClientError, OSError):
            async with self._http.post(
                self._hooks.ussd_event,
                data=_encode_form(fields),
                headers={"Content-Type": FORM_TYPE},
                allow_redirects=False,
                timeout=self._timeout,
            ):
                pass


async def _keep_answer(response: ClientResponse, session: _Session) -> str:
    """Keep screen and label of an answer in the session. Returns Africa's Talking's words for a bad answer."""
    if response.status != 200:
        return f"Received unexpected response code: {response.status} <none>"
    try:
        session.body = (await read_body(response, LARGEST_SCREEN)).decode()
    except (AnswerTooLong, UnicodeDecodeError):
        return "The response could not be read"
    if not session.body.startswith(("CON ", "END ")):
        return "The response should start with CON or END"
    session.label = response.headers.get(LABEL_HEADER)
    if session.label is not None:
        session.labels.append(session.label)
    return ""


def _encode_form(fields: dict[str, str]) -> bytes:
    """Encode a form as Africa's Talking does: a `*` remains a `*`."""
    return urlencode(fields, safe="*").encode()
