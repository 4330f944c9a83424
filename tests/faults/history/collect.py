"""Wait until nothing is left to do, send an appeal to the subscribers, and read the stores into the history."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterable

from pydantic import SecretStr
from redis.asyncio import Redis
from sqlalchemy import text

from gateway.incidents.tables import incidents
from gateway.messages.tables import messages
from gateway.people.tables import subscriptions
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.text.phone import Phone
from gateway.vault.vault import Vault
from tests.faults.history.records import Message, Row
from tests.faults.history.world import ChaosWorld
from tests.faults.worker_program import KEY
from tests.helpers.appeals import AppealWorld, open_appeal_gateway
from tests.helpers.tables import rows
from tests.helpers.waiting import until

SETTLE_S, SWEEP_S = 60.0, 5.0
_LOST_S = 4  # without trouble a call to the carrier takes less
_ANSWERS = ("category", "area", "when", "when_date", "danger", "description", "contact", "language")
_OF_THE_PACK = ("size", "seen")
_LEFT = {
    "inbound SMS": "SELECT count(*) FROM inbound_messages WHERE handled_at IS NULL",
    "messages": "SELECT count(*) FROM messages WHERE status IN ('queued', 'sending')",
    "unknown confirmations": "SELECT count(*) FROM messages"
    " WHERE class = 'confirmation' AND status = 'unknown' AND unknowns = 1",
    "appeals": "SELECT count(*) FROM appeals WHERE status NOT IN ('done', 'cancelled')",
}
_EXPIRE = f"UPDATE messages SET claimed_at = now() - interval '1 hour' WHERE status = 'sending' AND claimed_at < now() - interval '{_LOST_S} seconds'"  # noqa: E501


async def settle(world: ChaosWorld) -> None:
    """Wait until nothing waits. A worker that starts again sweeps at once, which would else take half a minute."""
    deadline, sweep_at = time.time() + SETTLE_S, time.time() + SWEEP_S
    database = Database(world.stores.database_url)
    try:
        while left := await _left(world, database):
            if time.time() > deadline:
                world.history.waiting = f"{left} still wait after {SETTLE_S:.0f} s"
                return
            if time.time() > sweep_at:
                async with database.begin() as connection:
                    await connection.execute(text(_EXPIRE))
                await world.end("worker0", signal.SIGTERM)
                await world.start("worker0")
                sweep_at = time.time() + SWEEP_S
            await _pause()
    finally:
        await database.close()


async def _pause() -> None:
    began = time.time()
    await until(lambda: time.time() > began + 0.2)


async def _left(world: ChaosWorld, database: Database) -> str:
    """Return in words what is still to be done."""
    async with Redis.from_url(world.stores.redis_url) as client:
        waiting = {"reports in Redis": int(await client.hlen("waspada:unfiled"))}
    async with database.begin() as connection:
        for name, query in _LEFT.items():
            waiting[name] = int((await connection.execute(text(query))).scalar_one())
    return ", ".join(f"{number} {name}" for name, number in waiting.items() if number)


async def appeal_to_subscribers(world: ChaosWorld) -> list[str]:
    """Approve an appeal to all subscribers, and wait until it is done. Returns its texts."""
    gateway = open_appeal_gateway(
        world.stores.redis_url,
        world.stores.database_url,
        Clock(),
        world.menu,
        vault_key=SecretStr(KEY.hex()),
        appeal_pause_share=1.0,
    )
    async with gateway as services:
        desk = AppealWorld(services, chunk_size=50)
        number = await desk.approved_appeal()
        await settle(world)
        return sorted({str(row["text"]) for row in await desk.messages_of(number)})


async def collect(world: ChaosWorld, phones: Iterable[Phone]) -> None:
    """Read rows, messages and consents into the history."""
    vault = Vault(KEY)
    names = {vault.lookup(phone): phone.e164 for phone in phones}
    database = Database(world.stores.database_url)
    history = world.history
    for row in await rows(database, incidents):
        answers = {name: row[name] for name in _ANSWERS}
        answers |= {name: row["answers"].get(name, "") for name in _OF_THE_PACK}
        at = row["received_at"].timestamp()
        history.rows.append(Row(row["ticket"], names[row["phone_key"]], row["session"], at, **answers))
    for row in await rows(database, messages):
        history.messages.append(
            Message(row["class"], names[row["phone_key"]], row["text"], row["status"], row["ticket"] or "")
        )
    standing = await rows(database, subscriptions)
    history.subscribed = {names[row["phone_key"]] for row in standing if row["withdrawn_at"] is None}
    history.log = world.log_lines()
    await database.close()
