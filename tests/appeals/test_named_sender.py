"""Channel whose sender is a name: nobody can reply STOP to it, so its texts name the code to dial."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.appeals.rules import InvalidDraft
from tests.helpers.appeals import CODE, DRAFT, OWN_TEXTS, SITI, AppealWorld, appeal_menu
from tests.helpers.packs import FILES


@pytest.mark.parametrize(
    ("named", "id_ends", "jv_ends"),
    [
        (False, "Berhenti: balas STOP", "Mandheg: wangsuli STOP"),
        (True, f"Berhenti: {CODE}", f"Mandheg: {CODE}"),
    ],
)
async def test_stop_of_a_text_is_the_way_that_leads_somewhere(
    world: AppealWorld, named: bool, id_ends: str, jv_ends: str
) -> None:
    await world.add_subscribers(1)
    await world.add_subscribers(1, first=1, language="jv")
    world.change_limits(named_senders=frozenset({"at"} if named else ()))

    appeal = await world.expanded_appeal()

    id_, jv = (row["text"] for row in await world.messages_of(appeal))
    assert (id_.endswith(id_ends), jv.endswith(jv_ends)) == (True, True)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("Rukun. Balas STOP", "is a name, to which nobody can reply STOP; say how to leave with {stop} or {ussd}"),
        ("Rukun. {ussd}, STOP", "is a name"),
        ("Rukun", "is a name"),
        ("Rukun. {stop}", ""),
        ("Rukun. Berhenti lewat {ussd}", "is a name"),
        ("Rukun. Keluar: {ussd}", ""),
    ],
)
async def test_own_text_must_not_ask_for_a_reply(world: AppealWorld, text: str, fault: str) -> None:
    world.change_limits(named_senders=frozenset({"at"}))
    draft = replace(OWN_TEXTS, texts={"id": text})
    if not fault:
        assert await world.workflow.draft(SITI, draft)
        return
    with pytest.raises(InvalidDraft) as refused:
        await world.workflow.draft(SITI, draft)
    assert fault in str(refused.value)


async def test_template_that_asks_for_a_reply_is_refused_there(world: AppealWorld) -> None:
    wording = FILES["wording/id.yaml"]
    damai = next(line for line in wording.splitlines() if line.startswith("  damai:"))
    other = wording.replace(damai, damai.replace("{stop}", "STOP"))
    world.change_pack(appeal_menu(**{"wording/id": other}))
    assert await world.workflow.draft(SITI, DRAFT)
    world.change_limits(named_senders=frozenset({"at"}))

    with pytest.raises(InvalidDraft, match=r"id: the sender of this channel is a name.*must have \{stop\} instead"):
        await world.workflow.draft(SITI, DRAFT)
