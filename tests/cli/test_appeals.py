"""`waspada appeals`: the whole life of an appeal by the command, with two accounts, over the real store."""

from __future__ import annotations

import csv
import io
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli import main
from tests.helpers.cli_accounts import PASSWORD, audit_trail
from tests.helpers.cli_appeals import AUDIENCE, MEDONO, Room, pack, room, work

__all__ = ["pack", "room"]

# Its life -----------------------------------------------------------------------------------------------------------


def test_the_whole_life_of_an_appeal(room: Room, tmp_path: Path) -> None:
    number = room.drafted()
    assert room.shown(number)["status"] == "draft"
    assert room.done("siti", "submit", number) == f"Appeal {number} waits for approval.\n"
    approved = room.done("budi", *room.approving(number))
    assert approved == f"Appeal {number} is approved, for 3 people.\n"
    work(room)
    shown = room.shown(number)
    assert (shown["status"], shown["authors"], shown["approvers"]) == ("done", ["siti"], ["budi"])
    account = shown["account"]
    assert account["frozen"] == sum(account["totals"].values()) == account["totals"]["accepted"] == 3
    assert {language: totals["accepted"] for language, totals in account["languages"].items()} == {"id": 2, "jv": 1}
    assert list(account["areas"]) == [MEDONO]
    assert list(account["channels"]) == ["at"]
    output = tmp_path / "ledger.csv"
    result = room.does("siti", "export", number, "--output", str(output))
    assert (result.exit_code, result.stdout) == (0, "")
    rows = list(csv.DictReader(io.StringIO(output.read_text())))
    assert [row["counted_as"] for row in rows] == ["accepted"] * 3
    assert [row["phone"] for row in rows] == ["+62812****001", "+62812****002", "+62812****003"]
    assert stat.S_IMODE(output.stat().st_mode) == 0o600
    done = audit_trail(room.shell)
    acts = [(actor, action) for actor, action, subject in done if subject == f"appeal {number}"]
    assert acts == [
        ("siti", "appeal.drafted"),
        ("siti", "appeal.submitted"),
        ("budi", "appeal.approved"),
        ("worker", "appeal.begun"),
        ("worker", "appeal.done"),
        ("siti", "appeal.exported"),
    ]


def test_pause_resume_and_cancel(room: Room) -> None:
    number = room.approved()
    work(room, sends=False)
    assert room.done("siti", "pause", number, "--reason", "wrong text") == f"Appeal {number} is paused.\n"
    assert room.shown(number)["reason"] == "wrong text"
    assert "that takes the role supervisor" in room.refused("siti", "resume", number)
    assert "this appeal is paused; one can pause it" in room.refused("siti", "pause", number, "--reason", "again")
    assert room.done("budi", "resume", number) == f"Appeal {number} goes on.\n"
    assert room.done("budi", "cancel", number, "--reason", "over") == f"Appeal {number} is cancelled.\n"
    work(room)
    assert room.shown(number)["account"]["suppressed"] == {"called_off": 3}


def test_an_appeal_is_seen_and_stopped_while_the_pack_is_unfit(room: Room, pack: Path) -> None:
    """Somebody is editing it: the gateway sends on by the one before."""
    first, second = room.approved(), room.approved()
    work(room, sends=False)
    rules = (pack / "rules.yaml").read_text()
    (pack / "rules.yaml").write_text(f"{rules}quiet_hours: [\n")
    for arguments in (["list"], ["show", first]):
        result = room.shell.run("appeals", *arguments)
        assert (result.exit_code, "running" in result.stdout) == (0, True), result.output
        assert "is not fit, and the gateway goes on with the one before it" in result.stderr
    assert "WIB" in room.shell.run("appeals", "show", first).stdout
    (pack / "pack.yaml").unlink()
    assert room.done("siti", "pause", first, "--reason", "wrong text") == f"Appeal {first} is paused.\n"
    assert room.done("siti", "cancel", second, "--reason", "over") == f"Appeal {second} is cancelled.\n"
    assert "pack.yaml: this file is missing" in room.refused("budi", "resume", first)


def test_an_appeal_for_later(room: Room) -> None:
    number = room.approved("--template", "damai", "--at", "2099-01-02T09:00")
    assert room.shown(number)["starts_at"] == "2099-01-02T02:00:00+00:00", "by the clocks of the pack"
    said = room.done("budi", "schedule", number, "--at", "2099-01-03T09:00+08:00")
    assert said == f"Appeal {number} begins at 2099-01-03 08:00 WIB.\n"
    assert datetime.fromisoformat(room.shown(number)["starts_at"]) == datetime(2099, 1, 3, 1, tzinfo=UTC)


# Who may ------------------------------------------------------------------------------------------------------------


def test_nobody_approves_his_own(room: Room) -> None:
    number = room.done("budi", "draft", "--purpose", "Peace", "--audience", AUDIENCE, "--template", "damai").strip()
    room.done("budi", "submit", number)
    assert "has written this appeal; somebody else must approve it" in room.refused("budi", *room.approving(number))
    assert room.shown(number)["approvers"] == []


def test_nobody_acts_as_somebody_else(room: Room) -> None:
    number = room.drafted()
    room.done("siti", "submit", number)
    message = room.shell.error_of("appeals", *room.approving(number), "--as", "budi", token=room.tokens["siti"])
    assert "is not one of budi" in message
    typed = CliRunner(env=room.shell.variables).invoke(
        main, ["appeals", *room.approving(number), "--as", "budi"], input=f"{PASSWORD}\n"
    )
    assert (typed.exit_code, room.shown(number)["status"]) == (0, "scheduled")


@pytest.mark.parametrize(
    ("name", "verb", "arguments", "takes"),
    [
        ("agus", "draft", ("--purpose", "Peace", "--audience", AUDIENCE, "--template", "damai"), "write appeals"),
        ("agus", "submit", ("1",), "write appeals"),
        ("agus", "edit", ("1", "--purpose", "War"), "write appeals"),
        ("siti", "return", ("1", "--reason", "so"), "approve appeals"),
        ("siti", "approve", ("1", "--version", "1"), "approve appeals"),
        ("siti", "schedule", ("1", "--at", "2099-01-02"), "approve appeals"),
        ("siti", "resume", ("1",), "approve appeals"),
        ("agus", "pause", ("1", "--reason", "so"), "pause appeals"),
        ("agus", "cancel", ("1", "--reason", "so"), "cancel appeals"),
        ("agus", "export", ("1",), "export appeals"),
    ],
)
def test_what_a_role_does_not_allow(room: Room, name: str, verb: str, arguments: tuple[str, ...], takes: str) -> None:
    room.drafted()
    assert f"{name} may not {takes}: that " in room.refused(name, verb, *arguments)


def test_an_appeal_that_is_not_there(room: Room) -> None:
    for verb in ("show", "preview"):
        assert room.shell.error_of("appeals", verb, "7") == "Error: There is no appeal with this number.\n"
    assert "There is no appeal" in room.refused("budi", "approve", "7", "--version", "1")
    assert "There is no appeal" in room.refused("siti", "export", "7")
