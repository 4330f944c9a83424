"""Tables and JSON of `waspada incidents`.

Tables have names of kinds and places, and local times, from the pack. They have no words of residents: a list may be
seen by more people than a report. JSON has the keys of the pack and UTC, for programs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.audit import AuditEntry
from gateway.incidents.draft import IN_DANGER, ListedDraft
from gateway.incidents.incident import Incident
from gateway.menu.model import Menu
from gateway.messages.outbox import MessageSummary
from gateway.sms.inbound_queue import HandledSms
from gateway.text import ticket as tickets
from gateway.text.times import format_local

INCIDENT_COLUMNS = (
    *("ticket", "danger", "kind", "place", "status", "veracity", "new", "taken_by", "received_at", "updated_at"),
    *("channel", "language", "phone"),
)
DRAFT_COLUMNS = ("left_at", "danger", "kind", "place", "language", "channel", "phone")
_DRAFT_ANSWERS = ("category", "area", "when", "danger", "description")
_DANGER, _NEW_DETAILS = "DANGER", "new details"
_FILED_BY_DESK, _FILED_UNFINISHED = "desk", "sms"  # `by` in the audit row of a report


@dataclass(frozen=True, slots=True)
class IncidentFile:
    """Report with its messages in both directions and its history. Messages are newest first, history oldest first."""

    incident: Incident
    sent: Sequence[MessageSummary]
    received: Sequence[HandledSms]
    history: Sequence[AuditEntry]

    @property
    def filed_by(self) -> str:
        """Return the way in which the report was filed, as the audit trail names it. Empty for the resident's own."""
        filed = (entry.detail.get("by", "") for entry in self.history if entry.action == "incident.filed")
        return str(next(filed, ""))


def incident_row(incident: Incident, menu: Menu) -> dict[str, str]:
    """Return the cells of an incident in a table."""
    report = incident.report
    return {
        "ticket": tickets.with_dash(incident.ticket),
        "danger": _DANGER if report.danger == IN_DANGER else "",
        "kind": _label(menu, "category", report.category),
        "place": _label(menu, "area", report.area),
        "status": incident.status.value,
        "veracity": incident.veracity.value,
        "new": _NEW_DETAILS if incident.new_details_at else "",
        "taken_by": incident.taken_by,
        "received_at": format_local(report.received_at, menu.timezone),
        "updated_at": format_local(incident.updated_at, menu.timezone),
        "channel": report.channel,
        "language": report.language,
        "phone": incident.phone,
    }


def incident_json(incident: Incident) -> dict[str, Any]:
    report = incident.report
    return {
        "ticket": incident.ticket,
        "category": report.category,
        "area": report.area,
        "when": report.when,
        "when_date": report.when_date.isoformat() if report.when_date else None,
        "danger": report.danger,
        "size": report.size,
        "seen": report.seen,
        "description": report.description,
        "details": [detail.text for detail in incident.details],
        "contact": report.contact,
        "status": incident.status.value,
        "veracity": incident.veracity.value,
        "language": report.language,
        "channel": report.channel,
        "session": report.session,
        "received_at": report.received_at.isoformat(),
        "phone": incident.phone,
        "updated_at": incident.updated_at.isoformat(),
        "details_at": [detail.at.isoformat() for detail in incident.details],
        "new_details_at": incident.new_details_at.isoformat() if incident.new_details_at else None,
        "taken_by": incident.taken_by,
    }


def file_json(file: IncidentFile) -> dict[str, Any]:
    return {
        **incident_json(file.incident),
        "filed_by": file.filed_by,
        "messages": file.sent,
        "received": file.received,
        "history": file.history,
    }


def file_rows(file: IncidentFile, menu: Menu) -> dict[str, Any]:
    """Return everything about a report, for a person to read: values first, then a table for each list.

    What is empty is left out.
    """
    incident, zone = file.incident, menu.timezone
    report = incident.report
    answers = {name: _label(menu, name, getattr(report, name)) for name in ("when", "size", "seen")}
    contact = {None: "", True: "yes", False: "no"}[report.contact]
    rows = {
        **incident_row(incident, menu),
        "when": f"{answers['when']} {report.when_date or ''}".strip(),
        "danger": _DANGER if report.danger == IN_DANGER else report.danger,
        "size": answers["size"],
        "seen": answers["seen"],
        "contact": contact,
        "filed": {_FILED_UNFINISHED: "unfinished, sent by SMS", _FILED_BY_DESK: "by the desk"}.get(file.filed_by, ""),
        "session": report.session,
        "said": report.description,
        "details": [
            {"at": format_local(detail.at, zone), "channel": detail.channel, "said": detail.text}
            for detail in incident.details
        ],
        "messages": [
            {
                "at": format_local(message.created_at, zone),
                "id": message.id,
                "class": message.class_.value,
                "status": message.status.value,
                "reason": message.reason,
                "text": message.text,
            }
            for message in reversed(file.sent)
        ],
        "received": [
            {"at": format_local(sms.received_at, zone), "id": sms.id, "made": sms.disposition or "", "text": sms.text}
            for sms in reversed(file.received)
        ],
        "history": [
            {
                "at": format_local(entry.at, zone),
                "by": entry.actor,
                "act": entry.action,
                "detail": _detail_words(entry.detail),
            }
            for entry in file.history
        ],
    }
    return {name: value for name, value in rows.items() if value}


def draft_row(draft: ListedDraft, menu: Menu) -> dict[str, str]:
    """Return the cells of a draft in a table."""
    return {
        "left_at": format_local(draft.left_at, menu.timezone),
        "danger": _DANGER if draft.mentions_danger else "",
        "kind": _label(menu, "category", draft.answers.get("category", "")),
        "place": _label(menu, "area", draft.answers.get("area", "")),
        "language": draft.language,
        "channel": draft.channel,
        "phone": draft.phone,
    }


def draft_json(draft: ListedDraft) -> dict[str, str | bool]:
    answers = {name: draft.answers.get(name, "") for name in _DRAFT_ANSWERS}
    return {
        "channel": draft.channel,
        "session": draft.session,
        "marked": draft.mentions_danger,
        **answers,
        "language": draft.language,
        "left_at": draft.left_at.isoformat(),
        "phone": draft.phone,
    }


def _label(menu: Menu, answer: str, value: str) -> str:
    return menu.full_label(answer, value, menu.language) if value else ""


def _detail_words(detail: Mapping[str, str | int]) -> str:
    """Return the detail of an audit row on one line, without its empty values. What changed comes first."""
    names = [
        *(name for name in ("from", "to") if name in detail),
        *(name for name in detail if name not in ("from", "to")),
    ]
    return ", ".join(f"{name}: {detail[name]}" for name in names if detail[name] not in ("", None))
