"""The account of an appeal: it adds up however its messages ended, and no line of it shows a number."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.appeals.appeal import ResponseKind, SuppressionReason, Total
from gateway.appeals.results import UNKNOWN_AREA
from gateway.appeals.store import NoSuchAppeal
from gateway.carriers.carrier import Accepted, Outcome, Refused, Unknown
from gateway.messages.message import MessageStatus
from gateway.messages.tables import messages
from gateway.people.person import Role
from gateway.privacy.erasure import Eraser
from gateway.text.phone import Phone
from tests.helpers.appeals import DRAFT, KLEGO, SITI, WRITTEN, Desk, changed, phone

_ENDS = st.sampled_from(["accepted", "delivered", "undelivered", "refused", "unknown", "waits", "erased", "opted_out"])


@given(ends=st.lists(_ENDS, max_size=12), cancelled=st.booleans(), queued=st.integers(0, 12))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_the_account_adds_up(desk: Desk, ends: list[str], cancelled: bool, queued: int) -> None:
    async with desk.database.begin() as connection:
        for table in ("appeal_answers", "appeal_chunks", "appeal_approvals", "holds", "messages", "appeals"):
            await connection.exec_driver_sql(f"TRUNCATE {table} CASCADE")
        await connection.exec_driver_sql("TRUNCATE people, subscriptions, opt_outs CASCADE")
    if ends:
        await desk.settle(len(ends))
    appeal = await desk.approved()
    await desk.work()
    told = {phone(number): end for number, end in enumerate(ends)}

    def outcome(to: Phone) -> Outcome:
        match told[to]:
            case "refused":
                return Refused("blocked")
            case "opted_out":
                return Refused("opted out", opted_out=True)
            case "unknown":
                return Unknown("silence")
        return Accepted(to.e164)

    await desk.send(outcome, most=max(1, len(ends) - queued))
    for to, end in told.items():
        if end in ("delivered", "undelivered"):
            where = (messages.c.phone_key == desk.vault.lookup(to)) & (messages.c.status == "accepted")
            await desk.set(messages, where, status=MessageStatus(end).value)
        if end == "erased":
            await desk.set(messages, messages.c.phone_key == desk.vault.lookup(to), phone_sealed=None, phone_key=None)
    await desk.account(appeal)
    if cancelled and ends:
        await desk.workflow.cancel(appeal, SITI, "")
        await desk.work()
    account = await desk.account(appeal)
    if cancelled:
        assert account.totals[Total.WAITING] == 0
    assert account.audience_size == len(ends)


async def test_what_was_refused_has_no_parts(desk: Desk) -> None:
    """Nobody is billed for it."""
    await desk.settle(5)
    appeal = await desk.approved()
    await desk.work()
    await desk.send(lambda _: Refused("blocked"), most=1)
    await desk.send(lambda _: Unknown("silence"), most=1)
    await desk.send(most=2)
    account, lines = await desk.account(appeal), await desk.results.list_person_results(appeal)
    assert (account.parts, account.totals[Total.WAITING]) == (3, 1)
    assert [line["parts"] for line in lines] == [0, 1, 1, 1, 0]


async def test_where_those_were_who_left_after_the_approval(desk: Desk) -> None:
    await desk.settle(4, area=KLEGO)
    await desk.appoint(4, Role.ASN)
    appeal = await desk.approved(changed(DRAFT, audience={"or": [{"areas": [KLEGO]}, {"roles": ["asn"]}]}))
    everywhere = await desk.approved(changed(DRAFT, audience={"roles": ["subscriber", "asn"]}))
    await desk.answer(phone(0), ResponseKind.STOP)
    await Eraser(desk.database, desk.vault, desk.clock).erase(phone(1), "siti")
    await desk.work()
    suppressed = {Total.SUPPRESSED: 1}
    for one in (appeal, everywhere):
        areas = {area: +Counter(totals) for area, totals in (await desk.account(one)).areas.items()}
        assert areas == {KLEGO: {Total.WAITING: 2} | suppressed, "": {Total.WAITING: 1}, UNKNOWN_AREA: suppressed}
        assert [line["area"] for line in await desk.results.list_person_results(one)] == [
            KLEGO,
            UNKNOWN_AREA,
            KLEGO,
            KLEGO,
            "",
        ]


async def test_every_line_is_masked(desk: Desk) -> None:
    await desk.settle(3)
    await desk.settle(1, first=3, language="en")
    appeal = await desk.approved(changed(WRITTEN, texts={"jv": "STOP", "en": "Peace in {kel}. STOP"}))
    await desk.work()
    lines = await desk.results.list_person_results(appeal)
    assert [line["phone"] for line in lines] == ["+62812****000", "+62812****001", "+62812****002", "+62812****003"]
    exported = "".join([page async for page in desk.results.export_csv(appeal)]).splitlines()
    assert exported[0] == "person,phone,language,area,channel,status,counted_as,reason,parts,at"
    assert len(exported) == 5
    assert "no_text" in (await desk.account(appeal)).for_json()["suppressed"]
    assert not any(phone(number).e164 in "".join(exported) for number in range(4))
    assert (await desk.account(appeal)).suppressed == {SuppressionReason.NO_TEXT: 3}
    with pytest.raises(NoSuchAppeal):
        await desk.results.list_person_results(appeal + 1)
