"""Drafting, approving and scheduling an appeal: who may, and of which version."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from gateway.appeals.appeal import ActNotAllowed, AppealDraft, AppealStatus
from gateway.appeals.rules import InvalidDraft
from gateway.appeals.store import NoSuchAppeal
from gateway.appeals.tables import appeal_chunks
from gateway.audit import audit
from tests.helpers.appeals import BUDI, DRAFT, RINI, SITI, TONO, WRITTEN, Desk, changed, submitted


async def test_the_way_of_an_appeal(desk: Desk) -> None:
    await desk.settle(2)
    appeal = await desk.workflow.draft(SITI, DRAFT)
    with pytest.raises(ActNotAllowed, match="tono may not submit"):
        await desk.workflow.submit(appeal, TONO)
    await desk.workflow.submit(appeal, SITI)
    await desk.workflow.return_to_author(appeal, RINI, "not now")
    assert (await desk.workflow.find(appeal)).reason == "not now"
    await desk.workflow.submit(appeal, SITI)
    assert await desk.workflow.approve(appeal, BUDI)
    stands = await desk.workflow.find(appeal)
    assert (stands.status, stands.approvers, stands.audience_size) == (AppealStatus.SCHEDULED, ("budi",), 2)
    async with desk.database.begin() as connection:
        noted = (await connection.execute(select(audit.c.actor, audit.c.action).order_by(audit.c.id))).all()
    assert [tuple(row) for row in noted] == [
        ("siti", "appeal.drafted"),
        ("siti", "appeal.submitted"),
        ("rini", "appeal.returned"),
        ("siti", "appeal.submitted"),
        ("budi", "appeal.approved"),
    ]
    assert [one.id for one in await desk.workflow.list_appeals(status=AppealStatus.SCHEDULED)] == [appeal]


async def test_who_writes_does_not_approve(desk: Desk) -> None:
    appeal = await desk.workflow.draft(BUDI, DRAFT)
    await desk.workflow.submit(appeal, BUDI)
    with pytest.raises(ActNotAllowed, match="budi has written this appeal"):
        await desk.workflow.approve(appeal, BUDI)
    with pytest.raises(ActNotAllowed, match="siti may not approve"):
        await desk.workflow.approve(appeal, SITI)


async def test_an_edit_takes_approval_back(desk: Desk) -> None:
    await desk.settle(2)
    appeal = await desk.approved()
    await desk.workflow.edit(appeal, BUDI, lambda stands: changed(stands, template="uang"))
    stands = await desk.workflow.find(appeal)
    assert (stands.status, stands.approvers, stands.audience_size) == (AppealStatus.DRAFT, (), 0)
    assert await desk.count(appeal_chunks) == 0
    await desk.workflow.submit(appeal, SITI)
    with pytest.raises(ActNotAllowed, match="budi has written"):
        await desk.workflow.approve(appeal, BUDI)
    assert await desk.workflow.approve(appeal, RINI)
    await desk.work()
    with pytest.raises(ActNotAllowed, match="this appeal is running"):
        await desk.workflow.edit(appeal, SITI, lambda _: DRAFT)


async def test_an_approval_is_of_the_version_that_was_seen(desk: Desk) -> None:
    await desk.settle(2)
    appeal = await submitted(desk, DRAFT)
    seen = (await desk.workflow.find(appeal)).version
    await desk.workflow.edit(appeal, SITI, lambda stands: changed(stands, template="uang"))
    await desk.workflow.submit(appeal, SITI)
    with pytest.raises(ActNotAllowed, match=f"is version {seen + 1} by now, not {seen}"):
        await desk.workflow.approve(appeal, BUDI, seen)
    assert await desk.workflow.approve(appeal, BUDI, seen + 1)


async def test_two_edits_at_once_are_both_there(desk: Desk) -> None:
    appeal = await desk.workflow.draft(SITI, WRITTEN)
    names = [f"Peace {number}" for number in range(8)]

    def adding(name: str) -> Callable[[AppealDraft], AppealDraft]:
        return lambda stands: changed(stands, purpose=f"{stands.purpose}, {name}")

    await asyncio.gather(*(desk.workflow.edit(appeal, SITI, adding(name)) for name in names))
    stands = await desk.workflow.find(appeal)
    assert sorted(stands.draft.purpose.split(", ")) == ["Peace", *names]
    assert stands.version == 9


async def test_an_author_does_not_set_the_time_of_what_others_approved(desk: Desk) -> None:
    later = desk.clock.now() + timedelta(hours=2)
    appeal = await desk.workflow.draft(BUDI, DRAFT)
    await desk.workflow.submit(appeal, BUDI)
    await desk.workflow.approve(appeal, RINI)
    with pytest.raises(ActNotAllowed, match="budi has written this appeal; somebody else must schedule it"):
        await desk.workflow.schedule(appeal, BUDI, later)
    await desk.workflow.schedule(appeal, RINI, later)
    await desk.workflow.edit(appeal, BUDI, lambda stands: changed(stands, starts_at=later + timedelta(hours=1)))
    stands = await desk.workflow.find(appeal)
    assert (stands.status, stands.approvers) == (AppealStatus.DRAFT, ()), "an edit of the time takes the approval back"


async def test_a_start_that_is_past_is_refused_unless_it_stands_there(desk: Desk) -> None:
    now = desk.clock.now()
    past, soon = now - timedelta(minutes=6), now + timedelta(hours=1)
    with pytest.raises(InvalidDraft, match=r"2026-11-19 14:54 WIB is past"):
        await desk.workflow.draft(SITI, changed(DRAFT, starts_at=past))
    appeal = await desk.approved(changed(DRAFT, starts_at=soon))
    with pytest.raises(InvalidDraft, match="is past"):
        await desk.workflow.edit(appeal, SITI, lambda stands: changed(stands, starts_at=past))
    with pytest.raises(ActNotAllowed, match="is past"):
        await desk.workflow.schedule(appeal, RINI, past)
    with pytest.raises(ActNotAllowed, match="needs a time zone"):
        await desk.workflow.schedule(appeal, RINI, soon.replace(tzinfo=None))
    assert (await desk.workflow.find(appeal)).draft.starts_at == soon
    await desk.workflow.schedule(appeal, RINI, now - timedelta(minutes=4))  # it took a while to type
    desk.clock.advance(hours=2)
    await desk.workflow.edit(appeal, SITI, lambda stands: changed(stands, purpose="Calm"))
    assert (await desk.workflow.find(appeal)).draft.purpose == "Calm", "what stands there may be past by now"


async def test_masa_tenang_wants_two_and_the_packs_words(desk: Desk) -> None:
    desk.clock.advance(days=5)
    written = await desk.workflow.draft(SITI, WRITTEN)
    with pytest.raises(ActNotAllowed, match="in masa_tenang only approved texts of the pack go out"):
        await desk.workflow.submit(written, SITI)
    appeal = await desk.approved()
    assert (await desk.workflow.find(appeal)).status is AppealStatus.WAITING
    with pytest.raises(ActNotAllowed, match="budi has approved this appeal already"):
        await desk.workflow.approve(appeal, BUDI)
    assert await desk.workflow.approve(appeal, RINI)


async def test_it_is_not_moved_into_masa_tenang(desk: Desk) -> None:
    appeal = await desk.approved()
    with pytest.raises(ActNotAllowed, match="needs 2 approvals"):
        await desk.workflow.schedule(appeal, RINI, desk.clock.now() + timedelta(days=5))
    later = desk.clock.now() + timedelta(days=1)
    await desk.workflow.schedule(appeal, RINI, later)
    assert (await desk.workflow.find(appeal)).draft.starts_at == later


async def test_who_may_not_draft(desk: Desk) -> None:
    with pytest.raises(ActNotAllowed, match="rini may not draft"):
        await desk.workflow.draft(RINI, DRAFT)
    with pytest.raises(NoSuchAppeal):
        await desk.workflow.submit(99, SITI)
