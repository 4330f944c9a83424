"""Incident that an appeal is about: its area, and its status where the template needs a closed incident."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.appeals.appeal import AppealDraft
from gateway.appeals.rules import InvalidDraft
from gateway.incidents.incident import IncidentStatus, Veracity
from gateway.incidents.tables import incidents
from gateway.menu.definitions.rules import Need
from gateway.menu.model import Menu

ABOUT_RESTRICTED = "an appeal cannot be about a restricted report: it would tell others of it"
_FINDINGS: Mapping[Need, tuple[Veracity, ...]] = {
    Need.CLOSED_INCIDENT: (Veracity.TRUE, Veracity.PARTLY, Veracity.UNTRUE),
    Need.FOUND_TRUE: (Veracity.TRUE, Veracity.PARTLY),
    Need.FOUND_UNTRUE: (Veracity.UNTRUE,),
}
"""Findings of a closed incident that a template may be used for, by its need."""


async def incident_area(connection: AsyncConnection, ticket: str, menu: Menu) -> str:
    """Return the area of the incident that an appeal is about. Empty for none, or for a restricted one."""
    if not ticket:
        return ""
    row = (await connection.execute(_category_and_area(ticket))).first()
    return "" if row is None or menu.is_restricted(row.category) else str(row.area)


async def check_incident(connection: AsyncConnection, draft: AppealDraft, menu: Menu) -> None:
    """Raise `InvalidDraft` if the appeal is about a restricted report."""
    if await _is_about_restricted(connection, draft.ticket, menu):
        raise InvalidDraft([ABOUT_RESTRICTED])


async def _is_about_restricted(connection: AsyncConnection, ticket: str, menu: Menu) -> bool:
    row = (await connection.execute(_category_and_area(ticket))).first() if ticket else None
    return row is not None and menu.is_restricted(row.category)


def _category_and_area(ticket: str) -> Select[tuple[str, str]]:
    return select(incidents.c.category, incidents.c.area).where(incidents.c.ticket == ticket)


async def incident_fault(connection: AsyncConnection, draft: AppealDraft, menu: Menu) -> str:
    """Return the reason that the template may not be used for the incident of `draft`, or an empty text."""
    template = menu.templates.get(draft.template)
    if await _is_about_restricted(connection, draft.ticket, menu):
        return ABOUT_RESTRICTED
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
