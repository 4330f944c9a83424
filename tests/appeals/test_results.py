"""Results of an appeal: they add up however its messages ended, by the time of sending, and show no number."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.appeals.appeal import SuppressionReason, Total
from gateway.appeals.results import COLUMNS
from gateway.appeals.store import NoSuchAppeal
from gateway.carriers.carrier import Accepted, OptOut, Outcome, Receipt, ReceiptStatus, Refused, Unknown
from gateway.cli.appeals.json_objects import results_json
from gateway.messages.message import MessageStatus
from gateway.messages.tables import messages
from gateway.text.phone import Phone
from tests.helpers.appeals import MEDONO, OWN_TEXTS, SITI, AppealWorld
from tests.helpers.phones import phone

SENT_HOUR = "2026-11-19 15:00"
_ENDS = st.sampled_from(["accepted", "delivered", "undelivered", "refused", "unknown", "waits", "erased", "opted_out"])


def _accept_by_number(to: Phone) -> Outcome:
    return Accepted(to.e164)


async def _clear_tables(world: AppealWorld) -> None:
    async with world.database.begin() as connection:
        for table in ("appeal_answers", "appeal_chunks", "appeal_approvals", "holds", "messages", "appeals"):
            await connection.exec_driver_sql(f"TRUNCATE {table} CASCADE")
        await connection.exec_driver_sql("TRUNCATE people, subscriptions, opt_outs CASCADE")


async def _end_messages(world: AppealWorld, ends: dict[Phone, str], most: int) -> None:
    """Send up to `most` messages, and let each end as `ends` says."""

    def outcome(to: Phone) -> Outcome:
        match ends[to]:
            case "refused":
                return Refused("blocked")
            case "opted_out":
                return Refused("opted out", opted_out=True)
            case "unknown":
                return Unknown("silence")
        return Accepted(to.e164)

    await world.send_due_messages(outcome, most=most)
    for to, end in ends.items():
        of_person = messages.c.phone_key == world.vault.lookup(to)
        if end in ("delivered", "undelivered"):
            accepted = of_person & (messages.c.status == "accepted")
            await world.update_rows(messages, accepted, status=MessageStatus(end).value)
        if end == "erased":
            await world.update_rows(messages, of_person, phone_sealed=None, phone_key=None)


@given(ends=st.lists(_ENDS, max_size=12), cancelled=st.booleans(), queued=st.integers(0, 12))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_results_add_up_however_messages_end(
    world: AppealWorld, ends: list[str], cancelled: bool, queued: int
) -> None:
    await _clear_tables(world)
    if ends:
        await world.add_subscribers(len(ends))
    appeal = await world.expanded_appeal()

    by_phone = {phone(number): end for number, end in enumerate(ends)}
    await _end_messages(world, by_phone, most=max(1, len(ends) - queued))
    await world.load_results(appeal)
    if cancelled and ends:
        await world.workflow.cancel(appeal, SITI, "")
        await world.run_appeal_worker()

    results = await world.load_results(appeal)
    if cancelled:
        assert results.totals[Total.WAITING] == 0
    assert results.audience_size == len(ends)


async def test_refused_messages_have_no_parts(world: AppealWorld) -> None:
    """Nobody is billed for them."""
    await world.add_subscribers(5)
    appeal = await world.expanded_appeal()

    await world.send_due_messages(lambda _: Refused("blocked"), most=1)
    await world.send_due_messages(lambda _: Unknown("silence"), most=1)
    await world.send_due_messages(most=2)

    results, people = await world.load_results(appeal), await world.results.list_person_results(appeal)
    assert (results.parts, results.totals[Total.WAITING]) == (3, 1)
    assert [person.parts for person in people] == [0, 1, 1, 1, 0]


async def test_person_results_and_export_mask_every_number(world: AppealWorld) -> None:
    await world.add_subscribers(3)
    await world.add_subscribers(1, first=3, language="en")
    draft = replace(OWN_TEXTS, texts={"jv": "STOP", "en": "Peace in {kel}. STOP"})
    appeal = await world.expanded_appeal(draft)

    people = await world.results.list_person_results(appeal)
    exported = "".join([page async for page in world.results.export_csv(appeal)]).splitlines()

    assert [one.phone for one in people] == ["+62812****000", "+62812****001", "+62812****002", "+62812****003"]
    assert exported[0] == "person,phone,language,area,channel,status,counted_as,reason,parts,at"
    assert len(exported) == 5
    assert not any(phone(number).e164 in "".join(exported) for number in range(4))
    results = await world.load_results(appeal)
    assert "no_text" in results_json(results)["suppressed"]
    assert results.suppressed == {SuppressionReason.NO_TEXT: 3}


async def test_person_results_of_an_unknown_appeal_are_an_error(world: AppealWorld) -> None:
    with pytest.raises(NoSuchAppeal):
        await world.results.list_person_results(1)


async def test_hours_are_those_of_sending_whatever_happens_later(world: AppealWorld) -> None:
    await world.add_subscribers(5)
    appeal = await world.expanded_appeal()
    await world.services.inbox.store_opt_out("at", OptOut(phone(0), ""))
    await world.send_due_messages(_accept_by_number, most=2)

    world.clock.advance(hours=8)
    delivered = Receipt(phone(1).e164, ReceiptStatus.DELIVERED, "Success", "")
    await world.services.receipts.store("at", delivered)
    await world.erase(2)

    results = await world.load_results(appeal)
    assert results.hours.keys() == {SENT_HOUR}, "unsent messages have no hour"
    assert {total: count for total, count in results.hours[SENT_HOUR].items() if count} == {
        Total.DELIVERED: 1,
        Total.ACCEPTED: 1,
    }
    pages = [page async for page in world.results.export_csv(appeal)]
    lines = list(csv.DictReader(io.StringIO("".join(pages))))
    assert list(lines[0]) == list(COLUMNS)
    assert [line["at"] for line in lines] == ["", *["2026-11-19T08:00:00+00:00"] * 2, "", ""]


async def test_results_are_grouped_by_language_area_channel_and_hour(world: AppealWorld) -> None:
    await world.add_subscribers(2)
    await world.add_subscribers(3, first=2, language="jv", area="")
    appeal = await world.expanded_appeal()
    await world.send_due_messages(_accept_by_number, most=1)
    world.clock.advance(hours=1)
    await world.send_due_messages(lambda to: Refused("blocked") if to == phone(1) else Accepted(to.e164))

    results = await world.load_results(appeal)

    counted = {
        name: {key: {total.value: count for total, count in totals.items() if count} for key, totals in groups.items()}
        for name, groups in (
            ("languages", results.languages),
            ("areas", results.areas),
            ("channels", results.channels),
            ("hours", results.hours),
        )
    }
    assert counted == {
        "languages": {"id": {"accepted": 1, "failed": 1}, "jv": {"accepted": 3}},
        "areas": {"": {"accepted": 3}, MEDONO: {"accepted": 1, "failed": 1}},
        "channels": {"at": {"accepted": 4, "failed": 1}},
        "hours": {SENT_HOUR: {"accepted": 1}, "2026-11-19 16:00": {"accepted": 3, "failed": 1}},
    }
