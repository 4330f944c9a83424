"""Contract of every verb with scripts: JSON alone on stdout, errors on stderr, status 1 for errors, 2 for misuse."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from gateway.cli import main
from gateway.text.ticket import with_dash
from tests.helpers.cli import LISTS, Shell, walk_verbs
from tests.helpers.phones import NUMBER

VERBS = {
    *("run", "web", "worker", "check", "menu", "dial", "channels", "incidents", "messages", "people", "logs"),
    *("users", "appeals", "settings", "db", "purge"),
}


def test_help_lists_the_verbs() -> None:
    result = CliRunner().invoke(main, ["--help"])
    assert result.exit_code == 0

    listed = {line.split()[0] for line in result.stdout.partition("Commands:\n")[2].splitlines() if line.strip()}
    assert listed >= VERBS


@pytest.mark.parametrize("path", [(), *walk_verbs(main)], ids=" ".join)
def test_every_verb_explains_itself(path: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, [*path, "--help"])

    assert result.exit_code == 0
    assert result.stderr == ""
    assert len(result.stdout.splitlines()) > 4


@pytest.mark.parametrize(
    "arguments",
    [
        ["nothing"],
        ["incidents", "nothing"],
        ["incidents", "list", "--nothing"],
        ["incidents", "list", "--limit", "0"],
        ["incidents", "list", "--limit", "many"],
        ["incidents", "move", "7340-2817"],
        ["incidents", "move", "73402817", "checking"],
        ["incidents", "move", "73402817", "nowhere", "--as", "dewi"],
        ["incidents", "move", "7340281", "checking", "--as", "dewi"],
        ["incidents", "move", "7340-2816", "checking", "--as", "dewi"],
        ["incidents", "move", "7340-2817", "checking", "--as", "dewi", "--found", "true"],
        ["incidents", "move", "7340-2817", "closed", "--as", "dewi", "--found", "unverified"],
        ["people", "list", "--role", "walikota"],
        ["people", "list", "--area", "Atlantis"],
        ["people", "import", "there-is-no-such-file.csv"],
        ["people", "export"],
        ["users", "add", "dewi"],
        ["users", "add", "dewi", "--role", "walikota"],
        ["users", "token", "dewi"],
        ["users", "token", "dewi", "--name", "cron", "--days", "0"],
        ["people", "export", "--reason", " "],
        ["people", "erase", "3375", "--yes"],
        ["appeals", "draft", "--purpose", "Peace", "--audience", "{}", "--template", "damai"],
        ["appeals", "approve", "1"],
        ["appeals", "show", "0"],
        ["appeals", "pause", "1", "--as", "dewi", "--reason", " "],
        ["appeals", "schedule", "1", "--as", "dewi", "--at", "tomorrow"],
        ["logs", "--level", "loud"],
        ["run", "--port", "http"],
    ],
    ids=" ".join,
)
def test_wrong_usage_exits_with_status_2(shell: Shell, arguments: list[str]) -> None:
    result = shell.run(*arguments)

    assert (result.exit_code, result.stdout) == (2, "")
    assert "Error: " in result.stderr


def test_empty_list_is_an_empty_json_array(shell: Shell) -> None:
    for path in LISTS:
        if path != ("channels",):
            assert shell.list_json(*path) == []


def test_list_has_at_most_the_limit(shell: Shell, tickets: list[str]) -> None:
    for path in (("incidents", "list"), ("messages", "list")):
        assert [row["ticket"] for row in shell.list_json(*path, "--limit", "2")] == tickets[:0:-1]
    assert shell.list_json("channels", "--limit", "1")


def test_list_for_people_has_one_line_per_row_and_no_number(shell: Shell, tickets: list[str]) -> None:
    """A head and one line per row, whatever residents typed."""
    for path in LISTS:
        result = shell.run(*path)
        assert (result.exit_code, result.stderr) == (0, "")
        assert NUMBER.e164[-9:] not in result.stdout
    lines = shell.run("incidents", "list").stdout.splitlines()

    assert len(lines) == 1 + len(tickets)
    assert all(with_dash(ticket) in line for ticket, line in zip(tickets[::-1], lines[1:], strict=True))


def test_empty_list_for_people_says_so(shell: Shell) -> None:
    assert shell.run("incidents", "list").stdout == "No report has been filed yet.\n"
    assert shell.run("incidents", "drafts").stdout == "No report is left unfinished.\n"
    assert shell.run("messages", "list").stdout == "No message has been written yet.\n"
