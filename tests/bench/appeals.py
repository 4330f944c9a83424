"""Bench of appeals: time to preview and freeze an audience of a million, and rate of the expansion, over PostgreSQL.

It ends with the fourth appeal of a week, where everybody is at the frequency cap.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

from sqlalchemy import text

from gateway.accounts.roles import Right
from gateway.appeals.appeal import Actor, AppealDraft, AppealStatus
from gateway.appeals.worker import AppealWorker
from gateway.appeals.workflow import AppealSettings, AppealWorkflow
from gateway.menu.model import Menu
from gateway.menu.pack.loader import load
from gateway.runtime.clock import Clock
from gateway.runtime.embedded import EmbeddedStores
from gateway.runtime.pack_folder import read_pack
from gateway.runtime.postgres import Database
from gateway.runtime.schema import upgrade
from tests.bench.targets import Targets

_PER_WEEK = 3

PEOPLE = 1_000_000
MOST_PREVIEW_S, LEAST_EXPANDED = 2.0, 20_000
_AUTHOR, _APPROVER = Actor("author", frozenset(Right)), Actor("approver", frozenset(Right))
_TEXTS = {"id": "Rukun di {kel}. Lapor: {ussd}. Henti: STOP", "jv": "Rukun wonten {kel}. {ussd}. STOP"}
_ALL = AppealDraft("Bench", {"roles": ["subscriber"]}, "at", texts=_TEXTS)
_IN_ONE_HALF = AppealDraft("Bench", {"areas": ["33.75.01", "33.75.02"]}, "at", texts=_TEXTS)
_SENT = "UPDATE messages SET status = 'accepted', sent_at = now(), updated_at = now() WHERE status = 'queued'"
_ADD_PEOPLE = (
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
    """Measure preview, approval and expansion for a million people."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stores = await EmbeddedStores.start(folder / "data")
        stack.push_async_callback(stores.stop)
        await upgrade(stores.database_url)
        database = Database(stores.database_url, timeout=300)
        stack.push_async_callback(database.close)
        menu = load(read_pack(Path("menus/pekalongan")))
        await _add_people(database, menu)
        settings, clock = AppealSettings({"at": "*384*3375#"}), Clock()
        workflow = AppealWorkflow(database, clock, lambda: menu, settings)
        worker = AppealWorker(database, clock, lambda: menu, settings)
        for name, draft in (("all subscribers", _ALL), ("two kecamatan, any role", _IN_ONE_HALF)):
            await _preview(workflow, name, draft, targets)
        memory = []
        for _ in range(_PER_WEEK):
            rate = await _expand(workflow, worker, database)
            targets.at_least(f"expansion of {PEOPLE} people", rate, LEAST_EXPANDED, "people a second")
            memory.append(_memory_mb())
        print(f"memory of the worker: {memory[-1] - memory[0]:+.1f} MB from the first million to the last")
        await _check_nobody_is_doubled(database)
        await _preview(workflow, f"all subscribers, after {_PER_WEEK} appeals", _ALL, targets)
        rate = await _expand(workflow, worker, database)
        targets.at_least("expansion of people at the cap", rate, LEAST_EXPANDED, "people a second")


async def _add_people(database: Database, menu: Menu) -> None:
    async with database.begin() as connection:
        for statement in _ADD_PEOPLE:
            names = {"people": PEOPLE, "areas": list(menu.areas.places)}
            used = {name: value for name, value in names.items() if f":{name}" in statement}
            await connection.execute(text(statement), used)
    async with database.begin() as connection:
        await connection.execute(text("ANALYZE"))


async def _preview(workflow: AppealWorkflow, name: str, draft: AppealDraft, targets: Targets) -> None:
    times = []
    for _ in range(3):
        began = time.perf_counter()
        preview = await workflow.preview(draft)
        times.append(time.perf_counter() - began)
    print(f"{name}: {preview.parts} parts, {sum(preview.suppressed.values())} suppressed")
    targets.at_most(f"preview of {preview.people} people ({name})", sorted(times)[1], MOST_PREVIEW_S, "s", digits=2)


async def _expand(workflow: AppealWorkflow, worker: AppealWorker, database: Database) -> float:
    """Expand a new appeal to everybody. Returns the rate in people per second.

    Queued messages are marked as sent in between, which is not measured.
    """
    appeal = await _approved(workflow)
    took, done = 0.0, 0
    while done < PEOPLE:
        began = time.perf_counter()
        while await worker.run_once():
            pass
        took += time.perf_counter() - began
        current = await workflow.find(appeal)
        if not done and current.status is AppealStatus.RUNNING:
            await _pause(workflow, appeal)
        done = current.expanded
        async with database.begin() as connection:
            await connection.execute(text(_SENT))
    return done / took


async def _pause(workflow: AppealWorkflow, appeal: int) -> None:
    began = time.perf_counter()
    await workflow.pause(appeal, _AUTHOR, "bench")
    print(f"pausing: {(time.perf_counter() - began) * 1000:.0f} ms until no claim takes one of its messages")
    await workflow.resume(appeal, _APPROVER)


async def _approved(workflow: AppealWorkflow) -> int:
    appeal = await workflow.draft(_AUTHOR, _ALL)
    await workflow.submit(appeal, _AUTHOR)
    began = time.perf_counter()
    await workflow.approve(appeal, _APPROVER)
    print(f"freezing the audience of {PEOPLE} people: {time.perf_counter() - began:.2f} s")
    return appeal


async def _check_nobody_is_doubled(database: Database) -> None:
    async with database.begin() as connection:
        doubled = text("SELECT count(*) - count(DISTINCT (appeal, person)) FROM messages")
        if (await connection.execute(doubled)).scalar_one():
            sys.exit("somebody has two messages of one appeal")


def _memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
