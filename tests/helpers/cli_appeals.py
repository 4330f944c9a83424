"""Terminal of the tests about `waspada appeals`: a gateway with subscribers and accounts, and its worker."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from click.testing import Result
from pydantic import SecretStr

from gateway.menu.model import Menu
from gateway.menu.pack.loader import load
from gateway.runtime.clock import Clock
from gateway.runtime.pack_folder import read_pack
from tests.helpers.appeals import MEDONO, AppealWorld, open_appeal_gateway
from tests.helpers.cli import CONFIG, KEY, Shell
from tests.helpers.cli_accounts import PASSWORD, run_typing
from tests.helpers.packs import PEKALONGAN

PRINT_COSTS = ("draft", "edit")  # these verbs print the cost of the texts on stderr
ROLES = {"siti": "operator", "budi": "supervisor", "agus": "administrator"}
AUDIENCE = json.dumps({"roles": ["subscriber"], "areas": [MEDONO]})
PEOPLE = "phone;name;role;areas;language;consent\n" + "".join(
    f"0812300{number:05};;subscriber;{'Medono' if number < 4 else 'Klego'};{language};formulir RW 3\n"
    for number, language in enumerate(("jv", "id", "id", "id", "id"), 1)
)
START_DAY = (datetime.now(UTC) + timedelta(days=60)).date()
NEXT_DAY = START_DAY + timedelta(days=1)
NO_QUIET_HOURS = '{from: "00:00", to: "00:00"}'


@dataclass(frozen=True, slots=True)
class AppealTerminal:
    """Terminal of a gateway with five subscribers, and with accounts that have a token each."""

    shell: Shell
    tokens: dict[str, str]
    menu: Menu

    @property
    def config(self) -> Path:
        """Settings file of the gateway."""
        return Path(self.shell.variables["WASPADA_CONFIG"] or "")

    def run_as(self, name: str, verb: str, *arguments: str) -> Result:
        return self.shell.run("appeals", verb, *arguments, "--as", name, token=self.tokens[name])

    def succeed(self, name: str, verb: str, *arguments: str) -> str:
        """Run a verb that must succeed. Returns its stdout."""
        result = self.run_as(name, verb, *arguments)
        assert (result.exit_code, bool(result.stderr)) == (0, verb in PRINT_COSTS), result.output
        return result.stdout

    def refuse(self, name: str, verb: str, *arguments: str) -> str:
        """Run a verb that must fail with a message. Returns its stderr."""
        result = self.run_as(name, verb, *arguments)
        assert (result.exit_code, result.stdout) == (1, ""), result.output
        assert "Traceback" not in result.stderr
        return result.stderr

    def draft_appeal(self, *content: str) -> str:
        """Create an appeal of Siti, by default with a template. Returns its number."""
        arguments = content or ("--template", "damai")
        number = self.succeed("siti", "draft", "--purpose", "Peace", "--audience", AUDIENCE, *arguments).strip()
        assert number.isdigit()
        return number

    def submitted_appeal(self, *content: str) -> str:
        number = self.draft_appeal(*content)
        self.succeed("siti", "submit", number)
        return number

    def approved_appeal(self, *content: str) -> str:
        number = self.submitted_appeal(*content)
        self.succeed("budi", *self.approve_current(number))
        return number

    def approve_current(self, number: str) -> tuple[str, ...]:
        """Return the verb and arguments that approve the current version."""
        return "approve", number, "--version", str(self.show(number)["version"])

    def show(self, number: str, verb: str = "show") -> dict[str, Any]:
        """Return the JSON of `show` or `preview`."""
        result = self.shell.run("appeals", verb, number, "--json")
        assert (result.exit_code, result.stderr) == (0, "")
        shown: dict[str, Any] = json.loads(result.stdout)
        return shown


def copy_pack(folder: Path) -> Path:
    """Copy Pekalongan's pack into `folder` without quiet hours, since a test runs at any time of the day."""
    pack = Path(shutil.copytree(PEKALONGAN, folder / "pack"))
    rules = (pack / "rules.yaml").read_text()
    (pack / "rules.yaml").write_text(rules.replace('{from: "20:00", to: "07:00"}', NO_QUIET_HOURS))
    return pack


def open_shell(pack: Path, redis_url: str, database_url: str) -> Shell:
    """Write the settings of a gateway beside its pack. Returns a terminal of Rini."""
    config = pack.parent / "waspada.toml"
    config.write_text(f'pack = "{pack}"\npart_cost = "320 IDR"\n{CONFIG}')
    stores = {"WASPADA_REDIS_URL": redis_url, "WASPADA_DATABASE_URL": database_url}
    return Shell({"WASPADA_CONFIG": str(config), "COLUMNS": "300", "LOGNAME": "rini", **stores})


def fill_database(shell: Shell, folder: Path) -> dict[str, str]:
    """Import the subscribers and add the accounts, by verbs. Returns the token of each account."""
    (folder / "warga.csv").write_text(PEOPLE)
    assert shell.run("people", "import", str(folder / "warga.csv")).exit_code == 0
    tokens = {}
    for name, role in ROLES.items():
        run_typing(shell, f"{PASSWORD}\n", "users", "add", name, "--role", role, "--password-stdin")
        tokens[name] = shell.run("users", "token", name, "--name", "test").stdout.strip()
    return tokens


def make_quiet(terminal: AppealTerminal) -> Menu:
    """Change the pack so that it is quiet now. Returns the changed menu."""
    rules = terminal.config.parent / "pack" / "rules.yaml"
    now = Clock().now().astimezone(terminal.menu.timezone)
    begin, end = (f"{now + timedelta(hours=hours):%H:%M}" for hours in (-2, 2))
    rules.write_text(rules.read_text().replace(NO_QUIET_HOURS, f'{{from: "{begin}", to: "{end}"}}'))
    return load(read_pack(rules.parent))


@asynccontextmanager
async def open_world(terminal: AppealTerminal) -> AsyncIterator[AppealWorld]:
    """Open the services of the terminal's gateway, with its worker."""
    stores = [terminal.shell.variables[f"WASPADA_{store}_URL"] or "" for store in ("REDIS", "DATABASE")]
    key = SecretStr(KEY)
    async with open_appeal_gateway(stores[0], stores[1], None, terminal.menu, vault_key=key) as services:
        yield AppealWorld(services, chunk_size=5_000)


async def send_everything(world: AppealWorld) -> None:
    """Let the worker and the carrier do all there is to do."""
    await world.run_appeal_worker()
    await world.send_due_messages()
    await world.run_appeal_worker()


def run_worker(terminal: AppealTerminal, *, sends: bool = True) -> None:
    """Let the worker and the carrier do all there is to do, or the worker one step."""

    async def run() -> None:
        async with open_world(terminal) as world:
            if sends:
                await send_everything(world)
            else:
                await world.worker.run_once()

    asyncio.run(run())
