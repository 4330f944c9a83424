"""Tables of `waspada appeals`: an appeal, its preview and its results, as text or as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

from gateway.appeals.appeal import Appeal, AppealStatus
from gateway.appeals.approval import Approval, NextStep
from gateway.appeals.preview import Preview
from gateway.appeals.results import UNKNOWN_AREA, AppealOverview, Totals
from gateway.appeals.texts import CountedReplacement, TextCost, public_heading
from gateway.cli.appeals.json_objects import appeal_json, iso_time, totals_json
from gateway.cli.output import print_row, print_rows
from gateway.menu.model import Menu, appeal_area_label
from gateway.text.times import format_local

# Words ---------------------------------------------------------------------------------------------------------


def local_time(at: datetime | None, timezone: ZoneInfo) -> str:
    """Format a time as people there read it, such as `2026-11-25 09:00 WIB`. Empty for None."""
    return format_local(at, timezone) if at else ""


def held_until_text(until: datetime | None, timezone: ZoneInfo) -> str:
    """Format the end of quiet hours, such as `2026-11-26 07:00 WIB (quiet hours)`. Empty for None."""
    return f"{local_time(until, timezone)} (quiet hours)" if until else ""


def approval_sentence(approval: Approval) -> str:
    number = approval.appeal.id
    match approval.next_step:
        case NextStep.APPROVE_AGAIN:
            return f"Appeal {number} is approved once; it needs the approval of another person."
        case NextStep.RESUME:
            return f"Appeal {number} is approved, and paused: resume lets it go on."
        case NextStep.WAIT_FOR_START | NextStep.SEND:
            size = approval.appeal.audience_size
            people = "1 person" if size == 1 else f"{size} people"
            return f"Appeal {number} is approved, for {people}."


def cost_lines(costs: Sequence[TextCost]) -> list[str]:
    """Return lines about the cost of each text and the characters that were replaced in it."""
    lines = []
    for cost in costs:
        row = _cost_row(cost)
        lines.append(f"{cost.language}: {row['encoding']}, {row['length']}, parts: {cost.parts}")
        for replacement in cost.replacements:
            substitute = _visible(replacement.substitute)
            original = _named_original(replacement)
            lines.append(f"{cost.language}: {original} is replaced by {substitute}, times: {replacement.times}")
    return lines


def _named_original(replacement: CountedReplacement) -> str:
    original = replacement.original
    shown = f"{original} " if original.isprintable() and not original.isspace() else ""
    return f"{shown}({replacement.code_point})"


def _visible(substitute: str) -> str:
    return {"": "nothing", " ": "a space", "\n": "a new line"}.get(substitute, substitute)


# Tables --------------------------------------------------------------------------------------------------------


def print_list(
    rows: Sequence[tuple[Appeal, datetime | None]], menu: Menu, as_json: bool, status: AppealStatus | None
) -> None:
    """Print appeals, each with the end of the quiet hours that hold it back. `status` is the one listed, if any."""
    columns = ["number", "status", "purpose", "people", "starts_at", "authors", "approvers", "reason"]
    if any(until for _, until in rows):
        columns.insert(2, "held_until")
    shown = []
    for appeal, until in rows:
        if as_json:
            shown.append({**appeal_json(appeal), "held_until": iso_time(until)})
        else:
            shown.append({**_table_row(appeal, menu.timezone), "held_until": held_until_text(until, menu.timezone)})
    named = "a draft" if status is AppealStatus.DRAFT else status
    print_rows(shown, columns, as_json, f"No appeal is {named}." if named else "There is no appeal yet.")


def _table_row(appeal: Appeal, timezone: ZoneInfo) -> dict[str, Any]:
    """Return the JSON object of an appeal with local times and joined names, as a row of a table."""
    return {
        **appeal_json(appeal),
        "starts_at": local_time(appeal.draft.starts_at, timezone),
        "went_out_at": local_time(appeal.went_out_at, timezone),
        "created_at": local_time(appeal.created_at, timezone),
        "updated_at": local_time(appeal.updated_at, timezone),
        "authors": ", ".join(appeal.authors),
        "approvers": ", ".join(appeal.approvers),
    }


def print_overview(overview: AppealOverview, menu: Menu) -> None:
    appeal, results = overview.appeal, overview.results
    row: dict[str, Any] = _table_row(appeal, menu.timezone) | {"audience": json.dumps(appeal.draft.audience)}
    row["heading"] = public_heading(appeal.draft, menu)
    if overview.held_until:
        row["held_until"] = held_until_text(overview.held_until, menu.timezone)
    row["approvals_needed"] = overview.approvals_needed
    row["slots"] = [{"slot": name, "value": value} for name, value in appeal.draft.slots.items()]
    row["texts"] = [{"language": language, "text": text} for language, text in appeal.texts.items()]
    totals = {**totals_json(results.totals), "in all": results.audience_size}
    row["totals"] = [{"total": total, "people": people} for total, people in totals.items()]
    row["suppressed"] = _count_rows(results.suppressed)
    row["answers"] = _count_rows(results.responses)
    row["languages"] = _group_rows("language", results.languages)
    row["areas"] = [{"area": _area_name(menu, area), **totals_json(totals)} for area, totals in results.areas.items()]
    row["channels"] = _group_rows("channel", results.channels)
    row["hours"] = _group_rows("hour", results.hours)
    print_row({**row, "parts sent": results.parts}, as_json=False)


def _group_rows(column: str, groups: Mapping[str, Totals]) -> list[dict[str, Any]]:
    return [{column: key, **totals_json(totals)} for key, totals in groups.items()]


def _count_rows(counts: Mapping[str, int]) -> list[dict[str, Any]]:
    return [{"what": what.replace("_", " "), "people": people} for what, people in counts.items()]


def _area_name(menu: Menu, area: str) -> str:
    return "no longer known" if area == UNKNOWN_AREA else appeal_area_label(menu, area)


def print_offer(appeal: Appeal, preview: Preview, menu: Menu) -> None:
    """Print everything that a person is asked to approve: the texts, the audience, the preview."""
    draft = appeal.draft
    row = {
        "number": appeal.id,
        "purpose": draft.purpose,
        "template": draft.template,
        "ticket": draft.ticket,
        "channel": draft.channel,
        "audience": json.dumps(draft.audience),
        "authors": ", ".join(appeal.authors),
        "said": [{"language": cost.language, "text": cost.text} for cost in preview.texts],
    }
    print_row(row, as_json=False)
    click.echo()
    print_preview(appeal, preview, menu)


def print_preview(appeal: Appeal, preview: Preview, menu: Menu) -> None:
    """Print the preview of an appeal as tables, with local times."""
    row = {
        "version": appeal.version,
        "heading": public_heading(appeal.draft, menu),
        "people": preview.people,
        "reached": preview.reached,
        "parts": preview.parts,
        "cost": preview.cost or "no price is set (part_cost)",
        "begins_at": local_time(preview.begins_at, menu.timezone),
        "held back by quiet hours": "yes" if preview.held_back else "no",
        "urgent": "yes: neither quiet hours nor the weekly limit hold it back" if preview.urgent else "no",
        "approvals needed": preview.approvals,
        "slots": [{"slot": name, "value": value} for name, value in appeal.draft.slots.items()],
        "languages": [
            {"language": language, "people": share.people, "parts": share.parts, "cost": share.cost}
            for language, share in preview.languages.items()
        ],
        "suppressed": _count_rows({reason.value: count for reason, count in preview.suppressed.items()}),
        "texts": [_cost_row(cost) for cost in preview.texts],
        "obstacles": [{"keeps it from going out": obstacle} for obstacle in preview.obstacles],
        "notes": [{"to know": note} for note in preview.notes],
        "replaced": [
            {
                "language": cost.language,
                "what": _named_original(replacement),
                "instead": _visible(replacement.substitute),
                "times": replacement.times,
            }
            for cost in preview.texts
            for replacement in cost.replacements
        ],
    }
    print_row(row, as_json=False)


def _cost_row(cost: TextCost) -> dict[str, Any]:
    unit, alphabet = ("septets", "GSM-7") if cost.encoding == "gsm7" else ("units", "UCS-2")
    return {"language": cost.language, "encoding": alphabet, "length": f"{cost.length} {unit}", "parts": cost.parts}
