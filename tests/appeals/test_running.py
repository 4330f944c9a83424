"""How an appeal goes out: expanded without gap or double, held, stopped, kept within its hours and its week."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from gateway.appeals.appeal import Brake, Kind, Reason, Status, Total
from gateway.appeals.records import appeal_chunks, appeals
from gateway.appeals.running import Runner
from gateway.carriers.carrier import Accepted, Deferred, OptOut, Outcome, Refused, Unknown
from gateway.incidents.erasing import Eraser
from gateway.menu.definition import Menu
from gateway.menu.loading import load
from gateway.messages.holds import holds
from gateway.messages.inbox import Inbox
from gateway.messages.message import MessageClass
from gateway.messages.optouts import OptOuts
from gateway.messages.outbox import NewMessage, enqueue
from gateway.people.directory import Directory
from gateway.people.person import Entry, Part, Role
from gateway.people.subscriptions import Subscriptions
from gateway.runtime.packs import read_pack
from gateway.runtime.postgres import DatabaseAway
from gateway.text.phone import Phone
from tests.appeals.stage import BUDI, DRAFT, KLEGO, MEDONO, PEKALONGAN, RINI, SITI, WRITTEN, Desk, changed, phone
from tests.clocks import StandingClock


async def test_everybody_gets_it_once(desk: Desk) -> None:
    await desk.settle(20)
    await desk.settle(5, first=20, language="jv", area=KLEGO)
    appeal = await desk.approved()
    await desk.work()
    sent = await desk.send()
    await desk.work()
    assert sorted(sent, key=str) == sorted(map(phone, range(25)), key=str)
    assert (await desk.campaign.find(appeal)).status is Status.DONE
    assert await desk.count(appeal_chunks) == 4
    account = await desk.account(appeal)
    assert (account.frozen, account.totals[Total.ACCEPTED], account.parts) == (25, 25, 25)
    assert {key: sum(totals.values()) for key, totals in account.areas.items()} == {MEDONO: 20, KLEGO: 5}
    assert {key: sum(totals.values()) for key, totals in account.languages.items()} == {"id": 20, "jv": 5}
    assert {key: sum(totals.values()) for key, totals in account.hours.items()} == {"2026-11-19 15:00": 25}


async def test_each_gets_the_text_of_his_place(desk: Desk) -> None:
    await desk.settle(1)
    await desk.settle(1, first=1, area=KLEGO)
    await desk.settle(1, first=2, language="jv")
    await desk.settle(1, first=3, language="en")  # there is no English text
    await desk.settle(1, first=4, area="")
    appeal = await desk.approved(WRITTEN)
    await desk.work()
    texts = [row["text"] for row in await desk.rows(appeal)]
    assert texts == [
        "Rukun di Medono. STOP",
        "Rukun di Klego. STOP",
        "Rukun. STOP",
        "Rukun di Medono. STOP",
        "Rukun di Kota Pekalongan. STOP",
    ]


async def test_who_comes_later_is_not_meant(desk: Desk) -> None:
    await desk.settle(3)
    appeal = await desk.approved(changed(DRAFT, starts_at=desk.clock.now() + timedelta(hours=1)))
    await desk.settle(3, first=3)
    await desk.work()
    assert await desk.rows(appeal) == []
    assert (await desk.account(appeal)).totals[Total.WAITING] == 3
    desk.clock.pass_time(hours=1)
    await desk.work()
    assert len(await desk.send()) == 3


async def test_a_worker_killed_anywhere_leaves_neither_gap_nor_double(desk: Desk) -> None:
    await desk.settle(60)
    appeal = await desk.approved()
    chance = random.Random(7)
    for _ in range(40):
        task = asyncio.create_task(desk.work())
        await asyncio.sleep(chance.random() * 0.03)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await desk.account(appeal)
    await desk.work()
    assert len({row["person"] for row in await desk.rows(appeal)}) == len(await desk.rows(appeal)) == 60
    assert sorted(await desk.send(), key=str) == sorted(map(phone, range(60)), key=str)


async def test_many_workers_do_not_double(desk: Desk) -> None:
    await desk.settle(60)
    appeal = await desk.approved()
    await asyncio.gather(*(desk.work() for _ in range(4)))
    await desk.work()
    assert len(await desk.rows(appeal)) == 60
    assert (await desk.campaign.find(appeal)).expanded == 60


async def test_an_appeal_that_fails_holds_up_no_other(desk: Desk) -> None:
    await desk.settle(3)
    broken, cancelled, good = await desk.approved(), await desk.approved(), await desk.approved()
    await desk.set(appeals, appeals.c.id == broken, texts={"id": "{"})
    await desk.campaign.cancel(cancelled, SITI, "")
    with capture_logs() as logged:
        await desk.work()
    failed = {line["appeal"] for line in logged if line["event"] == "appeal.step_failed"}
    assert (failed, {line["log_level"] for line in logged if line["appeal"] == broken}) == ({broken}, {"error", "info"})
    assert await desk.statuses(good) == {"queued": 3}
    await desk.set(appeals, appeals.c.id == broken, texts={"id": "Rukun. STOP"})
    await desk.work()
    assert await desk.statuses(broken) == {"queued": 3}, "what it has not done then, the next look does"


async def test_a_database_that_goes_away_amid_a_step_ends_the_look(desk: Desk) -> None:
    def menu() -> Menu:
        raise DatabaseAway("gone")

    await desk.settle(1)
    await desk.approved()
    with pytest.raises(DatabaseAway), capture_logs() as logged:
        await Runner(desk.database, desk.clock, menu, desk.terms).look()
    assert "appeal.step_failed" not in {line["event"] for line in logged}


async def test_no_more_waits_than_may(desk: Desk) -> None:
    few = desk.but(ahead=10)
    await few.settle(40)
    appeal = await few.approved()
    await few.work()
    assert len(await few.rows(appeal)) == 14
    for _ in range(6):
        await few.send()
        await few.work()
    assert await few.statuses(appeal) == {"accepted": 40}


async def test_when_the_first_sms_left_is_written_down_once(desk: Desk) -> None:
    await desk.settle(4)
    appeal = await desk.approved()
    await desk.work()
    assert (await desk.campaign.find(appeal)).went_out_at is None, "nothing has left yet"
    desk.clock.pass_time(minutes=1)
    left_at = desk.clock.now()
    await desk.send(most=2)
    desk.clock.pass_time(minutes=1)
    await desk.work()
    await desk.send()
    await desk.work()
    done = await desk.campaign.find(appeal)
    assert (done.status, done.went_out_at) == (Status.DONE, left_at)


@pytest.mark.parametrize(
    "outcome", [Accepted("id"), Unknown("no answer"), Refused("no such number")], ids=lambda one: type(one).__name__
)
async def test_what_was_called_off_has_gone_out_if_anybody_may_have_it(desk: Desk, outcome: Outcome) -> None:
    await desk.settle(4)
    appeal = await desk.approved()
    await desk.work()
    await desk.send(lambda _: outcome, most=1)
    await desk.campaign.cancel(appeal, SITI, "")
    await desk.work()
    expected = None if isinstance(outcome, Refused) else desk.clock.now()
    assert (await desk.campaign.find(appeal)).went_out_at == expected


# Who gets nothing ----------------------------------------------------------------------------------------------


async def test_who_opts_out_before_or_after_it_was_queued(desk: Desk) -> None:
    await desk.settle(14)
    appeal = await desk.approved()
    inbox = Inbox(desk.database, desk.vault, desk.clock)
    opt_outs = OptOuts(desk.database, desk.vault, desk.clock)
    await inbox.take_opt_out("at", OptOut(phone(0), "SIAGA"))
    await opt_outs.add(phone(1), "at")
    await desk.work()
    assert (await desk.account(appeal)).suppressed == {Reason.OPTED_OUT: 2}
    await inbox.take_opt_out("at", OptOut(phone(2), "SIAGA"))
    desk.clock.pass_time(minutes=1)
    await opt_outs.add(phone(3), "at")
    await Eraser(desk.database, desk.vault, desk.clock).erase(phone(4), "siti")
    sent = await desk.send()
    assert set(sent) == set(map(phone, range(5, 14)))
    account = await desk.account(appeal)
    assert account.suppressed == {Reason.OPTED_OUT: 4, Reason.UNREACHABLE: 1}


async def test_who_was_moved_since_it_was_approved_has_not_opted_out(desk: Desk) -> None:
    """A list has another lurah by now. He gets nothing, and nobody says that he did not want it."""
    await desk.appoint(0, Role.LURAH, [MEDONO])
    await desk.appoint(1, Role.LURAH, [MEDONO])
    appeal = await desk.approved(changed(DRAFT, audience={"roles": ["lurah"], "areas": [MEDONO]}))
    moved = Entry(phone(0), (Part(Role.LURAH, (KLEGO,)),))
    directory = Directory(desk.database, desk.vault, desk.clock)
    await directory.import_people([moved], source="list.csv", language="id")
    await desk.work()
    assert await desk.send() == [phone(1)]
    account = await desk.account(appeal)
    assert account.suppressed == {Reason.LEFT_AUDIENCE: 1}
    assert account.for_json()["suppressed"] == {"left_audience": 1}
    (line,) = [line for line in await desk.ledger.lines(appeal) if line["status"] == "suppressed"]
    assert line["reason"] == "no longer belongs to the audience"


async def test_who_was_erased_before_it_was_queued(desk: Desk) -> None:
    await desk.settle(3)
    appeal = await desk.approved()
    await Eraser(desk.database, desk.vault, desk.clock).erase(phone(1), "siti")
    await desk.work()
    assert await desk.send() == [phone(0), phone(2)]
    assert (await desk.account(appeal)).suppressed == {Reason.UNREACHABLE: 1}


async def test_who_may_have_got_it_is_unknown_for_good(desk: Desk) -> None:
    """Also when his number is erased: three of a week, not one of which is known to have arrived, are three."""
    await desk.settle(1)
    eraser = Eraser(desk.database, desk.vault, desk.clock)
    appeals = []
    for _ in range(3):
        appeals.append(await desk.approved())
        await desk.work()
        await desk.send(lambda _: Unknown("no answer"))
        await desk.work()
    fourth = await desk.approved()
    assert (await desk.campaign.preview(DRAFT)).suppressed == {Reason.WEEKLY_LIMIT: 1}
    await eraser.erase(phone(0), "siti")
    desk.clock.pass_time(hours=1)
    assert await desk.outbox.requeue_unknown(timedelta()) == 0
    for appeal in appeals:
        (row,) = await desk.rows(appeal)
        assert (row["status"], row["reason"], row["phone_key"]) == ("unknown", "no answer", None)
        account = await desk.account(appeal)
        assert (account.totals[Total.UNKNOWN], account.suppressed) == (1, {})
    await desk.work()
    assert (await desk.account(fourth)).suppressed == {Reason.UNREACHABLE: 1}


async def test_what_a_worker_holds_of_an_erased_person_ends_as_it_ended(desk: Desk) -> None:
    await desk.settle(1)
    appeal = await desk.approved()
    await desk.work()
    (claim,) = await desk.outbox.claim(1, "worker", "at")
    await Eraser(desk.database, desk.vault, desk.clock).erase(phone(0), "siti")
    await desk.outbox.record("at", [(claim, Unknown("no answer"))])
    desk.clock.pass_time(hours=1)
    await desk.outbox.requeue_unknown(timedelta())
    assert await desk.statuses(appeal) == {"unknown": 1}


async def test_an_opt_out_finds_what_waits_by_its_index(desk: Desk) -> None:
    waiting = "class = 'appeal' AND status IN ('queued', 'held') AND phone_key = ANY (ARRAY['\\x01'::bytea])"
    async with desk.database.begin() as connection:
        await connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        plan = await connection.exec_driver_sql(f"EXPLAIN SELECT 1 FROM messages WHERE {waiting}")
        told = "\n".join(plan.scalars())
    assert "ix_messages_phone_key " in told, told


async def test_three_in_a_week_are_enough(desk: Desk) -> None:
    await desk.settle(3)
    for _ in range(3):
        await desk.approved()
        await desk.work()
        await desk.send()
        await desk.work()
    await desk.settle(2, first=3)
    fourth = await desk.approved()
    preview = await desk.campaign.preview(DRAFT)
    await desk.work()
    assert await desk.send() == [phone(3), phone(4)]
    assert (await desk.account(fourth)).suppressed == preview.suppressed == {Reason.WEEKLY_LIMIT: 3}
    await desk.work()
    desk.clock.pass_time(days=8)
    assert not desk.menu.is_strict(desk.clock.now()), "masa tenang is over"
    await desk.approved()
    await desk.work()
    assert len(await desk.send()) == 5


async def test_two_workers_keep_the_week_between_them(desk: Desk) -> None:
    await desk.settle(10)
    appeals = [await desk.approved() for _ in range(5)]
    await asyncio.gather(*(desk.work() for _ in range(3)))
    await desk.work()
    assert len(await desk.send()) == 30
    for appeal in appeals:
        await desk.account(appeal)


async def test_there_is_no_text_for_some(desk: Desk) -> None:
    await desk.settle(2)
    await desk.settle(1, first=2, language="jv")
    draft = changed(WRITTEN, texts={"jv": "Rukun. STOP"})
    preview = await desk.campaign.preview(draft)
    appeal = await desk.approved(draft)
    await desk.work()
    assert await desk.send() == [phone(2)]
    assert (await desk.account(appeal)).suppressed == preview.suppressed == {Reason.NO_TEXT: 2}


async def test_an_answer_belongs_to_the_last_appeal(desk: Desk) -> None:
    await desk.settle(4)
    first = await desk.approved()
    await desk.work()
    await desk.send()
    desk.clock.pass_time(minutes=1)
    second = await desk.approved()
    await desk.work()
    assert await desk.answer(phone(0), Kind.STOP) == first
    assert await desk.answer(phone(0), Kind.STOP) == first, "counted once"
    assert await desk.answer(phone(1), Kind.OTHER) == first
    assert await desk.answer(phone(99), Kind.OTHER) is None
    assert len(await desk.send()) == 3, "what waited for him is suppressed"
    assert (await desk.account(first)).answers == {"stop": 1, "other": 1}
    desk.clock.pass_time(days=4)
    assert await desk.answer(phone(1), Kind.OTHER) is None, "too late to be an answer"
    assert (await desk.account(second)).suppressed == {Reason.OPTED_OUT: 1}


async def test_who_answered_stop_gets_no_more_until_he_subscribes_again(desk: Desk) -> None:
    await desk.appoint(0, Role.CAMAT)
    draft = changed(DRAFT, audience={"roles": ["camat", "subscriber"]})
    await desk.approved(draft)
    await desk.work()
    await desk.send()
    await desk.answer(phone(0), Kind.STOP)
    assert (await desk.campaign.preview(draft)).suppressed == {Reason.OPTED_OUT: 1}
    desk.clock.pass_time(minutes=1)
    await Subscriptions(desk.database, desk.vault, desk.clock).subscribe(
        phone(0), MEDONO, language="id", channel="at", wording="1"
    )
    assert (await desk.campaign.preview(draft)).suppressed == {}


# Pause, resume, cancel -----------------------------------------------------------------------------------------


async def test_a_pause_holds_back_what_waits_at_once(desk: Desk) -> None:
    await desk.settle(20)
    appeal = await desk.approved()
    await desk.work()
    await desk.send(most=5)
    await desk.campaign.pause(appeal, SITI, "wrong day, says +6281230004567")
    assert await desk.send() == [], "the claim obeys the hold before the worker has looked"
    await desk.work()
    assert await desk.statuses(appeal) == {"accepted": 5, "held": 15}
    assert (await desk.account(appeal)).totals[Total.WAITING] == 15
    assert (await desk.campaign.find(appeal)).reason == "wrong day, says +62812****567"
    desk.clock.pass_time(days=2)  # what is held does not expire
    await desk.campaign.resume(appeal, BUDI)
    await desk.work()
    assert len(await desk.send()) == 15
    await desk.work()
    assert (await desk.campaign.find(appeal)).status is Status.DONE


async def test_what_comes_back_while_it_is_paused_is_held(desk: Desk) -> None:
    await desk.settle(1)
    appeal = await desk.approved()
    await desk.work()
    claims = await desk.outbox.claim(10, "worker", "at")
    await desk.campaign.pause(appeal, SITI, "")
    await desk.work()
    await desk.outbox.record("at", [(claim, Deferred("slow")) for claim in claims])
    desk.clock.pass_time(minutes=5)
    assert await desk.send() == []
    assert await desk.statuses(appeal) == {"held": 1}


async def test_a_cancellation_calls_off_the_rest(desk: Desk) -> None:
    few = desk.but(ahead=10)
    await few.settle(40)
    appeal = await few.approved()
    await few.work()
    await few.send(most=5)
    await few.campaign.cancel(appeal, SITI, "the text is wrong")
    assert await few.send() == []
    await few.work()
    account = await few.account(appeal)
    assert (account.totals[Total.ACCEPTED], account.totals[Total.WAITING]) == (5, 0)
    assert account.suppressed == {Reason.CALLED_OFF: 35}
    assert await few.statuses(appeal) == {"accepted": 5, "cancelled": 9, "suppressed": 26}


async def test_others_are_not_held(desk: Desk) -> None:
    await desk.settle(3)
    paused, other = await desk.approved(), await desk.approved()
    await desk.work()
    await desk.campaign.pause(paused, SITI, "")
    message = NewMessage(MessageClass.CONFIRMATION, "at", phone(77), "Laporan diterima", "id")
    async with desk.database.begin() as connection:
        await enqueue(connection, message, desk.vault, desk.clock.now())
    assert (await desk.send())[0] == phone(77), "and what presses more goes first"
    assert (await desk.statuses(other)) == {"accepted": 3}


async def test_it_pauses_itself_when_too_much_fails(desk: Desk) -> None:
    braked = desk.but(brake=Brake(share=0.2, window=50, fewest=10))
    await braked.settle(100)
    appeal = await braked.approved()
    await braked.work()
    bad = {phone(number): Refused("blocked") if number % 2 else Unknown("silence") for number in range(12)}

    def outcome(to: Phone) -> Outcome:
        return bad.get(to) or Accepted(str(to.e164))

    await braked.send(outcome, most=40)
    await braked.work()
    stands = await braked.campaign.find(appeal)
    assert stands.status is Status.PAUSED
    assert stands.reason == "of the last 40 sends 6 were refused and 6 are unknown"
    assert await braked.send() == []
    braked.clock.pass_time(seconds=1)
    await braked.campaign.resume(appeal, BUDI)
    await braked.work()
    await braked.send()
    await braked.work()
    assert (await braked.campaign.find(appeal)).status is Status.DONE, "what had failed before counts no more"


@pytest.mark.parametrize(
    ("refused", "sent", "pauses"), [(4, 20, False), (5, 20, True), (19, 19, False), (41, 200, True)]
)
def test_when_the_brake_bites(refused: int, sent: int, pauses: bool) -> None:
    assert bool(Brake().reason(refused, 0, sent)) is pauses


# Hours and stages ----------------------------------------------------------------------------------------------


def _at(clock: StandingClock, text: str) -> None:
    """Set the clock to a local time."""
    clock.time = clock.time.fromisoformat(f"{text}+07:00")


async def test_quiet_hours_hold_back_and_drop_nothing(desk: Desk) -> None:
    await desk.settle(20)
    _at(desk.clock, "2026-11-19T19:59:59")
    appeal = await desk.approved()
    await desk.work()
    assert len(await desk.send(most=5)) == 5
    _at(desk.clock, "2026-11-19T20:00:00")
    assert await desk.send() == [], "what was due already is put off as well"
    assert await desk.statuses(appeal) == {"accepted": 5, "queued": 15}
    _at(desk.clock, "2026-11-20T06:59:59")
    assert await desk.send() == []
    _at(desk.clock, "2026-11-20T07:00:00")
    assert len(await desk.send()) == 15


async def test_what_is_expanded_in_quiet_hours_is_due_after_them(desk: Desk) -> None:
    await desk.settle(3)
    _at(desk.clock, "2026-11-20T02:00:00")
    preview = await desk.campaign.preview(DRAFT)
    appeal = await desk.approved()
    await desk.work()
    due = {row["due_at"].astimezone(desk.menu.timezone).isoformat() for row in await desk.rows(appeal)}
    assert due == {"2026-11-20T07:00:00+07:00"} == {preview.begins_at.astimezone(desk.menu.timezone).isoformat()}
    assert preview.held_back


async def test_a_written_text_stops_when_masa_tenang_comes(desk: Desk) -> None:
    await desk.settle(20)
    _at(desk.clock, "2026-11-23T19:59:00")
    written, one = await desk.approved(WRITTEN), await desk.approved()
    both = await desk.campaign.draft(SITI, changed(DRAFT, starts_at=desk.clock.now() + timedelta(hours=15)))
    await desk.campaign.submit(both, SITI)
    assert not await desk.campaign.approve(both, BUDI), "it goes out in masa tenang: one is not enough"
    assert await desk.campaign.approve(both, RINI)
    await desk.work()
    await desk.send(most=10)
    _at(desk.clock, "2026-11-23T20:00:00")  # the next that leaves would leave in masa tenang
    await desk.work()
    reasons = [(await desk.campaign.find(appeal)).reason for appeal in (written, one)]
    assert reasons == [
        "in masa_tenang only approved texts of the pack go out: until masa_tenang is over it can only be cancelled",
        "in masa_tenang an appeal needs 2 approvals: another person must approve it before it is resumed",
    ]
    _at(desk.clock, "2026-11-24T12:00:00")
    await desk.work()
    sent = await desk.send()
    assert len(sent) == 20 == (await desk.statuses(both))["accepted"]
    _at(desk.clock, "2026-11-27T07:00:00")
    await desk.campaign.resume(written, BUDI)
    await desk.work()
    assert (await desk.campaign.find(written)).status is Status.RUNNING


async def test_masa_tenang_begins_and_a_second_person_lets_it_go_on(desk: Desk) -> None:
    await desk.settle(20)
    appeal = await desk.approved()
    await desk.work()
    await desk.send(most=5)
    with pytest.raises(ValueError, match="this appeal is running; one can approve it while it is waiting, paused"):
        await desk.campaign.approve(appeal, RINI)
    _at(desk.clock, "2026-11-24T09:00:00")
    await desk.work()
    with pytest.raises(ValueError, match="needs 2 approvals: another person must approve it before it is resumed"):
        await desk.campaign.resume(appeal, RINI)
    for nobody, why in ((SITI, "siti may not approve"), (BUDI, "budi has approved this appeal already")):
        with pytest.raises(ValueError, match=why):
            await desk.campaign.approve(appeal, nobody)
    assert await desk.campaign.approve(appeal, RINI)
    stands = await desk.campaign.find(appeal)
    assert (stands.status, stands.approvers, stands.frozen) == (Status.PAUSED, ("budi", "rini"), 20)
    assert stands.reason.startswith("in masa_tenang an appeal needs 2 approvals"), "why it is paused stays"
    await desk.campaign.resume(appeal, RINI)
    await desk.work()
    assert len(await desk.send()) == 15
    await desk.work()
    assert (await desk.campaign.find(appeal)).status is Status.DONE
    assert await desk.count(appeal_chunks) == 3, "its audience is what it was"


async def test_a_paused_one_takes_no_approval_that_it_does_not_need(desk: Desk) -> None:
    await desk.settle(3)
    appeal, written = await desk.approved(), await desk.approved(WRITTEN)
    await desk.work()
    await desk.campaign.pause(appeal, SITI, "wait")
    with pytest.raises(ValueError, match="has all the approvals that it needs"):
        await desk.campaign.approve(appeal, RINI)
    assert (await desk.campaign.find(appeal)).approvers == ("budi",)
    _at(desk.clock, "2026-11-24T09:00:00")
    await desk.work()
    with pytest.raises(ValueError, match="until masa_tenang is over it can only be cancelled"):
        await desk.campaign.approve(written, RINI)


async def test_it_cannot_be_resumed_within(desk: Desk) -> None:
    await desk.settle(3)
    appeal = await desk.approved(WRITTEN)
    await desk.work()
    _at(desk.clock, "2026-11-24T09:00:00")
    await desk.work()
    assert await desk.send() == []
    with pytest.raises(ValueError, match="only approved texts"):
        await desk.campaign.resume(appeal, BUDI)


@pytest.mark.parametrize("pack_changes", [False, True])
async def test_who_is_left_of_a_cancelled_appeal_has_a_line_too(desk: Desk, pack_changes: bool) -> None:
    await desk.settle(9)
    await desk.settle(1, first=9, area=KLEGO)
    draft = changed(WRITTEN, audience={"areas": [MEDONO]}, starts_at=desk.clock.now() + timedelta(hours=1))
    appeal = await desk.approved(draft)
    await desk.campaign.cancel(appeal, SITI, "not needed")
    assert (await desk.account(appeal)).suppressed == {Reason.CALLED_OFF: 9}, "at once"
    if pack_changes:
        desk.menu = load(read_pack(PEKALONGAN.parent / "tegal"))
    await desk.work()
    account = await desk.account(appeal)
    assert (account.frozen, account.suppressed) == (9, {Reason.CALLED_OFF: 9})
    for groups, key in ((account.areas, MEDONO), (account.languages, "id"), (account.channels, "at")):
        assert {name: totals[Total.SUPPRESSED] for name, totals in groups.items()} == {key: 9}
    lines = await desk.ledger.lines(appeal)
    assert [(line["status"], line["reason"]) for line in lines] == [("suppressed", "the appeal was called off")] * 9
    assert (account.parts, await desk.send(), await desk.count(holds)) == (0, [], 0)


async def test_one_that_is_cancelled_amid_its_expansion(desk: Desk) -> None:
    few = desk.but(ahead=7)
    await few.settle(20)
    appeal = await few.approved()
    await few.work()
    assert len(await few.rows(appeal)) == 7
    assert len(await few.send(most=3)) == 3
    await few.campaign.cancel(appeal, SITI, "enough")
    await few.work()
    account = await few.account(appeal)
    assert (account.totals[Total.ACCEPTED], account.suppressed) == (3, {Reason.CALLED_OFF: 17})
    assert len(await few.ledger.lines(appeal)) == 20
    assert await few.send() == []


async def test_the_pack_is_another_one_by_now(desk: Desk) -> None:
    await desk.settle(3)
    appeal = await desk.approved(changed(DRAFT, audience={"areas": [MEDONO]}))
    desk.menu = load(read_pack(PEKALONGAN.parent / "tegal"))
    await desk.work()
    stands = await desk.campaign.find(appeal)
    assert (stands.status, stands.reason) == (Status.PAUSED, f"the pack has changed: areas: nothing is called {MEDONO}")
