"""Expansion of an appeal: one message for each person, queued or suppressed, without gap or double."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.appeals.appeal import SuppressionReason, Total
from gateway.appeals.bitmap import IdBitmap
from gateway.appeals.expansion import Expansion, expand_statement
from gateway.appeals.store import audience_query
from gateway.appeals.terms import Terms
from gateway.appeals.texts import AppealValues, render_texts
from gateway.carriers.carrier import OptOut, Unknown
from tests.helpers.appeals import CODE, DRAFT, KLEGO, MEDONO, OWN_TEXTS, AppealWorld
from tests.helpers.golden import assert_golden_sql
from tests.helpers.phones import phone


async def test_expand_statement_is_the_golden_one(world: AppealWorld, request: pytest.FixtureRequest) -> None:
    menu, now = world.menu, world.clock.now()
    draft = replace(DRAFT, audience={"roles": ["subscriber", "camat"], "areas": [MEDONO]})
    appeal = await world.appeal(await world.submitted_appeal(draft))
    query = audience_query(draft, menu)
    expansion = Expansion(appeal, query, render_texts(appeal.texts, menu, AppealValues(CODE)), now, Terms())

    reason = query.suppression_reason(IdBitmap.of([1]), frozen=True)
    statement = expand_statement(expansion, [1, 2, 3], reason, now)

    assert_golden_sql("expand_chunk", statement, request)


async def test_each_person_gets_the_text_of_their_language_and_area(world: AppealWorld) -> None:
    await world.add_subscribers(1)
    await world.add_subscribers(1, first=1, area=KLEGO)
    await world.add_subscribers(1, first=2, language="jv")
    await world.add_subscribers(1, first=3, language="en")  # there is no English text
    await world.add_subscribers(1, first=4, area="")

    appeal = await world.expanded_appeal(OWN_TEXTS)

    assert [row["text"] for row in await world.messages_of(appeal)] == [
        "Rukun di Medono. STOP",
        "Rukun di Klego. STOP",
        "Rukun. STOP",
        "Rukun di Medono. STOP",
        "Rukun di Kota Pekalongan. STOP",
    ]


async def test_text_goes_out_in_gsm7(world: AppealWorld) -> None:
    await world.add_subscribers(2)
    texts = {"id": "\u201cRukun\u201d di\u00a0{kel} \u2014 STOP", "jv": "Rukun. STOP"}

    appeal = await world.expanded_appeal(replace(OWN_TEXTS, texts=texts))

    assert {(row["text"], row["encoding"]) for row in await world.messages_of(appeal)} == {
        ('"Rukun" di Medono - STOP', "gsm7")
    }


async def test_killed_worker_leaves_neither_gap_nor_double(world: AppealWorld) -> None:
    await world.add_subscribers(60)
    appeal = await world.approved_appeal()
    chance = random.Random(7)

    for _ in range(40):
        task = asyncio.create_task(world.run_appeal_worker())
        await asyncio.sleep(chance.random() * 0.03)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await world.load_results(appeal)
    await world.run_appeal_worker()

    rows = await world.messages_of(appeal)
    assert len({row["person"] for row in rows}) == len(rows) == 60
    assert sorted(await world.send_due_messages(), key=str) == sorted(map(phone, range(60)), key=str)


async def test_concurrent_workers_make_no_double(world: AppealWorld) -> None:
    await world.add_subscribers(60)
    appeal = await world.approved_appeal()

    await asyncio.gather(*(world.run_appeal_worker() for _ in range(4)))
    await world.run_appeal_worker()

    assert len(await world.messages_of(appeal)) == 60
    assert (await world.appeal(appeal)).expanded == 60


async def test_concurrent_workers_keep_the_weekly_cap(world: AppealWorld) -> None:
    await world.add_subscribers(10)
    appeals = [await world.approved_appeal() for _ in range(5)]

    await asyncio.gather(*(world.run_appeal_worker() for _ in range(3)))
    await world.run_appeal_worker()

    assert len(await world.send_due_messages()) == 30
    for appeal in appeals:
        await world.load_results(appeal)


async def test_opt_out_before_or_after_the_expansion_suppresses_the_message(world: AppealWorld) -> None:
    await world.add_subscribers(14)
    appeal = await world.approved_appeal()

    await world.services.inbox.store_opt_out("at", OptOut(phone(0), "SIAGA"))
    await world.opt_out(1)
    await world.run_appeal_worker()

    assert (await world.load_results(appeal)).suppressed == {SuppressionReason.OPTED_OUT: 2}

    # Three more after the expansion: by the carrier, by the person, and by an erasure.
    await world.services.inbox.store_opt_out("at", OptOut(phone(2), "SIAGA"))
    world.clock.advance(minutes=1)
    await world.opt_out(3)
    await world.erase(4)
    sent = await world.send_due_messages()

    assert set(sent) == set(map(phone, range(5, 14)))
    suppressed = (await world.load_results(appeal)).suppressed
    assert suppressed == {SuppressionReason.OPTED_OUT: 4, SuppressionReason.UNREACHABLE: 1}


async def test_erasure_before_the_expansion_makes_a_person_unreachable(world: AppealWorld) -> None:
    await world.add_subscribers(3)
    appeal = await world.approved_appeal()

    await world.erase(1)
    await world.run_appeal_worker()

    assert await world.send_due_messages() == [phone(0), phone(2)]
    assert (await world.load_results(appeal)).suppressed == {SuppressionReason.UNREACHABLE: 1}


async def test_unknown_messages_stay_unknown_and_count_for_the_cap_after_an_erasure(world: AppealWorld) -> None:
    """The person may have received them: three sends without an answer are the three of a week."""
    await world.add_subscribers(1)
    appeals = []
    for _ in range(3):
        appeals.append(await world.expanded_appeal())
        await world.send_due_messages(lambda _: Unknown("no answer"))
        await world.run_appeal_worker()
    fourth = await world.approved_appeal()

    assert (await world.workflow.preview(DRAFT)).suppressed == {SuppressionReason.WEEKLY_LIMIT: 1}

    await world.erase(0)
    world.clock.advance(hours=1)

    assert await world.outbox.requeue_unknown(timedelta()) == 0
    for appeal in appeals:
        (row,) = await world.messages_of(appeal)
        assert (row["status"], row["reason"], row["phone_key"]) == ("unknown", "no answer", None)
        results = await world.load_results(appeal)
        assert (results.totals[Total.UNKNOWN], results.suppressed) == (1, {})

    await world.run_appeal_worker()

    assert (await world.load_results(fourth)).suppressed == {SuppressionReason.UNREACHABLE: 1}


async def test_claimed_message_of_an_erased_person_keeps_its_outcome(world: AppealWorld) -> None:
    await world.add_subscribers(1)
    appeal = await world.expanded_appeal()
    (claim,) = await world.outbox.claim(1, "worker", "at")

    await world.erase(0)
    await world.outbox.record("at", [(claim, Unknown("no answer"))])
    world.clock.advance(hours=1)
    await world.outbox.requeue_unknown(timedelta())

    assert await world.statuses(appeal) == {"unknown": 1}


async def test_opt_out_finds_waiting_messages_by_an_index(world: AppealWorld) -> None:
    waiting = "class = 'appeal' AND status IN ('queued', 'held') AND phone_key = ANY (ARRAY['\\x01'::bytea])"

    async with world.database.begin() as connection:
        await connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        plan = await connection.exec_driver_sql(f"EXPLAIN SELECT 1 FROM messages WHERE {waiting}")
        lines = "\n".join(plan.scalars())

    assert "ix_messages_phone_key " in lines, lines
