"""`waspada appeals draft` and `edit`: what an appeal is made of, what is wrong with it, and what it costs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.menu.model import appeal_area_label, appeal_areas
from tests.helpers.cli_accounts import audit_trail
from tests.helpers.cli_appeals import AUDIENCE, Room, pack, room

__all__ = ["pack", "room"]


def test_a_start_that_is_past_is_refused(room: Room) -> None:
    arguments = ("--purpose", "Peace", "--audience", AUDIENCE, "--template", "damai")
    past = "2020-01-02 09:00 WIB is past; it begins later, or as soon as it is approved"
    assert past in room.refused("siti", "draft", *arguments, "--at", "2020-01-02T09:00")
    number = room.approved("--template", "damai", "--at", "2099-01-02T09:00")
    assert past in room.refused("siti", "edit", number, "--at", "2020-01-02T09:00")
    assert past in room.refused("budi", "schedule", number, "--at", "2020-01-02T09:00")
    assert room.shown(number)["starts_at"] == "2099-01-02T02:00:00+00:00"


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
    assert room.shell.list_json("appeals", "list") == []


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


def test_an_edit_takes_the_start_away(room: Room) -> None:
    number = room.approved("--template", "damai", "--at", "2099-01-02T09:00")
    room.done("siti", "edit", number, "--purpose", "Calm")
    assert room.shown(number)["starts_at"] == "2099-01-02T02:00:00+00:00"
    room.done("siti", "edit", number, "--at", "")
    shown = room.shown(number)
    assert (shown["status"], shown["starts_at"], shown["purpose"]) == ("draft", None, "Calm")
    assert room.shown(room.drafted("--template", "damai", "--at", ""))["starts_at"] is None
    empty = room.does("budi", "schedule", number, "--at", "")
    assert (empty.exit_code, "'' is no time" in empty.stderr) == (2, True), "who approves sets a time"


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
    assert ("budi", "appeal.returned", f"appeal {number}") in [tuple(one) for one in audit_trail(room.shell)]


CURLY = ("--text", "id=\u201cRukun\u201d\u00a0di {kel}\u2026 STOP", "--text", "jv=Rukun \u2764. STOP")


def test_the_author_is_told_what_was_replaced_and_what_it_costs(room: Room) -> None:
    draft = ("--purpose", "Peace", "--audience", AUDIENCE, *CURLY)
    result = room.does("siti", "draft", *draft)
    assert (result.exit_code, result.stdout) == (0, "1\n"), result.output
    longest = max(len(appeal_area_label(room.menu, code)) for code in appeal_areas(room.menu))
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
