"""Context of the verbs: `appeals approve` at a terminal shows the appeal and asks before it approves that version."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from threading import Thread

import pytest

from gateway.wiring.appeal_services import appeal_settings
from gateway.wiring.carriers import read_settings
from tests.helpers.appeals import CODE, MEDONO
from tests.helpers.cli_appeals import START_DAY, AppealTerminal

CTRL_C_EVERY_S = 5.0  # longer than the command takes to end on a busy machine: a second one would kill it


@pytest.mark.parametrize("answer", ["y", "n", "Ctrl-C"])
def test_approve_at_a_terminal_shows_the_appeal_and_asks(terminal: AppealTerminal, answer: str) -> None:
    number = terminal.submitted_appeal("--text", "id=Rukun di {kel}. STOP", "--at", f"{START_DAY}T09:00")

    code, shown = answer_at_terminal(terminal, "budi", answer, "approve", number, "--no-follow")

    lines = [line.split() for line in shown.splitlines()]
    for line in (
        ["version", "1"],
        ["people", "3"],
        ["begins_at", str(START_DAY), "09:00", "WIB"],
        ["id", "Rukun", "di", "{kel}.", "STOP"],
        ["heading", "Peace"],
    ):
        assert line in lines
    assert MEDONO in shown
    assert (code, terminal.show(number)["approvers"]) == ((0, ["budi"]) if answer == "y" else (1, []))


def test_approve_at_a_terminal_refuses_an_edit_made_while_it_asks(terminal: AppealTerminal) -> None:
    number = terminal.submitted_appeal()

    def edit() -> None:
        terminal.run_as("siti", "edit", number, "--template", "uang")
        terminal.succeed("siti", "submit", number)

    code, shown = answer_at_terminal(terminal, "budi", "y", "approve", number, "--no-follow", meanwhile=edit)

    assert code == 1
    assert "this appeal is version 2 by now, not 1" in shown
    assert terminal.show(number)["approvers"] == []


def test_limits_and_price_come_from_the_settings(terminal: AppealTerminal) -> None:
    settings = appeal_settings(read_settings(terminal.config))

    assert (dict(settings.service_codes), settings.price and settings.price.cost_of(2)) == ({"at": CODE}, "640 IDR")


def press_ctrl_c(process: subprocess.Popen[bytes]) -> None:
    """Press Ctrl-C until it takes effect: Python ignores it between printing a question and reading the answer."""
    while process.poll() is None:
        process.send_signal(signal.SIGINT)
        time.sleep(CTRL_C_EVERY_S)


def answer_at_terminal(
    terminal: AppealTerminal, name: str, answer: str, *arguments: str, meanwhile: Callable[[], None] = lambda: None
) -> tuple[int, str]:
    """Run a verb of `appeals` that asks a question at a terminal. Returns its exit status and output."""
    keyboard, screen = pty.openpty()
    variables = {key: value for key, value in terminal.shell.variables.items() if value is not None}
    command = [sys.executable, "-m", "gateway", "appeals", *arguments, "--as", name]
    shown = b""
    with subprocess.Popen(
        command,
        stdin=screen,
        stdout=screen,
        stderr=screen,
        env={**os.environ, **variables, "WASPADA_TOKEN": terminal.tokens[name]},
    ) as process:
        os.close(screen)
        try:
            while b"[y/N]" not in shown:
                shown += os.read(keyboard, 4096)
            meanwhile()
            if answer == "Ctrl-C":
                Thread(target=press_ctrl_c, args=[process], daemon=True).start()
            else:
                os.write(keyboard, f"{answer}\n".encode())
            while more := os.read(keyboard, 4096):
                shown += more
        except OSError:  # the other end is closed
            pass
        finally:
            os.close(keyboard)
    return process.returncode, shown.decode()
