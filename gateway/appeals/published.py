"""Published appeals: those that went out, for everybody to see, without a number.

A forged appeal can be recognised, since it is not among them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, exists, or_, select

from gateway.appeals.audience import AllOf, AnyOf, Audience, Group, InvalidAudience, NoneOf, named_areas, parse_audience
from gateway.appeals.incident_link import incident_area
from gateway.appeals.store import draft_from_row
from gateway.appeals.tables import appeals
from gateway.appeals.terms import terms_of
from gateway.appeals.texts import AppealValues, public_heading
from gateway.menu.model import Menu, appeal_area_label
from gateway.messages.tables import messages
from gateway.runtime.postgres import Database
from gateway.text.phone import mask_in
from gateway.text.wording import fill, placeholders

MAX_PUBLISHED = 500  # three years of three a week to everybody
_DEADLINE_S = 2.0
_OWN_AREA = "[kelurahan/desa]"
"""Shown on the page for the name of each person's own kelurahan."""


@dataclass(frozen=True, slots=True)
class PublishedAppeal:
    """Appeal that went out. `purpose` is its public heading (`texts.public_heading`), numbers in it are masked.

    `number` is the one that its texts name. It is None in the moment before the worker has given it.

    `areas` are names, empty for the whole place. `texts` are by language, in the pack's order.
    """

    number: int | None
    purpose: str
    texts: Mapping[str, str]
    areas: Sequence[str]
    went_out_at: datetime
    urgent: bool = False

    def text_in(self, language: str) -> str:
        """Return the text in this language, or else in the first one."""
        return self.texts.get(language) or next(iter(self.texts.values()), "")


class PublishedAppeals:
    """Store of published appeals, read only. May raise `DatabaseUnavailable`."""

    def __init__(
        self, database: Database, menu: Callable[[], Menu], values_for: Callable[[str, int | None], AppealValues]
    ) -> None:
        """`menu` returns the pack in force. `values_for` returns the values of a channel and a number."""
        self._database = database
        self._menu = menu
        self._values_for = values_for

    async def list_published(self, limit: int = MAX_PUBLISHED) -> Sequence[PublishedAppeal]:
        """List the appeals of which an SMS was sent, newest first."""
        menu, table = self._menu(), appeals.c
        sent = select(appeals).where(table.went_out_at.is_not(None))
        newest = sent.order_by(table.went_out_at.desc(), table.id.desc()).limit(limit)
        async with self._database.begin(deadline=_DEADLINE_S) as connection:
            rows = (await connection.execute(newest)).mappings().all()
            areas = {row["ticket"]: await incident_area(connection, row["ticket"], menu) for row in rows}
        return [self._published(row, menu, areas[row["ticket"]]) for row in rows]

    async def find_published(self, number: int) -> PublishedAppeal | None:
        """Return the appeal with this public number, if an SMS of it was sent."""
        table = appeals.c
        has_sent = exists().where(messages.c.appeal == table.id, messages.c.sent_at.is_not(None))
        named = select(appeals).where(table.public_number == number, or_(table.went_out_at.is_not(None), has_sent))
        async with self._database.begin() as connection:
            row = (await connection.execute(named)).mappings().first()
            if row is None:
                return None
            menu = self._menu()
            return self._published(row, menu, await incident_area(connection, row["ticket"], menu))

    def _published(self, row: RowMapping, menu: Menu, area: str) -> PublishedAppeal:
        given = self._values_for(row["channel"], row["public_number"])
        own_area = appeal_area_label(menu, area) if area else _OWN_AREA
        return PublishedAppeal(
            number=row["public_number"],
            purpose=mask_in(public_heading(draft_from_row(row), menu)),
            texts={
                language: mask_in(_fill_tolerant(text, given.placeholder_values(menu, language, own_area)))
                for language, text in _in_pack_order(row["texts"], menu)
            },
            areas=_area_names(row["audience"], menu),
            went_out_at=row["went_out_at"] or row["updated_at"],  # the worker has not recorded it yet
            urgent=terms_of(row["template"], menu).urgent,
        )


def _in_pack_order(texts: Mapping[str, str], menu: Menu) -> list[tuple[str, str]]:
    """Sort `texts` by the pack's order of languages, then those that it no longer has."""
    order = [*menu.languages]
    return sorted(texts.items(), key=lambda item: order.index(item[0]) if item[0] in order else len(order))


def _fill_tolerant(text: str, values: Mapping[str, str]) -> str:
    """Fill a template, with nothing for an unknown placeholder."""
    return fill(text, {name: values.get(name, "") for name in placeholders(text)})


# Areas ---------------------------------------------------------------------------------------------------------


def _area_names(audience: Mapping[str, Any], menu: Menu) -> tuple[str, ...]:
    try:
        codes = _limiting_areas(parse_audience(audience, menu.areas, menu.languages), menu)
    except InvalidAudience:  # the pack no longer has a word of it
        codes = None
    return tuple(appeal_area_label(menu, code) for code in sorted(codes or ()))


def _limiting_areas(audience: Audience, menu: Menu) -> frozenset[str] | None:
    """Return the areas that an audience is limited to, None if it is not limited."""
    match audience:
        case Group():
            return named_areas(audience, menu.areas) if audience.areas else None
        case AllOf(parts):
            limits = [areas for part in parts if (areas := _limiting_areas(part, menu)) is not None]
            return _union(limits) or None
        case AnyOf(parts):
            # One unlimited part makes the whole unlimited.
            limits = []
            for part in parts:
                areas = _limiting_areas(part, menu)
                if areas is None:
                    return None
                limits.append(areas)
            return _union(limits)
        case NoneOf():
            return None


def _union(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset[str]().union(*sets)
