"""Errors of the command: which classes are reported as a message, and which never reach it."""

from __future__ import annotations

import importlib
import pkgutil

import click
import pytest

import gateway
from gateway.appeals.appeal import Actor, RightRefused
from gateway.cli.errors import TRACEBACK, report_errors, report_faults
from gateway.incidents.incident import IncidentStatus, TransitionNotAllowed
from gateway.menu.pack.loader import PackRefused
from gateway.runtime.embedded import EmbeddedMissing
from gateway.runtime.postgres import DatabaseUnavailable
from gateway.runtime.redis import RedisUnavailable
from gateway.settings import SettingsRefused
from gateway.text.diagnostics import Diagnostic
from gateway.text.errors import ExplainedError, StoreUnavailable, UserError

# Errors that the gateway handles itself, each where it is raised or in its room.
HANDLED = {
    "BadCallback",
    "BodyLate",
    "CycleFound",
    "InvalidFaults",
    "NotATime",
    "NotGsm7",
    "NotReady",
    "UnfitAnswer",
    "WrongConsent",
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


def errors_for_users() -> set[type[UserError]]:
    return {error for error in errors_of_the_gateway() if issubclass(error, UserError)} - {UserError, ExplainedError}


def test_every_error_of_the_gateway_is_reported_or_handled() -> None:
    others = {
        error.__name__ for error in errors_of_the_gateway() if not issubclass(error, (UserError, StoreUnavailable))
    }

    assert others == HANDLED


def example_of(error: type[Exception]) -> Exception:
    """Return an error of this class, as the gateway raises it."""
    if issubclass(error, ExplainedError | EmbeddedMissing):
        return error()
    if issubclass(error, TransitionNotAllowed):
        return error(IncidentStatus.CLOSED, IncidentStatus.CHECKING)
    if issubclass(error, RightRefused):
        return error("a reason", Actor("dewi", frozenset()), "approve")
    if issubclass(error, PackRefused):
        return error([Diagnostic("flow.yaml", 7, "a reason")])
    return error(["a reason"]) if issubclass(error, SettingsRefused) else error("a reason")


@pytest.mark.parametrize("error", sorted(errors_for_users(), key=str), ids=lambda error: error.__name__)
def test_explained_error_becomes_its_message_with_exit_status_1(error: type[Exception]) -> None:
    raised = example_of(error)

    with pytest.raises(click.ClickException) as reported, report_errors():
        raise raised

    assert (reported.value.message, reported.value.exit_code) == (str(raised), 1)
    assert reported.value.message


@pytest.mark.parametrize(
    "error", [DatabaseUnavailable("connection refused"), RedisUnavailable("connection refused")], ids=repr
)
def test_unavailable_store_is_reported_with_its_reason(error: Exception) -> None:
    with pytest.raises(click.ClickException) as reported, report_errors():
        raise error

    assert reported.value.exit_code == 1
    assert reported.value.message == "The gateway's store does not answer (connection refused). Is it running?"


def test_fault_of_the_program_is_one_sentence_with_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TRACEBACK, raising=False)
    with pytest.raises(click.ClickException) as reported, report_faults():
        raise ZeroDivisionError("081230004567 is no divisor")

    assert reported.value.message.startswith("This is a fault of Waspada: ZeroDivisionError in test_errors.py, line ")
    assert "081230004567" not in reported.value.message

    monkeypatch.setenv(TRACEBACK, "1")
    with pytest.raises(ZeroDivisionError), report_faults():
        raise ZeroDivisionError


@pytest.mark.parametrize(
    "error", [click.UsageError("x"), click.Abort(), click.exceptions.Exit(3), BrokenPipeError()], ids=repr
)
def test_errors_of_the_command_line_pass(error: Exception) -> None:
    with pytest.raises(type(error)), report_faults():
        raise error
