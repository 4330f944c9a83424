"""`waspada appeals`: the whole life of an appeal by the command, with two accounts, over the real store."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import shutil
import stat
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from gateway import wiring
from gateway.appeals.campaign import Campaign, Terms
from gateway.appeals.ledger import Ledger
from gateway.appeals.running import Runner
from gateway.carriers.carrier import Accepted
from gateway.cli import main
from gateway.cli.appeal_following import follow
from gateway.cli.appeal_shown import Look
from gateway.menu.definition import Menu
from gateway.menu.loading import load
from gateway.messages.outbox import Outbox
from gateway.people.vault import Vault
from gateway.runtime.clock import Clock
from gateway.runtime.packs import read_pack
from gateway.runtime.postgres import Database
from gateway.settings import read_settings
from tests.cli.test_users import PASSWORD, trail, typing
from tests.cli.test_verbs import CONFIG, KEY, PACK, Shell

CODE = "*384*3375#"
MEDONO = "33.75.01.1002"
ROLES = {"siti": "operator", "budi": "supervisor", "agus": "administrator"}
AUDIENCE = json.dumps({"roles": ["subscriber"], "areas": [MEDONO]})
PEOPLE = "phone;name;role;areas;language;consent\n" + "".join(
    f"0812300{number:05};;subscriber;{'Medono' if number < 4 else 'Klego'};{language};formulir RW 3\n"
    for number, language in enumerate(("jv", "id", "id", "id", "id"), 1)
)


@dataclass(frozen=True, slots=True)
class Room:
    """The terminal of a gateway with five subscribers, and its accounts, each with a token."""

    shell: Shell
    tokens: dict[str, str]
    menu: Menu

    def does(self, name: str, verb: str, *arguments: str) -> Result:
        return self.shell.run("appeals", verb, *arguments, "--as", name, token=self.tokens[name])

    def done(self, name: str, verb: str, *arguments: str) -> str:
        result = self.does(name, verb, *arguments)
        assert (result.exit_code, result.stderr) == (0, ""), result.output
        return result.stdout

    def refused(self, name: str, verb: str, *arguments: str) -> str:
        result = self.does(name, verb, *arguments)
        assert (result.exit_code, result.stdout) == (1, ""), result.output
        assert "Traceback" not in result.stderr
        return result.stderr

    def drafted(self, *arguments: str) -> str:
        """The number of a new appeal by Siti."""
        said = arguments or ("--template", "damai")
        number = self.done("siti", "draft", "--purpose", "Peace", "--audience", AUDIENCE, *said).strip()
        assert number.isdigit()
        return number

    def approved(self, *arguments: str) -> str:
        number = self.drafted(*arguments)
        self.done("siti", "submit", number)
        self.done("budi", "approve", number)
        return number

    def shown(self, number: str, verb: str = "show") -> dict[str, Any]:
        result = self.shell.run("appeals", verb, number, "--json")
        assert (result.exit_code, result.stderr) == (0, "")
        shown: dict[str, Any] = json.loads(result.stdout)
        return shown


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """Pekalongan's pack on a day without quiet hours, whenever the test runs."""
    pack = Path(shutil.copytree(PACK, tmp_path / "pack"))
    rules = (pack / "rules.yaml").read_text()
    (pack / "rules.yaml").write_text(rules.replace('{from: "20:00", to: "07:00"}', '{from: "00:00", to: "00:00"}'))
    return pack


@pytest.fixture
def room(tmp_path: Path, pack: Path, redis_url: str, database_url: str) -> Room:
    config = tmp_path / "waspada.toml"
    config.write_text(f'pack = "{pack}"\npart_cost = "320 IDR"\n{CONFIG}')
    stores = {"WASPADA_REDIS_URL": redis_url, "WASPADA_DATABASE_URL": database_url}
    shell = Shell({"WASPADA_CONFIG": str(config), "COLUMNS": "300", "LOGNAME": "rini", **stores})
    (tmp_path / "warga.csv").write_text(PEOPLE)
    assert shell.run("people", "import", str(tmp_path / "warga.csv")).exit_code == 0
    tokens = {}
    for name, role in ROLES.items():
        typing(shell, f"{PASSWORD}\n", "users", "add", name, "--role", role, "--password-stdin")
        tokens[name] = shell.run("users", "token", name, "--name", "test").stdout.strip()
    return Room(shell, tokens, load(read_pack(pack)))


def going(room: Room, database: Database) -> tuple[Runner, Outbox, Campaign, Ledger]:
    """The worker's side of the same gateway, and what it can look at."""
    vault, terms = Vault(bytes.fromhex(KEY)), Terms({"at": CODE})
    runner = Runner(database, Clock(), lambda: room.menu, terms)
    campaign = Campaign(database, vault, Clock(), lambda: room.menu, terms)
    return runner, Outbox(database, vault, Clock()), campaign, Ledger(database, vault)


async def send(room: Room, database: Database) -> None:
    """All that a worker and a carrier would do now."""
    runner, outbox, _, _ = going(room, database)
    while await runner.look():
        pass
    while claims := await outbox.claim(200, "worker", "at"):
        await outbox.record("at", [(one, Accepted(f"id-{one.id}")) for one in claims])
    while await runner.look():
        pass


def work(room: Room, *, sends: bool = True) -> None:
    """Let a worker work, for all there is to do or for one step."""

    async def run() -> None:
        url = room.shell.variables["WASPADA_DATABASE_URL"]
        assert url
        database = Database(url, pool_size=1)
        await (send(room, database) if sends else going(room, database)[0].look())
        await database.close()

    asyncio.run(run())


# Its life ------------------------------------------------------------------------------------------------------


def test_the_whole_life_of_an_appeal(room: Room, tmp_path: Path) -> None:
    number = room.drafted()
    assert room.shown(number)["status"] == "draft"
    assert room.done("siti", "submit", number) == f"Appeal {number} waits for approval.\n"
    approved = room.done("budi", "approve", number)
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
    assert "has written this appeal; somebody else must approve it" in room.refused("budi", "approve", number)
    assert room.shown(number)["approvers"] == []


def test_nobody_acts_as_somebody_else(room: Room) -> None:
    number = room.drafted()
    room.done("siti", "submit", number)
    message = room.shell.fails("appeals", "approve", number, "--as", "budi", token=room.tokens["siti"])
    assert "is not one of budi" in message
    typed = CliRunner(env=room.shell.variables).invoke(
        main, ["appeals", "approve", number, "--as", "budi"], input=f"{PASSWORD}\n"
    )
    assert (typed.exit_code, room.shown(number)["status"]) == (0, "scheduled")


@pytest.mark.parametrize(
    ("name", "verb", "arguments", "takes"),
    [
        ("agus", "draft", ("--purpose", "Peace", "--audience", AUDIENCE, "--template", "damai"), "write appeals"),
        ("agus", "submit", ("1",), "write appeals"),
        ("siti", "approve", ("1",), "approve appeals"),
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
    assert "There is no appeal" in room.refused("budi", "approve", "7")
    assert "There is no appeal" in room.refused("siti", "export", "7")


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


# While it goes out ---------------------------------------------------------------------------------------------


async def test_following_to_the_end(room: Room, database: Database) -> None:
    number = int(await asyncio.to_thread(room.approved))
    runner, _, campaign, ledger = going(room, database)
    await runner.look()

    async def look() -> Look:
        return Look(await campaign.find(number), await ledger.account(number, room.menu.timezone))

    plain, terminal = io.StringIO(), io.StringIO()
    consoles = Console(file=plain, width=300), Console(file=terminal, width=300, force_terminal=True)
    following = [asyncio.create_task(follow(look, console)) for console in consoles]
    await asyncio.sleep(0.2)
    await send(room, database)
    async with asyncio.timeout(20):
        await asyncio.gather(*following)
    first, *_, last = plain.getvalue().splitlines()
    assert first.startswith("running  0 of 3  ")
    assert last == "done  3 of 3  delivered 0, accepted 3, failed 0, unknown 0, suppressed 0, waiting 0"
    assert "━" in terminal.getvalue()
    assert "3/3" in terminal.getvalue()
    shown = await asyncio.to_thread(room.shell.run, "appeals", "show", str(number), "--follow")
    assert shown.stdout == f"{last}\n"
    in_json = await asyncio.to_thread(room.shell.run, "appeals", "show", str(number), "--follow", "--json")
    assert json.loads(in_json.stdout)["status"] == "done"
    assert len(in_json.stdout.splitlines()) == 1


async def test_approved_and_followed(room: Room, database: Database) -> None:
    number = await asyncio.to_thread(room.drafted)
    await asyncio.to_thread(room.done, "siti", "submit", number)
    approving = asyncio.create_task(asyncio.to_thread(room.does, "budi", "approve", number, "--follow"))
    while not approving.done():
        await send(room, database)
        await asyncio.sleep(0.2)
    result = await approving
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[0] == f"Appeal {number} is approved, for 3 people."
    assert result.stdout.splitlines()[-1].startswith("done  3 of 3")


def test_what_is_not_approved_is_not_waited_for(room: Room) -> None:
    result = room.shell.run("appeals", "show", room.drafted(), "--follow")
    assert (result.exit_code, result.stdout.split()[0]) == (0, "draft")


def test_terms_come_from_the_settings(room: Room) -> None:
    config = room.shell.variables["WASPADA_CONFIG"]
    assert config
    terms = wiring.appeal_terms(read_settings(Path(config)))
    assert (dict(terms.channels), terms.price and terms.price.of(2)) == ({"at": CODE}, "640 IDR")
