"""Incident that an appeal is about: its area, and its status where the template needs a closed incident."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.appeals.appeal import AppealDraft
from gateway.incidents.incident import IncidentStatus, Veracity
from gateway.incidents.tables import incidents
from gateway.menu.model import Menu
from gateway.menu.rules import Need

_CHECKED = (Veracity.TRUE, Veracity.PARTLY, Veracity.UNTRUE)
_CHECKED_WORDS = " or ".join(_CHECKED)


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
    if template is None or template.needs is not Need.CLOSED_INCIDENT:
        return ""
    query = select(incidents.c.status, incidents.c.veracity).where(incidents.c.ticket == draft.ticket)
    incident: Any = (await connection.execute(query)).first()
    if incident is None:
        return "there is no incident with the ticket that this appeal names"
    if incident.status != IncidentStatus.CLOSED:
        return f"{draft.template} says that officers have checked: close its incident first, as {_CHECKED_WORDS}"
    if incident.veracity not in _CHECKED:
        found = f"{incident.veracity}, not {_CHECKED_WORDS}"
        return f"{draft.template} says what officers have found, but its incident is {found}"
    return ""
