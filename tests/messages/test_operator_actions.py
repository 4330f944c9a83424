"""Actions of operators on single messages, in every status."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from gateway.audit import audit
from gateway.carriers.carrier import Accepted, Deferred, OptOut, Outcome, Receipt, ReceiptStatus, Refused, Unknown
from gateway.messages.erasure import erase_numbers
from gateway.messages.inbox import Inbox
from gateway.messages.message import RESENDABLE, MessageClass, MessageStatus, sources
from gateway.messages.operator_actions import CannotCancel, CannotResend, NoSuchMessage, OperatorActions
from gateway.messages.outbox import Outbox
from gateway.messages.receipts import Receipts
from gateway.messages.tables import messages
from gateway.runtime.postgres import Database
from gateway.vault.vault import Vault
from tests.helpers.clocks import ManualClock
from tests.helpers.messages import MessageQueue
from tests.helpers.phones import NUMBER


@pytest.fixture
def actions(database: Database, vault: Vault, clock: ManualClock) -> OperatorActions:
    return OperatorActions(database, vault, clock)


async def become(database: Database, message: int, status: MessageStatus) -> None:
    async with database.begin() as connection:
        await connection.execute(update(messages).where(messages.c.id == message).values(status=status))


@pytest.mark.parametrize("status", list(MessageStatus))
async def test_resend_and_cancel_follow_the_status_table(
    database: Database, actions: OperatorActions, queue: MessageQueue, status: MessageStatus
) -> None:
    first, second = await queue.put(ticket="73402817"), await queue.put()
    for message in (first, second):
        await become(database, message, status)
    if status in RESENDABLE:
        again = await actions.resend(first, "rini")
        assert (await queue.row(again))["resend_of"] == first
        expected = "cancelled" if status is MessageStatus.UNKNOWN else status
        assert (await queue.row(first))["status"] == expected
    else:
        with pytest.raises(CannotResend, match=f"is {status}; only these"):
            await actions.resend(first, "rini")
    if status in sources(MessageStatus.CANCELLED):
        await actions.cancel(second, "rini")
        assert (await queue.row(second))["status"] == "cancelled"
    else:
        with pytest.raises(CannotCancel, match=f"is {status}; only these"):
            await actions.cancel(second, "rini")


async def test_a_resent_message_copies_the_old_one_and_starts_anew(
    actions: OperatorActions, outbox: Outbox, queue: MessageQueue, clock: ManualClock
) -> None:
    first = await queue.put("halo", ticket="73402817")
    (claim,) = await outbox.claim(1, "w1", "at")
    await outbox.record("at", [(claim, Refused("no"))])
    clock.advance(hours=7)
    again = await actions.resend(first, "rini")
    old, new = await queue.row(first), await queue.row(again)

    changed = {name for name in old if old[name] != new[name]}
    assert changed == {
        *("id", "status", "reason", "attempts", "resend_of"),
        *("due_at", "expires_at", "created_at", "updated_at", "sent_at"),
    }
    assert new["expires_at"] == clock.now() + timedelta(hours=6)

    (claim,) = await outbox.claim(1, "w1", "at")
    assert (claim.id, claim.phone, claim.attempts) == (again, NUMBER, 1)

    (noted,) = await queue.rows(audit)
    assert (noted["actor"], noted["action"], noted["subject"]) == ("rini", "message.resent", f"message {first}")
    assert noted["detail"] == {"as": again, "was": "refused"}


async def test_resending_an_unknown_message_cancels_it(
    actions: OperatorActions, outbox: Outbox, queue: MessageQueue, clock: ManualClock
) -> None:
    first = await queue.put()
    (claim,) = await outbox.claim(1, "w1", "at")
    await outbox.record("at", [(claim, Unknown("no answer"))])
    again = await actions.resend(first, "rini")

    clock.advance(hours=1)

    assert await outbox.requeue_unknown(timedelta()) == 0
    assert [claim.id for claim in await outbox.claim(10, "w1", "at")] == [again]
    assert (await queue.row(first))["reason"] == f"sent once more as {again}"


async def test_a_message_is_resent_once_and_then_its_newest_copy(actions: OperatorActions, queue: MessageQueue) -> None:
    first = await queue.put()
    await actions.cancel(first, "rini")
    again = await actions.resend(first, "rini")
    with pytest.raises(CannotResend, match=f"already, as {again}"):
        await actions.resend(first, "rini")

    await actions.cancel(again, "rini")

    assert (await queue.row(await actions.resend(again, "rini")))["resend_of"] == again


async def test_resend_refuses_erased_and_opted_out_recipients(
    database: Database, actions: OperatorActions, queue: MessageQueue, vault: Vault, clock: ManualClock
) -> None:
    appeal = await queue.put(kind=MessageClass.APPEAL)
    await actions.cancel(appeal, "rini")
    await Inbox(database, vault, clock).store_opt_out("at", OptOut(NUMBER, "SIAGA"))
    with pytest.raises(CannotResend, match="wants no appeals"):
        await actions.resend(appeal, "rini")
    async with database.begin() as connection:
        await erase_numbers(connection, messages.c.id == appeal, clock.now())
    with pytest.raises(CannotResend, match="was erased"):
        await actions.resend(appeal, "rini")


@pytest.mark.parametrize("status", list(MessageStatus))
async def test_messages_of_an_appeal_are_not_resent(
    database: Database, actions: OperatorActions, queue: MessageQueue, status: MessageStatus
) -> None:
    """The hold, the results and the audience of the appeal would not include the copy."""
    message = await queue.put(kind=MessageClass.APPEAL)
    async with database.begin() as connection:
        of_appeal = {"appeal": 7, "person": 1, "status": status}
        await connection.execute(update(messages).where(messages.c.id == message).values(of_appeal))

    with pytest.raises(CannotResend, match=f"message {message} belongs to appeal 7"):
        await actions.resend(message, "rini")

    assert len(await queue.rows()) == 1


async def test_an_unknown_message_of_an_appeal_is_not_cancelled(
    database: Database, actions: OperatorActions, queue: MessageQueue
) -> None:
    """It may have arrived, and the results of the appeal would count it as never sent."""
    message = await queue.put(kind=MessageClass.APPEAL)
    await become(database, message, MessageStatus.UNKNOWN)

    with pytest.raises(CannotCancel, match=f"message {message} is of an appeal and may have arrived: it stays unknown"):
        await actions.cancel(message, "rini")
    assert (await queue.row(message))["status"] == "unknown"
    assert await queue.rows(audit) == []

    await become(database, message, MessageStatus.QUEUED)
    await actions.cancel(message, "rini")
    assert (await queue.row(message))["status"] == "cancelled"


async def test_history_has_every_attempt_report_and_action(
    database: Database, actions: OperatorActions, outbox: Outbox, queue: MessageQueue, clock: ManualClock
) -> None:
    message = await queue.put()
    tries: list[Outcome] = [Deferred("busy"), Unknown("no answer"), Accepted("ATXid_1")]
    for outcome in tries:
        (claim,) = await outbox.claim(1, "w1", "at")
        clock.advance(seconds=1)
        await outbox.record("at", [(claim, outcome)])
        clock.advance(minutes=5)
        await outbox.requeue_unknown(timedelta())
    await Receipts(database, clock).store("at", Receipt("ATXid_1", ReceiptStatus.DELIVERED, "Success", ""))

    details = await actions.get_message(message)

    assert [(entry.what, entry.attempt, entry.reason) for entry in details.history] == [
        ("queued", None, None),
        ("queued", 1, "busy"),
        ("unknown", 2, "no answer"),
        ("accepted", 3, ""),
        ("report: Success", None, ""),
    ]
    assert [entry.at for entry in details.history] == sorted(entry.at for entry in details.history)
    assert [(report.status, report.raw, report.applied) for report in details.receipts] == [
        ("delivered", "Success", True)
    ]
    assert (details.to, details.status, details.carrier_message_id) == ("+62812****567", "delivered", "ATXid_1")


async def test_history_has_a_lost_claim(
    actions: OperatorActions, outbox: Outbox, queue: MessageQueue, clock: ManualClock
) -> None:
    message = await queue.put()
    await outbox.claim(1, "w1", "at")

    clock.advance(minutes=6)
    assert await outbox.sweep_lost_claims(timedelta(minutes=5)) == 1

    entry = (await actions.get_message(message)).history[-1]
    assert (entry.what, entry.attempt, entry.reason) == ("unknown", 1, "claimed by a worker that was lost")


async def test_a_released_claim_is_not_in_the_history(
    actions: OperatorActions, outbox: Outbox, queue: MessageQueue
) -> None:
    message = await queue.put()
    await outbox.release("at", await outbox.claim(1, "w1", "at"))

    assert len((await actions.get_message(message)).history) == 1


async def test_an_unknown_id_raises_no_such_message(actions: OperatorActions) -> None:
    with pytest.raises(NoSuchMessage):
        await actions.get_message(4711)
