"""Errors of the command: which classes are reported as a message, and which never reach it."""

from __future__ import annotations

import importlib
import pkgutil

import click
import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

import gateway
from gateway.cli.errors import EXPLAINED_ERRORS, report_errors
from gateway.incidents.incident import IncidentStatus
from gateway.incidents.store import TransitionNotAllowed
from gateway.menu.pack.loader import PackRefused
from gateway.runtime.postgres import DatabaseUnavailable
from gateway.settings import SettingsRefused
from gateway.text.diagnostics import Diagnostic
from gateway.text.errors import ExplainedError

# Errors that the gateway handles itself, each where it is raised or in its room.
HANDLED = {
    "AnswerTooLong",
    "BadCallback",
    "BodyLate",
    "CycleFound",
    "DatabaseUnavailable",
    "ExplainedError",
    "InvalidFaults",
    "NoFreeTicket",
    "NotACondition",
    "NotAPhoneNumber",
    "NotDialled",
    "NotGsm7",
    "NotReady",
    "RedisUnavailable",
    "SessionOfAnotherPhone",
    "TooManyParts",
    "WrongDate",
    "WrongRow",
}


def errors_of_the_gateway() -> set[type[Exception]]:
    """Return every class of an exception that a module of the gateway defines."""
    modules = [
        importlib.import_module(module.name)
        for module in pkgutil.walk_packages(gateway.__path__, "gateway.")
        if not module.name.startswith(("gateway.__main__", "gateway.runtime.migrations."))
    ]
    defined = (value for module in modules for value in vars(module).values() if isinstance(value, type))
    return {one for one in defined if issubclass(one, Exception) and one.__module__.startswith("gateway.")}


def test_every_error_of_the_gateway_is_reported_or_handled() -> None:
    others = {error.__name__ for error in errors_of_the_gateway() if not issubclass(error, EXPLAINED_ERRORS)}

    assert others == HANDLED


def example_of(error: type[Exception]) -> Exception:
    """Return an error of this class, as the gateway raises it."""
    if issubclass(error, ExplainedError):
        return error()
    if issubclass(error, TransitionNotAllowed):
        return error(IncidentStatus.CLOSED, IncidentStatus.CHECKING)
    if issubclass(error, PackRefused):
        return error([Diagnostic("flow.yaml", 7, "a reason")])
    return error(["a reason"]) if issubclass(error, SettingsRefused) else error("a reason")


@pytest.mark.parametrize("error", EXPLAINED_ERRORS, ids=lambda error: error.__name__)
def test_explained_error_becomes_its_message_with_exit_status_1(error: type[Exception]) -> None:
    raised = example_of(error)

    with pytest.raises(click.ClickException) as reported, report_errors():
        raise raised

    assert (reported.value.message, reported.value.exit_code) == (str(raised), 1)
    assert reported.value.message


@pytest.mark.parametrize(
    "error", [DatabaseUnavailable("connection refused"), RedisConnectionError("connection refused")], ids=repr
)
def test_unavailable_store_is_reported_with_its_reason(error: Exception) -> None:
    with pytest.raises(click.ClickException) as reported, report_errors():
        raise error

    assert reported.value.exit_code == 1
    assert reported.value.message == "The gateway's store does not answer (connection refused). Is it running?"


def test_unexpected_error_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError), report_errors():
        raise ZeroDivisionError
