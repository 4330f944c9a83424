"""What scripts rely on in every verb: JSON and nothing else, errors on stderr, status 1 for errors, 2 for misuse."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import update

from gateway.cli import main
from gateway.incidents.book import Book
from gateway.incidents.draft import Draft
from gateway.incidents.drafts import Drafts
from gateway.incidents.incident import Report
from gateway.incidents.records import incidents
from gateway.messages.ledger import messages
from gateway.people.vault import Vault
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.text.phone import Phone

PACK = Path(__file__).parents[2] / "menus" / "pekalongan"
KEY = "07" * 32
API_KEY, SECRET, OLD_SECRET = "api-key-of-the-account", "the-new-secret-of-at", "the-old-secret-of-at"
NUMBER = Phone("+6281230004567")
OTHER = Phone("+6285712340008")
LISTS = (
    ("incidents", "list"),
    ("incidents", "drafts"),
    ("messages", "list"),
    ("messages", "inbox"),
    ("people", "list"),
    ("users", "list"),
    ("appeals", "list"),
    ("channels",),
    ("logs",),
)
VERBS = {
    *("run", "web", "worker", "check", "menu", "dial", "channels", "incidents", "messages", "people", "logs"),
    *("users", "appeals", "settings", "db", "purge"),
}

CONFIG = f"""\
vault_key = "{KEY}"
public_url = "https://waspada.example"

[channels.at]
carrier = "africastalking"
username = "sandbox"
api_key = "{API_KEY}"
secret = ["{SECRET}", "{OLD_SECRET}"]
service_code = "*384*3375#"
api_url = "http://127.0.0.1:9"
"""


@dataclass(frozen=True, slots=True)
class Shell:
    """A terminal with the settings of a gateway over the real stores."""

    variables: dict[str, str | None]

    def run(self, *arguments: str, **variables: str) -> Result:
        env = {**self.variables, **{f"WASPADA_{name.upper()}": value for name, value in variables.items()}}
        return CliRunner(env=env).invoke(main, arguments)

    def listed(self, *arguments: str) -> list[dict[str, Any]]:
        """The JSON array of a list, after which and before which nothing may stand."""
        result = self.run(*arguments, "--json")
        assert (result.exit_code, result.stderr) == (0, "")
        listed = json.loads(result.stdout)
        assert isinstance(listed, list)
        return listed

    def fails(self, *arguments: str, **variables: str) -> str:
        """What stderr says of an error."""
        result = self.run(*arguments, **variables)
        assert (result.exit_code, result.stdout) == (1, ""), result.output
        assert result.stderr.startswith("Error: ")
        return result.stderr


@pytest.fixture
def shell(tmp_path: Path, redis_url: str, database_url: str) -> Shell:
    config = tmp_path / "waspada.toml"
    config.write_text(CONFIG)
    stores = {"WASPADA_REDIS_URL": redis_url, "WASPADA_DATABASE_URL": database_url}
    return Shell({"WASPADA_CONFIG": str(config), "COLUMNS": "300", **stores})


@pytest.fixture
async def tickets(database: Database) -> list[str]:
    """Three reports, the oldest first."""
    book = Book(database, Vault(bytes.fromhex(KEY)), Clock())
    filed = []
    for number in range(3):
        report = Report(
            category="gesekan",
            area="33.75.01.1003",
            language="id",
            channel="at",
            session=f"ATUid_{number}",
            received_at=datetime(2026, 11, 28, 3, number, tzinfo=UTC),
            description=f"tawuran\n{number} Dèwi",
        )
        answer = await book.file(report, NUMBER, lambda ticket: f"Laporan {ticket} diterima")
        filed.append(answer.ticket)
    return filed


@pytest.fixture
async def left(database: Database) -> datetime:
    """When the later of two unfinished reports was left."""
    vault = Vault(bytes.fromhex(KEY))
    drafts = Drafts(database, vault, Clock(), Book(database, vault, Clock()))
    for hour, phone, danger in ((1, OTHER, "no"), (2, NUMBER, "yes")):
        left_at = datetime(2026, 11, 28, hour, tzinfo=UTC)
        answers = {"category": "gesekan", "area": "33.75.01.1003", "when": "now", "danger": danger}
        await drafts.keep(Draft("at", f"ATUid_left_{hour}", phone, "jv", answers, left_at), None, left_at)
    return left_at


def commands(group: click.Command = main, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    if isinstance(group, click.Group):
        for name, command in group.commands.items():
            yield from commands(command, (*path, name))


# Help and usage ----------------------------------------------------------------------------------------------


def test_help_lists_the_verbs() -> None:
    result = CliRunner().invoke(main, ["--help"])
    assert result.exit_code == 0
    listed = {line.split()[0] for line in result.stdout.partition("Commands:\n")[2].splitlines() if line.strip()}
    assert listed >= VERBS


@pytest.mark.parametrize("path", list(commands()), ids=" ".join)
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
def test_wrong_usage(shell: Shell, arguments: list[str]) -> None:
    result = shell.run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Error: " in result.stderr


# Lists -------------------------------------------------------------------------------------------------------


def test_a_list_of_nothing_is_an_empty_array(shell: Shell) -> None:
    for path in LISTS:
        if path != ("channels",):
            assert shell.listed(*path) == []


def test_incidents(shell: Shell, tickets: list[str]) -> None:
    incidents = shell.listed("incidents", "list")
    assert [incident["ticket"] for incident in incidents] == tickets[::-1], "the newest first"
    wanted = {
        "category": "gesekan",
        "area": "33.75.01.1003",
        "when": "",
        "status": "received",
        "veracity": "unverified",
        "language": "id",
        "channel": "at",
        "description": "tawuran\n2 Dèwi",
        "received_at": "2026-11-28T03:02:00+00:00",
        "phone": NUMBER.masked,
    }
    assert {name: incidents[0][name] for name in wanted} == wanted


def test_unfinished_reports(shell: Shell, left: datetime) -> None:
    drafts = shell.listed("incidents", "drafts")
    assert [draft["marked"] for draft in drafts] == [True, False], "the newest first"
    assert drafts[0] == {
        "channel": "at",
        "session": "ATUid_left_2",
        "marked": True,
        "category": "gesekan",
        "area": "33.75.01.1003",
        "when": "now",
        "danger": "yes",
        "description": "",
        "language": "jv",
        "left_at": left.isoformat(),
        "phone": NUMBER.masked,
    }
    assert shell.listed("incidents", "drafts", "--limit", "1") == drafts[:1]
    lines = shell.run("incidents", "drafts").stdout.splitlines()
    assert len(lines) == 3
    assert NUMBER.e164[-9:] not in "".join(lines)


def test_messages(shell: Shell, tickets: list[str]) -> None:
    listed = shell.listed("messages", "list")
    assert [message["ticket"] for message in listed] == tickets[::-1]
    wanted = {
        "class": "confirmation",
        "status": "queued",
        "to": NUMBER.masked,
        "text": f"Laporan {tickets[2]} diterima",
        "encoding": "gsm7",
        "parts": 1,
        "attempts": 0,
        "channel": "at",
    }
    assert {name: listed[0][name] for name in wanted} == wanted
    assert listed[0]["id"] > listed[1]["id"]


def test_channels(shell: Shell) -> None:
    (channel,) = shell.listed("channels")
    base = f"https://waspada.example/hooks/at/{SECRET}"
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


def test_a_channel_is_paused_and_resumed(shell: Shell) -> None:
    assert shell.run("channels", "pause", "at", "--as", "rini", "--reason", "a drill").stdout == "at is paused.\n"
    (channel,) = shell.listed("channels")
    assert (channel["state"], channel["reason"], channel["by"]) == ("paused", "a drill", "rini")
    assert channel["since"]
    assert "PAUSED since " in shell.run("channels").stdout
    assert shell.run("channels", "resume", "at").stdout == "at sends again.\n"
    assert shell.run("channels", "resume", "at").stdout == "at was not paused.\n"
    assert shell.listed("channels")[0]["state"] == "running"


def test_a_program_pauses_and_resumes_a_channel(shell: Shell) -> None:
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


def test_a_channel_that_is_not_there(shell: Shell) -> None:
    result = shell.run("channels", "resume", "att")
    assert result.exit_code == 2
    assert "the channels are at" in result.stderr
    misplaced = shell.run("channels", "--limit", "1", "resume", "at")
    assert misplaced.exit_code == 2
    assert "write the options behind `resume`" in misplaced.stderr


def test_the_addresses_are_shown_while_the_database_is_away(shell: Shell) -> None:
    away = shell.run("channels", "--json", database_url="postgresql://waspada@127.0.0.1:1/waspada")
    assert (away.exit_code, away.stderr) == (0, "")
    assert json.loads(away.stdout)[0]["state"] == "not known"


# Single messages ---------------------------------------------------------------------------------------------


def one(shell: Shell, *arguments: str) -> dict[str, Any]:
    result = shell.run("messages", *arguments, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    shown = json.loads(result.stdout)
    assert isinstance(shown, dict)
    return shown


def test_a_message_is_shown_called_off_and_sent_once_more(shell: Shell, tickets: list[str]) -> None:
    first = str(shell.listed("messages", "list")[-1]["id"])
    assert one(shell, "show", first)["history"][0]["what"] == "queued"
    assert "can be sent once more: " in shell.fails("messages", "resend", first)
    assert (
        one(shell, "cancel", first, "--as", "rini", "--reason", f"wrong, call {NUMBER.e164}")["status"] == "cancelled"
    )
    assert "only these can be called off: queued, held, unknown" in shell.fails("messages", "cancel", first)
    again = one(shell, "resend", first, "--as", "rini")
    assert (again["resend_of"], again["status"], again["ticket"]) == (int(first), "queued", tickets[0])
    shown = one(shell, "show", first)
    assert (shown["resent_as"], shown["to"], shown["receipts"]) == (again["id"], NUMBER.masked, [])
    assert [entry["what"] for entry in shown["history"]] == ["queued", "message.cancelled", "message.resent"]
    assert f"as {again['id']}" in shell.fails("messages", "resend", first)
    told = shell.run("messages", "show", first).stdout
    assert "message.cancelled" in told
    assert NUMBER.e164[-9:] not in told


async def test_messages_by_class_status_and_ticket(shell: Shell, tickets: list[str], database: Database) -> None:
    async with database.begin() as connection:
        of_first = update(messages).where(messages.c.ticket == tickets[0])
        await connection.execute(of_first.values(status="refused"))
        of_second = update(messages).where(messages.c.ticket == tickets[1])
        await connection.execute(of_second.values({"class": "reply"}))

    def found(*options: str) -> list[str]:
        return [message["ticket"] for message in shell.listed("messages", "list", *options)]

    assert await asyncio.to_thread(found, "--status", "refused") == [tickets[0]]
    assert await asyncio.to_thread(found, "--class", "confirmation") == [tickets[2], tickets[0]]
    assert await asyncio.to_thread(found, "--class", "confirmation", "--limit", "1") == [tickets[2]]
    assert await asyncio.to_thread(found, "--class", "confirmation", "--status", "refused") == [tickets[0]]
    for written in (tickets[1], f"{tickets[1][:4]}-{tickets[1][4:]}"):
        assert await asyncio.to_thread(found, "--ticket", written) == [tickets[1]]
    assert await asyncio.to_thread(found, "--ticket", tickets[1], "--status", "refused") == []


@pytest.mark.parametrize(
    ("option", "value"), [("--class", "sms"), ("--status", "sent"), ("--status", "QUEUED"), ("--ticket", "7340-2816")]
)
def test_messages_by_what_is_unknown(shell: Shell, option: str, value: str) -> None:
    result = shell.run("messages", "list", option, value)
    assert (result.exit_code, result.stdout) == (2, "")
    assert option in result.stderr


def test_a_message_that_is_not_there(shell: Shell) -> None:
    for verb in ("show", "resend", "cancel"):
        assert "There is no message with this number" in shell.fails("messages", verb, "4711")
        assert "There is no message with this number" in shell.fails("messages", verb, str(2**63 - 1))
        for number in ("99999999999999999999", "0", "-1", "x"):
            result = shell.run("messages", verb, "--", number)
            assert (result.exit_code, result.stdout) == (2, ""), number
            assert "Invalid value for 'ID'" in result.stderr


def test_no_more_than_the_limit(shell: Shell, tickets: list[str]) -> None:
    for path in (("incidents", "list"), ("messages", "list")):
        assert [row["ticket"] for row in shell.listed(*path, "--limit", "2")] == tickets[:0:-1]
    assert shell.listed("channels", "--limit", "1")


def test_lists_for_people(shell: Shell, tickets: list[str]) -> None:
    """One line for each row under a head, whatever a resident typed; no number in any of them."""
    for path in LISTS:
        result = shell.run(*path)
        assert (result.exit_code, result.stderr) == (0, "")
        assert NUMBER.e164[-9:] not in result.stdout
    lines = shell.run("incidents", "list").stdout.splitlines()
    assert len(lines) == 1 + len(tickets)
    assert all(ticket in line for ticket, line in zip(tickets[::-1], lines[1:], strict=True))


def test_a_list_of_nothing_says_so_to_people(shell: Shell) -> None:
    assert shell.run("incidents", "list").stdout == "No report has been filed yet.\n"
    assert shell.run("incidents", "drafts").stdout == "No report is left unfinished.\n"
    assert shell.run("messages", "list").stdout == "No message has been written yet.\n"


# Doing -------------------------------------------------------------------------------------------------------


def test_moving_an_incident(shell: Shell, tickets: list[str]) -> None:
    shown = f"{tickets[0][:4]}-{tickets[0][4:]}"
    result = shell.run("incidents", "move", shown, "checking", "--as", "dewi", "--reason", "sudah ditelepon")
    assert (result.exit_code, result.stdout, result.stderr) == (0, f"{shown} is now checking.\n", "")
    assert [one["status"] for one in shell.listed("incidents", "list")] == ["received", "received", "checking"]
    assert "cannot become received" in shell.fails("incidents", "move", shown, "received", "--as", "dewi")
    assert "no incident" in shell.fails("incidents", "move", "7340-2817", "checking", "--as", "dewi")
    result = shell.run("incidents", "move", shown, "closed", "--as", "dewi", "--found", "untrue")
    assert (result.exit_code, result.stdout, result.stderr) == (0, f"{shown} is now closed, found untrue.\n", "")
    last = shell.listed("incidents", "list")[-1]
    assert (last["status"], last["veracity"]) == ("closed", "untrue")


@pytest.fixture
async def long_over(tickets: list[str], database: Database) -> None:
    """The oldest report was closed long ago."""
    over = {"status": "closed", "updated_at": datetime(2026, 1, 1, tzinfo=UTC)}
    async with database.begin() as connection:
        await connection.execute(update(incidents).where(incidents.c.ticket == tickets[0]).values(over))


def test_numbers_at_the_end_of_their_retention(shell: Shell, long_over: None) -> None:
    counts = {"incidents": 1, "messages": 0, "received": 0, "subscriptions": 0, "people": 0}
    dry = shell.run("purge", "--dry-run", "--json")
    assert json.loads(dry.stdout) == {"dry_run": True, "retention_days": 90, **counts}
    assert shell.run("purge", "--dry-run").stdout == "Dry run, nothing is changed: numbers are due in incidents 1.\n"
    assert shell.run("purge").stdout == "Numbers taken out of incidents 1.\n"
    assert [one["phone"] for one in shell.listed("incidents", "list")] == [NUMBER.masked] * 2 + [""]
    assert shell.run("purge").stdout == "No number has been kept for more than 90 days after it was needed.\n"


def test_the_tables_can_be_brought_up_to_date_again(shell: Shell) -> None:
    for _ in range(2):
        result = shell.run("db", "upgrade")
        assert (result.exit_code, result.stderr) == (0, "")


# Errors ------------------------------------------------------------------------------------------------------


def test_postgresql_away(shell: Shell) -> None:
    away = {"database_url": "postgresql://waspada@/waspada?host=/nowhere"}
    for path in (("incidents", "list"), ("messages", "list"), ("db", "upgrade")):
        assert "Is it running?" in shell.fails(*path, **away)


def test_redis_away(shell: Shell) -> None:
    assert "Is it running?" in shell.fails("logs", redis_url="unix:///nowhere/redis.sock")


def test_no_gateway_there(tmp_path: Path) -> None:
    shell = Shell({"WASPADA_CONFIG": None, "WASPADA_DATA": str(tmp_path / "nothing")})
    for path in LISTS:
        assert "there is no gateway in" in shell.fails(*path)
    assert not (tmp_path / "nothing").exists()


def test_another_key(shell: Shell, tickets: list[str]) -> None:
    """Stored numbers cannot be opened: a list shows the rest."""
    result = shell.run("incidents", "list", "--json", vault_key="08" * 32)
    assert (result.exit_code, result.stderr) == (0, "")
    assert [incident["phone"] for incident in json.loads(result.stdout)] == ["?"] * 3


@pytest.mark.parametrize("verb", ["run", "web", "worker", "check", "settings", "channels"])
def test_wrong_settings(shell: Shell, tmp_path: Path, verb: str) -> None:
    config = tmp_path / "waspada.toml"
    config.write_text(CONFIG.replace('carrier = "africastalking"', 'carrier = "pigeon"') + "colour = 1\n")
    message = shell.fails(verb, session_ttl_s="10", polms="3")
    assert f"{config}:5: channels.at.carrier: " in message
    assert f"{config}:11: channels.at.colour: there is no such setting" in message
    assert "WASPADA_SESSION_TTL_S: session_ttl_s: " in message
    assert "WASPADA_POLMS: there is no such setting (did you mean poll_ms?)" in message


@pytest.mark.parametrize("verb", ["web", "worker"])
def test_a_process_without_stores(tmp_path: Path, verb: str) -> None:
    message = Shell({"WASPADA_CONFIG": None, "WASPADA_DATA": str(tmp_path)}).fails(verb)
    assert "redis_url: is missing: set WASPADA_REDIS_URL" in message


# Settings and packs ------------------------------------------------------------------------------------------


def test_settings_hide_every_secret(shell: Shell) -> None:
    rows = {row["name"]: row for row in shell.listed("settings")}
    assert rows["session_ttl_s"]["value"] == rows["session_ttl_s"]["default"] == "600"
    assert all(row["meaning"] for row in rows.values())
    for name in ("vault_key", "redis_url", "database_url", "channels.at.api_key", "channels.at.secret"):
        assert rows[name]["value"] == "hidden"
    assert rows["public_url"]["source"].endswith("waspada.toml:2")
    assert rows["redis_url"]["source"] == "WASPADA_REDIS_URL"
    for result in (shell.run("settings"), shell.run("settings", "--json")):
        assert not [secret for secret in (KEY, API_KEY, SECRET, OLD_SECRET, "redis.sock") if secret in result.output]


PACKS = sorted(path.parent for path in PACK.parent.glob("*/flow.yaml"))
WIDE = f"""
[channels.wide]
carrier = "africastalking"
username = "sandbox"
api_key = "{API_KEY}"
secret = "{SECRET}"
service_code = "*384*3376#"
limit = 182
"""
OWN_KEYS = """
[channels.wide.keys]
back = "70"
back_elsewhere = "79"
home = "700"
more = "78"
"""


def test_the_pack_is_good(shell: Shell) -> None:
    result = shell.run("check")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "every screen and SMS fits, the largest screen in 1" in result.stdout
    assert "of 160 septets; the longest way is 15 screens, 180 seconds" in result.stdout


@pytest.mark.parametrize("channels", [f"{CONFIG}\n{WIDE}{OWN_KEYS}", f"{WIDE}{OWN_KEYS}"])
def test_every_pack_is_good_for_a_channel_with_its_own_screens_and_keys(
    shell: Shell, tmp_path: Path, channels: str
) -> None:
    (tmp_path / "waspada.toml").write_text(channels)
    result = shell.run("check", *map(str, PACKS))
    assert (result.exit_code, result.stderr) == (0, "")
    septets = 160 if "channels.at" in channels else 182
    assert [line.partition(": ")[0] for line in result.stdout.splitlines()] == list(map(str, PACKS))
    assert result.stdout.count(f"of {septets} septets; ") == len(PACKS), "measured on the smallest screens"


@pytest.mark.parametrize(
    ("limits", "complaint"),
    [
        ("limit = 90\n", " septets over the 90 of a screen"),
        (f"limit = 182\n{OWN_KEYS.replace('78', '1')}", "language: the key more is 1, the number of an option"),
        (f"limit = 182\n{OWN_KEYS.replace('78', '79')}", "keys: back_elsewhere and more are both 79"),
    ],
)
def test_a_pack_is_proven_for_every_channel(shell: Shell, tmp_path: Path, limits: str, complaint: str) -> None:
    (tmp_path / "waspada.toml").write_text(f"{CONFIG}\n{WIDE.replace('limit = 182', limits)}")
    assert complaint in shell.fails("check", str(PACK))


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PACK, tmp_path / "pack"))


def broken(pack: Path, file: str, old: str, new: str) -> int:
    """Change the first `old` in a file of the pack; the line where it stood."""
    text = (pack / file).read_text()
    (pack / file).write_text(text.replace(old, new, 1))
    return text[: text.index(old)].count("\n") + 1


def test_a_broken_pack_is_refused_with_every_complaint(shell: Shell, pack: Path) -> None:
    places = [
        ("wording/id.yaml", broken(pack, "wording/id.yaml", "Kirim laporan ini?", "Kirim laporan ini? " * 9) - 1),
        ("wording/jv.yaml", broken(pack, "wording/jv.yaml", "Kedadosan punapa?", "Kedadosan punapa “?”")),
        ("wording/en.yaml", broken(pack, "wording/en.yaml", "{ticket}", "{tikcet}")),
    ]
    message = shell.fails("check", str(pack))
    for file, line in places:  # what is wrong with a whole screen stands at the screen, not at its heading
        assert f"{file}:{line}: screens." in message, message
    assert "Traceback" not in message


def test_every_pack_is_spoken_of(shell: Shell, pack: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(pack, tmp_path / "other"))
    line = broken(pack, "wording/jv.yaml", "Kedadosan punapa?", "Kedadosan punapa \u201c?\u201d")
    moved = broken(other, "flow.yaml", "before: date}", "before: seen}")
    result = shell.run("check", str(PACK), str(pack), str(tmp_path / "nothing"), str(other))
    assert result.exit_code == 1
    assert result.stdout.startswith(f"{PACK}: ")
    assert len(result.stdout.splitlines()) == 1
    assert f"{pack}/wording/jv.yaml:{line}: screens.category.heading: " in result.stderr
    assert f"{tmp_path / 'nothing'} is not a folder" in result.stderr
    assert f"{other}/flow.yaml:{moved + 3}: date: no state leads here" in result.stderr


def test_a_pack_that_is_no_pack(shell: Shell, tmp_path: Path) -> None:
    assert "is not a folder with a menu pack" in shell.fails("check", str(tmp_path / "nothing"))
    (tmp_path / "empty").mkdir()
    assert "pack.yaml" in shell.fails("check", str(tmp_path / "empty"))
