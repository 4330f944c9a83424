"""Incident that an appeal is about: a template that says *checked* needs a closed incident."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.appeals.appeal import ActNotAllowed
from gateway.incidents.incident import IncidentStatus, Veracity
from gateway.incidents.tables import incidents
from tests.helpers.appeals import BUDI, DRAFT, KLEGO, RINI, SITI, AppealWorld
from tests.helpers.incidents import confirmation, report
from tests.helpers.phones import phone

ABOUT_INCIDENT = replace(DRAFT, template="kabar_tidak_benar", ticket="12345678")


async def test_unknown_incident_is_an_obstacle(world: AppealWorld) -> None:
    assert "no incident" in (await world.workflow.preview(ABOUT_INCIDENT)).obstacles[0]


@pytest.mark.parametrize(
    ("status", "veracity", "fault"),
    [
        ("checking", "unverified", "close its incident first, as untrue"),
        ("checking", "untrue", "close its incident first, as untrue"),
        ("closed", "unverified", "is unverified, not untrue"),
        ("closed", "unclear", "is unclear, not untrue"),
        ("closed", "partly", "is partly, not untrue"),
    ],
)
async def test_submit_refuses_an_incident_that_was_not_checked(
    world: AppealWorld, status: str, veracity: str, fault: str
) -> None:
    filed = await world.services.incidents.file(report(area=KLEGO), phone(1), confirmation)
    appeal = await world.workflow.draft(SITI, replace(ABOUT_INCIDENT, ticket=filed.ticket))
    await world.update_rows(incidents, incidents.c.ticket == filed.ticket, status=status, veracity=veracity)

    with pytest.raises(ActNotAllowed, match=fault):
        await world.workflow.submit(appeal, SITI)


async def test_appeal_about_a_closed_incident_names_its_area(world: AppealWorld) -> None:
    await world.add_subscribers(1)
    filed = await world.services.incidents.file(report(area=KLEGO), phone(1), confirmation)
    appeal = await world.workflow.draft(SITI, replace(ABOUT_INCIDENT, ticket=filed.ticket))

    await world.services.incident_actions.move(filed.ticket, IncidentStatus.CHECKING, "siti", "")
    await world.services.incident_actions.move(
        filed.ticket, IncidentStatus.CLOSED, "siti", "asked the lurah", Veracity.UNTRUE
    )
    await world.workflow.submit(appeal, SITI)
    await world.workflow.approve(appeal, BUDI)
    await world.workflow.approve(appeal, RINI)
    await world.run_appeal_worker()

    (row,) = await world.messages_of(appeal)
    assert ": kabar di Klego sudah dicek" in row["text"], "the area of the incident, not of the person"


@pytest.mark.parametrize(
    ("veracity", "fault"), [("true", ""), ("partly", ""), ("untrue", "is untrue, not true or partly")]
)
async def test_template_that_says_it_is_over_needs_a_true_incident(
    world: AppealWorld, veracity: str, fault: str
) -> None:
    filed = await world.services.incidents.file(report(area=KLEGO), phone(1), confirmation)
    draft = replace(DRAFT, template="tertangani", ticket=filed.ticket)
    await world.update_rows(incidents, incidents.c.ticket == filed.ticket, status="closed", veracity=veracity)

    obstacles = (await world.workflow.preview(draft)).obstacles

    assert [fault in one for one in obstacles] == [True] * bool(fault)
