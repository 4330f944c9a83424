"""`waspada appeals list`, `show` and `preview`: for programs and for people."""

from __future__ import annotations

import json
import re
from pathlib import Path

from gateway import wiring
from gateway.runtime.clock import Clock
from gateway.wiring import read_settings
from tests.helpers.cli_appeals import CODE, Room, make_quiet, pack, room, work

__all__ = ["pack", "room"]


def test_json(room: Room) -> None:
    first, second = room.drafted(), room.drafted()
    listed = room.shell.list_json("appeals", "list")
    assert [appeal["number"] for appeal in listed] == [int(second), int(first)], "the newest first"
    assert [appeal["number"] for appeal in room.shell.list_json("appeals", "list", "--limit", "1")] == [int(second)]
    assert room.shell.list_json("appeals", "list", "--status", "running") == []
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


def test_a_preview_in_words(room: Room) -> None:
    number = room.drafted()
    lines = room.shell.run("appeals", "preview", number).stdout.splitlines()
    words = [" ".join(line.split()) for line in lines]
    for line in ("parts 3", "cost 960 IDR", "held back by quiet hours no", "approvals needed 1", "jv 1 1 320 IDR"):
        assert line in words
    assert not any(line.startswith(("held_back", "approvals 1")) for line in words)
    assert room.shown(number, "preview")["cost"] == "960 IDR"
    config = Path(room.shell.variables["WASPADA_CONFIG"] or "")
    config.write_text(config.read_text().replace('part_cost = "320 IDR"\n', ""))
    make_quiet(room)
    words = [" ".join(line.split()) for line in room.shell.run("appeals", "preview", number).stdout.splitlines()]
    assert {"cost no price is set (part_cost)", "held back by quiet hours yes"} <= {*words}
    assert room.shown(number, "preview")["cost"] == ""


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


def test_no_appeal_of_a_status(room: Room) -> None:
    room.drafted()
    for status, said in (("paused", "No appeal is paused.\n"), ("running", "No appeal is running.\n")):
        assert room.shell.run("appeals", "list", "--status", status).stdout == said
    room.done("siti", "submit", "1")
    assert room.shell.run("appeals", "list", "--status", "draft").stdout == "No appeal is a draft.\n"


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


def test_quiet_hours_are_told_while_they_hold_an_appeal_back(room: Room) -> None:
    number, draft = room.approved(), room.drafted()
    work(room, sends=False)
    assert [room.shown(one)["held_until"] for one in (number, draft)] == [None, None], "it is never quiet"
    assert "held" not in room.shell.run("appeals", "list").stdout + room.shell.run("appeals", "show", number).stdout
    quiet = make_quiet(room)
    until = quiet.quiet_until(Clock().now())
    assert until is not None
    told = f"{until.astimezone(room.menu.timezone):%Y-%m-%d %H:%M} WIB (quiet hours)"
    assert [room.shown(one)["held_until"] for one in (number, draft)] == [until.isoformat(), None]
    assert [one["held_until"] for one in room.shell.list_json("appeals", "list")] == [None, until.isoformat()]
    listed, shown = room.shell.run("appeals", "list").stdout, room.shell.run("appeals", "show", number).stdout
    assert [line.count(told) for line in listed.splitlines()] == [0, 0, 1]
    assert ["held_until", *told.split()] in [line.split() for line in shown.splitlines()]
    work(room)
    assert room.shown(number)["held_until"] is None, "nothing waits"
    assert "HELD_UNTIL" not in room.shell.run("appeals", "list").stdout


def test_terms_come_from_the_settings(room: Room) -> None:
    config = room.shell.variables["WASPADA_CONFIG"]
    assert config
    terms = wiring.appeal_settings(read_settings(Path(config)))
    assert (dict(terms.service_codes), terms.price and terms.price.cost_of(2)) == ({"at": CODE}, "640 IDR")
