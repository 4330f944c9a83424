"""Verbs of `appeals`: the whole life of an appeal with two accounts, over the real store."""

from __future__ import annotations

import csv
import io
import json
import stat
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gateway.cli import main
from tests.helpers.appeals import MEDONO
from tests.helpers.cli_accounts import PASSWORD, audit_trail
from tests.helpers.cli_appeals import AUDIENCE, NEXT_DAY, START_DAY, AppealTerminal, run_worker

# Life of an appeal ---------------------------------------------------------------------------------------------


def test_appeal_goes_from_draft_to_done_and_is_audited(terminal: AppealTerminal, tmp_path: Path) -> None:
    number = terminal.draft_appeal()
    assert terminal.show(number)["status"] == "draft"
    assert terminal.succeed("siti", "submit", number) == f"Appeal {number} waits for approval.\n"
    approved = terminal.succeed("budi", *terminal.approve_current(number))
    assert approved == f"Appeal {number} is approved, for 3 people.\n"

    run_worker(terminal)

    shown = terminal.show(number)
    assert (shown["status"], shown["authors"], shown["approvers"]) == ("done", ["siti"], ["budi"])
    account = shown["account"]
    assert account["frozen"] == sum(account["totals"].values()) == account["totals"]["accepted"] == 3
    assert {language: totals["accepted"] for language, totals in account["languages"].items()} == {"id": 2, "jv": 1}
    assert list(account["areas"]) == [MEDONO]
    assert list(account["channels"]) == ["at"]

    # The export has a line for each person, without a number, in a file that only its owner can read.
    output = tmp_path / "ledger.csv"
    result = terminal.run_as("siti", "export", number, "--output", str(output))
    assert (result.exit_code, result.stdout) == (0, "")
    rows = list(csv.DictReader(io.StringIO(output.read_text())))
    assert [row["counted_as"] for row in rows] == ["accepted"] * 3
    assert [row["phone"] for row in rows] == ["+62812****001", "+62812****002", "+62812****003"]
    assert stat.S_IMODE(output.stat().st_mode) == 0o600

    audited = [
        (actor, action) for actor, action, subject in audit_trail(terminal.shell) if subject == f"appeal {number}"
    ]
    assert audited == [
        ("siti", "appeal.drafted"),
        ("siti", "appeal.submitted"),
        ("budi", "appeal.approved"),
        ("worker", "appeal.begun"),
        ("worker", "appeal.done"),
        ("siti", "appeal.exported"),
    ]


def test_pause_resume_and_cancel_change_the_status(terminal: AppealTerminal) -> None:
    number = terminal.approved_appeal()
    run_worker(terminal, sends=False)

    assert terminal.succeed("siti", "pause", number, "--reason", "wrong text") == f"Appeal {number} is paused.\n"
    assert terminal.show(number)["reason"] == "wrong text"
    assert "that takes the role supervisor" in terminal.refuse("siti", "resume", number)
    assert audit_trail(terminal.shell)[-1] == ("siti", "account.right_refused", "account siti")
    assert "it is paused, not running" in terminal.refuse("siti", "pause", number, "--reason", "again")

    assert terminal.succeed("budi", "resume", number) == f"Appeal {number} goes on.\n"
    assert terminal.succeed("budi", "cancel", number, "--reason", "over") == f"Appeal {number} is cancelled.\n"
    run_worker(terminal)
    assert terminal.show(number)["account"]["suppressed"] == {"called_off": 3}


@pytest.mark.parametrize("verb", ["return", "pause", "cancel"])
def test_verb_with_a_reason_refuses_an_empty_one(terminal: AppealTerminal, verb: str) -> None:
    result = terminal.run_as("siti", verb, "1", "--reason", " ")

    assert (result.exit_code, result.stdout) == (2, "")
    assert "it is empty; write a reason" in result.stderr


def test_appeal_can_be_seen_and_stopped_while_the_pack_is_invalid(terminal: AppealTerminal, pack: Path) -> None:
    """Somebody is editing the pack. The gateway goes on with the one before."""
    first, second = terminal.approved_appeal(), terminal.approved_appeal()
    run_worker(terminal, sends=False)

    rules = (pack / "rules.yaml").read_text()
    (pack / "rules.yaml").write_text(f"{rules}quiet_hours: [\n")

    for arguments in (["list"], ["show", first]):
        result = terminal.shell.run("appeals", *arguments)
        assert (result.exit_code, "running" in result.stdout) == (0, True), result.output
        assert "is not fit, and the gateway goes on with the one before it" in result.stderr
    assert "WIB" in terminal.shell.run("appeals", "show", first).stdout

    # Without a readable pack an appeal can still be stopped, and not resumed.
    (pack / "pack.yaml").unlink()
    assert terminal.succeed("siti", "pause", first, "--reason", "wrong text") == f"Appeal {first} is paused.\n"
    assert terminal.succeed("siti", "cancel", second, "--reason", "over") == f"Appeal {second} is cancelled.\n"
    assert "pack.yaml: this file is missing" in terminal.refuse("budi", "resume", first)


def test_schedule_reads_times_by_the_clocks_of_the_pack(terminal: AppealTerminal) -> None:
    number = terminal.approved_appeal("--template", "damai", "--at", f"{START_DAY}T09:00")
    assert terminal.show(number)["starts_at"] == f"{START_DAY}T02:00:00+00:00"

    sentence = terminal.succeed("budi", "schedule", number, "--at", f"{NEXT_DAY}T09:00+08:00")

    assert sentence == f"Appeal {number} begins at {NEXT_DAY} 08:00 WIB.\n"
    assert datetime.fromisoformat(terminal.show(number)["starts_at"]) == datetime.combine(NEXT_DAY, time(1), UTC)


# Approval ------------------------------------------------------------------------------------------------------


def test_approve_needs_the_version_that_was_seen(terminal: AppealTerminal) -> None:
    number = terminal.submitted_appeal()

    result = terminal.run_as("budi", "approve", number)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "name the --version that you have seen; preview and show print it" in result.stderr
    assert terminal.show(number, "preview")["version"] == terminal.show(number)["version"] == 1
    assert terminal.show(number, "preview")["heading"] == terminal.menu.templates["damai"].purpose

    # An edit makes another version, which nobody has seen yet.
    terminal.run_as("siti", "edit", number, "--template", "uang")
    terminal.succeed("siti", "submit", number)
    message = terminal.refuse("budi", "approve", number, "--version", "1")
    assert message == "Error: this appeal is version 2 by now, not 1: look at it again\n"
    assert terminal.show(number)["approvers"] == []
    terminal.succeed("budi", "approve", number, "--version", "2")


@pytest.mark.parametrize(
    ("audience", "people", "warning"),
    [
        ({"languages": ["jv"]}, "1 person", ""),
        ({"roles": ["camat"]}, "0 people", "Warning: nobody is in the audience of appeal 1, so nothing goes out.\n"),
    ],
)
def test_approve_prints_the_size_of_the_audience_and_warns_of_an_empty_one(
    terminal: AppealTerminal, audience: dict[str, Any], people: str, warning: str
) -> None:
    arguments = ("--purpose", "Peace", "--template", "damai", "--audience", json.dumps(audience))
    number = terminal.succeed("siti", "draft", *arguments).strip()
    terminal.succeed("siti", "submit", number)

    result = terminal.run_as("budi", *terminal.approve_current(number))

    assert (result.exit_code, result.stdout) == (0, f"Appeal 1 is approved, for {people}.\n")
    assert result.stderr == warning


def test_author_may_not_approve(terminal: AppealTerminal) -> None:
    draft = ("--purpose", "Peace", "--audience", AUDIENCE, "--template", "damai")
    number = terminal.succeed("budi", "draft", *draft).strip()
    terminal.succeed("budi", "submit", number)

    message = terminal.refuse("budi", *terminal.approve_current(number))
    assert audit_trail(terminal.shell)[-1] == ("budi", "account.right_refused", "account budi")

    assert "has written this appeal; somebody else must approve it" in message
    assert terminal.show(number)["approvers"] == []


# Accounts and roles --------------------------------------------------------------------------------------------


def test_nobody_acts_under_the_name_of_another_account(terminal: AppealTerminal) -> None:
    number = terminal.submitted_appeal()
    approve = ("appeals", *terminal.approve_current(number), "--as", "budi")

    assert "is not one of budi" in terminal.shell.error_of(*approve, token=terminal.tokens["siti"])

    with_password = CliRunner(env=terminal.shell.variables).invoke(main, approve, input=f"{PASSWORD}\n")
    assert (with_password.exit_code, terminal.show(number)["status"]) == (0, "scheduled")


@pytest.mark.parametrize(
    ("name", "verb", "arguments", "activity"),
    [
        ("agus", "draft", ("--purpose", "Peace", "--audience", AUDIENCE, "--template", "damai"), "draft appeals"),
        ("agus", "submit", ("1",), "submit appeals"),
        ("agus", "edit", ("1", "--purpose", "War"), "edit appeals"),
        ("siti", "return", ("1", "--reason", "so"), "return appeals"),
        ("siti", "approve", ("1", "--version", "1"), "approve appeals"),
        ("siti", "schedule", ("1", "--at", f"{START_DAY}T09:00"), "schedule appeals"),
        ("siti", "resume", ("1",), "resume appeals"),
        ("agus", "pause", ("1", "--reason", "so"), "pause appeals"),
        ("agus", "cancel", ("1", "--reason", "so"), "cancel appeals"),
        ("agus", "export", ("1",), "export appeals"),
    ],
)
def test_verb_is_refused_without_its_role(
    terminal: AppealTerminal, name: str, verb: str, arguments: tuple[str, ...], activity: str
) -> None:
    terminal.draft_appeal()

    assert f"{name} may not {activity}: that " in terminal.refuse(name, verb, *arguments)
    assert audit_trail(terminal.shell)[-1] == (name, "account.right_refused", f"account {name}")


def test_unknown_appeal_is_an_error(terminal: AppealTerminal) -> None:
    for verb in ("show", "preview"):
        assert terminal.shell.error_of("appeals", verb, "7") == "Error: There is no appeal with this number.\n"

    assert "There is no appeal" in terminal.refuse("budi", "approve", "7", "--version", "1")
    assert "There is no appeal" in terminal.refuse("siti", "export", "7")
