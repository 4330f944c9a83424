"""Rules of an appeal: validation of a draft, and the words, quiet hours and stages that block it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from gateway.appeals.appeal import ActNotAllowed, AppealDraft, AppealStatus, Total
from gateway.appeals.rules import InvalidDraft
from tests.helpers.appeals import BUDI, DRAFT, OWN_TEXTS, RINI, SITI, AppealWorld, menu_refusing

# Validation ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("draft", "message"),
    [
        (replace(DRAFT, purpose=" "), "needs a purpose"),
        (replace(DRAFT, channel="xy"), 'unknown channel "xy"; expected one of at'),
        (replace(DRAFT, template="war"), 'unknown template "war"; expected one of asn, asn_medsos, uang'),
        (replace(DRAFT, template=""), "either a template"),
        (replace(DRAFT, texts={"id": "x"}), "either a template"),
        (replace(DRAFT, template="kabar_tidak_benar"), "name its ticket"),
        (replace(DRAFT, audience={"roles": ["king"]}), 'unknown role "king"'),
        (replace(OWN_TEXTS, texts={"su": "x"}), 'unknown language "su"'),
        (replace(OWN_TEXTS, texts={"id": "{name} x"}), "unknown placeholder {name}; expected one of kel, ussd, svc"),
        (replace(OWN_TEXTS, texts={"id": "{"}), "id: "),
        (replace(OWN_TEXTS, texts={"id": " "}), "this text is empty"),
        (replace(OWN_TEXTS, texts={"id": "x" * 307}), "takes 3 parts"),
        (replace(OWN_TEXTS, texts={"id": "Ayo, Pilih  NOMOR 1!"}), "id: pilih nomor is one of the refused words"),
        (
            replace(OWN_TEXTS, texts={"id": "Rukun"}),
            "id: this text must say how to leave, with {stop} or one of BERHENTI, MANDHEG, STOP, UNREG",
        ),
        (replace(OWN_TEXTS, texts={"id": "STOP", "jv": "Nonstop"}), "jv: this text must say how to leave"),
        (replace(DRAFT, purpose="Menangkan nomor urut 1"), "purpose: nomor urut is one of the refused words"),
        (replace(OWN_TEXTS, purpose="Dukung\uff0d\uff30aslon"), "purpose: dukung paslon is one of the refused words"),
    ],
)
async def test_invalid_draft_is_refused_with_its_fault(world: AppealWorld, draft: AppealDraft, message: str) -> None:
    with pytest.raises(InvalidDraft) as refused:
        await world.workflow.draft(SITI, draft)

    assert message in str(refused.value)
    assert await world.workflow.list_appeals() == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\uff5bname\uff5d x", "unknown placeholder {name}"),
        ("Ayo, \uff30ilih nomor 1!", "pilih nomor is one of the refused words"),
        ("\u200b", "this text is empty"),
    ],
)
async def test_text_is_validated_as_it_goes_out(world: AppealWorld, text: str, message: str) -> None:
    with pytest.raises(InvalidDraft) as refused:
        await world.workflow.draft(SITI, replace(OWN_TEXTS, texts={"id": text}))

    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("starts_at", "fault"),
    [
        (datetime.max.replace(tzinfo=UTC), "the start 9999-12-31 is more than a year ahead"),
        (datetime.max.replace(tzinfo=timezone(timedelta(hours=-14))), "the start 9999-12-31 is more than a year ahead"),
        (datetime.min.replace(tzinfo=timezone(timedelta(hours=14))), r"the start 0?0?0?1-01-01 is in the past"),
        (datetime.min.replace(tzinfo=timezone(timedelta(hours=-14))), r"the start 0?0?0?1-01-01 is in the past"),
    ],
)
async def test_start_at_an_end_of_time_is_refused(world: AppealWorld, starts_at: datetime, fault: str) -> None:
    with pytest.raises(InvalidDraft, match=fault):
        await world.workflow.draft(SITI, replace(DRAFT, starts_at=starts_at))


async def test_start_in_the_past_is_refused_unless_it_is_the_stored_one(world: AppealWorld) -> None:
    now = world.clock.now()
    past, soon = now - timedelta(minutes=6), now + timedelta(hours=1)

    with pytest.raises(InvalidDraft, match=r"the start 2026-11-19 14:54 WIB is in the past; choose a later time"):
        await world.workflow.draft(SITI, replace(DRAFT, starts_at=past))

    appeal = await world.approved_appeal(replace(DRAFT, starts_at=soon))
    with pytest.raises(InvalidDraft, match="is in the past"):
        await world.workflow.edit(appeal, SITI, lambda draft: replace(draft, starts_at=past))
    with pytest.raises(ActNotAllowed, match="is in the past"):
        await world.workflow.schedule(appeal, RINI, past)
    with pytest.raises(ActNotAllowed, match="needs a time zone"):
        await world.workflow.schedule(appeal, RINI, soon.replace(tzinfo=None))
    assert (await world.appeal(appeal)).draft.starts_at == soon

    # A few minutes are allowed, since typing a time takes a while.
    await world.workflow.schedule(appeal, RINI, now - timedelta(minutes=4))
    world.clock.advance(hours=2)
    await world.workflow.edit(appeal, SITI, lambda draft: replace(draft, purpose="Calm"))
    assert (await world.appeal(appeal)).draft.purpose == "Calm", "the stored start may be in the past by now"


# Refused words -------------------------------------------------------------------------------------------------


async def test_word_that_the_pack_refuses_later_blocks_an_appeal_at_every_step(world: AppealWorld) -> None:
    await world.add_subscribers(2)
    draft = replace(OWN_TEXTS, texts={"id": "Bersama Sukirman maju. STOP"})
    later = replace(draft, starts_at=world.clock.now() + timedelta(hours=1))
    drafted = await world.workflow.draft(SITI, draft)
    waiting, scheduled = await world.submitted_appeal(draft), await world.approved_appeal(later)
    assert (await world.workflow.preview(draft, drafted)).obstacles == ()

    world.change_pack(menu_refusing("sukirman"))

    fault = "id: sukirman is one of the refused words"
    assert (await world.workflow.preview(draft, drafted)).obstacles == (fault,)
    with pytest.raises(ActNotAllowed, match=fault):
        await world.workflow.submit(drafted, SITI)
    with pytest.raises(ActNotAllowed, match=fault):
        await world.workflow.approve(waiting, BUDI)
    with pytest.raises(ActNotAllowed, match=fault):
        await world.workflow.schedule(scheduled, RINI, world.clock.now() + timedelta(hours=2))

    # At its start the worker pauses it, and it cannot be resumed.
    world.clock.advance(hours=1)
    await world.run_appeal_worker()
    paused = await world.appeal(scheduled)
    assert (paused.status, paused.reason) == (AppealStatus.PAUSED, f"{fault}: it can only be cancelled")
    assert (await world.send_due_messages(), await world.messages_of(scheduled)) == ([], [])
    with pytest.raises(ActNotAllowed, match="it can only be cancelled"):
        await world.workflow.resume(scheduled, RINI)


async def test_refused_word_in_the_purpose_pauses_a_running_appeal(world: AppealWorld) -> None:
    await world.add_subscribers(20)
    appeal = await world.expanded_appeal(replace(OWN_TEXTS, purpose="Bersama Sukirman"))
    assert len(await world.send_due_messages(most=5)) == 5

    world.change_pack(menu_refusing("sukirman"))
    await world.run_appeal_worker()

    paused = await world.appeal(appeal)
    assert (paused.status, paused.reason[:17]) == (AppealStatus.PAUSED, "purpose: sukirman")
    assert await world.send_due_messages() == []
    assert (await world.load_results(appeal)).totals[Total.WAITING] == 15


# Quiet hours and strict stages ---------------------------------------------------------------------------------


async def test_quiet_hours_hold_messages_back_and_drop_none(world: AppealWorld) -> None:
    await world.add_subscribers(20)
    world.set_local_time("2026-11-19T19:59:59")
    appeal = await world.expanded_appeal()
    assert len(await world.send_due_messages(most=5)) == 5

    world.set_local_time("2026-11-19T20:00:00")
    assert await world.send_due_messages() == [], "messages that were due already are postponed as well"
    assert await world.statuses(appeal) == {"accepted": 5, "queued": 15}

    world.set_local_time("2026-11-20T06:59:59")
    assert await world.send_due_messages() == []

    world.set_local_time("2026-11-20T07:00:00")
    assert len(await world.send_due_messages()) == 15


async def test_messages_expanded_in_quiet_hours_are_due_after_them(world: AppealWorld) -> None:
    await world.add_subscribers(3)
    world.set_local_time("2026-11-20T02:00:00")

    preview = await world.workflow.preview(DRAFT)
    appeal = await world.expanded_appeal()

    due = {row["due_at"].astimezone(world.menu.timezone).isoformat() for row in await world.messages_of(appeal)}
    assert due == {"2026-11-20T07:00:00+07:00"} == {preview.begins_at.astimezone(world.menu.timezone).isoformat()}
    assert preview.held_back


async def test_strict_stage_takes_templates_only_and_two_approvals(world: AppealWorld) -> None:
    world.clock.advance(days=5)
    own_texts = await world.workflow.draft(SITI, OWN_TEXTS)
    with pytest.raises(ActNotAllowed, match="in masa_tenang only approved texts of the pack go out"):
        await world.workflow.submit(own_texts, SITI)

    appeal = await world.approved_appeal()

    assert (await world.appeal(appeal)).status is AppealStatus.WAITING
    with pytest.raises(ActNotAllowed, match="budi has approved this appeal already"):
        await world.workflow.approve(appeal, BUDI)
    assert (await world.workflow.approve(appeal, RINI)).is_complete


async def test_schedule_refuses_to_move_an_appeal_with_one_approval_into_a_strict_stage(world: AppealWorld) -> None:
    appeal = await world.approved_appeal()

    with pytest.raises(ActNotAllowed, match="needs 2 approvals"):
        await world.workflow.schedule(appeal, RINI, world.clock.now() + timedelta(days=5))

    later = world.clock.now() + timedelta(days=1)
    await world.workflow.schedule(appeal, RINI, later)
    assert (await world.appeal(appeal)).draft.starts_at == later


async def test_strict_stage_that_begins_pauses_running_appeals_that_break_its_rules(world: AppealWorld) -> None:
    await world.add_subscribers(20)
    world.set_local_time("2026-11-23T19:59:00")
    own_texts, one_approval = await world.approved_appeal(OWN_TEXTS), await world.approved_appeal()
    both = await world.submitted_appeal(replace(DRAFT, starts_at=world.clock.now() + timedelta(hours=15)))
    assert not (await world.workflow.approve(both, BUDI)).is_complete, "it goes out in masa tenang"
    assert (await world.workflow.approve(both, RINI)).is_complete
    await world.run_appeal_worker()
    await world.send_due_messages(most=10)

    world.set_local_time("2026-11-23T20:00:00")  # the next message would go out in masa tenang
    await world.run_appeal_worker()

    assert [(await world.appeal(appeal)).reason for appeal in (own_texts, one_approval)] == [
        "in masa_tenang only approved texts of the pack go out: until masa_tenang is over it can only be cancelled",
        "in masa_tenang an appeal needs 2 approvals: another person must approve it before it is resumed",
    ]

    # The appeal with both approvals goes out in the stage, the author's texts after it.
    world.set_local_time("2026-11-24T12:00:00")
    await world.run_appeal_worker()
    sent = await world.send_due_messages()
    assert len(sent) == 20 == (await world.statuses(both))["accepted"]

    world.set_local_time("2026-11-27T07:00:00")
    await world.workflow.resume(own_texts, BUDI)
    await world.run_appeal_worker()
    assert (await world.appeal(own_texts)).status is AppealStatus.RUNNING


async def test_resume_refuses_own_texts_within_a_strict_stage(world: AppealWorld) -> None:
    await world.add_subscribers(3)
    appeal = await world.expanded_appeal(OWN_TEXTS)

    world.set_local_time("2026-11-24T09:00:00")
    await world.run_appeal_worker()

    assert await world.send_due_messages() == []
    with pytest.raises(ActNotAllowed, match="only approved texts"):
        await world.workflow.resume(appeal, BUDI)
