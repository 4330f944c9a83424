"""Approval workflow of an appeal: who may do what, of which version, and what a pause or a cancellation does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from gateway.appeals.appeal import ActNotAllowed, AppealDraft, AppealStatus, SuppressionReason, Total
from gateway.appeals.approval import NextStep
from gateway.appeals.store import NoSuchAppeal
from gateway.appeals.tables import appeal_chunks, appeals
from gateway.audit import audit
from gateway.carriers.carrier import Deferred
from gateway.messages.message import MessageClass, MessageStatus
from gateway.messages.outbox import NewMessage, enqueue
from gateway.messages.tables import messages
from tests.helpers.appeals import BUDI, DRAFT, OWN_TEXTS, RINI, SITI, TONO, AppealWorld
from tests.helpers.phones import phone
from tests.helpers.waiting import until

# Writing -------------------------------------------------------------------------------------------------------


async def test_draft_needs_the_right_to_write(world: AppealWorld) -> None:
    with pytest.raises(ActNotAllowed, match="rini may not draft"):
        await world.workflow.draft(RINI, DRAFT)


async def test_unknown_appeal_is_an_error(world: AppealWorld) -> None:
    with pytest.raises(NoSuchAppeal):
        await world.workflow.submit(99, SITI)


async def test_edit_takes_approvals_back_and_makes_an_author(world: AppealWorld) -> None:
    await world.add_subscribers(2)
    appeal = await world.approved_appeal()

    await world.workflow.edit(appeal, BUDI, lambda draft: replace(draft, template="uang"))

    edited = await world.appeal(appeal)
    assert (edited.status, edited.approvers, edited.audience_size) == (AppealStatus.DRAFT, (), 0)
    assert await world.count(appeal_chunks) == 0
    await world.workflow.submit(appeal, SITI)
    with pytest.raises(ActNotAllowed, match="budi has written"):
        await world.workflow.approve(appeal, BUDI)
    assert (await world.workflow.approve(appeal, RINI)).is_complete


async def test_edit_of_a_running_appeal_is_refused(world: AppealWorld) -> None:
    await world.add_subscribers(2)
    appeal = await world.expanded_appeal()

    with pytest.raises(ActNotAllowed, match="it is running, not draft or waiting or scheduled"):
        await world.workflow.edit(appeal, SITI, lambda _: DRAFT)


async def test_concurrent_edits_are_all_kept(world: AppealWorld) -> None:
    appeal = await world.workflow.draft(SITI, OWN_TEXTS)
    names = [f"Peace {number}" for number in range(8)]

    def append(name: str) -> Callable[[AppealDraft], AppealDraft]:
        return lambda draft: replace(draft, purpose=f"{draft.purpose}, {name}")

    await asyncio.gather(*(world.workflow.edit(appeal, SITI, append(name)) for name in names))

    edited = await world.appeal(appeal)
    assert sorted(edited.draft.purpose.split(", ")) == ["Peace", *names]
    assert edited.version == 9


# Approval ------------------------------------------------------------------------------------------------------


async def test_appeal_goes_from_draft_to_scheduled_and_every_act_is_audited(world: AppealWorld) -> None:
    await world.add_subscribers(2)
    appeal = await world.workflow.draft(SITI, DRAFT)
    with pytest.raises(ActNotAllowed, match="tono may not submit"):
        await world.workflow.submit(appeal, TONO)
    await world.workflow.submit(appeal, SITI)

    await world.workflow.return_to_author(appeal, RINI, "not now")
    assert (await world.appeal(appeal)).reason == "not now"

    await world.workflow.submit(appeal, SITI)
    approval = await world.workflow.approve(appeal, BUDI)

    approved = await world.appeal(appeal)
    assert approval.is_complete
    assert (approval.appeal, approval.next_step, approval.reaches_nobody) == (approved, NextStep.SEND, False)
    assert (approved.status, approved.approvers, approved.audience_size) == (AppealStatus.SCHEDULED, ("budi",), 2)
    async with world.database.begin() as connection:
        entries = (await connection.execute(select(audit.c.actor, audit.c.action).order_by(audit.c.id))).all()
    assert [tuple(entry) for entry in entries] == [
        ("siti", "appeal.drafted"),
        ("siti", "appeal.submitted"),
        ("rini", "appeal.returned"),
        ("siti", "appeal.submitted"),
        ("budi", "appeal.approved"),
    ]
    assert [one.id for one in await world.workflow.list_appeals(status=AppealStatus.SCHEDULED)] == [appeal]


async def test_approve_refuses_the_author_and_people_without_the_right(world: AppealWorld) -> None:
    appeal = await world.workflow.draft(BUDI, DRAFT)
    await world.workflow.submit(appeal, BUDI)

    with pytest.raises(ActNotAllowed, match="budi has written this appeal"):
        await world.workflow.approve(appeal, BUDI)
    with pytest.raises(ActNotAllowed, match="siti may not approve"):
        await world.workflow.approve(appeal, SITI)


async def test_approve_refuses_a_version_that_is_not_the_current_one(world: AppealWorld) -> None:
    await world.add_subscribers(2)
    appeal = await world.submitted_appeal()
    seen = (await world.appeal(appeal)).version
    await world.workflow.edit(appeal, SITI, lambda draft: replace(draft, template="uang"))
    await world.workflow.submit(appeal, SITI)

    with pytest.raises(ActNotAllowed, match=f"is version {seen + 1} by now, not {seen}"):
        await world.workflow.approve(appeal, BUDI, seen)

    assert (await world.workflow.approve(appeal, BUDI, seen + 1)).is_complete


async def test_schedule_refuses_authors_who_may_edit_instead(world: AppealWorld) -> None:
    later = world.clock.now() + timedelta(hours=2)
    appeal = await world.workflow.draft(BUDI, DRAFT)
    await world.workflow.submit(appeal, BUDI)
    await world.workflow.approve(appeal, RINI)

    with pytest.raises(ActNotAllowed, match="budi has written this appeal; somebody else must schedule it"):
        await world.workflow.schedule(appeal, BUDI, later)

    await world.workflow.schedule(appeal, RINI, later)
    await world.workflow.edit(appeal, BUDI, lambda draft: replace(draft, starts_at=later + timedelta(hours=1)))
    edited = await world.appeal(appeal)
    assert (edited.status, edited.approvers) == (AppealStatus.DRAFT, ()), "an edit of the start takes the approval back"


# Approval of a paused appeal -----------------------------------------------------------------------------------


async def test_second_approval_in_a_strict_stage_lets_a_paused_appeal_be_resumed(world: AppealWorld) -> None:
    await world.add_subscribers(20)
    appeal = await world.expanded_appeal()
    await world.send_due_messages(most=5)
    with pytest.raises(ActNotAllowed, match="it is running, not waiting or paused"):
        await world.workflow.approve(appeal, RINI)

    # The strict stage begins, and the worker pauses the appeal.
    world.set_local_time("2026-11-24T09:00:00")
    await world.run_appeal_worker()
    with pytest.raises(ActNotAllowed, match="needs 2 approvals: another person must approve it before it is resumed"):
        await world.workflow.resume(appeal, RINI)
    for nobody, why in ((SITI, "siti may not approve"), (BUDI, "budi has approved this appeal already")):
        with pytest.raises(ActNotAllowed, match=why):
            await world.workflow.approve(appeal, nobody)

    approval = await world.workflow.approve(appeal, RINI)

    assert approval.is_complete
    assert approval.next_step is NextStep.RESUME
    paused = await world.appeal(appeal)
    assert (paused.status, paused.approvers, paused.audience_size) == (AppealStatus.PAUSED, ("budi", "rini"), 20)
    assert paused.reason == "it has all the approvals that it needs: resume lets it go on"

    # It goes on with the audience that it had.
    await world.workflow.resume(appeal, RINI)
    await world.run_appeal_worker()
    assert len(await world.send_due_messages()) == 15
    await world.run_appeal_worker()
    assert (await world.appeal(appeal)).status is AppealStatus.DONE
    assert await world.count(appeal_chunks) == 3


async def test_second_approval_keeps_another_reason_of_the_pause(world: AppealWorld) -> None:
    await world.add_subscribers(3)
    appeal = await world.expanded_appeal()
    await world.workflow.pause(appeal, SITI, "the kelurahan is wrong")

    world.set_local_time("2026-11-24T09:00:00")
    approval = await world.workflow.approve(appeal, RINI)

    assert approval.is_complete
    assert (await world.appeal(appeal)).reason == "the kelurahan is wrong"


async def test_second_approval_days_later_replaces_the_reason_as_of_the_pause(world: AppealWorld) -> None:
    await world.add_subscribers(3)
    appeal = await world.expanded_appeal()
    world.set_local_time("2026-11-23T20:30:00")  # the next message would go out in masa tenang
    await world.run_appeal_worker()
    assert (await world.appeal(appeal)).status is AppealStatus.PAUSED

    world.set_local_time("2026-11-26T12:00:00")
    approval = await world.workflow.approve(appeal, RINI)

    assert approval.is_complete
    assert (await world.appeal(appeal)).reason.endswith("resume lets it go on")


async def test_approve_refuses_a_paused_appeal_that_needs_no_approval(world: AppealWorld) -> None:
    await world.add_subscribers(3)
    appeal, own_texts = await world.approved_appeal(), await world.approved_appeal(OWN_TEXTS)
    await world.run_appeal_worker()
    await world.workflow.pause(appeal, SITI, "wait")

    with pytest.raises(ActNotAllowed, match="has all the approvals that it needs"):
        await world.workflow.approve(appeal, RINI)
    assert (await world.appeal(appeal)).approvers == ("budi",)

    # Own texts cannot be approved for a strict stage at all.
    world.set_local_time("2026-11-24T09:00:00")
    await world.run_appeal_worker()
    with pytest.raises(ActNotAllowed, match="until masa_tenang is over it can only be cancelled"):
        await world.workflow.approve(own_texts, RINI)


# Pause and cancellation ----------------------------------------------------------------------------------------


async def test_pause_holds_queued_messages_at_once_until_resume(world: AppealWorld) -> None:
    await world.add_subscribers(20)
    appeal = await world.expanded_appeal()
    await world.send_due_messages(most=5)

    await world.workflow.pause(appeal, SITI, "wrong day, says +6281230004567")

    assert await world.send_due_messages() == [], "the claim obeys the hold before the worker has applied it"
    await world.run_appeal_worker()
    assert await world.statuses(appeal) == {"accepted": 5, "held": 15}
    assert (await world.load_results(appeal)).totals[Total.WAITING] == 15
    assert (await world.appeal(appeal)).reason == "wrong day, says +62812****567"

    # Held messages do not expire.
    world.clock.advance(days=2)
    await world.workflow.resume(appeal, BUDI)
    await world.run_appeal_worker()
    assert len(await world.send_due_messages()) == 15
    await world.run_appeal_worker()
    assert (await world.appeal(appeal)).status is AppealStatus.DONE


async def test_pause_holds_a_claimed_message_that_is_deferred(world: AppealWorld) -> None:
    await world.add_subscribers(1)
    appeal = await world.expanded_appeal()
    claims = await world.outbox.claim(10, "worker", "at")

    await world.workflow.pause(appeal, SITI, "")
    await world.run_appeal_worker()
    await world.outbox.record("at", [(claim, Deferred("slow")) for claim in claims])
    world.clock.advance(minutes=5)

    assert await world.send_due_messages() == []
    assert await world.statuses(appeal) == {"held": 1}


async def test_pause_holds_no_other_messages(world: AppealWorld) -> None:
    await world.add_subscribers(3)
    paused, other = await world.approved_appeal(), await world.approved_appeal()
    await world.run_appeal_worker()

    await world.workflow.pause(paused, SITI, "")
    confirmation = NewMessage(MessageClass.CONFIRMATION, "at", phone(77), "Laporan diterima", "id")
    async with world.database.begin() as connection:
        await enqueue(connection, confirmation, world.vault, world.clock.now())

    assert (await world.send_due_messages())[0] == phone(77), "and the higher priority goes first"
    assert (await world.statuses(other)) == {"accepted": 3}


async def test_cancel_suppresses_everything_that_was_not_sent(world: AppealWorld) -> None:
    world.change_limits(max_queued=10)
    await world.add_subscribers(40)
    appeal = await world.expanded_appeal()
    await world.send_due_messages(most=5)

    await world.workflow.cancel(appeal, SITI, "the text is wrong")

    assert await world.send_due_messages() == []
    await world.run_appeal_worker()
    results = await world.load_results(appeal)
    assert (results.totals[Total.ACCEPTED], results.totals[Total.WAITING]) == (5, 0)
    assert results.suppressed == {SuppressionReason.CALLED_OFF: 35}
    assert await world.statuses(appeal) == {"accepted": 5, "cancelled": 9, "suppressed": 26}


# Queries -------------------------------------------------------------------------------------------------------


async def test_overview_has_the_appeal_and_its_results_of_one_moment(world: AppealWorld) -> None:
    """The appeal is cancelled after the overview has read it, and before it reads the messages."""
    await world.add_subscribers(3)
    appeal = await world.expanded_appeal()
    waiting = text(
        "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database"
        " WHERE NOT granted AND datname = current_database()"
    )

    async with world.database.begin() as connection:
        await connection.execute(text("LOCK TABLE messages IN ACCESS EXCLUSIVE MODE"))
        reading = asyncio.create_task(world.workflow.overview(appeal))

        async def overview_waits() -> bool:
            return bool((await connection.execute(waiting)).scalar_one())

        await until(overview_waits)
        await connection.execute(update(appeals).values(status=AppealStatus.CANCELLED))
        await connection.execute(update(messages).values(status=MessageStatus.CANCELLED))
    overview = await reading

    assert (overview.appeal.status, overview.results.totals[Total.WAITING]) == (AppealStatus.RUNNING, 3)
    after = await world.workflow.overview(appeal)
    assert (after.appeal.status, after.results.totals[Total.SUPPRESSED]) == (AppealStatus.CANCELLED, 3)


async def test_overview_tells_the_approvals_that_an_unfinished_appeal_needs(world: AppealWorld) -> None:
    world.set_local_time("2026-11-24T09:00:00")
    strict = await world.submitted_appeal()
    cancelled = await world.submitted_appeal()
    await world.workflow.cancel(cancelled, SITI, "over")

    needed = [(await world.workflow.overview(appeal)).approvals_needed for appeal in (strict, cancelled)]

    assert needed == [2, None]
