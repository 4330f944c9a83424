"""`waspada appeals`: the whole life of an appeal by the command, with two accounts, over the real store."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway import wiring
from gateway.cli import main
from gateway.menu.definition import appeal_area, appeal_areas
from gateway.settings import read_settings
from tests.cli.appeals_room import AUDIENCE, CODE, MEDONO, Room, pack, room, work
from tests.cli.test_users import PASSWORD, trail

__all__ = ["pack", "room"]


# Its life ------------------------------------------------------------------------------------------------------


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
    done = trail(room.shell)
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


def test_an_appeal_for_later(room: Room) -> None:
    number = room.approved("--template", "damai", "--at", "2099-01-02T09:00")
    assert room.shown(number)["starts_at"] == "2099-01-02T02:00:00+00:00", "by the clocks of the pack"
    said = room.done("budi", "schedule", number, "--at", "2099-01-03T09:00+08:00")
    assert said == f"Appeal {number} begins at 2099-01-03T09:00:00+08:00.\n"
    assert datetime.fromisoformat(room.shown(number)["starts_at"]) == datetime(2099, 1, 3, 1, tzinfo=UTC)


# Who may -------------------------------------------------------------------------------------------------------


def test_nobody_approves_his_own(room: Room) -> None:
    number = room.done("budi", "draft", "--purpose", "Peace", "--audience", AUDIENCE, "--template", "damai").strip()
    room.done("budi", "submit", number)
    assert "has written this appeal; somebody else must approve it" in room.refused("budi", *room.approving(number))
    assert room.shown(number)["approvers"] == []


def test_nobody_acts_as_somebody_else(room: Room) -> None:
    number = room.drafted()
    room.done("siti", "submit", number)
    message = room.shell.fails("appeals", *room.approving(number), "--as", "budi", token=room.tokens["siti"])
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
        ("agus", "export", ("1",), "write appeals"),
    ],
)
def test_what_a_role_does_not_allow(room: Room, name: str, verb: str, arguments: tuple[str, ...], takes: str) -> None:
    room.drafted()
    assert f"{name} may not {takes}: that " in room.refused(name, verb, *arguments)


def test_an_appeal_that_is_not_there(room: Room) -> None:
    for verb in ("show", "preview"):
        assert room.shell.fails("appeals", verb, "7") == "Error: There is no appeal with this number.\n"
    assert "There is no appeal" in room.refused("budi", "approve", "7", "--version", "1")
    assert "There is no appeal" in room.refused("siti", "export", "7")


# What is approved is what was seen -----------------------------------------------------------------------------


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
                process.send_signal(signal.SIGINT)
            else:
                os.write(keyboard, f"{answer}\n".encode())
            while more := os.read(keyboard, 4096):
                shown += more
        except OSError:  # the other end is closed
            pass
        finally:
            os.close(keyboard)
    return process.returncode, shown.decode()


def test_a_start_that_is_past_is_refused(room: Room) -> None:
    arguments = ("--purpose", "Peace", "--audience", AUDIENCE, "--template", "damai")
    past = "2020-01-02 09:00 WIB is past; it begins later, or as soon as it is approved"
    assert past in room.refused("siti", "draft", *arguments, "--at", "2020-01-02T09:00")
    number = room.approved("--template", "damai", "--at", "2099-01-02T09:00")
    assert past in room.refused("siti", "edit", number, "--at", "2020-01-02T09:00")
    assert past in room.refused("budi", "schedule", number, "--at", "2020-01-02T09:00")
    assert room.shown(number)["starts_at"] == "2099-01-02T02:00:00+00:00"


# What is written -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("audience", "said"),
    [
        ('{"roles": ["walikota"]}', "roles: nothing is called walikota"),
        ('{"areas": ["33.75.99"]}', "areas: nothing is called 33.75.99"),
        ('{"who": ["subscriber"]}', "nothing is called who; known are roles, areas"),
        ('{"neighbours": true}', "neighbours needs areas"),
        ("[]", "an audience says roles, areas"),
        ("null", "an audience says roles, areas"),
    ],
)
def test_an_audience_that_is_none(room: Room, audience: str, said: str) -> None:
    assert said in room.refused("siti", "draft", "--purpose", "Peace", "--audience", audience, "--template", "damai")
    assert room.shell.listed("appeals", "list") == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--audience", "{roles: [subscriber]}", "--template", "damai"), "this is no JSON (Expecting property name"),
        (("--audience", "[" * 100_000, "--template", "damai"), "this JSON is nested too deep"),
        (("--audience", "@nowhere.json", "--template", "damai"), "nowhere.json cannot be read"),
        (("--audience", AUDIENCE), "give either --template, or --text"),
        (("--audience", AUDIENCE, "--template", "damai", "--text", "id=Rukun"), "give either --template, or --text"),
        (("--audience", AUDIENCE, "--text", "Rukun"), "does not say its language"),
        (("--audience", AUDIENCE, "--text", "id=Rukun", "--text", "id=Damai"), "a language has one text"),
        (("--audience", AUDIENCE, "--template", "damai", "--at", "besok"), "'besok' is no time"),
        (("--audience", AUDIENCE, "--template", "cek_kabar", "--ticket", "7340-2816"), "is no ticket"),
    ],
)
def test_wrong_usage(room: Room, arguments: tuple[str, ...], said: str) -> None:
    result = room.does("siti", "draft", "--purpose", "Peace", *arguments)
    assert (result.exit_code, result.stdout) == (2, ""), result.output
    assert said in result.stderr


def test_an_audience_in_a_file(room: Room, tmp_path: Path) -> None:
    file = tmp_path / "audience.json"
    file.write_text(AUDIENCE)
    arguments = ("--purpose", "Peace", "--template", "damai", "--audience", f"@{file}")
    number = room.done("siti", "draft", *arguments).strip()
    assert room.shown(number)["audience"] == json.loads(AUDIENCE)
    for raw, said in ((b"\xe9", "is not UTF-8"), (b" " * (1024 * 1024 + 1), "is over 1 MiB")):
        file.write_bytes(raw)
        result = room.does("siti", "draft", *arguments)
        assert (result.exit_code, said in result.stderr) == (2, True), result.output


def test_texts_of_ones_own(room: Room) -> None:
    own = ("--text", "id=Rukun di {kel}. STOP", "--text", "jv=Rukun = ayem. STOP")
    assert room.shown(room.drafted(*own))["texts"] == {"id": "Rukun di {kel}. STOP", "jv": "Rukun = ayem. STOP"}
    draft = ("--purpose", "Peace", "--audience", AUDIENCE)
    said = room.refused("siti", "draft", *draft, "--text", "id=Pilih nomor 1. STOP")
    assert "id: pilih nomor is one of the refused words" in said
    assert "no language is called xx" in room.refused("siti", "draft", *draft, "--text", "xx=Rukun")
    assert "no channel is called pos" in room.refused("siti", "draft", *draft, "--text", "id=a", "--channel", "pos")
    assert "name its ticket" in room.refused("siti", "draft", *draft, "--template", "cek_kabar")
    ticket = ("--template", "cek_kabar", "--ticket", "7340-2817")
    number = room.drafted(*ticket)
    assert "there is no incident with the ticket" in room.refused("siti", "submit", number)


def test_an_edit_changes_what_is_given(room: Room, tmp_path: Path) -> None:
    own = ("--text", "id=\u201cRukun\u201d. STOP", "--text", "jv=Ayem. STOP")
    number = room.approved(*own, "--at", "2099-01-02T09:00")
    before = room.shown(number)
    changed = room.does("siti", "edit", number, "--text", "jv=Tentrem\u2026 STOP", "--purpose", "Calm")
    assert (changed.exit_code, changed.stdout) == (0, f"Appeal {number} is changed, and a draft.\n"), changed.output
    assert [line.split()[0] for line in changed.stderr.splitlines()] == ["id:", "id:", "id:", "jv:", "jv:"]
    after = room.shown(number)
    assert (after["status"], after["approvers"], after["people"]) == ("draft", [], 0)
    assert (after["purpose"], after["texts"]) == ("Calm", {"id": '"Rukun". STOP', "jv": "Tentrem... STOP"})
    for name in ("audience", "channel", "starts_at", "authors", "ticket"):
        assert after[name] == before[name]
    room.done("budi", "edit", number, "--text", "jv=", "--at", "2099-01-03T09:00")
    after = room.shown(number)
    assert (list(after["texts"]), after["authors"]) == (["id"], ["siti", "budi"])
    room.done("siti", "submit", number)
    assert "has written this appeal" in room.refused("budi", *room.approving(number)), (
        "who changes it is one of its authors"
    )


def test_an_edit_from_texts_to_a_template_and_back(room: Room) -> None:
    number = room.drafted("--text", "id=Rukun. STOP")
    room.done("siti", "edit", number, "--template", "cek_kabar", "--ticket", "7340-2817")
    shown = room.shown(number)
    assert (shown["template"], shown["ticket"], {*shown["texts"]}) == ("cek_kabar", "73402817", {"id", "jv", "en"})
    room.done("siti", "edit", number, "--purpose", "Calm")
    assert room.shown(number)["template"] == "cek_kabar"
    json_edit = room.does("siti", "edit", number, "--text", "id=Damai. STOP", "--ticket", "", "--json")
    shown = json.loads(json_edit.stdout)
    assert (shown["template"], shown["ticket"], shown["texts"]) == ("", "", {"id": "Damai. STOP"})
    assert (json_edit.stderr, shown["costs"]["id"]["parts"]) == ("", 1)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "say what is to be different"),
        (("--template", "damai", "--text", "id=Rukun"), 2, "give either --template, or --text"),
        (("--text", "id=Rukun", "--text", "id=Damai"), 2, "a language has one text"),
        (("--text", "id="), 1, "either a template of the pack or texts"),
        (("--audience", "{}"), 1, "an audience says roles"),
        (("--channel", ""), 1, "no channel is called"),
    ],
)
def test_an_edit_that_is_wrong_changes_nothing(room: Room, arguments: tuple[str, ...], code: int, said: str) -> None:
    number = room.drafted()
    before = room.shown(number)
    result = room.does("siti", "edit", number, *arguments)
    assert (result.exit_code, result.stdout) == (code, ""), result.output
    assert said in result.stderr
    assert room.shown(number) == before


def test_what_is_given_back_is_a_draft(room: Room) -> None:
    number = room.drafted()
    assert "one can return it while it is waiting" in room.refused("budi", "return", number, "--reason", "typo")
    room.done("siti", "submit", number)
    assert room.done("budi", "return", number, "--reason", "typo") == f"Appeal {number} is a draft again.\n"
    shown = room.shown(number)
    assert (shown["status"], shown["reason"]) == ("draft", "typo")
    assert ("budi", "appeal.returned", f"appeal {number}") in [tuple(one) for one in trail(room.shell)]


CURLY = ("--text", "id=\u201cRukun\u201d\u00a0di {kel}\u2026 STOP", "--text", "jv=Rukun \u2764. STOP")


def test_the_author_is_told_what_was_replaced_and_what_it_costs(room: Room) -> None:
    draft = ("--purpose", "Peace", "--audience", AUDIENCE, *CURLY)
    result = room.does("siti", "draft", *draft)
    assert (result.exit_code, result.stdout) == (0, "1\n"), result.output
    longest = max(len(appeal_area(room.menu, code)) for code in appeal_areas(room.menu))
    length = len('"Rukun" di ... STOP') + longest
    assert result.stderr.splitlines() == [
        f"id: GSM-7, {length} septets, parts: 1",
        'id: \u201c (U+201C LEFT DOUBLE QUOTATION MARK) is replaced by ", times: 1',
        'id: \u201d (U+201D RIGHT DOUBLE QUOTATION MARK) is replaced by ", times: 1',
        "id: (U+00A0 NO-BREAK SPACE) is replaced by a space, times: 1",
        "id: \u2026 (U+2026 HORIZONTAL ELLIPSIS) is replaced by ..., times: 1",
        "jv: UCS-2, 13 units, parts: 1",
    ]
    assert room.shown("1")["texts"]["id"] == '"Rukun" di {kel}... STOP'
    preview = room.shown("1", "preview")
    told = preview["texts"]["id"]
    assert (told["encoding"], told["parts"], told["text"]) == ("gsm7", 1, '"Rukun" di {kel}... STOP')
    space = {"what": "\u00a0", "called": "U+00A0 NO-BREAK SPACE", "instead": " ", "times": 1}
    assert space in told["replaced"]
    assert preview["texts"]["jv"]["replaced"] == []
    shown = room.shell.run("appeals", "preview", "1").stdout
    lines = [line.split() for line in shown.splitlines()]
    assert ["jv", "UCS-2", "13", "units", "1"] in lines
    assert ["id", "(U+00A0", "NO-BREAK", "SPACE)", "a", "space", "1"] in lines
    result = room.does("siti", "draft", *draft, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    assert json.loads(result.stdout)["costs"] == preview["texts"]


# Shown ---------------------------------------------------------------------------------------------------------


def test_json(room: Room) -> None:
    first, second = room.drafted(), room.drafted()
    listed = room.shell.listed("appeals", "list")
    assert [appeal["number"] for appeal in listed] == [int(second), int(first)], "the newest first"
    assert [appeal["number"] for appeal in room.shell.listed("appeals", "list", "--limit", "1")] == [int(second)]
    assert room.shell.listed("appeals", "list", "--status", "running") == []
    shown = room.shown(first)
    assert {*listed[1]} == {*shown} - {"approvals_needed", "account"}
    assert (shown["approvals_needed"], shown["account"]["frozen"]) == (1, 0)
    acted = json.loads(room.done("siti", "submit", first, "--json"))
    assert (acted["number"], acted["status"]) == (int(first), "waiting")


def test_a_preview(room: Room) -> None:
    preview = room.shown(room.drafted(), "preview")
    assert (preview["people"], preview["reached"], preview["parts"], preview["suppressed"]) == (3, 3, 3, {})
    assert preview["languages"] == {
        "id": {"people": 2, "parts": 2, "cost": "640 IDR"},
        "jv": {"people": 1, "parts": 1, "cost": "320 IDR"},
    }
    assert (preview["approvals"], preview["held_back"], preview["obstacles"]) == (1, False, [])


def test_a_preview_when_its_channel_is_gone(room: Room) -> None:
    number = room.drafted()
    config = Path(room.shell.variables["WASPADA_CONFIG"] or "")
    config.write_text(config.read_text().replace("[channels.at]", "[channels.other]"))
    assert room.shown(number, "preview")["obstacles"] == ["there is no channel at"]
    assert room.shown(number)["channel"] == "at"


def test_tables_for_people(room: Room) -> None:
    nothing = room.shell.run("appeals", "list")
    assert nothing.stdout == "There is no appeal yet.\n"
    number = room.approved()
    work(room)
    listed, shown, preview = [
        room.shell.run("appeals", *verb).stdout for verb in (("list",), ("show", number), ("preview", number))
    ]
    assert listed.splitlines()[1].split()[:4] == [number, "done", "Peace", "3"]
    lines = [line.split() for line in shown.splitlines()]
    assert ["accepted", "3"] in lines
    assert ["in", "all", "3"] in lines
    assert ["approvers", "budi"] in lines
    assert any(line[:2] == ["Medono", "0"] for line in lines), "an area by its name"
    assert ["LANGUAGE", "PEOPLE", "PARTS", "COST"] in [line.split() for line in preview.splitlines()]


def test_people_read_times_by_the_clocks_of_the_pack(room: Room) -> None:
    number = room.approved("--template", "damai", "--at", "2099-01-02T02:00+00:00")
    listed, shown, preview = [
        room.shell.run("appeals", *verb).stdout for verb in (("list",), ("show", number), ("preview", number))
    ]
    assert "2099-01-02 09:00 WIB" in listed
    assert ["starts_at", "2099-01-02", "09:00", "WIB"] in [line.split() for line in shown.splitlines()]
    assert ["begins_at", "2099-01-02", "09:00", "WIB"] in [line.split() for line in preview.splitlines()]
    assert len(re.findall(r"^(?:created|updated)_at +\d{4}-\d\d-\d\d \d\d:\d\d WIB$", shown, re.MULTILINE)) == 2
    assert room.shown(number, "preview")["begins_at"] == "2099-01-02T02:00:00+00:00", "a program reads UTC"


def test_terms_come_from_the_settings(room: Room) -> None:
    config = room.shell.variables["WASPADA_CONFIG"]
    assert config
    terms = wiring.appeal_terms(read_settings(Path(config)))
    assert (dict(terms.channels), terms.price and terms.price.of(2)) == ({"at": CODE}, "640 IDR")
