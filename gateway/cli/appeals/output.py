"""How an appeal, its preview and its account are shown: as JSON, or as tables."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

from gateway.appeals.appeal import Appeal, AppealStatus
from gateway.appeals.preview import Preview
from gateway.appeals.results import UNKNOWN_AREA, AppealResults
from gateway.appeals.texts import TextCost, public_heading
from gateway.cli.output import print_row, print_rows
from gateway.menu.model import Menu, appeal_area_label

_ONE_BY_NAME = {"languages": "language", "areas": "area", "channels": "channel", "hours": "hour"}


@dataclass(frozen=True, slots=True)
class Look:
    """An appeal and its account, as they stood at one look."""

    appeal: Appeal
    account: AppealResults
    needed: int | None = None  # approvals, while it may still be approved
    held_until: datetime | None = None  # when it goes on, where quiet hours hold it back

    def for_json(self) -> dict[str, Any]:
        shown = {"held_until": _iso(self.held_until), "approvals_needed": self.needed}
        return {**appeal_json(self.appeal), **shown, "account": self.account.for_json()}


def appeal_json(appeal: Appeal) -> dict[str, Any]:
    """The appeal in lists and JSON."""
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
        "starts_at": _iso(draft.starts_at),
        "authors": list(appeal.authors),
        "approvers": list(appeal.approvers),
        "reason": appeal.reason,
        "people": appeal.audience_size,
        "expanded": appeal.expanded,
        "went_out_at": _iso(appeal.went_out_at),
        "created_at": _iso(appeal.created_at),
        "updated_at": _iso(appeal.updated_at),
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def as_line(appeal: Appeal, timezone: ZoneInfo) -> dict[str, Any]:
    """The appeal as a line of a table, its times by the clocks of `timezone`."""
    shown = appeal_json(appeal)
    times = {
        "starts_at": appeal.draft.starts_at,
        "went_out_at": appeal.went_out_at,
        "created_at": appeal.created_at,
        "updated_at": appeal.updated_at,
    }
    shown |= {name: by_the_clock(at, timezone) for name, at in times.items()}
    return {**shown, "authors": ", ".join(shown["authors"]), "approvers": ", ".join(shown["approvers"])}


def by_the_clock(at: datetime | None, timezone: ZoneInfo) -> str:
    """A time as people there read it: `2026-11-25 09:00 WIB`."""
    return f"{at.astimezone(timezone):%Y-%m-%d %H:%M %Z}" if at else ""


def held(until: datetime | None, timezone: ZoneInfo) -> str:
    """Until when quiet hours hold it back: `2026-11-26 07:00 WIB (quiet hours)`."""
    return f"{by_the_clock(until, timezone)} (quiet hours)" if until else ""


def print_list(
    rows: Sequence[tuple[Appeal, datetime | None]], menu: Menu, as_json: bool, status: AppealStatus | None
) -> None:
    """Appeals, of `status` if there is one, each with until when quiet hours hold it back, as JSON or as a table."""
    columns = ["number", "status", "purpose", "people", "starts_at", "authors", "approvers", "reason"]
    if any(until for _, until in rows):
        columns.insert(2, "held_until")
    shown = [
        {**appeal_json(appeal), "held_until": _iso(until)}
        if as_json
        else {**as_line(appeal, menu.timezone), "held_until": held(until, menu.timezone)}
        for appeal, until in rows
    ]
    named = "a draft" if status is AppealStatus.DRAFT else status
    print_rows(shown, columns, as_json, f"No appeal is {named}." if named else "There is no appeal yet.")


def told_approved(appeal: Appeal, enough: bool) -> str:
    """What an approval has come to; `enough` says that it needs no other."""
    if not enough:
        return f"Appeal {appeal.id} is approved once; it needs the approval of another person."
    if appeal.status is AppealStatus.PAUSED:
        return f"Appeal {appeal.id} is approved, and paused: resume lets it go on."
    people = "1 person" if appeal.audience_size == 1 else f"{appeal.audience_size} people"
    return f"Appeal {appeal.id} is approved, for {people}."


def print_look(look: Look, menu: Menu) -> None:
    """The appeal and what became of everybody, as tables."""
    shown: dict[str, Any] = as_line(look.appeal, menu.timezone) | {"audience": json.dumps(look.appeal.draft.audience)}
    shown["heading"] = public_heading(look.appeal.draft, menu)
    if look.held_until:
        shown["held_until"] = held(look.held_until, menu.timezone)
    shown["approvals_needed"] = look.needed
    shown["texts"] = [{"language": language, "text": text} for language, text in look.appeal.texts.items()]
    account = look.account.for_json()
    totals = {**account["totals"], "in all": account["frozen"]}
    shown["totals"] = [{"total": total, "people": people} for total, people in totals.items()]
    shown |= {name: _counted(account[name]) for name in ("suppressed", "answers")}
    for name, one in _ONE_BY_NAME.items():
        groups: Mapping[str, Mapping[str, int]] = account[name]
        shown[name] = [{one: _place(menu, key) if one == "area" else key, **counts} for key, counts in groups.items()]
    print_row({**shown, "parts sent": account["parts"]}, as_json=False)


def _place(menu: Menu, area: str) -> str:
    return "no longer known" if area == UNKNOWN_AREA else appeal_area_label(menu, area)


def print_offer(appeal: Appeal, preview: Preview, menu: Menu) -> None:
    """All that somebody is asked to approve: what is said, to whom and how many, and when."""
    draft, texts = appeal.draft, [{"language": text.language, "text": text.text} for text in preview.texts]
    said = {"purpose": draft.purpose, "template": draft.template, "ticket": draft.ticket, "channel": draft.channel}
    about = {"number": appeal.id, **said, "audience": json.dumps(draft.audience), "authors": ", ".join(appeal.authors)}
    print_row({**about, "said": texts}, as_json=False)
    click.echo()
    print_preview(appeal, preview, menu)


def print_preview(appeal: Appeal, preview: Preview, menu: Menu) -> None:
    """What an appeal would do, as tables, its times by the clocks of the pack."""
    shown = {"version": appeal.version, "heading": public_heading(appeal.draft, menu), **preview.for_json()}
    del shown["held_back"], shown["approvals"]
    shown["cost"] = shown["cost"] or "no price is set (part_cost)"
    shown["begins_at"] = by_the_clock(preview.begins_at, menu.timezone)
    shown["held back by quiet hours"] = "yes" if preview.held_back else "no"
    shown["approvals needed"] = preview.approvals
    shown["texts"] = [_cost(one) for one in preview.texts]
    shown["replaced"] = [
        {"language": text.language, "what": str(one), "instead": _seen(one.substitute), "times": one.times}
        for text in preview.texts
        for one in text.replacements
    ]
    shown["languages"] = [{"language": language, **share} for language, share in shown["languages"].items()]
    shown["suppressed"] = _counted(shown["suppressed"])
    shown["obstacles"] = [{"keeps it from going out": obstacle} for obstacle in shown["obstacles"]]
    shown["notes"] = [{"to know": note} for note in shown["notes"]]
    print_row(shown, as_json=False)


def cost_lines(texts: Sequence[TextCost]) -> list[str]:
    """What each text costs, and what of it was replaced, in words."""
    lines = []
    for text in texts:
        cost = _cost(text)
        lines.append(f"{text.language}: {cost['encoding']}, {cost['length']}, parts: {text.parts}")
        lines += [
            f"{text.language}: {one} is replaced by {_seen(one.substitute)}, times: {one.times}"
            for one in text.replacements
        ]
    return lines


def _cost(text: TextCost) -> dict[str, Any]:
    unit, alphabet = ("septets", "GSM-7") if text.encoding == "gsm7" else ("units", "UCS-2")
    return {"language": text.language, "encoding": alphabet, "length": f"{text.length} {unit}", "parts": text.parts}


def _seen(instead: str) -> str:
    return {"": "nothing", " ": "a space", "\n": "a new line"}.get(instead, instead)


def _counted(counts: Mapping[str, int]) -> list[dict[str, Any]]:
    return [{"what": what.replace("_", " "), "people": people} for what, people in counts.items()]
