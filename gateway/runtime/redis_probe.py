"""Probe of Redis: a write as a dialogue makes it, and the reasons in plain words why none is taken."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.connection import SSLConnection
from redis.exceptions import RedisError

from gateway.runtime.readiness import UNREACHABLE, NotReady

_KEY = "waspada:readiness"
_EXPIRY_S = 60
CLUSTER = "It runs in cluster mode, which is not supported yet: name a Redis without cluster mode in redis_url."
SENTINEL = "This is a Sentinel, which stores nothing: name the Redis itself in redis_url."
REPLICA = "It is a replica, which takes no writes: name the primary in redis_url."
_PASSWORD = "It refuses the user or the password of redis_url."  # noqa: S105
_NO_TLS = "It does not speak TLS there: a plain port needs redis:// in redis_url, not rediss://."
_MAYBE_NO_TLS = (
    "It has not answered within {:g} s: is it a plain port? That needs redis:// in redis_url, not rediss://."
)
_UNUSABLE = {b"cluster": CLUSTER, b"sentinel": SENTINEL, b"replica": REPLICA}
_REASONS = {
    r"cluster mode|CLUSTERDOWN|^(ClusterDown|Moved|Ask|ClusterCrossSlot|TryAgain)Error": CLUSTER,
    r"^ReadOnlyError|READONLY|^MasterDownError|MASTERDOWN": REPLICA,
    r"^OutOfMemoryError|OOM ": "It is out of memory: raise maxmemory, or look for what fills it.",
    r"MISCONF": "It cannot save to its disk, so it takes no writes: see its log.",
    r"NOREPLICAS": "It takes no writes without its replicas (min-replicas-to-write).",
    r"^BusyLoadingError|LOADING": "It is loading its data.",
    r"BUSY": "It is busy with a script.",
    r"max number of clients": "It has no free connection: raise its maxclients.",
    r"^NoPermissionError|NOPERM": "Its user may not run the commands that are needed: see its ACL.",
    r"^Authentication|WRONGPASS|NOAUTH|without any password": _PASSWORD,
    r"unknown command .HELLO": "It is too old: Redis 6 or later is needed.",
    r"unknown command .(SELECT|SET)": SENTINEL,
    r"DB index is out of range": "It has no database of the number in redis_url.",
    r"protected mode|DENIED": "It is in protected mode: give it a password, or bind it to this machine.",
    r"CERTIFICATE_VERIFY_FAILED|certificate": "Its TLS certificate is not trusted.",
    r"WRONG_VERSION_NUMBER|RECORD_LAYER": _NO_TLS,
    r"Permission denied": "Its socket may not be opened by this user: is it in the group of Redis?",
    r"Connection closed|reset by peer": "It closes the connection: does it want TLS (rediss:// in redis_url)?",
    r"^ConnectionError|OSError": "",
}
"""Patterns of the class and the text of an error, and the reason. The first that is found counts."""


async def probe_redis(client: Redis, seconds: float) -> None:
    """Return if Redis stores what it is told within so many seconds. Raises `NotReady`, `TimeoutError`.

    A write fails on whatever only reads. The mode has to be asked: a node of a cluster takes the writes of its part.
    """
    try:
        async with asyncio.timeout(seconds):
            said: Any = await client.execute_command("HELLO")  # type: ignore[no-untyped-call]
            for kind in (said.get(b"mode"), said.get(b"role")):
                if kind in _UNUSABLE:
                    raise NotReady(_UNUSABLE[kind])
            await client.set(_KEY, "1", ex=_EXPIRY_S)
    except TimeoutError:
        if issubclass(client.connection_pool.connection_class, SSLConnection):
            raise NotReady(_MAYBE_NO_TLS.format(seconds), unreachable=True) from None
        raise
    except (RedisError, OSError) as error:
        raise NotReady(redis_reason(error) or UNREACHABLE) from error


def redis_reason(error: Exception) -> str:
    """Return the reason of an error of Redis or of its connection. It is empty if there is none to be reached."""
    # On a socket the client wraps an answer of the server in an error of the connection.
    described = "\n".join(f"{type(link).__name__}: {link}" for link in (error, error.__cause__) if link)
    return next(
        (reason for pattern, reason in _REASONS.items() if re.search(pattern, described, re.MULTILINE)),
        "It does not work as Redis.",
    )
