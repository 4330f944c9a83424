"""JSON objects of `waspada appeals`: an appeal, its preview, its results. Scripts rely on keys and their order."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gateway.appeals.appeal import Appeal, Total
from gateway.appeals.preview import Preview
from gateway.appeals.results import AppealOverview, AppealResults, Totals
from gateway.appeals.texts import CountedReplacement, TextCost


def appeal_json(appeal: Appeal) -> dict[str, Any]:
    draft = appeal.draft
    return {
        "number": appeal.id,
        "status": appeal.status.value,
        "version": appeal.version,
        "purpose": draft.purpose,
        "template": draft.template,
        "ticket": draft.ticket,
        "channel": draft.channel,
        "audience": dict(draft.audience),
        "texts": dict(draft.texts),
        "starts_at": iso_time(draft.starts_at),
        "authors": list(appeal.authors),
        "approvers": list(appeal.approvers),
        "reason": appeal.reason,
        "people": appeal.audience_size,
        "expanded": appeal.expanded,
        "went_out_at": iso_time(appeal.went_out_at),
        "created_at": iso_time(appeal.created_at),
        "updated_at": iso_time(appeal.updated_at),
        "public_number": appeal.public_number,
        "slots": dict(draft.slots),
    }


def overview_json(overview: AppealOverview) -> dict[str, Any]:
    return {
        **appeal_json(overview.appeal),
        "held_until": iso_time(overview.held_until),
        "approvals_needed": overview.approvals_needed,
        "account": results_json(overview.results),
    }


def results_json(results: AppealResults) -> dict[str, Any]:
    return {
        "frozen": results.audience_size,
        "totals": totals_json(results.totals),
        "suppressed": dict(results.suppressed),
        "languages": _groups_json(results.languages),
        "areas": _groups_json(results.areas),
        "channels": _groups_json(results.channels),
        "hours": _groups_json(results.hours),
        "answers": dict(results.responses),
        "parts": results.parts,
    }


def _groups_json(groups: Mapping[str, Totals]) -> dict[str, dict[str, int]]:
    return {key: totals_json(totals) for key, totals in groups.items()}


def totals_json(totals: Totals) -> dict[str, int]:
    return {total.value: totals[total] for total in Total}


def preview_json(preview: Preview) -> dict[str, Any]:
    shares = {
        language: {"people": share.people, "parts": share.parts, "cost": share.cost}
        for language, share in preview.languages.items()
    }
    return {
        "people": preview.people,
        "reached": preview.reached,
        "parts": preview.parts,
        "cost": preview.cost,
        "languages": shares,
        "suppressed": {reason.value: count for reason, count in preview.suppressed.items()},
        "begins_at": preview.begins_at.isoformat(),
        "held_back": preview.held_back,
        "approvals": preview.approvals,
        "texts": {cost.language: text_cost_json(cost) for cost in preview.texts},
        "obstacles": list(preview.obstacles),
        "notes": list(preview.notes),
        "urgent": preview.urgent,
    }


def text_cost_json(cost: TextCost) -> dict[str, Any]:
    return {
        "text": cost.text,
        "encoding": cost.encoding,
        "length": cost.length,
        "parts": cost.parts,
        "replaced": [_replacement_json(replacement) for replacement in cost.replacements],
    }


def _replacement_json(replacement: CountedReplacement) -> dict[str, Any]:
    return {
        "what": replacement.original,
        "called": replacement.code_point,
        "instead": replacement.substitute,
        "times": replacement.times,
    }


def iso_time(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
