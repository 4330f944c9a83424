"""`waspada appeals approve`: what is approved is what was seen, also at a terminal that asks."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from threading import Thread
from typing import Any

import pytest

from tests.helpers.cli_appeals import MEDONO, Room, pack, room

__all__ = ["pack", "room"]


def test_who_approves_names_the_version_that_he_has_seen(room: Room) -> None:
    number = room.drafted()
    room.done("siti", "submit", number)
    result = room.does("budi", "approve", number)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "name the --version that you have seen: preview and show tell it" in result.stderr
    assert room.shown(number, "preview")["version"] == room.shown(number)["version"] == 1
    assert room.shown(number, "preview")["heading"] == room.menu.templates["damai"].purpose
    room.does("siti", "edit", number, "--template", "uang")
    room.done("siti", "submit", number)
    said = room.refused("budi", "approve", number, "--version", "1")
    assert said == "Error: this appeal is version 2 by now, not 1: look at it again\n"
    assert room.shown(number)["approvers"] == []
    room.done("budi", "approve", number, "--version", "2")


@pytest.mark.parametrize(
    ("audience", "people", "warned"),
    [
        ({"languages": ["jv"]}, "1 person", ""),
        ({"roles": ["camat"]}, "0 people", "Warning: nobody is in the audience of appeal 1, so nothing goes out.\n"),
    ],
)
def test_an_audience_of_one_or_of_nobody(room: Room, audience: dict[str, Any], people: str, warned: str) -> None:
    arguments = ("--purpose", "Peace", "--template", "damai", "--audience", json.dumps(audience))
    number = room.done("siti", "draft", *arguments).strip()
    room.done("siti", "submit", number)
    result = room.does("budi", *room.approving(number))
    assert (result.exit_code, result.stdout) == (0, f"Appeal 1 is approved, for {people}.\n")
    assert result.stderr == warned


@pytest.mark.parametrize("answer", ["y", "n", "Ctrl-C"])
def test_a_terminal_shows_what_it_asks_for(room: Room, answer: str) -> None:
    number = room.drafted("--text", "id=Rukun di {kel}. STOP", "--at", "2099-01-02T09:00")
    room.done("siti", "submit", number)
    code, shown = at_a_terminal(room, "budi", answer, "approve", number, "--no-follow")
    lines = [line.split() for line in shown.splitlines()]
    for line in (
        ["version", "1"],
        ["people", "3"],
        ["begins_at", "2099-01-02", "09:00", "WIB"],
        ["id", "Rukun", "di", "{kel}.", "STOP"],
        ["heading", "Peace"],
    ):
        assert line in lines
    assert MEDONO in shown
    assert (code, room.shown(number)["approvers"]) == ((0, ["budi"]) if answer == "y" else (1, []))


def test_what_is_edited_while_a_terminal_asks_is_not_approved(room: Room) -> None:
    number = room.drafted()
    room.done("siti", "submit", number)

    def edit() -> None:
        room.does("siti", "edit", number, "--template", "uang")
        room.done("siti", "submit", number)

    code, shown = at_a_terminal(room, "budi", "y", "approve", number, "--no-follow", meanwhile=edit)
    assert code == 1
    assert "this appeal is version 2 by now, not 1" in shown
    assert room.shown(number)["approvers"] == []


def press_ctrl_c(process: subprocess.Popen[bytes]) -> None:
    """Until it is heard: between the writing of a question and the reading of the answer Python hears nothing."""
    while process.poll() is None:
        process.send_signal(signal.SIGINT)
        time.sleep(1)


def at_a_terminal(
    room: Room, name: str, answer: str, *arguments: str, meanwhile: Callable[[], None] = lambda: None
) -> tuple[int, str]:
    """The exit status of a verb of `appeals` that asks for something, and all that it shows."""
    keyboard, terminal = pty.openpty()
    variables = {key: value for key, value in room.shell.variables.items() if value is not None}
    command = [sys.executable, "-m", "gateway", "appeals", *arguments, "--as", name]
    shown = b""
    with subprocess.Popen(
        command,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env={**os.environ, **variables, "WASPADA_TOKEN": room.tokens[name]},
    ) as process:
        os.close(terminal)
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
