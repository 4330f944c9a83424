"""Greeting of `waspada run`. Its start and stop are in `tests/journeys`."""

from __future__ import annotations

import re

from gateway.wiring.standalone import RunningGateway

URL = "http://127.0.0.1:8080"


def test_greeting_begins_with_the_address_and_names_the_phone() -> None:
    lines = RunningGateway(URL, with_phone=True, first_password=None).greeting().splitlines()

    assert lines[0] == f"Waspada is ready on {URL}"
    assert f"{URL}/phone" in lines[1]
    assert len(lines) == 4


def test_greeting_over_a_configured_channel_names_no_phone() -> None:
    greeting = RunningGateway(URL, with_phone=False, first_password=None).greeting()

    assert "/phone" not in greeting
    assert "password" not in greeting


def test_first_greeting_has_the_password_and_repr_has_not() -> None:
    running = RunningGateway(URL, with_phone=True, first_password="rukun-agawe-santosa")

    assert "  First-run administrator password: rukun-agawe-santosa\n" in running.greeting()
    assert "The account is admin." in running.greeting()
    assert "rukun" not in repr(running)


def test_commands_of_the_greeting_speak_to_this_gateway() -> None:
    running = RunningGateway(URL, with_phone=True, first_password="rukun-agawe-santosa")

    commands = re.findall(r"waspada (.*?)(?:   |$)", running.greeting(" --data 'my data'"), re.MULTILINE)

    assert commands == [
        "dial --data 'my data'",
        "channels --data 'my data'",
        "logs -f --data 'my data'",
        "users password admin --data 'my data'",
    ]
