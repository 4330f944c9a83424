"""Helpers of the tests about `waspada appeals`: a gateway with subscribers and accounts, and its worker."""

from __future__ import annotations

import asyncio
import json
import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from gateway.appeals.results import ResultsStore
from gateway.appeals.worker import AppealWorker
from gateway.appeals.workflow import AppealSettings, AppealWorkflow
from gateway.carriers.carrier import Accepted
from gateway.menu.model import Menu
from gateway.menu.pack.loader import load
from gateway.messages.outbox import Outbox
from gateway.runtime.clock import Clock
from gateway.runtime.pack_folder import read_pack
from gateway.runtime.postgres import Database
from gateway.vault.vault import Vault
from tests.helpers.cli import CONFIG, KEY, Shell
from tests.helpers.cli_accounts import PASSWORD, run_typing
from tests.helpers.packs import PEKALONGAN

CODE = "*384*3375#"
MEDONO = "33.75.01.1002"
TELLS_COSTS = ("draft", "edit")
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
        assert (result.exit_code, bool(result.stderr)) == (0, verb in TELLS_COSTS), result.output
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
        self.done("budi", *self.approving(number))
        return number

    def approving(self, number: str) -> tuple[str, ...]:
        """The verb and its arguments, for who has looked at it."""
        return "approve", number, "--version", str(self.shown(number)["version"])

    def shown(self, number: str, verb: str = "show") -> dict[str, Any]:
        result = self.shell.run("appeals", verb, number, "--json")
        assert (result.exit_code, result.stderr) == (0, "")
        shown: dict[str, Any] = json.loads(result.stdout)
        return shown


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """Pekalongan's pack on a day without quiet hours, whenever the test runs."""
    pack = Path(shutil.copytree(PEKALONGAN, tmp_path / "pack"))
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
        run_typing(shell, f"{PASSWORD}\n", "users", "add", name, "--role", role, "--password-stdin")
        tokens[name] = shell.run("users", "token", name, "--name", "test").stdout.strip()
    return Room(shell, tokens, load(read_pack(pack)))


def make_quiet(room: Room) -> Menu:
    """Quiet hours that now lies in, whenever the test runs: the pack that is in force from now on."""
    config = Path(room.shell.variables["WASPADA_CONFIG"] or "")
    rules = config.parent / "pack" / "rules.yaml"
    now = Clock().now().astimezone(room.menu.timezone)
    hours = [f"{now + timedelta(hours=hour):%H:%M}" for hour in (-2, 2)]
    quiet = '{{from: "{}", to: "{}"}}'
    rules.write_text(rules.read_text().replace(quiet.format("00:00", "00:00"), quiet.format(*hours)))
    return load(read_pack(rules.parent))


def going(room: Room, database: Database) -> tuple[AppealWorker, Outbox, AppealWorkflow, ResultsStore]:
    """The worker's side of the same gateway, and what it can look at."""
    vault, terms = Vault(bytes.fromhex(KEY)), AppealSettings({"at": CODE})
    runner = AppealWorker(database, Clock(), lambda: room.menu, terms)
    campaign = AppealWorkflow(database, Clock(), lambda: room.menu, terms)
    return runner, Outbox(database, vault, Clock()), campaign, ResultsStore(database, vault)


async def send(room: Room, database: Database) -> None:
    """All that a worker and a carrier would do now."""
    runner, outbox, _, _ = going(room, database)
    while await runner.run_once():
        pass
    while claims := await outbox.claim(200, "worker", "at"):
        await outbox.record("at", [(one, Accepted(f"id-{one.id}")) for one in claims])
    while await runner.run_once():
        pass


def work(room: Room, *, sends: bool = True) -> None:
    """Let a worker work, for all there is to do or for one step."""

    async def run() -> None:
        url = room.shell.variables["WASPADA_DATABASE_URL"]
        assert url
        database = Database(url, pool_size=1)
        await (send(room, database) if sends else going(room, database)[0].run_once())
        await database.close()

    asyncio.run(run())
