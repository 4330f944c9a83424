"""`waspada channels`: state and webhook URLs of each channel, pause, resume."""

from __future__ import annotations

import json
from typing import Any

from tests.helpers.cli import SECRET, Shell
from tests.helpers.phones import NUMBER

KEYS = "name carrier service_code state reason since until by rate balance last_error last_error_at urls"


def test_channels_lists_state_and_urls(shell: Shell) -> None:
    (channel,) = shell.list_json("channels")
    base = f"https://waspada.example/hooks/at/{SECRET}"
    assert list(channel) == KEYS.split()
    assert channel["name"] == "at"
    assert channel["carrier"] == "africastalking"
    assert channel["urls"] == {
        "ussd": f"{base}/ussd",
        "ussd_event": f"{base}/ussd-event",
        "sms": f"{base}/sms",
        "receipt": f"{base}/receipt",
        "optout": f"{base}/optout",
    }

    standing = {name: channel[name] for name in ("state", "reason", "since", "until", "rate", "balance", "last_error")}
    assert standing == {
        "state": "running",
        "reason": "",
        "since": None,
        "until": None,
        "rate": None,
        "balance": None,
        "last_error": "",
    }


def test_channels_pause_and_resume(shell: Shell) -> None:
    assert shell.run("channels", "pause", "at", "--as", "rini", "--reason", "a drill").stdout == "at is paused.\n"

    (channel,) = shell.list_json("channels")
    assert (channel["state"], channel["reason"], channel["by"]) == ("paused", "a drill", "rini")
    assert channel["since"]
    assert "PAUSED since " in shell.run("channels").stdout
    assert shell.run("channels", "resume", "at").stdout == "at sends again.\n"
    assert shell.run("channels", "resume", "at").stdout == "at was not paused.\n"
    assert shell.list_json("channels")[0]["state"] == "running"


def test_channels_pause_and_resume_answer_in_json(shell: Shell) -> None:
    def told(*arguments: str) -> dict[str, Any]:
        result = shell.run("channels", *arguments, "at", "--as", "rini", "--json")
        assert (result.exit_code, result.stderr) == (0, "")
        said: dict[str, Any] = json.loads(result.stdout)
        assert said.pop("since")
        return said

    paused = {"name": "at", "state": "paused", "reason": f"call {NUMBER.masked}", "until": None, "by": "rini"}
    assert told("pause", "--reason", f"call {NUMBER.e164}") == {**paused, "was_paused": False}
    assert told("pause", "--reason", f"call {NUMBER.e164}") == {**paused, "was_paused": True}

    running = {"name": "at", "state": "running", "reason": "", "until": None, "by": "rini"}
    assert told("resume") == {**running, "was_paused": True}
    assert told("resume") == {**running, "was_paused": False}


def test_channels_resume_of_an_unknown_channel_fails(shell: Shell) -> None:
    result = shell.run("channels", "resume", "att")
    assert result.exit_code == 2
    assert "expected one of at" in result.stderr

    misplaced = shell.run("channels", "--limit", "1", "resume", "at")
    assert misplaced.exit_code == 2
    assert "write the options behind `resume`" in misplaced.stderr


def test_channels_shows_urls_while_the_database_is_unavailable(shell: Shell) -> None:
    away = shell.run("channels", "--json", database_url="postgresql://waspada@127.0.0.1:1/waspada")

    assert (away.exit_code, away.stderr) == (0, "")
    assert json.loads(away.stdout)[0]["state"] == "not known"
