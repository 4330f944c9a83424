"""Worker of appeals: expansion to the end, automatic pause, and results for everybody of a cancelled appeal."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from gateway.appeals.appeal import AppealStatus, AutoPause, SuppressionReason, Total
from gateway.appeals.tables import appeal_chunks, appeals
from gateway.appeals.worker import AppealWorker
from gateway.appeals.workflow import AppealSettings
from gateway.carriers.carrier import Accepted, Outcome, Receipt, ReceiptStatus, Refused, Unknown
from gateway.menu.model import Menu
from gateway.menu.pack.loader import load
from gateway.messages.tables import holds
from gateway.runtime.pack_folder import read_pack
from gateway.runtime.postgres import DatabaseUnavailable
from gateway.text.phone import Phone
from tests.helpers.appeals import BUDI, CODE, DRAFT, KLEGO, MEDONO, OWN_TEXTS, SITI, AppealWorld
from tests.helpers.packs import PACKS
from tests.helpers.phones import phone

# Expansion -----------------------------------------------------------------------------------------------------


async def test_appeal_reaches_everybody_once_and_is_done(world: AppealWorld) -> None:
    await world.add_subscribers(20)
    await world.add_subscribers(5, first=20, language="jv", area=KLEGO)

    appeal = await world.expanded_appeal()
    sent = await world.send_due_messages()
    await world.run_appeal_worker()

    assert sorted(sent, key=str) == sorted(map(phone, range(25)), key=str)
    assert (await world.appeal(appeal)).status is AppealStatus.DONE
    assert await world.count(appeal_chunks) == 4
    results = await world.load_results(appeal)
    assert (results.audience_size, results.totals[Total.ACCEPTED], results.parts) == (25, 25, 25)
    assert {key: sum(totals.values()) for key, totals in results.areas.items()} == {MEDONO: 20, KLEGO: 5}
    assert {key: sum(totals.values()) for key, totals in results.languages.items()} == {"id": 20, "jv": 5}
    assert {key: sum(totals.values()) for key, totals in results.hours.items()} == {"2026-11-19 15:00": 25}


async def test_expansion_waits_while_enough_messages_are_queued(world: AppealWorld) -> None:
    world.change_limits(max_queued=10)
    await world.add_subscribers(40)
    appeal = await world.expanded_appeal()
    assert len(await world.messages_of(appeal)) == 14

    for _ in range(6):
        await world.send_due_messages()
        await world.run_appeal_worker()

    assert await world.statuses(appeal) == {"accepted": 40}


async def test_failing_appeal_stops_no_other(world: AppealWorld) -> None:
    await world.add_subscribers(3)
    broken, cancelled, good = [await world.approved_appeal() for _ in range(3)]
    await world.update_rows(appeals, appeals.c.id == broken, texts={"id": "{"})
    await world.workflow.cancel(cancelled, SITI, "")

    with capture_logs() as lines:
        await world.run_appeal_worker()

    failed = {line["appeal"] for line in lines if line["event"] == "appeal.step_failed"}
    assert (failed, {line["log_level"] for line in lines if line["appeal"] == broken}) == ({broken}, {"error", "info"})
    assert await world.statuses(good) == {"queued": 3}

    # Once it is repaired, the next pass expands it.
    await world.update_rows(appeals, appeals.c.id == broken, texts={"id": "Rukun. STOP"})
    await world.run_appeal_worker()
    assert await world.statuses(broken) == {"queued": 3}


async def test_unavailable_database_ends_the_pass(world: AppealWorld) -> None:
    def menu() -> Menu:
        raise DatabaseUnavailable("gone")

    await world.add_subscribers(1)
    await world.approved_appeal()
    worker = AppealWorker(world.database, world.clock, menu, AppealSettings({"at": CODE}))

    with pytest.raises(DatabaseUnavailable), capture_logs() as lines:
        await worker.run_once()

    assert "appeal.step_failed" not in {line["event"] for line in lines}


async def test_changed_pack_without_the_area_pauses_an_appeal(world: AppealWorld) -> None:
    await world.add_subscribers(3)
    appeal = await world.approved_appeal(replace(DRAFT, audience={"areas": [MEDONO]}))

    world.change_pack(load(read_pack(PACKS / "tegal")))
    await world.run_appeal_worker()

    paused = await world.appeal(appeal)
    assert paused.status is AppealStatus.PAUSED
    assert paused.reason.startswith(f'the pack has changed: areas: unknown area "{MEDONO}"; expected ')


# First send ----------------------------------------------------------------------------------------------------


async def test_first_send_is_recorded_once(world: AppealWorld) -> None:
    await world.add_subscribers(4)
    appeal = await world.expanded_appeal()
    assert (await world.appeal(appeal)).went_out_at is None, "nothing was sent yet"

    world.clock.advance(minutes=1)
    first_send = world.clock.now()
    await world.send_due_messages(most=2)
    world.clock.advance(minutes=1)
    await world.run_appeal_worker()
    await world.send_due_messages()
    await world.run_appeal_worker()

    done = await world.appeal(appeal)
    assert (done.status, done.went_out_at) == (AppealStatus.DONE, first_send)


@pytest.mark.parametrize(
    "outcome", [Accepted("id"), Unknown("no answer"), Refused("no such number")], ids=lambda one: type(one).__name__
)
async def test_cancelled_appeal_went_out_if_a_message_may_have_been_sent(world: AppealWorld, outcome: Outcome) -> None:
    await world.add_subscribers(4)
    appeal = await world.expanded_appeal()

    await world.send_due_messages(lambda _: outcome, most=1)
    await world.workflow.cancel(appeal, SITI, "")
    await world.run_appeal_worker()

    expected = None if isinstance(outcome, Refused) else world.clock.now()
    assert (await world.appeal(appeal)).went_out_at == expected


# Automatic pause -----------------------------------------------------------------------------------------------


async def test_too_many_failures_pause_an_appeal_until_resume(world: AppealWorld) -> None:
    world.change_limits(auto_pause=AutoPause(max_failed_share=0.2, window=50, min_sends=10))
    await world.add_subscribers(100)
    appeal = await world.expanded_appeal()
    failures = {phone(number): Refused("blocked") if number % 2 else Unknown("silence") for number in range(12)}

    def outcome(to: Phone) -> Outcome:
        return failures.get(to) or Accepted(str(to.e164))

    await world.send_due_messages(outcome, most=40)
    await world.run_appeal_worker()

    paused = await world.appeal(appeal)
    assert paused.status is AppealStatus.PAUSED
    assert paused.reason == "of the last 40 sends 6 were refused and 6 are unknown"
    assert await world.send_due_messages() == []

    # Failures before the resume do not count again.
    world.clock.advance(seconds=1)
    await world.workflow.resume(appeal, BUDI)
    await world.run_appeal_worker()
    await world.send_due_messages()
    await world.run_appeal_worker()
    assert (await world.appeal(appeal)).status is AppealStatus.DONE


async def test_delivery_reports_push_no_failure_out_of_the_last_sends(world: AppealWorld) -> None:
    world.change_limits(auto_pause=AutoPause(max_failed_share=0.5, window=30, min_sends=10))
    await world.add_subscribers(100)
    appeal = await world.expanded_appeal()
    await world.send_due_messages(lambda to: Accepted(to.e164), most=40)
    await world.run_appeal_worker()
    assert (await world.appeal(appeal)).status is AppealStatus.RUNNING

    world.clock.advance(seconds=1)
    await world.send_due_messages(lambda _: Refused("the carrier is dead"), most=20)
    world.clock.advance(seconds=1)
    for number in range(40):
        report = Receipt(phone(number).e164, ReceiptStatus.DELIVERED, "Success", "")
        await world.services.receipts.store("at", report)
    await world.run_appeal_worker()

    paused = await world.appeal(appeal)
    assert (paused.status, paused.reason) == (
        AppealStatus.PAUSED,
        "of the last 30 sends 20 were refused and 0 are unknown",
    )


async def test_appeal_with_everything_sent_is_done_and_not_paused(world: AppealWorld) -> None:
    """A pause would hold nothing, and somebody would have to resume it for nothing."""
    world.change_limits(auto_pause=AutoPause(max_failed_share=0.5, window=30, min_sends=10))
    await world.add_subscribers(20)
    appeal = await world.expanded_appeal()

    await world.send_due_messages(lambda _: Refused("the carrier is dead"))
    await world.run_appeal_worker()

    assert (await world.appeal(appeal)).status is AppealStatus.DONE
    assert (await world.load_results(appeal)).totals[Total.FAILED] == 20


# Cancelled appeals ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pack_changes", [False, True])
async def test_everybody_of_a_cancelled_appeal_gets_a_result(world: AppealWorld, pack_changes: bool) -> None:
    await world.add_subscribers(9)
    await world.add_subscribers(1, first=9, area=KLEGO)
    later = world.clock.now() + timedelta(hours=1)
    appeal = await world.approved_appeal(replace(OWN_TEXTS, audience={"areas": [MEDONO]}, starts_at=later))

    await world.workflow.cancel(appeal, SITI, "not needed")
    assert (await world.load_results(appeal)).suppressed == {SuppressionReason.CALLED_OFF: 9}, "at once"

    if pack_changes:
        world.change_pack(load(read_pack(PACKS / "tegal")))
    await world.run_appeal_worker()

    results = await world.load_results(appeal)
    assert (results.audience_size, results.suppressed) == (9, {SuppressionReason.CALLED_OFF: 9})
    for groups, key in ((results.areas, MEDONO), (results.languages, "id"), (results.channels, "at")):
        assert {name: totals[Total.SUPPRESSED] for name, totals in groups.items()} == {key: 9}
    people = await world.results.list_person_results(appeal)
    assert [(one.status, one.reason) for one in people] == [("suppressed", "the appeal was called off")] * 9
    assert (results.parts, await world.send_due_messages(), await world.count(holds)) == (0, [], 0)


async def test_appeal_cancelled_during_its_expansion_gets_a_result_for_everybody(world: AppealWorld) -> None:
    world.change_limits(max_queued=7)
    await world.add_subscribers(20)
    appeal = await world.expanded_appeal()
    assert len(await world.messages_of(appeal)) == 7
    assert len(await world.send_due_messages(most=3)) == 3

    await world.workflow.cancel(appeal, SITI, "enough")
    await world.run_appeal_worker()

    results = await world.load_results(appeal)
    assert (results.totals[Total.ACCEPTED], results.suppressed) == (3, {SuppressionReason.CALLED_OFF: 17})
    assert len(await world.results.list_person_results(appeal)) == 20
    assert await world.send_due_messages() == []
