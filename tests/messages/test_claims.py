"""Statements of the claim and of the record: as SQL for reviewers, and beside changes of other connections."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.carriers.carrier import Accepted
from gateway.messages.claims import Lane, after_outcome, claim_statement, record_statement
from gateway.messages.erasure import erase_numbers
from gateway.messages.holds import apply_hold, set_hold
from gateway.messages.message import ERASED, OPTED_OUT, MessageClass, MessageStatus
from gateway.messages.outbox import Outbox
from gateway.messages.quiet_now import QuietNow
from gateway.messages.suppression import add_opt_outs
from gateway.messages.tables import messages
from gateway.runtime.postgres import Database
from gateway.vault.vault import Vault
from tests.helpers.clocks import ManualClock
from tests.helpers.golden import assert_golden_sql
from tests.helpers.messages import MessageQueue
from tests.helpers.phones import NUMBER, phone
from tests.helpers.senders import make_claim
from tests.helpers.waiting import until


def test_claim_statement_reads_as_its_golden_file(clock: ManualClock, request: pytest.FixtureRequest) -> None:
    now = clock.now()

    statement = claim_statement(
        200, "w1", "at", now, lane=Lane.APPEALS, quiet=QuietNow(time(21), now + timedelta(hours=8))
    )

    assert_golden_sql("claim", statement, request)


def test_record_statement_reads_as_its_golden_file(clock: ManualClock, request: pytest.FixtureRequest) -> None:
    now = clock.now()
    transition = after_outcome(make_claim(1, "Laporan diterima", NUMBER), Accepted("ATXid_1"), now, jitter=0.0)

    statement = record_statement(MessageStatus.ACCEPTED, [transition], now, now)

    assert_golden_sql("record", statement, request)


# What commits while a claim runs --------------------------------------------------------------------------------


PAUSE_FUNCTION = """
CREATE FUNCTION wait_for_test() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('test.passes', true) IS DISTINCT FROM 'yes' THEN
    PERFORM pg_advisory_xact_lock_shared(7);
  END IF;
  RETURN NULL;
END $$
"""
PAUSE_TRIGGER = (
    "CREATE TRIGGER wait_for_test BEFORE UPDATE ON messages FOR EACH STATEMENT EXECUTE FUNCTION wait_for_test()"
)
WAITS = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"

Change = Callable[[AsyncConnection, Vault, datetime], Awaitable[object]]


async def opt_out(connection: AsyncConnection, vault: Vault, now: datetime) -> None:
    await add_opt_outs(connection, "at", [vault.lookup(phone(1))], "", now, now)


async def hold(connection: AsyncConnection, vault: Vault, now: datetime) -> None:
    await set_hold(connection, 1, MessageStatus.HELD, "look again", now)


async def hold_and_apply(connection: AsyncConnection, vault: Vault, now: datetime) -> None:
    await set_hold(connection, 1, MessageStatus.HELD, "look again", now)
    await apply_hold(connection, 1, 100, now)


async def erase(connection: AsyncConnection, vault: Vault, now: datetime) -> None:
    await erase_numbers(connection, messages.c.phone_key == vault.lookup(phone(1)), now)


async def move_to_held_appeal(connection: AsyncConnection, vault: Vault, now: datetime) -> None:
    """Change what the claim looks a hold up by. Nothing in the product does."""
    await connection.execute(update(messages).where(messages.c.appeal == 1).values(appeal=2))


@pytest.mark.parametrize(
    ("change", "becomes", "withdrawn"),
    [
        (opt_out, ("suppressed", OPTED_OUT), False),
        (hold, ("sending", ""), True),
        (hold_and_apply, ("held", "look again"), False),
        (erase, ("cancelled", ERASED), False),
        (move_to_held_appeal, ("held", "of old"), False),
    ],
)
async def test_claim_sees_rows_changed_while_it_runs_and_a_later_check_sees_the_rest(
    outbox: Outbox,
    queue: MessageQueue,
    database: Database,
    vault: Vault,
    clock: ManualClock,
    change: Change,
    becomes: tuple[str, str],
    withdrawn: bool,
) -> None:
    """The claim waits between its snapshot and its first row. Meanwhile the change commits."""
    changed = await queue.put("changed", to=phone(1), kind=MessageClass.APPEAL)
    other = await queue.put("other", to=phone(2), kind=MessageClass.APPEAL)
    async with database.begin() as connection:
        await connection.execute(update(messages).where(messages.c.id == changed).values(appeal=1, person=1))
        await set_hold(connection, 2, MessageStatus.HELD, "of old", clock.now())
        for statement in (PAUSE_FUNCTION, PAUSE_TRIGGER):
            await connection.exec_driver_sql(statement)

    async with database.begin() as holder:
        await holder.execute(text("SELECT pg_advisory_xact_lock(7)"))
        claiming = asyncio.create_task(outbox.claim(10, "w1", "at", lane=Lane.APPEALS))
        await until(lambda: _one_waits(holder))
        async with database.begin() as connection:
            await connection.execute(text("SELECT set_config('test.passes', 'yes', true)"))
            await change(connection, vault, clock.now())
    claims = await claiming

    row = await queue.row(changed)
    assert (row["status"], row["reason"]) == becomes
    assert (changed in {claim.id for claim in claims}) == (row["status"] == "sending")
    assert other in {claim.id for claim in claims}
    assert await outbox.find_withdrawn(claims) == ({changed} if withdrawn else set())


async def _one_waits(connection: AsyncConnection) -> bool:
    return bool((await connection.execute(text(WAITS))).scalar_one())
