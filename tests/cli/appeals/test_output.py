"""Output of `appeals list`, `show` and `preview`: JSON for programs, tables for people."""

from __future__ import annotations

import json
import re

from gateway.runtime.clock import Clock
from tests.helpers.cli_appeals import START_DAY, AppealTerminal, make_quiet, run_worker


def _words(terminal: AppealTerminal, *verb: str) -> list[list[str]]:
    """Run a verb. Returns the words of each line of its stdout."""
    return [line.split() for line in terminal.shell.run("appeals", *verb).stdout.splitlines()]


# JSON ----------------------------------------------------------------------------------------------------------


def test_list_and_show_print_the_same_object_of_an_appeal(terminal: AppealTerminal) -> None:
    first, second = terminal.draft_appeal(), terminal.draft_appeal()

    listed = terminal.shell.list_json("appeals", "list")

    assert [appeal["number"] for appeal in listed] == [int(second), int(first)], "newest first"
    assert [appeal["number"] for appeal in terminal.shell.list_json("appeals", "list", "--limit", "1")] == [int(second)]
    assert terminal.shell.list_json("appeals", "list", "--status", "running") == []
    shown = terminal.show(first)
    assert {*listed[1]} == {*shown} - {"approvals_needed", "account"}
    assert (shown["approvals_needed"], shown["account"]["frozen"]) == (1, 0)
    acted = json.loads(terminal.succeed("siti", "submit", first, "--json"))
    assert (acted["number"], acted["status"]) == (int(first), "waiting")


def test_preview_prints_people_parts_and_cost_by_language(terminal: AppealTerminal) -> None:
    preview = terminal.show(terminal.draft_appeal(), "preview")

    assert (preview["people"], preview["reached"], preview["parts"], preview["suppressed"]) == (3, 3, 3, {})
    assert preview["languages"] == {
        "id": {"people": 2, "parts": 2, "cost": "640 IDR"},
        "jv": {"people": 1, "parts": 1, "cost": "320 IDR"},
    }
    assert (preview["approvals"], preview["held_back"], preview["obstacles"]) == (1, False, [])


def test_preview_without_its_channel_prints_an_obstacle(terminal: AppealTerminal) -> None:
    number = terminal.draft_appeal()

    terminal.config.write_text(terminal.config.read_text().replace("[channels.at]", "[channels.other]"))

    assert terminal.show(number, "preview")["obstacles"] == ["there is no channel at"]
    assert terminal.show(number)["channel"] == "at"


# Tables --------------------------------------------------------------------------------------------------------


def test_preview_table_prints_the_cost_or_that_no_price_is_set(terminal: AppealTerminal) -> None:
    number = terminal.draft_appeal()

    lines = [" ".join(words) for words in _words(terminal, "preview", number)]

    for line in ("parts 3", "cost 960 IDR", "held back by quiet hours no", "approvals needed 1", "jv 1 1 320 IDR"):
        assert line in lines
    assert not any(line.startswith(("held_back", "approvals 1")) for line in lines)
    assert terminal.show(number, "preview")["cost"] == "960 IDR"

    # Without a price, and within quiet hours.
    terminal.config.write_text(terminal.config.read_text().replace('part_cost = "320 IDR"\n', ""))
    make_quiet(terminal)
    lines = [" ".join(words) for words in _words(terminal, "preview", number)]
    assert {"cost no price is set (part_cost)", "held back by quiet hours yes"} <= {*lines}
    assert terminal.show(number, "preview")["cost"] == ""


def test_tables_print_an_appeal_its_results_and_its_preview(terminal: AppealTerminal) -> None:
    assert terminal.shell.run("appeals", "list").stdout == "There is no appeal yet.\n"
    number = terminal.approved_appeal()
    run_worker(terminal)

    listed, shown, preview = [_words(terminal, *verb) for verb in (("list",), ("show", number), ("preview", number))]

    assert listed[1][:4] == [number, "done", "Peace", "3"]
    assert ["accepted", "3"] in shown
    assert ["in", "all", "3"] in shown
    assert ["approvers", "budi"] in shown
    assert any(line[:2] == ["Medono", "0"] for line in shown), "an area by its name"
    assert ["LANGUAGE", "PEOPLE", "PARTS", "COST"] in preview


def test_empty_list_names_the_status(terminal: AppealTerminal) -> None:
    terminal.draft_appeal()

    for status, message in (("paused", "No appeal is paused.\n"), ("running", "No appeal is running.\n")):
        assert terminal.shell.run("appeals", "list", "--status", status).stdout == message

    terminal.succeed("siti", "submit", "1")
    assert terminal.shell.run("appeals", "list", "--status", "draft").stdout == "No appeal is a draft.\n"


def test_tables_print_times_by_the_clocks_of_the_pack(terminal: AppealTerminal) -> None:
    number = terminal.approved_appeal("--template", "damai", "--at", f"{START_DAY}T02:00+00:00")

    listed, shown, preview = [
        terminal.shell.run("appeals", *verb).stdout for verb in (("list",), ("show", number), ("preview", number))
    ]

    assert f"{START_DAY} 09:00 WIB" in listed
    assert ["starts_at", str(START_DAY), "09:00", "WIB"] in [line.split() for line in shown.splitlines()]
    assert ["begins_at", str(START_DAY), "09:00", "WIB"] in [line.split() for line in preview.splitlines()]
    assert len(re.findall(r"^(?:created|updated)_at +\d{4}-\d\d-\d\d \d\d:\d\d WIB$", shown, re.MULTILINE)) == 2
    assert terminal.show(number, "preview")["begins_at"] == f"{START_DAY}T02:00:00+00:00", "a program reads UTC"


def test_held_until_is_printed_while_quiet_hours_hold_an_appeal_back(terminal: AppealTerminal) -> None:
    number, draft = terminal.approved_appeal(), terminal.draft_appeal()
    run_worker(terminal, sends=False)
    assert [terminal.show(one)["held_until"] for one in (number, draft)] == [None, None], "it is never quiet"
    listed, shown = (terminal.shell.run("appeals", *verb).stdout for verb in (("list",), ("show", number)))
    assert "held" not in listed + shown

    until = make_quiet(terminal).quiet_until(Clock().now())

    assert until is not None
    text = f"{until.astimezone(terminal.menu.timezone):%Y-%m-%d %H:%M} WIB (quiet hours)"
    assert [terminal.show(one)["held_until"] for one in (number, draft)] == [until.isoformat(), None]
    assert [one["held_until"] for one in terminal.shell.list_json("appeals", "list")] == [None, until.isoformat()]
    listed, shown = (terminal.shell.run("appeals", *verb).stdout for verb in (("list",), ("show", number)))
    assert [line.count(text) for line in listed.splitlines()] == [0, 0, 1]
    assert ["held_until", *text.split()] in [line.split() for line in shown.splitlines()]

    # Once everything is sent, nothing is held back.
    run_worker(terminal)
    assert terminal.show(number)["held_until"] is None
    assert "HELD_UNTIL" not in terminal.shell.run("appeals", "list").stdout
