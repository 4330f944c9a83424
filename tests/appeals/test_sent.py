"""An appeal is judged and accounted for by when each of its SMS was sent, whatever becomes of it later."""

from __future__ import annotations

import csv
import io

from gateway.appeals.appeal import AppealStatus, AutoPause, Total
from gateway.appeals.results import COLUMNS
from gateway.carriers.carrier import Accepted, OptOut, Outcome, Receipt, ReceiptStatus, Refused
from gateway.messages.inbox import Inbox
from gateway.messages.receipts import Receipts
from gateway.privacy.erasure import Eraser
from gateway.text.phone import Phone
from tests.helpers.appeals import MEDONO, Desk, phone

SENT_AT = "2026-11-19 15:00"


def _by_number(to: Phone) -> Outcome:
    return Accepted(to.e164)


async def _reported(desk: Desk, *numbers: int) -> None:
    receipts = Receipts(desk.database, desk.clock)
    for number in numbers:
        await receipts.store("at", Receipt(phone(number).e164, ReceiptStatus.DELIVERED, "Success", ""))


async def test_reports_push_no_failure_out_of_the_last_sends(desk: Desk) -> None:
    braked = desk.but(auto_pause=AutoPause(max_failed_share=0.5, window=30, min_sends=10))
    await braked.settle(100)
    appeal = await braked.approved()
    await braked.work()
    await braked.send(_by_number, most=40)
    await braked.work()
    assert (await braked.workflow.find(appeal)).status is AppealStatus.RUNNING
    braked.clock.advance(seconds=1)
    await braked.send(lambda _: Refused("the carrier is dead"), most=20)
    braked.clock.advance(seconds=1)
    await _reported(braked, *range(40))
    await braked.work()
    stands = await braked.workflow.find(appeal)
    assert (stands.status, stands.reason) == (
        AppealStatus.PAUSED,
        "of the last 30 sends 20 were refused and 0 are unknown",
    )


async def test_what_has_all_left_is_done_however_it_went(desk: Desk) -> None:
    """A pause would hold nothing, and somebody would have to resume it for nothing."""
    braked = desk.but(auto_pause=AutoPause(max_failed_share=0.5, window=30, min_sends=10))
    await braked.settle(20)
    appeal = await braked.approved()
    await braked.work()
    await braked.send(lambda _: Refused("the carrier is dead"))
    await braked.work()
    assert (await braked.workflow.find(appeal)).status is AppealStatus.DONE
    assert (await braked.account(appeal)).totals[Total.FAILED] == 20


async def test_an_hour_is_that_of_the_send(desk: Desk) -> None:
    await desk.settle(5)
    appeal = await desk.approved()
    await desk.work()
    await Inbox(desk.database, desk.vault, desk.clock).store_opt_out("at", OptOut(phone(0), ""))
    await desk.send(_by_number, most=2)
    desk.clock.advance(hours=8)
    await _reported(desk, 1)
    await Eraser(desk.database, desk.vault, desk.clock).erase(phone(2), "siti")
    account = await desk.account(appeal)
    assert account.hours.keys() == {SENT_AT}, "what was never sent has no hour"
    assert {total: count for total, count in account.hours[SENT_AT].items() if count} == {
        Total.DELIVERED: 1,
        Total.ACCEPTED: 1,
    }
    pages = [page async for page in desk.results.export_csv(appeal)]
    lines = list(csv.DictReader(io.StringIO("".join(pages))))
    assert list(lines[0]) == list(COLUMNS)
    assert [line["at"] for line in lines] == ["", *["2026-11-19T08:00:00+00:00"] * 2, "", ""]


async def test_the_account_is_one_look_at_the_messages(desk: Desk) -> None:
    """Grouped by everything: by as many places, hours and outcomes as there are."""
    await desk.settle(2)
    await desk.settle(3, first=2, language="jv", area="")
    appeal = await desk.approved()
    await desk.work()
    await desk.send(_by_number, most=1)
    desk.clock.advance(hours=1)
    await desk.send(lambda to: Refused("blocked") if to == phone(1) else Accepted(to.e164))
    account = await desk.account(appeal)
    counted = {
        name: {key: {total.value: count for total, count in totals.items() if count} for key, totals in groups.items()}
        for name, groups in (
            ("languages", account.languages),
            ("areas", account.areas),
            ("channels", account.channels),
            ("hours", account.hours),
        )
    }
    assert counted == {
        "languages": {"id": {"accepted": 1, "failed": 1}, "jv": {"accepted": 3}},
        "areas": {"": {"accepted": 3}, MEDONO: {"accepted": 1, "failed": 1}},
        "channels": {"at": {"accepted": 4, "failed": 1}},
        "hours": {SENT_AT: {"accepted": 1}, "2026-11-19 16:00": {"accepted": 3, "failed": 1}},
    }
