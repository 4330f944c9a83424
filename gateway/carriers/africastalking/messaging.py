"""Messaging API of Africa's Talking: sends, and the outcome for each number (facts/protocols.md B.1 to B.5).

The `africastalking` package builds the request. Its transport is replaced, since it blocks, opens a connection per
call, has no total deadline, hides the HTTP status and follows redirects with the key (C.2).

One question decides every outcome: could the carrier have acted upon the request? The API is not idempotent: it takes
no idempotency key. Therefore a send is `Unknown` if its answer is lost or not understood. `Deferred` and `Refused` mean
that it was certainly not sent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

import aiohttp
import structlog
from africastalking.SMS import SMSService
from aiohttp import ClientResponse, ClientSession, ClientTimeout

from gateway.carriers.africastalking.account import check_address, check_key, check_username
from gateway.carriers.carrier import Accepted, Deferred, Outcome, Refused, Unknown
from gateway.carriers.form_body import FORM_TYPE
from gateway.carriers.http_body import AnswerTooLong, read_body
from gateway.text.phone import Phone, mask_in

log = structlog.get_logger()

# Status codes of single numbers (B.3). The id of an accepted message is filled in.
CODES: Mapping[int, Outcome] = {
    100: Accepted(""),
    101: Accepted(""),
    102: Accepted(""),
    401: Unknown("held back by the carrier's risk check"),
    402: Refused("the sender name is not registered"),
    403: Refused("not a valid number"),
    404: Refused("a kind of number that the carrier does not serve"),
    405: Deferred("the account has no credit", whole_channel=True),
    406: Refused("opted out at the carrier", opted_out=True),
    407: Refused("no route to this number"),
    409: Refused("the subscriber does not want to be disturbed", opted_out=True),
    500: Unknown("an error within the carrier"),
    501: Unknown("an error on the way to the operator"),
    502: Refused("the operator does not know the sender name"),  # permanent, although a 502 is usually not
}

# `Message` of an answer without recipients: nothing was sent to anybody (B.3).
EMPTY_ANSWERS: Mapping[str, Outcome] = {
    # Unlike 402 for a single number this is a fault of the account: with another `sender` all messages can be sent.
    "InvalidSenderId": Deferred("the sender name is not registered", whole_channel=True),
    "InsufficientBalance": CODES[405],
}

# HTTP status of the whole answer, if it is not 2xx (B.4).
HTTP_STATUSES: Mapping[int, Outcome] = {
    **dict.fromkeys(
        (301, 302, 303, 307, 308), Deferred("redirected: api_url is not the messaging API", whole_channel=True)
    ),
    400: Refused("the carrier calls the request malformed"),
    401: Deferred("the carrier does not accept the API key", whole_channel=True),
    403: Deferred("the carrier denies access", whole_channel=True),
    404: Deferred("there is no messaging API at api_url", whole_channel=True),
    409: Refused("the subscriber does not want to be disturbed"),  # whoever it means of all the numbers
    413: Refused("the carrier calls the request too large"),
    429: Deferred("too many requests", whole_channel=True),
    **dict.fromkeys((500, 501, 502, 504), CODES[500]),
    503: Deferred("the carrier is not available"),
}

# Faults of the connection: the first that fits counts. Only the first two come before the request was written.
CONNECTION_FAULTS: tuple[tuple[type[Exception], Outcome], ...] = (
    (aiohttp.ConnectionTimeoutError, Deferred("no connection to the carrier in time")),
    (aiohttp.ClientConnectorError, Deferred("no connection to the carrier")),
    (TimeoutError, Unknown("no answer in time")),
    (aiohttp.ClientError, Unknown("the connection was lost")),
    (OSError, Unknown("the connection was lost")),
)

NOT_UNDERSTOOD = Unknown("the answer is not understood")
MISSING = Unknown("the answer does not name this number")
CONTRADICTORY = Unknown("the answer contradicts itself")
WITHOUT_ID = Unknown("accepted, but without an id")
NOT_SENDABLE = Refused("the text is empty or no valid Unicode")
STOPPING = Deferred("the gateway is stopping")

LARGEST_ANSWER = 256 * 1024
BALANCE_SECONDS = 3.0
LONGEST_BALANCE = 64
LONGEST_WAIT = timedelta(days=1)

_ID = re.compile(r"[!-~]{1,128}")
_SECONDS = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True, repr=False)
class _Request:
    """HTTP request as the SDK would have posted it. It holds numbers and the key, hence no `repr`."""

    url: str
    headers: Mapping[str, str]
    body: bytes


class _Requests(SMSService):  # type: ignore[misc]  # the SDK has no types
    """Service of the SDK without its transport: `send` returns the `_Request` that it would have made."""

    def __init__(self, username: str, api_key: str, api_url: str | None) -> None:
        self._api_url = api_url
        super().__init__(username, api_key)

    def _init_service(self) -> None:
        super()._init_service()
        if self._api_url is not None:
            self._baseUrl = self._contentUrl = f"{self._api_url.rstrip('/')}/version1"

    def balance(self) -> _Request:
        """Build the request for the account's balance."""
        query = urlencode({"username": self._username})
        return _Request(f"{self._baseUrl}/user?{query}", self._headers, b"")

    def _make_request(
        self, url: str, _: str, *, headers: Mapping[str, str], data: Mapping[str, Any], **_transport: object
    ) -> _Request:
        return _Request(url, {**headers, "Content-Type": FORM_TYPE}, urlencode(data).encode())


class Messaging:
    """Client of the messaging API for one account. The arguments are those of `AfricasTalking`."""

    def __init__(
        self,
        name: str,
        username: str,
        api_key: str,
        http: ClientSession,
        *,
        sender: str | None,
        api_url: str | None,
        connect_seconds: float,
        total_seconds: float,
    ) -> None:
        check_username(username)
        check_key(api_key)
        check_address(api_url)
        self._name = name
        self._sender = sender
        self._http = http
        self._requests = _Requests(username, api_key, api_url)
        self._timeout = ClientTimeout(total=total_seconds, connect=connect_seconds)

    async def send(self, text: str, recipients: Sequence[Phone]) -> dict[Phone, Outcome]:
        """Send `text` once to each distinct number. Returns an outcome for each of `recipients`.

        Raises nothing but `CancelledError`.
        """
        phones = list(dict.fromkeys(recipients))  # a repeated number would get the message twice
        if not phones:
            return {}
        request = self._request(text, phones)
        if request is None:
            return dict.fromkeys(phones, NOT_SENDABLE)
        if self._http.closed:
            return dict.fromkeys(phones, STOPPING)
        answer = await self._post(request)
        if not isinstance(answer, bytes):
            return dict.fromkeys(phones, answer)
        return self._outcomes(answer, phones)

    async def balance(self) -> str | None:
        """Ask `GET /version1/user` for the balance (B.5). Returns it cut to a line, or None for any other answer.

        Never raises.
        """
        request = self._requests.balance()
        try:
            async with self._http.get(
                request.url,
                headers=request.headers,
                allow_redirects=False,
                timeout=ClientTimeout(total=BALANCE_SECONDS),
            ) as response:
                if response.status != 200:
                    return None
                balance = json.loads(await read_body(response, LARGEST_ANSWER))["UserData"]["balance"]
        except (aiohttp.ClientError, OSError, AnswerTooLong, RuntimeError, ValueError, KeyError, TypeError):
            return None
        text = " ".join(_scalar_text(balance).split())[:LONGEST_BALANCE]
        return text if text.isprintable() and text else None

    def _request(self, text: str, phones: Sequence[Phone]) -> _Request | None:
        """Build the request. Returns None for a text that cannot be sent.

        The numbers are not checked again: `Phone` is stricter than the SDK (C.2, hazard 8).
        """
        if not text:
            return None
        try:
            # Without `enqueue` the answer would wait for the operators, and more sends would end as unknown (B.2).
            request: _Request = self._requests.send(text, [phone.e164 for phone in phones], self._sender, enqueue=True)
        except UnicodeEncodeError:
            return None
        return request

    async def _post(self, request: _Request) -> bytes | Outcome:
        """Post the request. Returns the body of a 2xx answer, or the outcome that all numbers share."""
        try:
            async with self._http.post(
                request.url,
                data=request.body,
                headers=request.headers,
                allow_redirects=False,
                timeout=self._timeout,
            ) as response:
                if 200 <= response.status < 300:
                    return await read_body(response, LARGEST_ANSWER)
                return self._outcome_of_status(response)
        except (aiohttp.ClientError, OSError) as error:  # `TimeoutError` is an `OSError`
            outcome = next(outcome for kind, outcome in CONNECTION_FAULTS if isinstance(error, kind))
            log.warning("carrier.connection_failed", channel=self._name, error=type(error).__name__)
            return outcome
        except AnswerTooLong as error:
            self._warn_not_understood("answer", type(error).__name__)
            return NOT_UNDERSTOOD

    def _outcome_of_status(self, response: ClientResponse) -> Outcome:
        outcome = HTTP_STATUSES.get(response.status)
        if outcome is None:
            self._warn_not_understood("HTTP status", response.status)
            return NOT_UNDERSTOOD
        if isinstance(outcome, Deferred) and (wait := retry_after(response.headers)):
            # `Retry-After` is meant for the whole account, not for one message.
            return replace(outcome, after=wait, whole_channel=True)
        return outcome

    def _outcomes(self, answer: bytes, phones: Sequence[Phone]) -> dict[Phone, Outcome]:
        """Read the outcomes by number, not by position: the carrier may leave some out (B.3)."""
        try:
            data = json.loads(answer)["SMSMessageData"]
            entries = [entry for entry in data["Recipients"] if isinstance(entry, dict)]
        # A body of nothing but brackets is nested too deeply for `json` and raises `RecursionError`.
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            self._warn_not_understood("answer", type(error).__name__)
            return dict.fromkeys(phones, NOT_UNDERSTOOD)
        if not entries:
            message = _scalar_text(data.get("Message"))
            self._warn_not_understood("empty list of recipients", message)
            return dict.fromkeys(phones, EMPTY_ANSWERS.get(message, MISSING))
        found = self._outcomes_by_number(entries)
        return {phone: found.get(phone.e164, MISSING) for phone in phones}

    def _outcomes_by_number(self, entries: Sequence[Mapping[str, Any]]) -> dict[str, Outcome]:
        found: dict[str, Outcome] = {}
        for entry in entries:
            number = f"+{_scalar_text(entry.get('number')).strip().removeprefix('+')}"
            outcome = self._outcome_of_code(entry.get("statusCode"), entry.get("messageId"))
            # A number that is listed twice with two outcomes: neither can be trusted.
            found[number] = outcome if found.get(number, outcome) == outcome else CONTRADICTORY
        return found

    def _outcome_of_code(self, code: object, message_id: object) -> Outcome:
        outcome = CODES.get(code) if isinstance(code, int) else None
        if outcome is None:
            self._warn_not_understood("status code", code)
            return NOT_UNDERSTOOD
        if not isinstance(outcome, Accepted):
            return outcome
        # The API writes the word `None` where it has no id (B.3).
        if not isinstance(message_id, str) or message_id == "None" or not _ID.fullmatch(message_id):
            self._warn_not_understood("message id", message_id)
            return WITHOUT_ID
        return Accepted(message_id)

    def _warn_not_understood(self, what: str, value: object) -> None:
        log.warning("carrier.not_understood", channel=self._name, what=what, value=mask_in(_scalar_text(value))[:200])


def _scalar_text(value: object) -> str:
    """Return a word or a number as text, and of any other value its type: it may be too deeply nested for `str`."""
    return str(value) if isinstance(value, str | int) else type(value).__name__


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """Parse the header `Retry-After`, in seconds or as a date. Returns the time to wait, at most a day.

    A date is compared with the answer's own `Date`, so that a wrong clock does no harm.
    """
    value = headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(value):
        return min(timedelta(seconds=int(value)), LONGEST_WAIT)
    try:
        wait = parsedate_to_datetime(value) - parsedate_to_datetime(headers["Date"])
    except (ValueError, TypeError, KeyError):
        return None
    return min(max(wait, timedelta()), LONGEST_WAIT)
