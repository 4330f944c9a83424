"""What can be made to go wrong at the built-in carrier, so that a drill or a test can watch the gateway cope.

Each fault holds until it is cleared, or for `times`: requests for the faults of answers, messages for those of
reports. Several may be set at once. README.md beside this file shows each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateway.text.phone import mask_in

Seconds = Annotated[float, Field(ge=0, le=600)]
StatusCode = Annotated[int, Field(ge=0, le=999)]


class _StrictFault(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Fault(_StrictFault):
    """Something is wrong, `times` times or until cleared."""

    times: Annotated[int, Field(ge=0)] | None = None


class Refuse(Fault):
    """These numbers get these status codes, such as 406 (opted out)."""

    numbers: dict[str, StatusCode]


class StatusCodes(Fault):
    """Every number gets this status code, known to the gateway or not."""

    code: StatusCode


class NoAnswer(Fault):
    """The request is read and never answered; the messages are sent all the same, or are not."""

    accepts: bool = True


class SlowAnswer(Fault):
    """Everything happens, but so many seconds late."""

    seconds: Seconds


class HttpStatus(Fault):
    """The request fails as a whole, with this HTTP status; `retry_after` in seconds may go with it."""

    status: Annotated[int, Field(ge=300, le=599)]
    retry_after: Annotated[int, Field(ge=0)] | None = None


class EmptyRecipients(Fault):
    """201, but nothing is sent: no recipient is listed, and `message` says why."""

    message: str = "InvalidSenderId"


class MissingRecipients(Fault):
    """All messages are sent, but only the first `keep` are listed; by default half of them."""

    keep: Annotated[int, Field(ge=0)] | None = None


class DuplicateReports(Fault):
    """Every delivery report comes `copies` times."""

    copies: Annotated[int, Field(ge=2, le=20)] = 2


class Faults(_StrictFault):
    """Everything that is wrong now."""

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
    """What is wrong with a description of faults, and what is allowed; quotes no number."""


def parse_faults(document: bytes) -> Faults:
    """The faults that a JSON object describes. Raises `WrongFaults`."""
    try:
        return Faults.model_validate_json(document, strict=True)
    except ValidationError as error:
        diagnostics = [_sentence(diagnostic["loc"], diagnostic["msg"]) for diagnostic in error.errors()]
    raise InvalidFaults(f"{'; '.join(diagnostics)}. Allowed are: {_allowed()}")


def _sentence(place: Sequence[int | str], diagnostic: str) -> str:
    path = ".".join(mask_in(str(part)) for part in place)
    return f"{path}: {diagnostic}" if path else diagnostic


def _allowed() -> str:
    kinds = {name: get_args(field.annotation)[0] for name, field in Faults.model_fields.items()}
    return "; ".join(f"{name} ({', '.join(kind.model_fields)})" for name, kind in kinds.items())


F = TypeVar("F", bound=Fault)


def trigger(fault: F | None) -> F | None:
    """`fault` if it is to happen now, and one less of its times."""
    if fault is None or fault.times == 0:
        return None
    if fault.times is not None:
        fault.times -= 1
    return fault
