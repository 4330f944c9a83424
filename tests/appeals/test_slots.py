"""Slots of a template, which the author fills: checked for length, alphabet and refused words, and part of the text."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gateway.appeals.appeal import AppealStatus
from gateway.appeals.draft_edit import DraftEdit
from gateway.appeals.rules import InvalidDraft
from gateway.text import gsm
from tests.helpers.appeals import BUDI, DRAFT, OWN_TEXTS, RINI, SITI, AppealWorld

MOVED = replace(DRAFT, template="tps_pindah", slots={"tps": "TPS 10", "place": "SDN Medono 3", "hours": "07.00-13.00"})


async def test_filled_slots_are_part_of_the_approved_text(world: AppealWorld) -> None:
    await world.add_subscribers(1)
    await world.add_subscribers(1, first=1, language="jv")
    appeal = await world.approved_appeal(MOVED, by=(BUDI, RINI))
    await world.run_appeal_worker()

    stored = await world.appeal(appeal)
    assert stored.texts["id"].startswith(
        "Bakesbangpol Kota Pekalongan No {number}: TPS 10 pindah ke SDN Medono 3, buka"
    )
    id_, jv = (row["text"] for row in await world.messages_of(appeal))
    assert "No 1: TPS 10 pindah ke SDN Medono 3, buka 07.00-13.00." in id_
    assert "No 1: TPS 10 pindhah dhateng SDN Medono 3, jam 07.00-13.00." in jv
    preview = await world.workflow.preview(MOVED)
    assert all("TPS 10" in cost.text and cost.parts == 1 for cost in preview.texts)


@pytest.mark.parametrize(
    ("slots", "fault"),
    [
        ({}, 'tps_pindah needs tps: fill it with tps="…", at most 12 characters'),
        ({"tps": " "}, "tps_pindah needs tps"),
        ({"tps": "TPS 10", "jam": "7"}, 'unknown slot "jam"; expected one of tps, place, hours'),
        ({"tps": "TPS 1234567890"}, "tps: it has 14 characters, at most 12 fit"),
        ({"tps": "TPS [{1}]"}, "tps: it is one line without braces"),
        ({"tps": "TPS\n1"}, "tps: it is one line without braces"),
        ({"tps": "\U0001f5f3"}, "tps: '\U0001f5f3'"),
        ({"place": "paslon siji"}, "id: paslon # is one of the refused words"),
    ],
)
async def test_slot_that_is_not_fit_is_refused_with_what_to_write(
    world: AppealWorld, slots: dict[str, str], fault: str
) -> None:
    filled = {**MOVED.slots, **slots} if slots else {}
    with pytest.raises(InvalidDraft) as refused:
        await world.workflow.draft(SITI, replace(MOVED, slots=filled))
    assert fault in str(refused.value)


async def test_longest_values_of_the_slots_make_one_sms_in_every_language(world: AppealWorld) -> None:
    slots = {name: "m" * most for name, most in world.menu.templates["tps_pindah"].slots.items()}
    costs = (await world.workflow.preview(replace(MOVED, slots=slots))).texts
    assert [(cost.language, cost.parts) for cost in costs] == [("id", 1), ("jv", 1), ("en", 1)]
    assert all(gsm.encoding(cost.text) == "gsm7" for cost in costs)


async def test_slots_are_changed_one_by_one_and_go_with_their_template(world: AppealWorld) -> None:
    appeal = await world.workflow.draft(SITI, MOVED)

    async def edit(**changes: Any) -> None:
        await world.workflow.edit(appeal, SITI, DraftEdit(**changes).apply_to)

    await edit(slots={"tps": "TPS \u2013 11"})
    changed = await world.appeal(appeal)
    assert changed.draft.slots == {**MOVED.slots, "tps": "TPS - 11"}, "a long dash is made cheaper"
    assert ": TPS - 11 pindah" in changed.texts["id"]

    await edit(template="damai")
    assert (await world.appeal(appeal)).draft.slots == {}
    assert (await world.appeal(appeal)).status is AppealStatus.DRAFT


@pytest.mark.parametrize(
    ("draft", "fault"),
    [
        (replace(DRAFT, slots={"tps": "1"}), "damai has no slots: leave out tps"),
        (replace(OWN_TEXTS, slots={"tps": "1"}), "only a template of the pack has slots"),
    ],
)
async def test_value_without_a_slot_is_refused(world: AppealWorld, draft: Any, fault: str) -> None:
    with pytest.raises(InvalidDraft, match=fault):
        await world.workflow.draft(SITI, draft)


async def test_filled_template_goes_out_in_a_strict_stage(world: AppealWorld) -> None:
    await world.add_subscribers(1)
    world.set_local_time("2026-11-25T10:00:00")
    appeal = await world.approved_appeal(MOVED, by=(BUDI, RINI))
    await world.run_appeal_worker()
    assert await world.statuses(appeal) == {"queued": 1}
