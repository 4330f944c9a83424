"""How fast a million people are previewed and frozen, and how fast an appeal is expanded, over a real PostgreSQL."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

from sqlalchemy import text

from gateway.appeals.appeal import Actor, Draft
from gateway.appeals.campaign import Campaign, Terms
from gateway.appeals.running import Runner
from gateway.menu.definition import Menu
from gateway.menu.loading import load
from gateway.people.roles import Right
from gateway.runtime.clock import Clock
from gateway.runtime.embedded import EmbeddedStores
from gateway.runtime.packs import read_pack
from gateway.runtime.postgres import Database, upgrade
from tests.bench.targets import Targets

PEOPLE, EXPANDED = 1_000_000, 200_000
MOST_PREVIEW_S, LEAST_EXPANDED = 2.0, 20_000
_AUTHOR, _APPROVER = Actor("author", frozenset(Right)), Actor("approver", frozenset(Right))
_TEXTS = {"id": "Rukun di {kel}. Lapor: {ussd}. Henti: STOP", "jv": "Rukun wonten {kel}. {ussd}. STOP"}
_ALL = Draft("Bench", {"roles": ["subscriber"]}, "at", texts=_TEXTS)
_SETTLE = (
    "INSERT INTO people (phone_sealed, phone_key, name, language, source, added_at, updated_at)"
    " SELECT substr(sha256(n::text::bytea) || sha256(n::text::bytea), 1, 45), sha256(n::text::bytea), '',"
    " CASE WHEN n % 3 = 0 THEN 'jv' ELSE 'id' END, 'bench', now(), now() FROM generate_series(1, :people) n",
    "INSERT INTO subscriptions (phone_sealed, phone_key, area, language, channel, wording, consented_at)"
    " SELECT phone_sealed, phone_key, (CAST(:areas AS text[]))[1 + id % cardinality(CAST(:areas AS text[]))],"
    " language, 'at', '1', now() FROM people",
    "INSERT INTO opt_outs (channel, phone_key, sender, at) SELECT 'at', phone_key, '', now() FROM people"
    " WHERE id % 50 = 0",
)


async def measure_appeals(targets: Targets) -> None:
    """Print the times of preview and approval for a million people, and the rate of the expansion."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stores = await EmbeddedStores.start(folder / "data")
        stack.push_async_callback(stores.stop)
        await upgrade(stores.database_url)
        database = Database(stores.database_url, timeout=300)
        stack.push_async_callback(database.close)
        menu = load(read_pack(Path("menus/pekalongan")))
        await _settle(database, menu)
        terms = Terms({"at": "*384*3375#"}, ahead=10_000_000)
        clock = Clock()
        campaign = Campaign(database, clock, lambda: menu, terms)
        await _preview(campaign, targets)
        await _expand(campaign, Runner(database, clock, lambda: menu, terms), database, targets)


async def _settle(database: Database, menu: Menu) -> None:
    async with database.begin() as connection:
        for statement in _SETTLE:
            names = {"people": PEOPLE, "areas": list(menu.areas.kelurahan)}
            used = {name: value for name, value in names.items() if f":{name}" in statement}
            await connection.execute(text(statement), used)
    async with database.begin() as connection:
        await connection.execute(text("ANALYZE"))


async def _preview(campaign: Campaign, targets: Targets) -> None:
    in_one_half = Draft("Bench", {"areas": ["33.75.01", "33.75.02"]}, "at", texts=_TEXTS)
    for name, draft in (("all subscribers", _ALL), ("two kecamatan, any role", in_one_half)):
        times = []
        for _ in range(3):
            began = time.perf_counter()
            preview = await campaign.preview(draft)
            times.append(time.perf_counter() - began)
        print(f"{name}: {preview.parts} parts, {sum(preview.suppressed.values())} suppressed")
        targets.at_most(f"preview of {preview.people} people ({name})", sorted(times)[1], MOST_PREVIEW_S, "s", digits=2)


async def _expand(campaign: Campaign, runner: Runner, database: Database, targets: Targets) -> None:
    appeal = await campaign.draft(_AUTHOR, _ALL)
    await campaign.submit(appeal, _AUTHOR)
    began = time.perf_counter()
    await campaign.approve(appeal, _APPROVER)
    print(f"freezing the audience of {PEOPLE} people: {time.perf_counter() - began:.2f} s")
    before = _memory_mb()
    began = time.perf_counter()
    done = 0
    while done < EXPANDED:
        await runner.look()
        done = (await campaign.find(appeal)).expanded
    took = time.perf_counter() - began
    targets.at_least("expansion", done / took, LEAST_EXPANDED, "people a second")
    print(f"memory of the worker: {_memory_mb() - before:+.1f} MB over {done} people")
    async with database.begin() as connection:
        doubled = text("SELECT count(*) - count(DISTINCT person) FROM messages")
        if (await connection.execute(doubled)).scalar_one():
            sys.exit("somebody has two messages of one appeal")
    began = time.perf_counter()
    await campaign.pause(appeal, _AUTHOR, "bench")
    took = time.perf_counter() - began
    print(f"pausing with {done} messages queued: {took * 1000:.0f} ms until no claim takes one")


def _memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
