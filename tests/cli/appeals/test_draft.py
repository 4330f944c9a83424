"""Verbs `appeals draft` and `appeals edit`: the content of an appeal, its faults, and the cost of its texts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.menu.model import appeal_area_label, appeal_areas
from tests.helpers.cli_accounts import audit_trail
from tests.helpers.cli_appeals import AUDIENCE, NEXT_DAY, START_DAY, AppealTerminal

CURLY = ("--text", "id=\u201cRukun\u201d\u00a0di {kel}\u2026 STOP", "--text", "jv=Rukun \u2764. STOP")

# Faults --------------------------------------------------------------------------------------------------------


def test_start_in_the_past_is_refused(terminal: AppealTerminal) -> None:
    arguments = ("--purpose", "Peace", "--audience", AUDIENCE, "--template", "damai")
    past = "the start 2020-01-02 09:00 WIB is in the past; choose a later time, or none to start on approval"

    assert past in terminal.refuse("siti", "draft", *arguments, "--at", "2020-01-02T09:00")

    number = terminal.approved_appeal("--template", "damai", "--at", f"{START_DAY}T09:00")
    assert past in terminal.refuse("siti", "edit", number, "--at", "2020-01-02T09:00")
    assert past in terminal.refuse("budi", "schedule", number, "--at", "2020-01-02T09:00")
    assert terminal.show(number)["starts_at"] == f"{START_DAY}T02:00:00+00:00"


@pytest.mark.parametrize(
    ("audience", "message"),
    [
        ('{"roles": ["walikota"]}', 'roles: unknown role "walikota"'),
        ('{"areas": ["33.75.99"]}', 'areas: unknown area "33.75.99"'),
        ('{"who": ["subscriber"]}', 'unknown key "who"; expected one of roles, areas'),
        ('{"neighbours": true}', "neighbours needs areas"),
        ("[]", "an audience needs roles, areas"),
        ("null", "an audience needs roles, areas"),
    ],
)
def test_draft_refuses_an_invalid_audience(terminal: AppealTerminal, audience: str, message: str) -> None:
    arguments = ("--purpose", "Peace", "--audience", audience, "--template", "damai")

    assert message in terminal.refuse("siti", "draft", *arguments)
    assert terminal.shell.list_json("appeals", "list") == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--audience", "{roles: [subscriber]}", "--template", "damai"), "this is not JSON (Expecting property name"),
        (("--audience", "[" * 100_000, "--template", "damai"), "this JSON is nested too deep"),
        (("--audience", "@nowhere.json", "--template", "damai"), "nowhere.json cannot be read"),
        (("--audience", AUDIENCE), "give either --template, or --text"),
        (("--audience", AUDIENCE, "--template", "damai", "--text", "id=Rukun"), "give either --template, or --text"),
        (("--audience", AUDIENCE, "--text", "Rukun"), '"Rukun" does not name its language'),
        (("--audience", AUDIENCE, "--text", "id=Rukun", "--text", "id=Damai"), "a language has one text"),
        (("--audience", AUDIENCE, "--template", "damai", "--at", "besok"), '"besok" is not a time'),
        (("--audience", AUDIENCE, "--template", "kabar_tidak_benar", "--ticket", "7340-2816"), "is not a ticket"),
    ],
)
def test_draft_refuses_wrong_usage(terminal: AppealTerminal, arguments: tuple[str, ...], message: str) -> None:
    result = terminal.run_as("siti", "draft", "--purpose", "Peace", *arguments)

    assert (result.exit_code, result.stdout) == (2, ""), result.output
    assert message in result.stderr


def test_draft_refuses_invalid_texts_and_templates(terminal: AppealTerminal) -> None:
    draft = ("--purpose", "Peace", "--audience", AUDIENCE)

    refused_word = terminal.refuse("siti", "draft", *draft, "--text", "id=Pilih nomor 1. STOP")
    assert "id: pilih nomor is one of the refused words" in refused_word
    assert 'unknown language "xx"' in terminal.refuse("siti", "draft", *draft, "--text", "xx=Rukun")
    assert 'unknown channel "pos"' in terminal.refuse("siti", "draft", *draft, "--text", "id=a", "--channel", "pos")
    assert "name its ticket" in terminal.refuse("siti", "draft", *draft, "--template", "kabar_tidak_benar")


def test_submit_refuses_an_unknown_incident(terminal: AppealTerminal) -> None:
    number = terminal.draft_appeal("--template", "kabar_tidak_benar", "--ticket", "7340-2817")

    assert "there is no incident with the ticket" in terminal.refuse("siti", "submit", number)


# Drafts --------------------------------------------------------------------------------------------------------


def test_draft_reads_an_audience_from_a_file(terminal: AppealTerminal, tmp_path: Path) -> None:
    file = tmp_path / "audience.json"
    file.write_text(AUDIENCE)
    arguments = ("--purpose", "Peace", "--template", "damai", "--audience", f"@{file}")

    number = terminal.succeed("siti", "draft", *arguments).strip()

    assert terminal.show(number)["audience"] == json.loads(AUDIENCE)
    for raw, message in ((b"\xe9", "is not UTF-8"), (b" " * (1024 * 1024 + 1), "is over 1 MiB")):
        file.write_bytes(raw)
        result = terminal.run_as("siti", "draft", *arguments)
        assert (result.exit_code, message in result.stderr) == (2, True), result.output


def test_draft_stores_texts_of_the_author(terminal: AppealTerminal) -> None:
    number = terminal.draft_appeal("--text", "id=Rukun di {kel}. STOP", "--text", "jv=Rukun = ayem. STOP")

    assert terminal.show(number)["texts"] == {"id": "Rukun di {kel}. STOP", "jv": "Rukun = ayem. STOP"}


def test_draft_prints_the_cost_of_texts_and_the_replaced_characters(terminal: AppealTerminal) -> None:
    draft = ("--purpose", "Peace", "--audience", AUDIENCE, *CURLY)

    result = terminal.run_as("siti", "draft", *draft)

    assert (result.exit_code, result.stdout) == (0, "1\n"), result.output
    longest = max(len(appeal_area_label(terminal.menu, code)) for code in appeal_areas(terminal.menu))
    length = len('"Rukun" di ... STOP') + longest
    assert result.stderr.splitlines() == [
        f"id: GSM-7, {length} septets, parts: 1",
        'id: \u201c (U+201C LEFT DOUBLE QUOTATION MARK) is replaced by ", times: 1',
        'id: \u201d (U+201D RIGHT DOUBLE QUOTATION MARK) is replaced by ", times: 1',
        "id: (U+00A0 NO-BREAK SPACE) is replaced by a space, times: 1",
        "id: \u2026 (U+2026 HORIZONTAL ELLIPSIS) is replaced by ..., times: 1",
        "jv: UCS-2, 13 units, parts: 1",
    ]
    assert terminal.show("1")["texts"]["id"] == '"Rukun" di {kel}... STOP'

    # The preview has the same costs, as JSON and as a table.
    preview = terminal.show("1", "preview")
    cost = preview["texts"]["id"]
    assert (cost["encoding"], cost["parts"], cost["text"]) == ("gsm7", 1, '"Rukun" di {kel}... STOP')
    space = {"what": "\u00a0", "called": "U+00A0 NO-BREAK SPACE", "instead": " ", "times": 1}
    assert space in cost["replaced"]
    assert preview["texts"]["jv"]["replaced"] == []
    lines = [line.split() for line in terminal.shell.run("appeals", "preview", "1").stdout.splitlines()]
    assert ["jv", "UCS-2", "13", "units", "1"] in lines
    assert ["id", "(U+00A0", "NO-BREAK", "SPACE)", "a", "space", "1"] in lines

    # With --json the costs are in the object, and stderr is empty.
    result = terminal.run_as("siti", "draft", *draft, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    assert json.loads(result.stdout)["costs"] == preview["texts"]


# Edits ---------------------------------------------------------------------------------------------------------


def test_edit_changes_the_given_options_only(terminal: AppealTerminal) -> None:
    own = ("--text", "id=\u201cRukun\u201d. STOP", "--text", "jv=Ayem. STOP")
    number = terminal.approved_appeal(*own, "--at", f"{START_DAY}T09:00")
    before = terminal.show(number)

    edit = terminal.run_as("siti", "edit", number, "--text", "jv=Tentrem\u2026 STOP", "--purpose", "Calm")

    assert (edit.exit_code, edit.stdout) == (0, f"Appeal {number} is changed, and a draft.\n"), edit.output
    assert [line.split()[0] for line in edit.stderr.splitlines()] == ["id:", "id:", "id:", "jv:", "jv:"]
    after = terminal.show(number)
    assert (after["status"], after["approvers"], after["people"]) == ("draft", [], 0)
    assert (after["purpose"], after["texts"]) == ("Calm", {"id": '"Rukun". STOP', "jv": "Tentrem... STOP"})
    for name in ("audience", "channel", "starts_at", "authors", "ticket"):
        assert after[name] == before[name]


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ("9999-12-31T23:59", "is not a time; write 2026-12-01T09:30"),
        ("09,30", "is not a time; write 2026-12-01T09:30"),
        ("2098-01-01T00:00", "the start 2098-01-01 is more than a year ahead; choose an earlier time"),
    ],
)
def test_start_that_nobody_can_mean_is_refused_in_one_sentence(
    terminal: AppealTerminal, typed: str, fault: str
) -> None:
    number = terminal.approved_appeal("--template", "damai", "--at", f"{START_DAY}T09.30")
    arguments = ("--purpose", "Peace", "--audience", AUDIENCE, "--template", "damai", "--at", typed)

    for name, verb in (("siti", ("draft", *arguments)), ("budi", ("schedule", number, "--at", typed))):
        result = terminal.run_as(name, *verb)
        assert (result.exit_code in (1, 2), fault in result.stderr, "Traceback" in result.stderr) == (True, True, False)
    assert terminal.show(number)["starts_at"] == f"{START_DAY}T02:30:00+00:00", "a dot is a colon"


def test_edit_makes_an_author_who_may_not_approve(terminal: AppealTerminal) -> None:
    own = ("--text", "id=\u201cRukun\u201d. STOP", "--text", "jv=Ayem. STOP")
    number = terminal.draft_appeal(*own)

    terminal.succeed("budi", "edit", number, "--text", "jv=", "--at", f"{NEXT_DAY}T09:00")

    after = terminal.show(number)
    assert (list(after["texts"]), after["authors"]) == (["id"], ["siti", "budi"])
    terminal.succeed("siti", "submit", number)
    assert "has written this appeal" in terminal.refuse("budi", *terminal.approve_current(number))


def test_edit_removes_the_start(terminal: AppealTerminal) -> None:
    number = terminal.approved_appeal("--template", "damai", "--at", f"{START_DAY}T09:00")
    terminal.succeed("siti", "edit", number, "--purpose", "Calm")
    assert terminal.show(number)["starts_at"] == f"{START_DAY}T02:00:00+00:00"

    terminal.succeed("siti", "edit", number, "--at", "")

    shown = terminal.show(number)
    assert (shown["status"], shown["starts_at"], shown["purpose"]) == ("draft", None, "Calm")
    assert terminal.show(terminal.draft_appeal("--template", "damai", "--at", ""))["starts_at"] is None


def test_schedule_needs_a_time(terminal: AppealTerminal) -> None:
    number = terminal.draft_appeal()

    empty = terminal.run_as("budi", "schedule", number, "--at", "")

    assert (empty.exit_code, '"" is not a time' in empty.stderr) == (2, True)


def test_edit_replaces_texts_by_a_template_and_back(terminal: AppealTerminal) -> None:
    number = terminal.draft_appeal("--text", "id=Rukun. STOP")

    terminal.succeed("siti", "edit", number, "--template", "kabar_tidak_benar", "--ticket", "7340-2817")
    shown = terminal.show(number)
    assert (shown["template"], shown["ticket"], {*shown["texts"]}) == (
        "kabar_tidak_benar",
        "73402817",
        {"id", "jv", "en"},
    )

    terminal.succeed("siti", "edit", number, "--purpose", "Calm")
    assert terminal.show(number)["template"] == "kabar_tidak_benar"

    edit = terminal.run_as("siti", "edit", number, "--text", "id=Damai. STOP", "--ticket", "", "--json")
    shown = json.loads(edit.stdout)
    assert (shown["template"], shown["ticket"], shown["texts"]) == ("", "", {"id": "Damai. STOP"})
    assert (edit.stderr, shown["costs"]["id"]["parts"]) == ("", 1)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ((), 2, "name at least one option to change"),
        (("--template", "damai", "--text", "id=Rukun"), 2, "give either --template, or --text"),
        (("--text", "id=Rukun", "--text", "id=Damai"), 2, "a language has one text"),
        (("--text", "id="), 1, "either a template of the pack or texts"),
        (("--audience", "{}"), 1, "an audience needs roles"),
        (("--channel", ""), 1, 'unknown channel ""'),
    ],
)
def test_invalid_edit_changes_nothing(
    terminal: AppealTerminal, arguments: tuple[str, ...], code: int, message: str
) -> None:
    number = terminal.draft_appeal()
    before = terminal.show(number)

    result = terminal.run_as("siti", "edit", number, *arguments)

    assert (result.exit_code, result.stdout) == (code, ""), result.output
    assert message in result.stderr
    assert terminal.show(number) == before


def test_returned_appeal_is_a_draft(terminal: AppealTerminal) -> None:
    number = terminal.draft_appeal()
    assert "it is draft, not waiting" in terminal.refuse("budi", "return", number, "--reason", "typo")
    terminal.succeed("siti", "submit", number)

    assert terminal.succeed("budi", "return", number, "--reason", "typo") == f"Appeal {number} is a draft again.\n"

    shown = terminal.show(number)
    assert (shown["status"], shown["reason"]) == ("draft", "typo")
    assert ("budi", "appeal.returned", f"appeal {number}") in [tuple(one) for one in audit_trail(terminal.shell)]
