"""Texts of an appeal: GSM-7, and the cost of each text to the person with the longest area name."""

from __future__ import annotations

from dataclasses import replace

from gateway.menu.model import appeal_area_label, appeal_areas
from tests.helpers.appeals import OWN_TEXTS, SITI, AppealWorld

CURLY = replace(OWN_TEXTS, texts={"id": "\u201cRukun\u201d di\u00a0{kel} \u2014 STOP", "jv": "Rukun. STOP"})


async def test_text_costs_tell_the_replaced_characters(world: AppealWorld) -> None:
    appeal = await world.approved_appeal(CURLY)

    (curly, plain) = await world.workflow.text_costs(appeal)

    assert (curly.encoding, curly.parts, curly.text) == ("gsm7", 1, '"Rukun" di {kel} - STOP')
    assert {(one.original, one.substitute, one.times) for one in curly.replacements} == {
        ("\u201c", '"', 1),
        ("\u201d", '"', 1),
        ("\u00a0", " ", 1),
        ("\u2014", "-", 1),
    }
    assert plain.replacements == ()
    stored = (await world.appeal(appeal)).draft
    for preview in (await world.workflow.preview(CURLY), await world.workflow.preview(stored, appeal)):
        assert preview.texts == [curly, plain]


async def test_text_costs_count_the_longest_area_name(world: AppealWorld) -> None:
    texts = {"id": f"{'x' * 145} STOP {{kel}}"}
    appeal = await world.workflow.draft(SITI, replace(OWN_TEXTS, texts=texts))

    (cost,) = await world.workflow.text_costs(appeal)

    assert (cost.encoding, cost.parts) == ("gsm7", 2)
    assert cost.length == 151 + max(len(appeal_area_label(world.menu, code)) for code in appeal_areas(world.menu))


async def test_character_without_a_substitute_makes_a_text_ucs2(world: AppealWorld) -> None:
    texts = {"id": "STOP \U0001f64f \u2019"}
    appeal = await world.workflow.draft(SITI, replace(OWN_TEXTS, texts=texts))

    (cost,) = await world.workflow.text_costs(appeal)

    assert (cost.encoding, cost.length, cost.text) == ("ucs2", 9, "STOP \U0001f64f '")


async def test_text_costs_after_an_edit_tell_the_new_replacements_only(world: AppealWorld) -> None:
    appeal = await world.workflow.draft(SITI, CURLY)

    await world.workflow.edit(appeal, SITI, lambda _: replace(OWN_TEXTS, texts={"id": "Damai\u2026 STOP"}))

    (cost,) = await world.workflow.text_costs(appeal)
    assert [(one.original, one.substitute) for one in cost.replacements] == [("\u2026", "...")]
