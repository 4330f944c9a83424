"""The words of an appeal: which are refused, at every step, and what its texts cost as they go out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.appeals.appeal import ActNotAllowed, AppealDraft, AppealStatus, Total
from gateway.appeals.rules import InvalidDraft
from gateway.incidents.incident import IncidentStatus, Veracity
from gateway.incidents.store import IncidentStore
from gateway.incidents.tables import incidents
from gateway.menu.model import appeal_area_label, appeal_areas
from tests.helpers.appeals import BUDI, DRAFT, KLEGO, RINI, SITI, WRITTEN, Desk, changed, phone, refusing, submitted
from tests.helpers.incidents import confirmation, report


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
async def test_a_wrong_draft_says_what_is_wrong(desk: Desk, draft: AppealDraft, message: str) -> None:
    with pytest.raises(InvalidDraft) as refused:
        await desk.workflow.draft(SITI, draft)
    assert message in str(refused.value)
    assert await desk.workflow.list_appeals() == []


async def test_a_word_that_is_refused_since_stops_an_appeal_at_every_step(desk: Desk) -> None:
    await desk.settle(2)
    draft = changed(WRITTEN, texts={"id": "Bersama Sukirman maju. STOP"})
    later = changed(draft, starts_at=desk.clock.now() + timedelta(hours=1))
    written, waiting, scheduled = (
        await desk.workflow.draft(SITI, draft),
        await submitted(desk, draft),
        await desk.approved(later),
    )
    assert (await desk.workflow.preview(draft, written)).obstacles == ()
    desk.menu = refusing("sukirman")
    said = "id: sukirman is one of the refused words"
    assert (await desk.workflow.preview(draft, written)).obstacles == (said,)
    with pytest.raises(ActNotAllowed, match=said):
        await desk.workflow.submit(written, SITI)
    with pytest.raises(ActNotAllowed, match=said):
        await desk.workflow.approve(waiting, BUDI)
    with pytest.raises(ActNotAllowed, match=said):
        await desk.workflow.schedule(scheduled, RINI, desk.clock.now() + timedelta(hours=2))
    desk.clock.advance(hours=1)
    await desk.work()
    stands = await desk.workflow.find(scheduled)
    assert (stands.status, stands.reason) == (AppealStatus.PAUSED, f"{said}: it can only be cancelled")
    assert (await desk.send(), await desk.rows(scheduled)) == ([], [])
    with pytest.raises(ActNotAllowed, match="it can only be cancelled"):
        await desk.workflow.resume(scheduled, RINI)


async def test_a_refused_word_stops_what_waits_of_a_running_appeal(desk: Desk) -> None:
    await desk.settle(20)
    appeal = await desk.approved(changed(WRITTEN, purpose="Bersama Sukirman"))
    await desk.work()
    assert len(await desk.send(most=5)) == 5
    desk.menu = refusing("sukirman")
    await desk.work()
    stands = await desk.workflow.find(appeal)
    assert (stands.status, stands.reason[:17]) == (AppealStatus.PAUSED, "purpose: sukirman")
    assert await desk.send() == []
    assert (await desk.account(appeal)).totals[Total.WAITING] == 15


CURLY = changed(WRITTEN, texts={"id": "\u201cRukun\u201d di\u00a0{kel} \u2014 STOP", "jv": "Rukun. STOP"})


async def test_a_text_goes_out_in_the_cheaper_alphabet(desk: Desk) -> None:
    await desk.settle(2)
    appeal = await desk.approved(CURLY)
    (told, plain) = await desk.workflow.text_costs(appeal)
    assert (told.encoding, told.parts, told.text) == ("gsm7", 1, '"Rukun" di {kel} - STOP')
    assert {(one.original, one.substitute, one.times) for one in told.replacements} == {
        ("\u201c", '"', 1),
        ("\u201d", '"', 1),
        ("\u00a0", " ", 1),
        ("\u2014", "-", 1),
    }
    assert plain.replacements == ()
    for preview in (await desk.workflow.preview(CURLY), await desk.workflow.preview((await _stands(desk, appeal)), 1)):
        assert preview.texts == [told, plain]
    await desk.work()
    assert {(row["text"], row["encoding"]) for row in await desk.rows(appeal)} == {('"Rukun" di Medono - STOP', "gsm7")}


async def _stands(desk: Desk, appeal: int) -> AppealDraft:
    return (await desk.workflow.find(appeal)).draft


async def test_the_dearest_place_is_what_a_text_costs(desk: Desk) -> None:
    appeal = await desk.workflow.draft(SITI, changed(WRITTEN, texts={"id": f"{'x' * 145} STOP {{kel}}"}))
    (told,) = await desk.workflow.text_costs(appeal)
    assert (told.encoding, told.parts) == ("gsm7", 2)
    assert told.length == 151 + max(len(appeal_area_label(desk.menu, code)) for code in appeal_areas(desk.menu))


async def test_what_has_no_stand_in_stays(desk: Desk) -> None:
    appeal = await desk.workflow.draft(SITI, changed(WRITTEN, texts={"id": "STOP \U0001f64f \u2019"}))
    (told,) = await desk.workflow.text_costs(appeal)
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
    with pytest.raises(InvalidDraft) as refused:
        await desk.workflow.draft(SITI, changed(WRITTEN, texts={"id": text}))
    assert message in str(refused.value)


async def test_an_edit_tells_anew_what_was_replaced(desk: Desk) -> None:
    appeal = await desk.workflow.draft(SITI, CURLY)
    await desk.workflow.edit(appeal, SITI, lambda _: changed(WRITTEN, texts={"id": "Damai\u2026 STOP"}))
    (told,) = await desk.workflow.text_costs(appeal)
    assert [(one.original, one.substitute) for one in told.replacements] == [("\u2026", "...")]


async def test_only_what_was_checked_is_called_checked(desk: Desk) -> None:
    await desk.settle(1)
    book = IncidentStore(desk.database, desk.vault, desk.clock)
    filed = await book.file(report(area=KLEGO), phone(1), confirmation)
    unknown = changed(DRAFT, template="cek_kabar", ticket="12345678")
    assert "no incident" in (await desk.workflow.preview(unknown)).obstacles[0]
    draft = changed(unknown, ticket=filed.ticket)
    appeal = await desk.workflow.draft(SITI, draft)
    await book.move(filed.ticket, IncidentStatus.CHECKING, "siti", "")
    not_closed = "close its incident first, as true or partly or untrue"
    for status, veracity, why in (
        ("checking", "unverified", not_closed),
        ("checking", "untrue", not_closed),
        ("closed", "unverified", "is unverified, not true or partly or untrue"),
        ("closed", "unclear", "is unclear, not true or partly or untrue"),
    ):
        await desk.set(incidents, incidents.c.ticket == filed.ticket, status=status, veracity=veracity)
        with pytest.raises(ActNotAllowed, match=why):
            await desk.workflow.submit(appeal, SITI)
    await desk.set(incidents, incidents.c.ticket == filed.ticket, status="checking", veracity="unverified")
    await book.move(filed.ticket, IncidentStatus.CLOSED, "siti", "asked the lurah", Veracity.UNTRUE)
    await desk.workflow.submit(appeal, SITI)
    await desk.workflow.approve(appeal, BUDI)
    await desk.work()
    (row,) = await desk.rows(appeal)
    assert row["text"].startswith("Info Klego:"), "the place that it speaks of, not where the person lives"
