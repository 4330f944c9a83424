"""Terms of a kind of appeal: urgent ones, own quiet hours and own weekly limits, up to the claim."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from gateway.appeals.appeal import ActNotAllowed, AppealStatus, RightRefused
from gateway.appeals.approval import NextStep
from gateway.appeals.terms import Terms, terms_of
from tests.helpers.appeals import BUDI, DRAFT, KLEGO, RINI, SITI, AppealWorld, appeal_menu
from tests.helpers.packs import FILES

EVACUATION = replace(DRAFT, template="mengungsi", slots={"place": "GOR Jetayu"})
QUIET_DAYS = replace(DRAFT, template="masa_tenang")


def test_terms_are_those_of_the_template_or_of_the_rules() -> None:
    menu = appeal_menu()

    assert terms_of("mengungsi", menu) == Terms(urgent=True, own_hours=menu.templates["mengungsi"].own_hours)
    assert terms_of("lapor_resmi", menu) == Terms(per_week=2)
    assert terms_of("", menu) == terms_of("damai", menu) == terms_of("gone", menu) == Terms(per_week=3)


async def test_urgent_appeal_needs_two_people_who_did_not_write_it(world: AppealWorld) -> None:
    await world.add_subscribers(2)
    appeal = await world.submitted_appeal(EVACUATION)

    with pytest.raises(RightRefused):
        await world.workflow.approve(appeal, SITI)
    assert (await world.workflow.approve(appeal, BUDI)).next_step is NextStep.APPROVE_AGAIN
    with pytest.raises(RightRefused, match="it needs a second person"):
        await world.workflow.approve(appeal, BUDI)
    await world.run_appeal_worker()
    assert await world.messages_of(appeal) == []

    assert (await world.workflow.approve(appeal, RINI)).next_step is NextStep.SEND
    await world.run_appeal_worker()
    assert len(await world.messages_of(appeal)) == 2


async def test_urgent_appeal_goes_out_in_quiet_hours_and_another_waits(world: AppealWorld) -> None:
    await world.add_subscribers(2)
    world.set_local_time("2026-11-19T21:30:00")
    ordinary = await world.expanded_appeal()
    urgent = await world.approved_appeal(EVACUATION, by=(BUDI, RINI))
    preview = await world.workflow.preview(EVACUATION)
    await world.run_appeal_worker()

    sent = await world.send_due_messages()

    assert (preview.held_back, preview.urgent, preview.approvals) == (False, True, 2)
    assert len(sent) == 2
    assert await world.statuses(urgent) == {"accepted": 2}
    assert await world.statuses(ordinary) == {"queued": 2}
    assert world.workflow.held_until(await world.appeal(urgent)) is None


async def test_urgent_appeal_overtakes_the_queue_of_another(world: AppealWorld) -> None:
    await world.add_subscribers(3)
    ordinary = await world.expanded_appeal()
    urgent = await world.approved_appeal(EVACUATION, by=(BUDI, RINI))
    await world.run_appeal_worker()

    await world.send_due_messages(most=3)

    assert await world.statuses(urgent) == {"accepted": 3}
    assert await world.statuses(ordinary) == {"queued": 3}


async def test_urgent_appeal_is_beyond_the_weekly_limit_and_counts_for_it(world: AppealWorld) -> None:
    await world.add_subscribers(2)
    for _ in range(2):
        await world.expanded_appeal()
        await world.send_due_messages()
    for _ in range(2):
        urgent = await world.approved_appeal(EVACUATION, by=(BUDI, RINI))
        await world.run_appeal_worker()
        await world.send_due_messages()
        assert await world.statuses(urgent) == {"accepted": 2}, "the third and fourth in a week"

    ordinary = await world.expanded_appeal()

    assert await world.statuses(ordinary) == {"suppressed": 2}
    assert (await world.workflow.preview(DRAFT)).reached == 0
    assert (await world.workflow.preview(EVACUATION)).reached == 2


@pytest.mark.parametrize(("kind", "reached"), [("lapor_resmi", 0), ("damai", 2)])
async def test_kind_with_a_limit_of_its_own_is_held_back_earlier(world: AppealWorld, kind: str, reached: int) -> None:
    await world.add_subscribers(2)
    for _ in range(2):
        await world.expanded_appeal()
        await world.send_due_messages()

    assert (await world.workflow.preview(replace(DRAFT, template=kind))).reached == reached


@pytest.mark.parametrize(
    ("time", "sent", "due_again"),
    [
        ("2026-11-24T21:30:00", 1, None),
        ("2026-11-24T22:00:00", 0, "25 04:00"),
        ("2026-11-25T03:59:00", 0, "25 04:00"),
        ("2026-11-25T04:00:00", 1, None),
    ],
)
async def test_claim_obeys_the_quiet_hours_of_the_kind_of_appeal(
    world: AppealWorld, time: str, sent: int, due_again: str | None
) -> None:
    await world.add_subscribers(1)
    world.set_local_time("2026-11-24T21:00:00")
    appeal = await world.approved_appeal(QUIET_DAYS, by=(BUDI, RINI))
    await world.run_appeal_worker()
    world.set_local_time(time)

    assert len(await world.send_due_messages()) == sent

    (row,) = await world.messages_of(appeal)
    assert row["status"] == ("accepted" if sent else "queued")
    if due_again:
        assert f"{row['due_at'].astimezone(world.menu.timezone):%d %H:%M}" == due_again
        assert (row["expires_at"] - row["due_at"]).total_seconds() == 24 * 3600


async def test_appeal_that_becomes_urgent_while_it_runs_pauses_for_the_second_approval(world: AppealWorld) -> None:
    await world.add_subscribers(2)
    world.set_local_time("2026-11-19T21:30:00")
    appeal = await world.expanded_appeal()
    files = FILES["appeals.yaml"].replace("purpose: Tetap rukun, ", "purpose: Tetap rukun, urgent: true, ")
    world.change_pack(appeal_menu(appeals=files))

    await world.run_appeal_worker()
    paused = await world.appeal(appeal)
    assert (paused.status, paused.reason.partition(":")[0]) == (
        AppealStatus.PAUSED,
        "an urgent appeal needs 2 approvals",
    )
    with pytest.raises(ActNotAllowed, match="an urgent appeal needs 2 approvals"):
        await world.workflow.resume(appeal, BUDI)
    assert (await world.workflow.approve(appeal, RINI)).next_step is NextStep.RESUME


async def test_public_numbers_have_no_gap_and_are_in_the_texts(world: AppealWorld) -> None:
    await world.add_subscribers(1)
    await world.workflow.draft(SITI, DRAFT)
    cancelled = await world.approved_appeal(replace(DRAFT, starts_at=None))
    await world.workflow.cancel(cancelled, BUDI, "a slip")
    first, second = await world.expanded_appeal(), await world.expanded_appeal(replace(DRAFT, template="uang"))
    empty = await world.expanded_appeal(replace(DRAFT, audience={"areas": [KLEGO]}))

    numbers = [(await world.appeal(one)).public_number for one in (cancelled, first, second, empty)]
    assert numbers == [None, 1, 2, 3]
    texts: Sequence[str] = [(await world.messages_of(one))[0]["text"] for one in (first, second)]
    assert [text.partition(":")[0] for text in texts] == [
        "Bakesbangpol Kota Pekalongan No 1",
        "Bakesbangpol Kota Pekalongan No 2",
    ]
