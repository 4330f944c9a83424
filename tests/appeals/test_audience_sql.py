"""SQL of an audience: who matches it, the area of each person, and the reasons of suppression."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from gateway.appeals.appeal import ResponseKind, SuppressionReason, Total
from gateway.appeals.results import UNKNOWN_AREA
from gateway.cli.appeals.json_objects import results_json
from gateway.messages.message import MessageStatus
from gateway.people.person import ListedPerson, RoleGrant
from tests.helpers.appeals import DRAFT, KLEGO, MEDONO, OWN_TEXTS, SITI, AppealWorld
from tests.helpers.phones import phone

# Audience → numbers of the people in it, among those of `town`.
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


async def test_audience_matches_the_same_people_in_preview_and_expansion(town: AppealWorld) -> None:
    for audience, matching in AUDIENCES:
        draft = replace(OWN_TEXTS, audience=audience)

        preview = await town.workflow.preview(draft)
        appeal = await town.expanded_appeal(draft)

        rows = await town.messages_of(appeal)
        assert {town.vault.open(row["phone_sealed"], row["phone_key"]) for row in rows} == set(map(phone, matching)), (
            audience
        )
        assert preview.people == len(rows)

        await town.workflow.cancel(appeal, SITI, "")
        await town.run_appeal_worker()


async def test_area_of_people_who_left_is_the_former_subscription_or_unknown(world: AppealWorld) -> None:
    await world.add_subscribers(4, area=KLEGO)
    await world.add_contact(4, "asn")
    in_klego = await world.approved_appeal(replace(DRAFT, audience={"or": [{"areas": [KLEGO]}, {"roles": ["asn"]}]}))
    everywhere = await world.approved_appeal(replace(DRAFT, audience={"roles": ["subscriber", "asn"]}))

    await world.respond(phone(0), ResponseKind.STOP)
    await world.erase(1)
    await world.run_appeal_worker()

    suppressed = {Total.SUPPRESSED: 1}
    for appeal in (in_klego, everywhere):
        areas = {area: +Counter(totals) for area, totals in (await world.load_results(appeal)).areas.items()}
        assert areas == {KLEGO: {Total.WAITING: 2} | suppressed, "": {Total.WAITING: 1}, UNKNOWN_AREA: suppressed}
        people = await world.results.list_person_results(appeal)
        assert [person.area for person in people] == [KLEGO, UNKNOWN_AREA, KLEGO, KLEGO, ""]


async def test_person_moved_by_an_import_has_left_the_audience_and_not_opted_out(world: AppealWorld) -> None:
    await world.add_contact(0, "lurah", [MEDONO])
    await world.add_contact(1, "lurah", [MEDONO])
    appeal = await world.approved_appeal(replace(DRAFT, audience={"roles": ["lurah"], "areas": [MEDONO]}))

    moved = ListedPerson(phone(0), (RoleGrant("lurah", (KLEGO,)),))
    await world.services.directory.import_people([moved], source="list.csv", language="id")
    await world.run_appeal_worker()

    assert await world.send_due_messages() == [phone(1)]
    results = await world.load_results(appeal)
    assert results.suppressed == {SuppressionReason.LEFT_AUDIENCE: 1}
    assert results_json(results)["suppressed"] == {"left_audience": 1}
    people = await world.results.list_person_results(appeal)
    (suppressed,) = [person for person in people if person.status is MessageStatus.SUPPRESSED]
    assert suppressed.reason == "no longer belongs to the audience"


async def test_people_without_a_text_in_their_language_are_suppressed(world: AppealWorld) -> None:
    await world.add_subscribers(2)
    await world.add_subscribers(1, first=2, language="jv")
    draft = replace(OWN_TEXTS, texts={"jv": "Rukun. STOP"})

    preview = await world.workflow.preview(draft)
    appeal = await world.expanded_appeal(draft)

    assert await world.send_due_messages() == [phone(2)]
    assert (await world.load_results(appeal)).suppressed == preview.suppressed == {SuppressionReason.NO_TEXT: 2}


async def test_person_who_responded_stop_is_suppressed_until_a_new_subscription(world: AppealWorld) -> None:
    await world.add_contact(0, "camat")
    draft = replace(DRAFT, audience={"roles": ["camat", "subscriber"]})
    await world.expanded_appeal(draft)
    await world.send_due_messages()

    await world.respond(phone(0), ResponseKind.STOP)

    assert (await world.workflow.preview(draft)).suppressed == {SuppressionReason.OPTED_OUT: 1}

    world.clock.advance(minutes=1)
    await world.services.subscriptions.subscribe(phone(0), MEDONO, language="id", channel="at", wording="1")

    assert (await world.workflow.preview(draft)).suppressed == {}
