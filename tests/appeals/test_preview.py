"""Who is meant by an audience, and that the preview says what happens."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from gateway.appeals.appeal import Price
from gateway.people.person import Role
from tests.helpers.appeals import DRAFT, KLEGO, MEDONO, PODOSUGIH, SITI, WRITTEN, Desk, changed, phone

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
        preview = await town.workflow.preview(draft)
        appeal = await town.approved(draft)
        await town.work()
        rows = await town.rows(appeal)
        assert {town.vault.open(row["phone_sealed"]) for row in rows} == set(map(phone, meant)), audience
        assert preview.people == len(rows)
        await town.workflow.cancel(appeal, SITI, "")
        await town.work()


async def test_the_preview_says_what_happens(town: Desk) -> None:
    priced = town.but(price=Price(Decimal(350), "IDR"))
    texts = {"id": f"{'x' * 145} STOP {{kel}}", "jv": "Rukun. STOP"}
    draft = changed(WRITTEN, audience={"not": {"languages": ["en"]}}, texts=texts)
    preview = await priced.workflow.preview(draft)
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


async def test_the_preview_tells_what_is_to_know(desk: Desk) -> None:
    await desk.settle(2)
    draft = changed(WRITTEN, texts={"id": "Rukun di {kel}. WA 081230004567. STOP"})
    fallback = [f"there is no text in {one}: those whose language that is get the text in id" for one in ("jv", "en")]
    masked = "id: what looks like a phone number stands masked on the public page of the appeals"
    assert (await desk.workflow.preview(draft)).for_json()["notes"] == [*fallback, masked]
    jv = changed(WRITTEN, texts={"jv": "Rukun. STOP"})
    assert (await desk.workflow.preview(jv)).notes[
        0
    ] == "there is no text in id: those whose language that is get nothing"
    appeal = await desk.approved()
    await desk.settle(1, first=2)
    preview = await desk.workflow.preview(DRAFT, appeal)
    assert (preview.people, preview.notes) == (
        3,
        ("its audience is frozen since it was approved: 2 people; this counts who would be in it now",),
    )
