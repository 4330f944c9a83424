"""Fault injection: errors that the built-in carrier can be told to make, for drills and for tests of the gateway.

A fault stays until it is cleared, or happens `times` times: it counts requests if it is one of answers, and messages
if it is one of delivery reports. Several may be set at once. ../README.md shows each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, TypeVar, get_args

from pydantic import Field, ValidationError

from gateway.carriers.local.json_api import StrictJson
from gateway.text.phone import mask_in

Seconds = Annotated[float, Field(ge=0, le=600)]
StatusCode = Annotated[int, Field(ge=0, le=999)]


class Fault(StrictJson):
    """Fault that happens `times` times, or until it is cleared."""

    times: Annotated[int, Field(ge=0)] | None = None


class Refuse(Fault):
    """Status codes of single numbers, such as 406 (opted out)."""

    numbers: dict[str, StatusCode]


class StatusCodes(Fault):
    """Status code of every number, known to the gateway or not."""

    code: StatusCode


class NoAnswer(Fault):
    """Request that is read and never answered. Its messages are sent if it `accepts` them."""

    accepts: bool = True


class SlowAnswer(Fault):
    """Request that is processed and answered so many seconds late."""

    seconds: Seconds


class HttpStatus(Fault):
    """Request that fails as a whole, with this HTTP status and perhaps `Retry-After`, in seconds."""

    status: Annotated[int, Field(ge=300, le=599)]
    retry_after: Annotated[int, Field(ge=0)] | None = None


class EmptyRecipients(Fault):
    """Answer 201 without recipients: nothing is sent, and `message` gives the reason."""

    message: str = "InvalidSenderId"


class MissingRecipients(Fault):
    """Answer that lists only the first `keep` recipients, by default half. All messages are sent."""

    keep: Annotated[int, Field(ge=0)] | None = None


class DuplicateReports(Fault):
    """Delivery reports that come `copies` times each."""

    copies: Annotated[int, Field(ge=2, le=20)] = 2


class Faults(StrictJson):
    """Faults that are set, at most one of each kind."""

    refuse: Refuse | None = None
    status_codes: StatusCodes | None = None
    no_answer: NoAnswer | None = None
    slow_answer: SlowAnswer | None = None
    http_status: HttpStatus | None = None
    empty_recipients: EmptyRecipients | None = None
    missing_recipients: MissingRecipients | None = None
    duplicate_reports: DuplicateReports | None = None
    reordered_reports: Fault | None = None  # the final report comes first
    early_reports: Fault | None = None  # they come before the answer to the send
    no_reports: Fault | None = None


class InvalidFaults(ValueError):
    """Invalid description of faults. The message names the errors and the allowed keys, and quotes no number."""


def parse_faults(document: bytes) -> Faults:
    """Parse the faults that a JSON object describes. Raises `InvalidFaults`."""
    try:
        return Faults.model_validate_json(document)
    except ValidationError as error:
        diagnostics = [_diagnostic(fault["loc"], fault["msg"]) for fault in error.errors()]
    raise InvalidFaults(f"{'; '.join(diagnostics)}. Allowed are: {_allowed_keys()}")


def _diagnostic(location: Sequence[int | str], message: str) -> str:
    path = ".".join(mask_in(str(part)) for part in location)
    return f"{path}: {message}" if path else message


def _allowed_keys() -> str:
    kinds = {name: get_args(field.annotation)[0] for name, field in Faults.model_fields.items()}
    return "; ".join(f"{name} ({', '.join(kind.model_fields)})" for name, kind in kinds.items())


F = TypeVar("F", bound=Fault)


def trigger(fault: F | None) -> F | None:
    """Count a fault down once. Returns it if it happens now, else None."""
    if fault is None or fault.times == 0:
        return None
    if fault.times is not None:
        fault.times -= 1
    return fault
