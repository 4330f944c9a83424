"""Preview of an appeal: it tells what the expansion will do."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from gateway.appeals.appeal import Price
from gateway.appeals.bitmap import IdBitmap
from gateway.appeals.preview import preview_statement
from gateway.appeals.store import audience_query
from gateway.cli.appeals.json_objects import preview_json
from gateway.menu.model import Menu
from tests.helpers.appeals import DRAFT, MEDONO, OWN_TEXTS, AppealWorld
from tests.helpers.golden import assert_golden_sql


def test_preview_statement_is_the_golden_one(menu: Menu, request: pytest.FixtureRequest) -> None:
    draft = replace(DRAFT, audience={"roles": ["subscriber", "camat"], "areas": [MEDONO]})

    statement = preview_statement(audience_query(draft, menu), IdBitmap.of([1]), by_area=True)

    assert_golden_sql("preview", statement, request)


async def test_preview_counts_the_people_parts_and_cost_of_the_expansion(town: AppealWorld) -> None:
    town.change_limits(price=Price(Decimal(350), "IDR"))
    texts = {"id": f"{'x' * 145} STOP {{kel}}", "jv": "Rukun. STOP"}
    draft = replace(OWN_TEXTS, audience={"not": {"languages": ["en"]}}, texts=texts)

    preview = await town.workflow.preview(draft)
    appeal = await town.expanded_appeal(draft)

    rows = [row for row in await town.messages_of(appeal) if row["status"] == "queued"]
    for language, share in preview.languages.items():
        of_language = [row for row in rows if row["language"] == language]
        assert (share.people, share.parts) == (len(of_language), sum(row["parts"] for row in of_language))
        assert share.cost == f"{350 * share.parts} IDR"
    assert preview.reached == len(rows) == 7
    assert preview.parts == sum(row["parts"] for row in rows) > 7, "some areas have longer names"
    assert preview_json(preview)["people"] == 7
    assert (preview.approvals, preview.obstacles, preview.held_back) == (1, (), False)


async def test_preview_notes_missing_languages_and_numbers_that_will_be_masked(world: AppealWorld) -> None:
    await world.add_subscribers(2)
    draft = replace(OWN_TEXTS, texts={"id": "Rukun di {kel}. WA 081230004567. STOP"})

    notes = preview_json(await world.workflow.preview(draft))["notes"]

    fallback = [f"there is no text in {one}: people whose language is {one} get the text in id" for one in ("jv", "en")]
    masked = "id: a number in this text looks like a phone number; the public page of appeals masks it"
    no_number = "id: this text has no {number}, by which people can check with CEK that it is ours"
    assert notes == [*fallback, no_number, masked]


async def test_preview_notes_people_who_get_nothing_without_a_text_in_the_first_language(world: AppealWorld) -> None:
    preview = await world.workflow.preview(replace(OWN_TEXTS, texts={"jv": "Rukun. STOP"}))

    assert preview.notes[0] == "there is no text in id: people whose language is id get nothing"


async def test_preview_of_an_approved_appeal_notes_its_frozen_audience(world: AppealWorld) -> None:
    await world.add_subscribers(2)
    appeal = await world.approved_appeal()
    await world.add_subscribers(1, first=2)

    preview = await world.workflow.preview(DRAFT, appeal)

    assert (preview.people, preview.notes) == (
        3,
        ("its audience of 2 people was frozen when it was approved; this preview counts those who match it now",),
    )
