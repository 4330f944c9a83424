"""Life of `waspada run`: restart with its data, clean end, no leftovers, and errors at the start."""

from __future__ import annotations

import asyncio
import re
import shutil
import signal
import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from gateway.accounts.roles import DeskRole
from gateway.accounts.store import AccountStore
from gateway.incidents.tables import incidents
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.runtime.store_urls import store_urls
from tests.helpers.journeys import CODE, KEYS, StandaloneGateway, run_standalone_gateway, walk
from tests.helpers.program import (
    COMMAND,
    ROOT,
    environment,
    free_port,
    name_of,
    run_command,
    run_program,
    run_verb,
    wait_until_gone,
)
from tests.helpers.settings import write_secret
from tests.helpers.waiting import until

PACK = ROOT / "menus" / "pekalongan"
FIRST_PASSWORD = re.compile(r"First-run administrator password: (\S{20,})\n")


def processes_in(data: Path) -> list[psutil.Process]:
    """Return the processes with this data folder on their command line or as their working directory."""
    found = []
    for process in psutil.process_iter():
        try:
            if str(data) in " ".join(process.cmdline()) or process.cwd().startswith(str(data)):
                found.append(process)
        except psutil.Error:
            continue
    return found


def files_with(text: str, folder: Path) -> list[Path]:
    """Return the files below a folder that contain this text."""
    return [path for path in folder.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]


# Lives of one data folder ------------------------------------------------------------------------------------------

ENDS = (signal.SIGTERM, signal.SIGINT, signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class Life:
    """One start of a gateway on the data of those before it: what it found, and what was seen of it."""

    found: list[tuple[str, str]]  # category and session of each incident
    session: str  # of the report that was filed
    accounts: list[dict[str, Any]]
    first_password_counts: bool
    servers: set[str]
    status: int
    output: str  # after the greeting
    left: list[psutil.Process]


@dataclass(slots=True)
class Lives:
    """Lives of one data folder."""

    data: Path
    ended: list[Life] = field(default_factory=list)

    @property
    def first_password(self) -> str:
        """Password that the first start has shown, or an empty text."""
        found = FIRST_PASSWORD.search(self.ended[0].output) if self.ended else None
        return found[1] if found else ""

    async def live(self, how: signal.Signals) -> None:
        """Start the gateway, file a report and begin another one, and end it by this signal."""
        async with asyncio.timeout(20 if self.ended else None), run_standalone_gateway(self.data) as gateway:
            found = [(incident["category"], incident["session"]) for incident in await gateway.rows(incidents)]
            accounts = await gateway.program.list_json("users")
            counts = await authenticates(self.data, self.first_password)
            async with gateway.phone() as handset, gateway.phone() as talking:
                assert not (await walk(handset, KEYS["id"])).open
                await talking.dial(CODE)
            servers = gateway.program.servers()
            names = {name_of(server) for server in servers}
            status = await gateway.program.end_with(how)
            output = await gateway.program.rest_of_output()
            await wait_until_gone(servers)
            left = processes_in(self.data)
        self.ended.append(Life(found, handset.session, accounts, counts, names, status, output, left))


async def authenticates(data: Path, password: str) -> bool:
    """Return True if this is the password of the administrator in the running gateway."""
    database = Database(store_urls(data).database, pool_size=1)
    try:
        return await AccountStore(database, Clock()).authenticate("admin", password) is not None
    finally:
        await database.close()


@pytest.fixture(scope="module")
async def lives(tmp_path_factory: pytest.TempPathFactory) -> Lives:
    """Live once with each end, and once more."""
    lives = Lives(tmp_path_factory.mktemp("lives") / "var")
    for how in (*ENDS, signal.SIGTERM):
        await lives.live(how)
    return lives


@pytest.mark.parametrize("number", range(len(ENDS)), ids=[how.name for how in ENDS])
def test_gateway_restarts_with_its_data(lives: Lives, number: int) -> None:
    life, after = lives.ended[number : number + 2]

    assert life.servers >= {"redis-server", "postgres"}
    if ENDS[number] is not signal.SIGKILL:
        assert life.status == 0
        assert life.output.endswith("Stopping\n")
    assert life.left == []
    assert after.found == [*life.found, ("gesekan", life.session)]
    assert "Traceback" not in lives.data.with_suffix(".log").read_text()


def test_only_the_first_start_shows_the_administrator_password(lives: Lives) -> None:
    first, *later = lives.ended
    (account,) = first.accounts
    assert (account["name"], account["roles"], account["last_used_at"]) == ("admin", ["administrator"], None)

    assert lives.first_password
    assert [life.first_password_counts for life in later] == [True] * len(ENDS)
    assert all("password" not in life.output for life in later)

    assert files_with("admin", lives.data.parent), "the name is in some file"
    assert files_with(lives.first_password, lives.data.parent) == []


async def test_wrong_or_lost_vault_key_is_refused(lives: Lives, tmp_path: Path) -> None:
    """A lost or changed key is refused, and the data is there again with the right one."""
    data = lives.data
    secrets = data / "secrets.toml"
    kept = secrets.rename(tmp_path / "copy.toml")
    status, out, err = await run_command("run", "--data", str(data), "--port", str(free_port()))

    assert (status, out) == (1, "")
    assert f"Error: {secrets} is gone, " in err
    assert "restore it from your backup" in err
    assert not secrets.exists()

    secrets.touch(mode=0o600)
    secrets.write_text(re.sub(r'vault_key = "\w+"', f'vault_key = "{"07" * 32}"', kept.read_text()))
    status, out, err = await run_command("run", "--data", str(data), "--port", str(free_port()))
    assert (status, out) == (1, "")
    assert "Error: Wrong vault key: this database was encrypted with another one." in err
    assert processes_in(data) == []

    kept.rename(secrets)
    async with run_standalone_gateway(data) as again:
        assert (await again.get("/readyz"))["ready"]


# Starts that fail -----------------------------------------------------------------------------------------------


async def test_interrupted_start_leaves_nothing_running(tmp_path: Path) -> None:
    """Ctrl-C as soon as the first server runs leaves nothing behind, and the next start works."""
    data = tmp_path / "var"
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        "run",
        "--data",
        str(data),
        "--port",
        str(free_port()),
        cwd=ROOT,
        env=environment(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )

    async def a_server_runs() -> bool:
        return bool(psutil.Process(process.pid).children())

    await until(a_server_runs)
    servers = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    async with asyncio.timeout(20):
        _, err = await process.communicate()

    assert process.returncode == 1
    assert b"Traceback" not in err

    await wait_until_gone(servers)
    assert processes_in(data) == []

    async with run_standalone_gateway(data) as gateway:
        assert (await gateway.get("/readyz"))["ready"]


async def test_port_in_use_is_reported(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        status, out, err = await run_command("run", "--data", str(tmp_path / "var"), "--port", str(port))

    assert (status, out) == (1, "")
    assert err == f"Error: 127.0.0.1:{port} cannot be listened on (Address already in use); choose another --port\n"
    assert processes_in(tmp_path) == []


async def test_data_folder_in_use_is_reported(gateway: StandaloneGateway) -> None:
    data, pid = gateway.program.data, gateway.program.process.pid
    status, out, err = await run_command("run", "--data", str(data), "--port", str(free_port()))

    assert (status, out) == (1, "")
    assert err == f"Error: {data} is already used by another waspada run (process {pid})\n"
    assert (await gateway.get("/readyz"))["ready"], "the one that runs is left alone"


async def test_broken_pack_is_reported(tmp_path: Path) -> None:
    """Every fault with its file and line, before anything is started."""
    pack = shutil.copytree(PACK, tmp_path / "pack")
    flow = (pack / "flow.yaml").read_text()
    (pack / "flow.yaml").write_text(flow.replace("next: kecamatan", "next: nowhere"))
    wording = (pack / "wording" / "jv.yaml").read_text()
    (pack / "wording" / "jv.yaml").write_text(wording.replace("report: ", "rapport: "))
    status, out, err = await run_command("run", "--data", str(tmp_path / "var"), "--pack", str(pack))

    assert (status, out) == (1, "")

    line = flow[: flow.index("  category:\n")].count("\n") + 1
    assert f"flow.yaml:{line}: " in err
    assert "nowhere" in err

    line = wording[: wording.index("report: ")].count("\n") + 1
    assert f"wording/jv.yaml:{line}: " in err
    assert "Traceback" not in err
    assert not (tmp_path / "var").exists()


async def test_broken_settings_are_reported(tmp_path: Path) -> None:
    config = tmp_path / "waspada.toml"
    config.write_text('session_ttl_s = 10\n\n[channels.at]\ncarrier = "pigeon"\n')

    status, out, err = await run_command(
        "run", "--data", str(tmp_path / "var"), "--config", str(config), poll_ms="soon"
    )

    assert (status, out) == (1, "")
    assert f"{config}:1: session_ttl_s: " in err
    assert f"{config}:4: channels.at.carrier: " in err
    assert "WASPADA_POLL_MS: poll_ms: " in err
    assert "Traceback" not in err
    assert not (tmp_path / "var").exists()


async def test_other_verbs_use_the_pack_of_the_running_gateway(tmp_path: Path) -> None:
    data = tmp_path / "var"
    people, password = tmp_path / "people.csv", tmp_path / "password"
    people.write_text("phone,name,role,areas,language,consent\n081230000001,,subscriber,Debong Lor,id,formulir\n")
    write_secret(password, "rukun agawe santosa\n")
    options = (
        "--as",
        "siti",
        "--purpose",
        "Damai",
        "--template",
        "damai",
        "--audience",
        '{"areas": ["33.76.01.1002"]}',
    )
    async with run_program("run", "--pack", "menus/tegal", data=data) as program:
        location = ("--data", str(data))
        database = Database(store_urls(data).database, pool_size=1)
        await AccountStore(database, Clock()).add(
            "siti", "Siti", [DeskRole.OPERATOR], password.read_text().strip(), actor="admin"
        )
        await database.close()
        status, out, err = await run_verb("check", *location)
        assert (status, out.startswith(f"{ROOT / 'menus' / 'tegal'}: ")) == (0, True), err
        status, _, err = await run_verb("people", "import", str(people), *location)
        assert (status, err) == (0, "")
        status, out, err = await run_verb("appeals", "draft", *options, *location, password_file=str(password))
        assert (status, out) == (0, "1\n"), err
        status, _, err = await run_verb(
            "appeals", "draft", *options, *location, password_file=str(password), pack=str(PACK)
        )
        assert status == 1
        assert err.startswith('Error: areas: unknown area "33.76.01.1002"; expected '), "one that is set counts"
        assert await program.end_with(signal.SIGTERM) == 0

    status, out, _ = await run_verb("check", "--data", str(data))

    assert out.startswith("menus/pekalongan: "), "what runs no more speaks by no pack"
