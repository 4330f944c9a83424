"""Incident that an appeal is about: its area, and its status where the template needs a closed incident."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.appeals.appeal import AppealDraft
from gateway.incidents.incident import IncidentStatus, Veracity
from gateway.incidents.tables import incidents
from gateway.menu.model import Menu
from gateway.menu.rules import Need

_FINDINGS: Mapping[Need, tuple[Veracity, ...]] = {
    Need.CLOSED_INCIDENT: (Veracity.TRUE, Veracity.PARTLY, Veracity.UNTRUE),
    Need.FOUND_TRUE: (Veracity.TRUE, Veracity.PARTLY),
    Need.FOUND_UNTRUE: (Veracity.UNTRUE,),
}
"""Findings of a closed incident that a template may be used for, by its need."""


async def incident_area(connection: AsyncConnection, ticket: str) -> str:
    """Return the area of the incident that an appeal is about, empty if it is about none."""
    if not ticket:
        return ""
    area = select(incidents.c.area).where(incidents.c.ticket == ticket)
    return (await connection.execute(area)).scalar() or ""


async def incident_fault(connection: AsyncConnection, draft: AppealDraft, menu: Menu) -> str:
    """Return the reason that the template may not be used for the incident of `draft`, or an empty text."""
    template = menu.templates.get(draft.template)
    if draft.template and template is None:
        return f"the pack has no template {draft.template} any more"
    if template is None or template.needs is Need.NONE:
        return ""
    findings = _FINDINGS[template.needs]
    expected = " or ".join(findings)
    query = select(incidents.c.status, incidents.c.veracity).where(incidents.c.ticket == draft.ticket)
    incident: Any = (await connection.execute(query)).first()
    if incident is None:
        return "there is no incident with the ticket that this appeal names"
    if incident.status != IncidentStatus.CLOSED:
        return f"{draft.template} says that officers have checked: close its incident first, as {expected}"
    if incident.veracity not in findings:
        found = f"{incident.veracity}, not {expected}"
        return f"{draft.template} says what officers have found, but its incident is {found}"
    return ""
