"""What went out, for everybody to see: so that a forged appeal is known by not being there. No number is on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, select

from gateway.appeals.audience import AllOf, AnyOf, Audience, Group, InvalidAudience, NoneOf, named_areas, parse_audience
from gateway.appeals.store import draft_from_row
from gateway.appeals.tables import appeals
from gateway.appeals.texts import public_heading
from gateway.appeals.workflow import incident_area
from gateway.menu.model import Menu, appeal_area_label
from gateway.runtime.postgres import Database
from gateway.text.phone import mask_in
from gateway.text.wording import fill, placeholders

MAX_PUBLISHED = 500  # with three a week to everybody, those of three years
_DEADLINE_S = 2.0
_OWN_AREA = "[kelurahan/desa]"
"""What stands on the page where each person reads the name of the own kelurahan."""


@dataclass(frozen=True, slots=True)
class PublishedAppeal:
    """An appeal that went out. `purpose` is its heading (`saying.heading`).

    `areas` are names, none for all of the place; `texts` are by language, in the pack's order.
    """

    number: int
    purpose: str
    texts: Mapping[str, str]
    areas: Sequence[str]
    went_out_at: datetime

    def for_json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "purpose": self.purpose,
            "texts": dict(self.texts),
            "areas": list(self.areas),
            "went_out_at": self.went_out_at.isoformat(),
        }


class PublishedAppeals:
    """Reads what went out. May raise `DatabaseAway`."""

    def __init__(self, database: Database, menu: Callable[[], Menu], channels: Mapping[str, str]) -> None:
        """`menu` gives the pack that is in force, `channels` are the codes to dial, by channel."""
        self._database = database
        self._menu = menu
        self._channels = channels

    async def list_published(self, limit: int = MAX_PUBLISHED) -> Sequence[PublishedAppeal]:
        """The appeals of which an SMS has left, the newest first."""
        menu, table = self._menu(), appeals.c
        left = select(appeals).where(table.went_out_at.is_not(None))
        newest = left.order_by(table.went_out_at.desc(), table.id.desc()).limit(limit)
        async with self._database.begin(deadline=_DEADLINE_S) as connection:
            rows = (await connection.execute(newest)).mappings().all()
            places = {row["ticket"]: await incident_area(connection, row["ticket"]) for row in rows}
        return [self._published(row, menu, places[row["ticket"]]) for row in rows]

    def _published(self, row: RowMapping, menu: Menu, place: str) -> PublishedAppeal:
        values = {
            "kel": appeal_area_label(menu, place) if place else _OWN_AREA,
            "ussd": self._channels.get(row["channel"], ""),
            "svc": menu.service,
        }
        return PublishedAppeal(
            number=row["id"],
            purpose=mask_in(public_heading(draft_from_row(row), menu)),
            texts={language: mask_in(_filled(text, values)) for language, text in _in_order(row["texts"], menu)},
            areas=_names(row["audience"], menu),
            went_out_at=row["went_out_at"],
        )


def _in_order(texts: Mapping[str, str], menu: Menu) -> list[tuple[str, str]]:
    """`texts` as the pack orders its languages, then those that it no longer has."""
    order = [*menu.languages]
    return sorted(texts.items(), key=lambda one: order.index(one[0]) if one[0] in order else len(order))


def _filled(text: str, values: Mapping[str, str]) -> str:
    return fill(text, {name: values.get(name, "") for name in placeholders(text)})


# Where ---------------------------------------------------------------------------------------------------------


def _names(audience: Mapping[str, Any], menu: Menu) -> tuple[str, ...]:
    try:
        codes = _codes(parse_audience(audience, menu.areas, menu.languages), menu)
    except InvalidAudience:  # the pack has lost what it names
        codes = None
    return tuple(appeal_area_label(menu, code) for code in sorted(codes or ()))


def _codes(audience: Audience, menu: Menu) -> frozenset[str] | None:
    """The areas that it keeps to; None if it keeps to none."""
    match audience:
        case Group():
            return named_areas(audience, menu.areas) if audience.areas else None
        case AllOf(parts):
            return _union(found for part in parts if (found := _codes(part, menu)) is not None) or None
        case AnyOf(parts):
            each = [_codes(part, menu) for part in parts]
            return None if None in each else _union(found for found in each if found is not None)
        case NoneOf():
            return None


def _union(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset[str]().union(*sets)
