"""Who gets nothing of an appeal, although he was meant: counted with the reason, and told of by nobody else's."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from gateway.appeals.appeal import ResponseKind, SuppressionReason, Total
from gateway.carriers.carrier import OptOut, Unknown
from gateway.messages.inbox import Inbox
from gateway.messages.suppression import OptOuts
from gateway.people.directory import Directory
from gateway.people.person import ListedPerson, Role, RoleGrant
from gateway.people.subscriptions import Subscriptions
from gateway.privacy.erasure import Eraser
from tests.helpers.appeals import DRAFT, KLEGO, MEDONO, WRITTEN, Desk, changed, phone


async def test_who_opts_out_before_or_after_it_was_queued(desk: Desk) -> None:
    await desk.settle(14)
    appeal = await desk.approved()
    inbox = Inbox(desk.database, desk.vault, desk.clock)
    opt_outs = OptOuts(desk.database, desk.vault, desk.clock)
    await inbox.store_opt_out("at", OptOut(phone(0), "SIAGA"))
    await opt_outs.add(phone(1), "at")
    await desk.work()
    assert (await desk.account(appeal)).suppressed == {SuppressionReason.OPTED_OUT: 2}
    await inbox.store_opt_out("at", OptOut(phone(2), "SIAGA"))
    desk.clock.advance(minutes=1)
    await opt_outs.add(phone(3), "at")
    await Eraser(desk.database, desk.vault, desk.clock).erase(phone(4), "siti")
    sent = await desk.send()
    assert set(sent) == set(map(phone, range(5, 14)))
    account = await desk.account(appeal)
    assert account.suppressed == {SuppressionReason.OPTED_OUT: 4, SuppressionReason.UNREACHABLE: 1}


async def test_who_was_moved_since_it_was_approved_has_not_opted_out(desk: Desk) -> None:
    """A list has another lurah by now. He gets nothing, and nobody says that he did not want it."""
    await desk.appoint(0, Role.LURAH, [MEDONO])
    await desk.appoint(1, Role.LURAH, [MEDONO])
    appeal = await desk.approved(changed(DRAFT, audience={"roles": ["lurah"], "areas": [MEDONO]}))
    moved = ListedPerson(phone(0), (RoleGrant(Role.LURAH, (KLEGO,)),))
    directory = Directory(desk.database, desk.vault, desk.clock)
    await directory.import_people([moved], source="list.csv", language="id")
    await desk.work()
    assert await desk.send() == [phone(1)]
    account = await desk.account(appeal)
    assert account.suppressed == {SuppressionReason.LEFT_AUDIENCE: 1}
    assert account.for_json()["suppressed"] == {"left_audience": 1}
    (line,) = [line for line in await desk.results.list_person_results(appeal) if line["status"] == "suppressed"]
    assert line["reason"] == "no longer belongs to the audience"


async def test_who_was_erased_before_it_was_queued(desk: Desk) -> None:
    await desk.settle(3)
    appeal = await desk.approved()
    await Eraser(desk.database, desk.vault, desk.clock).erase(phone(1), "siti")
    await desk.work()
    assert await desk.send() == [phone(0), phone(2)]
    assert (await desk.account(appeal)).suppressed == {SuppressionReason.UNREACHABLE: 1}


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
    assert (await desk.workflow.preview(DRAFT)).suppressed == {SuppressionReason.WEEKLY_LIMIT: 1}
    await eraser.erase(phone(0), "siti")
    desk.clock.advance(hours=1)
    assert await desk.outbox.requeue_unknown(timedelta()) == 0
    for appeal in appeals:
        (row,) = await desk.rows(appeal)
        assert (row["status"], row["reason"], row["phone_key"]) == ("unknown", "no answer", None)
        account = await desk.account(appeal)
        assert (account.totals[Total.UNKNOWN], account.suppressed) == (1, {})
    await desk.work()
    assert (await desk.account(fourth)).suppressed == {SuppressionReason.UNREACHABLE: 1}


async def test_what_a_worker_holds_of_an_erased_person_ends_as_it_ended(desk: Desk) -> None:
    await desk.settle(1)
    appeal = await desk.approved()
    await desk.work()
    (claim,) = await desk.outbox.claim(1, "worker", "at")
    await Eraser(desk.database, desk.vault, desk.clock).erase(phone(0), "siti")
    await desk.outbox.record("at", [(claim, Unknown("no answer"))])
    desk.clock.advance(hours=1)
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
    preview = await desk.workflow.preview(DRAFT)
    await desk.work()
    assert await desk.send() == [phone(3), phone(4)]
    assert (await desk.account(fourth)).suppressed == preview.suppressed == {SuppressionReason.WEEKLY_LIMIT: 3}
    await desk.work()
    desk.clock.advance(days=8)
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
    preview = await desk.workflow.preview(draft)
    appeal = await desk.approved(draft)
    await desk.work()
    assert await desk.send() == [phone(2)]
    assert (await desk.account(appeal)).suppressed == preview.suppressed == {SuppressionReason.NO_TEXT: 2}


async def test_an_answer_belongs_to_the_last_appeal(desk: Desk) -> None:
    await desk.settle(4)
    first = await desk.approved()
    await desk.work()
    await desk.send()
    desk.clock.advance(minutes=1)
    second = await desk.approved()
    await desk.work()
    assert await desk.answer(phone(0), ResponseKind.STOP) == first
    assert await desk.answer(phone(0), ResponseKind.STOP) == first, "counted once"
    assert await desk.answer(phone(1), ResponseKind.OTHER) == first
    assert await desk.answer(phone(99), ResponseKind.OTHER) is None
    assert len(await desk.send()) == 3, "what waited for him is suppressed"
    assert (await desk.account(first)).responses == {"stop": 1, "other": 1}
    desk.clock.advance(days=4)
    assert await desk.answer(phone(1), ResponseKind.OTHER) is None, "too late to be an answer"
    assert (await desk.account(second)).suppressed == {SuppressionReason.OPTED_OUT: 1}


async def test_who_answered_stop_gets_no_more_until_he_subscribes_again(desk: Desk) -> None:
    await desk.appoint(0, Role.CAMAT)
    draft = changed(DRAFT, audience={"roles": ["camat", "subscriber"]})
    await desk.approved(draft)
    await desk.work()
    await desk.send()
    await desk.answer(phone(0), ResponseKind.STOP)
    assert (await desk.workflow.preview(draft)).suppressed == {SuppressionReason.OPTED_OUT: 1}
    desk.clock.advance(minutes=1)
    await Subscriptions(desk.database, desk.vault, desk.clock).subscribe(
        phone(0), MEDONO, language="id", channel="at", wording="1"
    )
    assert (await desk.workflow.preview(draft)).suppressed == {}
