"""Tables and JSON of `waspada incidents`.

Tables have names of kinds and places, and local times, from the pack. They have no words of residents: a list may be
seen by more people than a report. JSON has the keys of the pack and UTC, for programs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from gateway.audit import AuditEntry
from gateway.incidents.desk_questions import DeskQuestion
from gateway.incidents.draft import ListedDraft
from gateway.incidents.incident import OPEN_STATUSES, Incident, IncidentStatus
from gateway.menu.definitions.report_form import IN_DANGER, AnswerType
from gateway.menu.definitions.roles import label_of
from gateway.menu.model import Menu
from gateway.messages.outbox import MessageSummary
from gateway.sms.inbound_queue import HandledSms
from gateway.text import ticket as tickets
from gateway.text.times import format_local

INCIDENT_COLUMNS = (
    *("ticket", "danger", "kind", "place", "status", "veracity", "new", "repeated", "taken_by", "reporter"),
    *("received_at", "deadline", "updated_at", "filed", "channel", "language", "phone", "answers"),
)
DRAFT_COLUMNS = ("left_at", "danger", "kind", "place", "language", "channel", "phone", "answers")
_DRAFT_ANSWERS = ("category", "area", "when", "danger", "description")
_DANGER, _URGENT, _NEW_DETAILS, _RECOGNISED = "DANGER", "urgent", "new details", "recognised"
_FILED_BY_DESK, _FILED_UNFINISHED = "desk", "sms"  # `by` in the audit row of a report


@dataclass(frozen=True, slots=True)
class IncidentFile:
    """Report with its messages in both directions and its history. Messages are newest first, history oldest first."""

    incident: Incident
    sent: Sequence[MessageSummary]
    received: Sequence[HandledSms]
    history: Sequence[AuditEntry]
    questions: Sequence[DeskQuestion] = ()

    @property
    def filed_by(self) -> str:
        """Return the way in which the report was filed, as the audit trail names it. Empty for the resident's own."""
        filed = (entry.detail.get("by", "") for entry in self.history if entry.action == "incident.filed")
        return str(next(filed, ""))


def _mark(danger: str, *, pressing: bool) -> str:
    """Return the mark of a report in a list: danger, or an urgent kind where nobody was asked about it."""
    if danger == IN_DANGER:
        return _DANGER
    return _URGENT if pressing else ""


def _deadline(incident: Incident, menu: Menu) -> str:
    """Return the day by which an open report must reach its recipients. Empty if the pack sets none."""
    if incident.status not in OPEN_STATUSES or incident.status is IncidentStatus.FORWARDED:
        return ""
    last = incident.report.deadline(menu.category(incident.report.category).deadline_days, menu.timezone)
    return last.isoformat() if last else ""


def incident_row(incident: Incident, menu: Menu) -> dict[str, str]:
    """Return the cells of an incident in a table."""
    report = incident.report
    return {
        "ticket": tickets.with_dash(incident.ticket),
        "danger": _mark(report.danger, pressing=menu.category(report.category).is_pressing(report.danger)),
        "kind": _label(menu, "category", report.category),
        "place": _label(menu, "area", report.area),
        "status": incident.status.value,
        "veracity": incident.veracity.value,
        "new": _NEW_DETAILS if incident.new_details_at else "",
        "repeated": f"{incident.repeated} in a day" if incident.repeated else "",
        "taken_by": incident.taken_by,
        "reporter": _reporter(incident, menu),
        "received_at": format_local(report.received_at, menu.timezone),
        "deadline": _deadline(incident, menu),
        "updated_at": format_local(incident.updated_at, menu.timezone),
        "filed": _RECOGNISED if report.recognised else "",
        "channel": report.channel,
        "language": report.language,
        "phone": incident.phone,
        "answers": _without_words(report.answers, menu),
    }


def incident_json(incident: Incident, menu: Menu | None = None) -> dict[str, Any]:
    """Return an incident for programs, without personal answers. The menu, if there is one, names the others."""
    report = incident.report
    return {
        "ticket": incident.ticket,
        "category": report.category,
        "area": report.area,
        "when": report.when,
        "when_date": report.when_date.isoformat() if report.when_date else None,
        "known_date": report.known_date.isoformat() if report.known_date else None,
        "danger": report.danger,
        "answers": dict(report.answers),
        "answers_shown": _shown(report.answers, menu) if menu else {},
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
        "reporter": {"name": reporter.name, "role": reporter.role} if (reporter := incident.reporter) else None,
        "recognised": report.recognised,
        "repeated": incident.repeated,
        "deadline": (_deadline(incident, menu) if menu else "") or None,
    }


def file_json(file: IncidentFile, menu: Menu | None = None) -> dict[str, Any]:
    return {
        **incident_json(file.incident, menu),
        "personal_answers": dict(file.incident.report.personal_answers),
        "filed_by": file.filed_by,
        "messages": file.sent,
        "received": file.received,
        "history": file.history,
        "questions": file.questions,
    }


def file_rows(file: IncidentFile, menu: Menu) -> dict[str, Any]:
    """Return everything about a report, for a person to read: values first, then a table for each list.

    What is empty is left out.
    """
    incident, zone = file.incident, menu.timezone
    report = incident.report
    when = _label(menu, "when", report.when)
    contact = {None: "", True: "yes", False: "no"}[report.contact]
    rows = {
        **(row := incident_row(incident, menu)),
        "when": f"{when} {report.when_date or ''}".strip(),
        "danger": row["danger"] or report.danger,
        "known": report.known_date.isoformat() if report.known_date else "",
        "contact": contact,
        "filed": _filed_words(file),
        "session": report.session,
        "said": report.description,
        "answers": [{"answer": name, "said": value} for name, value in _shown(report.all_answers, menu).items()],
        "details": [
            {"at": format_local(detail.at, zone), "channel": detail.channel, "said": detail.text}
            for detail in incident.details
        ],
        "questions": [_question_row(asked, zone) for asked in file.questions],
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


def _question_row(asked: DeskQuestion, zone: tzinfo) -> dict[str, str]:
    return {
        "at": format_local(asked.asked_at, zone),
        "to": asked.name,
        "question": asked.question,
        "answer": asked.answer.value if asked.answer else "",
        "said": asked.said,
        "answered_at": format_local(asked.answered_at, zone) if asked.answered_at else "",
    }


def _declared(draft: ListedDraft, menu: Menu) -> dict[str, str]:
    """Return the answers of a draft that the pack declares and that are not personal."""
    return dict(menu.form.read(menu.form.of_report(draft.answers), earlier=True).plain)


def _without_words(answers: Mapping[str, str], menu: Menu) -> str:
    """Return declared answers on one line, without those that are words of a resident."""
    texts = {name for name, declared in menu.form.answers.items() if declared.type is AnswerType.TEXT}
    told = {name: value for name, value in answers.items() if name in menu.form.answers and name not in texts}
    return ", ".join(f"{name}: {value}" for name, value in _shown(told, menu).items())


def _shown(answers: Mapping[str, str], menu: Menu) -> dict[str, str]:
    """Return the names and values of answers that the pack declares, as a person reads them."""
    language = menu.language
    return {
        menu.answer_label(name, language): menu.answer_text(name, value, language) for name, value in answers.items()
    }


def _filed_words(file: IncidentFile) -> str:
    """Return in words how a report was filed, empty for one that its reporter asked for."""
    if file.incident.report.recognised:
        return "recognised in an SMS, not asked for"
    return {_FILED_UNFINISHED: "unfinished, sent by SMS", _FILED_BY_DESK: "by the desk"}.get(file.filed_by, "")


def draft_row(draft: ListedDraft, menu: Menu) -> dict[str, str]:
    """Return the cells of a draft in a table."""
    return {
        "left_at": format_local(draft.left_at, menu.timezone),
        "danger": _mark(draft.answers.get("danger", ""), pressing=draft.is_pressing),
        "kind": _label(menu, "category", draft.answers.get("category", "")),
        "place": _label(menu, "area", draft.answers.get("area", "")),
        "language": draft.language,
        "channel": draft.channel,
        "phone": draft.phone,
        "answers": _without_words(_declared(draft, menu), menu),
    }


def draft_json(draft: ListedDraft, menu: Menu | None = None) -> dict[str, Any]:
    """Return a draft for programs, without personal answers. Without a menu no declared answer is known."""
    answers = {name: draft.answers.get(name, "") for name in _DRAFT_ANSWERS}
    declared = _declared(draft, menu) if menu else {}
    return {
        "channel": draft.channel,
        "session": draft.session,
        "marked": draft.is_pressing,
        **answers,
        "answers": declared,
        "answers_shown": _shown(declared, menu) if menu else {},
        "language": draft.language,
        "left_at": draft.left_at.isoformat(),
        "phone": draft.phone,
    }


def _reporter(incident: Incident, menu: Menu) -> str:
    """Return the role and name of somebody who reports by duty. Empty for anybody else."""
    reporter = incident.reporter
    return f"{label_of(menu.roles, reporter.role, menu.language)} {reporter.name}".strip() if reporter else ""


def _label(menu: Menu, answer: str, value: str) -> str:
    return menu.full_label(answer, value, menu.language) if value else ""


def _detail_words(detail: Mapping[str, str | int]) -> str:
    """Return the detail of an audit row on one line, without its empty values. What changed comes first."""
    names = [
        *(name for name in ("from", "to") if name in detail),
        *(name for name in detail if name not in ("from", "to")),
    ]
    return ", ".join(f"{name}: {detail[name]}" for name in names if detail[name] not in ("", None))
