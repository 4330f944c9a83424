"""Drafting and approving: who, when, which words; what the preview says; and that the account always adds up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from gateway.appeals.appeal import Draft, NotAllowed, Price, Reason, Status, Total
from gateway.appeals.records import appeal_chunks
from gateway.appeals.register import NoSuchAppeal
from gateway.appeals.saying import WrongDraft
from gateway.carriers.carrier import Accepted, Outcome, Refused, Unknown
from gateway.incidents.book import Book
from gateway.incidents.incident import Status as Stage
from gateway.incidents.incident import Veracity
from gateway.incidents.records import incidents
from gateway.menu.definition import appeal_area, appeal_areas
from gateway.messages.ledger import messages
from gateway.messages.message import Status as Sent
from gateway.people.person import Role
from gateway.runtime.audit import audit
from gateway.text.phone import Phone
from tests.appeals.stage import (
    BUDI,
    DRAFT,
    KLEGO,
    MEDONO,
    PODOSUGIH,
    RINI,
    SITI,
    TONO,
    WRITTEN,
    Desk,
    changed,
    phone,
    refusing,
)
from tests.incidents.stage import confirmation, report


async def test_the_way_of_an_appeal(desk: Desk) -> None:
    await desk.settle(2)
    appeal = await desk.campaign.draft(SITI, DRAFT)
    with pytest.raises(NotAllowed, match="tono may not submit"):
        await desk.campaign.submit(appeal, TONO)
    await desk.campaign.submit(appeal, SITI)
    await desk.campaign.give_back(appeal, RINI, "not now")
    assert (await desk.campaign.find(appeal)).reason == "not now"
    await desk.campaign.submit(appeal, SITI)
    assert await desk.campaign.approve(appeal, BUDI)
    stands = await desk.campaign.find(appeal)
    assert (stands.status, stands.approvers, stands.frozen) == (Status.SCHEDULED, ("budi",), 2)
    async with desk.database.begin() as connection:
        noted = (await connection.execute(select(audit.c.actor, audit.c.action).order_by(audit.c.id))).all()
    assert [tuple(row) for row in noted] == [
        ("siti", "appeal.drafted"),
        ("siti", "appeal.submitted"),
        ("rini", "appeal.returned"),
        ("siti", "appeal.submitted"),
        ("budi", "appeal.approved"),
    ]
    assert [one.id for one in await desk.campaign.list(status=Status.SCHEDULED)] == [appeal]


async def test_who_writes_does_not_approve(desk: Desk) -> None:
    appeal = await desk.campaign.draft(BUDI, DRAFT)
    await desk.campaign.submit(appeal, BUDI)
    with pytest.raises(NotAllowed, match="budi has written this appeal"):
        await desk.campaign.approve(appeal, BUDI)
    with pytest.raises(NotAllowed, match="siti may not approve"):
        await desk.campaign.approve(appeal, SITI)


async def test_an_edit_takes_approval_back(desk: Desk) -> None:
    await desk.settle(2)
    appeal = await desk.approved()
    await desk.campaign.edit(appeal, BUDI, lambda stands: changed(stands, template="uang"))
    stands = await desk.campaign.find(appeal)
    assert (stands.status, stands.approvers, stands.frozen) == (Status.DRAFT, (), 0)
    assert await desk.count(appeal_chunks) == 0
    await desk.campaign.submit(appeal, SITI)
    with pytest.raises(NotAllowed, match="budi has written"):
        await desk.campaign.approve(appeal, BUDI)
    assert await desk.campaign.approve(appeal, RINI)
    await desk.work()
    with pytest.raises(NotAllowed, match="this appeal is running"):
        await desk.campaign.edit(appeal, SITI, lambda _: DRAFT)


async def test_an_approval_is_of_the_version_that_was_seen(desk: Desk) -> None:
    await desk.settle(2)
    appeal = await _submitted(desk, DRAFT)
    seen = (await desk.campaign.find(appeal)).version
    await desk.campaign.edit(appeal, SITI, lambda stands: changed(stands, template="uang"))
    await desk.campaign.submit(appeal, SITI)
    with pytest.raises(NotAllowed, match=f"is version {seen + 1} by now, not {seen}"):
        await desk.campaign.approve(appeal, BUDI, seen)
    assert await desk.campaign.approve(appeal, BUDI, seen + 1)


async def test_two_edits_at_once_are_both_there(desk: Desk) -> None:
    appeal = await desk.campaign.draft(SITI, WRITTEN)
    names = [f"Peace {number}" for number in range(8)]

    def adding(name: str) -> Callable[[Draft], Draft]:
        return lambda stands: changed(stands, purpose=f"{stands.purpose}, {name}")

    await asyncio.gather(*(desk.campaign.edit(appeal, SITI, adding(name)) for name in names))
    stands = await desk.campaign.find(appeal)
    assert sorted(stands.draft.purpose.split(", ")) == ["Peace", *names]
    assert stands.version == 9


async def test_an_author_does_not_set_the_time_of_what_others_approved(desk: Desk) -> None:
    later = desk.clock.now() + timedelta(hours=2)
    appeal = await desk.campaign.draft(BUDI, DRAFT)
    await desk.campaign.submit(appeal, BUDI)
    await desk.campaign.approve(appeal, RINI)
    with pytest.raises(NotAllowed, match="budi has written this appeal; somebody else must schedule it"):
        await desk.campaign.schedule(appeal, BUDI, later)
    await desk.campaign.schedule(appeal, RINI, later)
    await desk.campaign.edit(appeal, BUDI, lambda stands: changed(stands, starts_at=later + timedelta(hours=1)))
    stands = await desk.campaign.find(appeal)
    assert (stands.status, stands.approvers) == (Status.DRAFT, ()), "an edit of the time takes the approval back"


async def test_a_start_that_is_past_is_refused_unless_it_stands_there(desk: Desk) -> None:
    now = desk.clock.now()
    past, soon = now - timedelta(minutes=6), now + timedelta(hours=1)
    with pytest.raises(WrongDraft, match=r"2026-11-19 14:54 WIB is past"):
        await desk.campaign.draft(SITI, changed(DRAFT, starts_at=past))
    appeal = await desk.approved(changed(DRAFT, starts_at=soon))
    with pytest.raises(WrongDraft, match="is past"):
        await desk.campaign.edit(appeal, SITI, lambda stands: changed(stands, starts_at=past))
    with pytest.raises(NotAllowed, match="is past"):
        await desk.campaign.schedule(appeal, RINI, past)
    with pytest.raises(NotAllowed, match="needs a time zone"):
        await desk.campaign.schedule(appeal, RINI, soon.replace(tzinfo=None))
    assert (await desk.campaign.find(appeal)).draft.starts_at == soon
    await desk.campaign.schedule(appeal, RINI, now - timedelta(minutes=4))  # it took a while to type
    desk.clock.pass_time(hours=2)
    await desk.campaign.edit(appeal, SITI, lambda stands: changed(stands, purpose="Calm"))
    assert (await desk.campaign.find(appeal)).draft.purpose == "Calm", "what stands there may be past by now"


async def test_masa_tenang_wants_two_and_the_packs_words(desk: Desk) -> None:
    desk.clock.pass_time(days=5)
    written = await desk.campaign.draft(SITI, WRITTEN)
    with pytest.raises(NotAllowed, match="in masa_tenang only approved texts of the pack go out"):
        await desk.campaign.submit(written, SITI)
    appeal = await desk.approved()
    assert (await desk.campaign.find(appeal)).status is Status.WAITING
    with pytest.raises(NotAllowed, match="budi has approved this appeal already"):
        await desk.campaign.approve(appeal, BUDI)
    assert await desk.campaign.approve(appeal, RINI)


async def test_it_is_not_moved_into_masa_tenang(desk: Desk) -> None:
    appeal = await desk.approved()
    with pytest.raises(NotAllowed, match="needs 2 approvals"):
        await desk.campaign.schedule(appeal, RINI, desk.clock.now() + timedelta(days=5))
    later = desk.clock.now() + timedelta(days=1)
    await desk.campaign.schedule(appeal, RINI, later)
    assert (await desk.campaign.find(appeal)).draft.starts_at == later


@pytest.mark.parametrize(
    ("draft", "message"),
    [
        (changed(DRAFT, purpose=" "), "needs a purpose"),
        (changed(DRAFT, channel="xy"), "no channel is called xy; known are at"),
        (changed(DRAFT, template="war"), "no template is called war; known are asn, uang, damai, cek_kabar"),
        (changed(DRAFT, template=""), "either a template"),
        (changed(DRAFT, texts={"id": "x"}), "either a template"),
        (changed(DRAFT, template="cek_kabar"), "name its ticket"),
        (changed(DRAFT, audience={"roles": ["king"]}), "nothing is called king"),
        (changed(WRITTEN, texts={"su": "x"}), "no language is called su"),
        (changed(WRITTEN, texts={"id": "{name} x"}), "{name} stands for nothing"),
        (changed(WRITTEN, texts={"id": "{"}), "id: "),
        (changed(WRITTEN, texts={"id": " "}), "this text is empty"),
        (changed(WRITTEN, texts={"id": "x" * 307}), "takes 3 parts"),
        (changed(WRITTEN, texts={"id": "Ayo, Pilih  NOMOR 1!"}), "id: pilih nomor is one of the refused words"),
        (
            changed(WRITTEN, texts={"id": "Rukun"}),
            "id: this text must say how to leave, with one of BERHENTI, MANDHEG, STOP",
        ),
        (changed(WRITTEN, texts={"id": "STOP", "jv": "Nonstop"}), "jv: this text must say how to leave"),
        (changed(DRAFT, purpose="Menangkan nomor urut 1"), "purpose: nomor urut is one of the refused words"),
        (changed(WRITTEN, purpose="Dukung\uff0d\uff30aslon"), "purpose: dukung paslon is one of the refused words"),
    ],
)
async def test_a_wrong_draft_says_what_is_wrong(desk: Desk, draft: Draft, message: str) -> None:
    with pytest.raises(WrongDraft) as refused:
        await desk.campaign.draft(SITI, draft)
    assert message in str(refused.value)
    assert await desk.campaign.list() == []


async def test_a_word_that_is_refused_since_stops_an_appeal_at_every_step(desk: Desk) -> None:
    await desk.settle(2)
    draft = changed(WRITTEN, texts={"id": "Bersama Sukirman maju. STOP"})
    later = changed(draft, starts_at=desk.clock.now() + timedelta(hours=1))
    written, waiting, scheduled = (
        await desk.campaign.draft(SITI, draft),
        await _submitted(desk, draft),
        await desk.approved(later),
    )
    assert (await desk.campaign.preview(draft, written)).obstacles == ()
    desk.menu = refusing("sukirman")
    said = "id: sukirman is one of the refused words"
    assert (await desk.campaign.preview(draft, written)).obstacles == (said,)
    with pytest.raises(NotAllowed, match=said):
        await desk.campaign.submit(written, SITI)
    with pytest.raises(NotAllowed, match=said):
        await desk.campaign.approve(waiting, BUDI)
    with pytest.raises(NotAllowed, match=said):
        await desk.campaign.schedule(scheduled, RINI, desk.clock.now() + timedelta(hours=2))
    desk.clock.pass_time(hours=1)
    await desk.work()
    stands = await desk.campaign.find(scheduled)
    assert (stands.status, stands.reason) == (Status.PAUSED, f"{said}: it can only be cancelled")
    assert (await desk.send(), await desk.rows(scheduled)) == ([], [])
    with pytest.raises(NotAllowed, match="it can only be cancelled"):
        await desk.campaign.resume(scheduled, RINI)


async def test_a_refused_word_stops_what_waits_of_a_running_appeal(desk: Desk) -> None:
    await desk.settle(20)
    appeal = await desk.approved(changed(WRITTEN, purpose="Bersama Sukirman"))
    await desk.work()
    assert len(await desk.send(most=5)) == 5
    desk.menu = refusing("sukirman")
    await desk.work()
    stands = await desk.campaign.find(appeal)
    assert (stands.status, stands.reason[:17]) == (Status.PAUSED, "purpose: sukirman")
    assert await desk.send() == []
    assert (await desk.account(appeal)).totals[Total.WAITING] == 15


async def _submitted(desk: Desk, draft: Draft) -> int:
    appeal = await desk.campaign.draft(SITI, draft)
    await desk.campaign.submit(appeal, SITI)
    return appeal


CURLY = changed(WRITTEN, texts={"id": "\u201cRukun\u201d di\u00a0{kel} \u2014 STOP", "jv": "Rukun. STOP"})


async def test_a_text_goes_out_in_the_cheaper_alphabet(desk: Desk) -> None:
    await desk.settle(2)
    appeal = await desk.approved(CURLY)
    (told, plain) = await desk.campaign.costs(appeal)
    assert (told.encoding, told.parts, told.text) == ("gsm7", 1, '"Rukun" di {kel} - STOP')
    assert {(one.what, one.instead, one.times) for one in told.replaced} == {
        ("\u201c", '"', 1),
        ("\u201d", '"', 1),
        ("\u00a0", " ", 1),
        ("\u2014", "-", 1),
    }
    assert plain.replaced == ()
    for preview in (await desk.campaign.preview(CURLY), await desk.campaign.preview((await _stands(desk, appeal)), 1)):
        assert preview.texts == [told, plain]
    await desk.work()
    assert {(row["text"], row["encoding"]) for row in await desk.rows(appeal)} == {('"Rukun" di Medono - STOP', "gsm7")}


async def _stands(desk: Desk, appeal: int) -> Draft:
    return (await desk.campaign.find(appeal)).draft


async def test_the_dearest_place_is_what_a_text_costs(desk: Desk) -> None:
    appeal = await desk.campaign.draft(SITI, changed(WRITTEN, texts={"id": f"{'x' * 145} STOP {{kel}}"}))
    (told,) = await desk.campaign.costs(appeal)
    assert (told.encoding, told.parts) == ("gsm7", 2)
    assert told.length == 151 + max(len(appeal_area(desk.menu, code)) for code in appeal_areas(desk.menu))


async def test_what_has_no_stand_in_stays(desk: Desk) -> None:
    appeal = await desk.campaign.draft(SITI, changed(WRITTEN, texts={"id": "STOP \U0001f64f \u2019"}))
    (told,) = await desk.campaign.costs(appeal)
    assert (told.encoding, told.length, told.text) == ("ucs2", 9, "STOP \U0001f64f '")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\uff5bname\uff5d x", "{name} stands for nothing"),
        ("Ayo, \uff30ilih nomor 1!", "pilih nomor is one of the refused words"),
        ("\u200b", "this text is empty"),
    ],
)
async def test_a_text_is_judged_as_it_goes_out(desk: Desk, text: str, message: str) -> None:
    with pytest.raises(WrongDraft) as refused:
        await desk.campaign.draft(SITI, changed(WRITTEN, texts={"id": text}))
    assert message in str(refused.value)


async def test_an_edit_tells_anew_what_was_replaced(desk: Desk) -> None:
    appeal = await desk.campaign.draft(SITI, CURLY)
    await desk.campaign.edit(appeal, SITI, lambda _: changed(WRITTEN, texts={"id": "Damai\u2026 STOP"}))
    (told,) = await desk.campaign.costs(appeal)
    assert [(one.what, one.instead) for one in told.replaced] == [("\u2026", "...")]


async def test_who_may_not_draft(desk: Desk) -> None:
    with pytest.raises(NotAllowed, match="rini may not draft"):
        await desk.campaign.draft(RINI, DRAFT)
    with pytest.raises(NoSuchAppeal):
        await desk.campaign.submit(99, SITI)


async def test_only_what_was_checked_is_called_checked(desk: Desk) -> None:
    await desk.settle(1)
    book = Book(desk.database, desk.vault, desk.clock)
    filed = await book.file(report(area=KLEGO), phone(1), confirmation)
    unknown = changed(DRAFT, template="cek_kabar", ticket="12345678")
    assert "no incident" in (await desk.campaign.preview(unknown)).obstacles[0]
    draft = changed(unknown, ticket=filed.ticket)
    appeal = await desk.campaign.draft(SITI, draft)
    await book.move(filed.ticket, Stage.CHECKING, "siti", "")
    for values in ({}, {"status": "closed"}, {"status": "closed", "veracity": "unclear"}, {"veracity": "untrue"}):
        stands: dict[str, Any] = {"status": "checking", "veracity": "unverified"} | values
        await desk.set(incidents, incidents.c.ticket == filed.ticket, **stands)
        with pytest.raises(NotAllowed, match="must be closed and verified first"):
            await desk.campaign.submit(appeal, SITI)
    await desk.set(incidents, incidents.c.ticket == filed.ticket, status="checking", veracity="unverified")
    await book.move(filed.ticket, Stage.CLOSED, "siti", "asked the lurah", Veracity.UNTRUE)
    await desk.campaign.submit(appeal, SITI)
    await desk.campaign.approve(appeal, BUDI)
    await desk.work()
    (row,) = await desk.rows(appeal)
    assert row["text"].startswith("Info Klego:"), "the place that it speaks of, not where the person lives"


# Preview and expansion -----------------------------------------------------------------------------------------

AUDIENCES: list[tuple[dict[str, Any], set[int]]] = [
    ({"roles": ["subscriber"]}, {0, 1, 2, 3, 4}),
    ({"roles": ["camat"]}, {5}),
    ({"roles": ["camat", "asn"]}, {5, 6}),
    ({"areas": [MEDONO]}, {0, 1, 4, 5}),
    ({"areas": ["33.75.01"]}, {0, 1, 2, 4, 5}),
    ({"areas": [MEDONO], "neighbours": True}, {0, 1, 2, 4, 5}),
    ({"areas": [MEDONO], "roles": ["subscriber"]}, {0, 1, 4}),
    ({"areas": [KLEGO]}, {3, 4}),
    ({"languages": ["jv"]}, {1, 6}),
    ({"not": {"roles": ["subscriber"]}}, {5, 6}),
    ({"not": {"areas": [MEDONO]}}, {2, 3, 6}),
    ({"and": [{"areas": ["33.75.01"]}, {"not": {"languages": ["jv"]}}]}, {0, 2, 4, 5}),
    ({"or": [{"roles": ["camat"]}, {"areas": [KLEGO]}]}, {3, 4, 5}),
    ({"or": [{"roles": ["asn"]}, {"and": [{"languages": ["jv"]}, {"areas": [MEDONO]}]}]}, {1, 6}),
]


@pytest.fixture
async def town(desk: Desk) -> Desk:
    """Two in Medono, one beside it, one in Klego, one for all; a camat, a civil servant without a place; a nobody."""
    await desk.settle(1)
    await desk.settle(1, first=1, language="jv")
    await desk.settle(1, first=2, area=PODOSUGIH)
    await desk.settle(1, first=3, area=KLEGO)
    await desk.settle(1, first=4, area="")
    await desk.appoint(5, Role.CAMAT, ["33.75.01"])
    await desk.appoint(6, Role.ASN, language="jv")
    await desk.settle(1, first=7)
    async with desk.database.begin() as connection:
        await connection.exec_driver_sql("UPDATE subscriptions SET withdrawn_at = now() WHERE id = 6")
    return desk


async def test_who_is_meant(town: Desk) -> None:
    for audience, meant in AUDIENCES:
        draft = changed(WRITTEN, audience=audience)
        preview = await town.campaign.preview(draft)
        appeal = await town.approved(draft)
        await town.work()
        rows = await town.rows(appeal)
        assert {town.vault.open(row["phone_sealed"]) for row in rows} == set(map(phone, meant)), audience
        assert preview.people == len(rows)
        await town.campaign.cancel(appeal, SITI, "")
        await town.work()


async def test_the_preview_says_what_happens(town: Desk) -> None:
    priced = town.but(price=Price(Decimal(350), "IDR"))
    texts = {"id": f"{'x' * 145} STOP {{kel}}", "jv": "Rukun. STOP"}
    draft = changed(WRITTEN, audience={"not": {"languages": ["en"]}}, texts=texts)
    preview = await priced.campaign.preview(draft)
    appeal = await priced.approved(draft)
    await priced.work()
    rows = [row for row in await priced.rows(appeal) if row["status"] == "queued"]
    for language, share in preview.languages.items():
        mine = [row for row in rows if row["language"] == language]
        assert (share.people, share.parts) == (len(mine), sum(row["parts"] for row in mine))
        assert share.cost == f"{350 * share.parts} IDR"
    assert preview.reached == len(rows) == 7
    assert preview.parts == sum(row["parts"] for row in rows) > 7, "some places have longer names"
    assert preview.for_json()["people"] == 7
    assert (preview.approvals, preview.obstacles, preview.held_back) == (1, (), False)


# The account ---------------------------------------------------------------------------------------------------

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
            await desk.set(messages, where, status=Sent(end).value)
        if end == "erased":
            await desk.set(messages, messages.c.phone_key == desk.vault.lookup(to), phone_sealed=None, phone_key=None)
    await desk.account(appeal)
    if cancelled and ends:
        await desk.campaign.cancel(appeal, SITI, "")
        await desk.work()
    account = await desk.account(appeal)
    if cancelled:
        assert account.totals[Total.WAITING] == 0
    assert account.frozen == len(ends)


async def test_every_line_is_masked(desk: Desk) -> None:
    await desk.settle(3)
    await desk.settle(1, first=3, language="en")
    appeal = await desk.approved(changed(WRITTEN, texts={"jv": "STOP", "en": "Peace in {kel}. STOP"}))
    await desk.work()
    lines = await desk.ledger.lines(appeal)
    assert [line["phone"] for line in lines] == ["+62812****000", "+62812****001", "+62812****002", "+62812****003"]
    exported = "".join([page async for page in desk.ledger.export(appeal)]).splitlines()
    assert exported[0] == "person,phone,language,area,channel,status,counted_as,reason,parts,at"
    assert len(exported) == 5
    assert "no_text" in (await desk.account(appeal)).for_json()["suppressed"]
    assert not any(phone(number).e164 in "".join(exported) for number in range(4))
    assert (await desk.account(appeal)).suppressed == {Reason.NO_TEXT: 3}
    with pytest.raises(NoSuchAppeal):
        await desk.ledger.lines(appeal + 1)
