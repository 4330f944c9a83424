"""SQL of an audience: who is meant, where each lives, and who of them gets nothing and why.

Preview and expansion ask through the same expressions, so that the one says what the other does. Each is `EXISTS` on
the people's row: over a few thousand ids PostgreSQL looks them up, over a million it hashes.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    LargeBinary,
    Text,
    and_,
    any_,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    true,
)

from gateway.appeals.appeal import REASON_TEXT, SuppressionReason
from gateway.appeals.audience import AllOf, AnyOf, Audience, Group, NoneOf, all_matching_codes, matching_codes
from gateway.appeals.bitmap import IdBitmap
from gateway.people.filters import has_any_role, has_role, is_subscribed, text_array
from gateway.people.person import Role
from gateway.people.tables import NOT_WITHDRAWN, opt_outs, people, person_roles, subscriptions
from gateway.places.areas import Areas


@dataclass(frozen=True, slots=True)
class AudienceQuery:
    """An audience, and in which languages there is a text for its people.

    `fallback` is the language for whoever has no text in his own; empty if that has none either.
    """

    audience: Audience
    areas: Areas
    languages: Collection[str]
    fallback: str

    def matches(self) -> ColumnElement[bool]:
        """Whether somebody is in the audience, and can be written to at all."""
        known = [people.c.phone_key.is_not(None), _matches(self.audience, self.areas)]
        return and_(*known, *([] if _asks_for_roles(self.audience) else [has_any_role()]))

    def language(self) -> ColumnElement[str]:
        """In which language somebody is written to."""
        own = people.c.language == any_(text_array(self.languages))
        return case((own, people.c.language), else_=literal(self.fallback, Text) if self.fallback else _own())

    def area(self) -> ColumnElement[str]:
        """As living where somebody is written to: of his areas that are asked for, the most precise.

        Empty: everywhere, as a contact of all the place. Of who is in the audience no more it is where he had
        subscribed; null if nothing says it any more.
        """
        wanted = all_matching_codes(self.audience, self.areas)
        subscribed = select(func.max(subscriptions.c.area)).where(
            subscriptions.c.phone_key == people.c.phone_key,
            *([subscriptions.c.area == any_(text_array(wanted))] if wanted else []),
        )
        given = func.unnest(person_roles.c.areas).table_valued("code").render_derived("given")
        held = (
            select(func.max(given.c.code))
            .select_from(person_roles.join(given, true()))
            .where(
                person_roles.c.person == people.c.id, *([given.c.code == any_(text_array(wanted))] if wanted else [])
            )
        )
        stands = subscribed.where(NOT_WITHDRAWN).correlate(people).scalar_subquery()
        found = func.greatest(stands, held.correlate(people).scalar_subquery())
        return func.coalesce(
            found, case((self.matches(), ""), else_=null()), subscribed.correlate(people).scalar_subquery()
        )

    def suppression_reason(self, capped: IdBitmap, *, frozen: bool = False) -> ColumnElement[Any]:
        """Why somebody gets nothing, as it stands beside his message; null if he gets it.

        `tired` are those who have had the appeals of a week. Who is asked for is `frozen` where a list says who it is,
        and not that he is meant now.
        """
        reasons: list[tuple[ColumnElement[bool], str]] = [
            (people.c.phone_key.is_(None), REASON_TEXT[SuppressionReason.UNREACHABLE]),
            (
                exists().where(opt_outs.c.phone_key == people.c.phone_key).correlate(people),
                REASON_TEXT[SuppressionReason.OPTED_OUT],
            ),
        ]
        if frozen:  # he has left by a list: who has said STOP has opted out as well
            reasons.append((not_(self.matches()), REASON_TEXT[SuppressionReason.LEFT_AUDIENCE]))
        if capped.bits:
            reasons.append((_is_in(capped), REASON_TEXT[SuppressionReason.WEEKLY_LIMIT]))
        if not self.fallback:
            reasons.append(
                (people.c.language != func.all(text_array(self.languages)), REASON_TEXT[SuppressionReason.NO_TEXT])
            )
        return case(*reasons, else_=null())


def _is_in(crowd: IdBitmap) -> ColumnElement[bool]:
    place = people.c.id - crowd.first
    bit = func.get_bit(cast(crowd.bits, LargeBinary), place)
    # A case, so that the bit is asked for only where there is one.
    return case((and_(place >= 0, place < crowd.end - crowd.first), bit == 1), else_=false())


def _matches(audience: Audience, areas: Areas) -> ColumnElement[bool]:
    match audience:
        case Group():
            return _in_group(audience, areas)
        case AllOf(parts):
            return and_(*(_matches(part, areas) for part in parts))
        case AnyOf(parts):
            return or_(*(_matches(part, areas) for part in parts))
        case NoneOf(part):
            return not_(_matches(part, areas))


def _in_group(group: Group, areas: Areas) -> ColumnElement[bool]:
    asked: list[ColumnElement[bool]] = []
    if group.languages:
        asked.append(people.c.language == any_(text_array(group.languages)))
    if group.roles or group.areas:
        wanted = matching_codes(group, areas)
        contacts = [role for role in group.roles if role is not Role.SUBSCRIBER]
        ways = [] if group.roles and not contacts else [has_role(contacts, wanted)]
        if not group.roles or Role.SUBSCRIBER in group.roles:
            ways.append(is_subscribed(wanted))
        asked.append(or_(*ways))
    return and_(true(), *asked)


def _asks_for_roles(audience: Audience) -> bool:
    """Whether nobody without a role or a subscription can be meant."""
    match audience:
        case Group(roles, areas):
            return bool(roles or areas)
        case AllOf(parts):
            return any(map(_asks_for_roles, parts))
        case AnyOf(parts):
            return all(map(_asks_for_roles, parts))
        case NoneOf():
            return False


def _own() -> ColumnElement[str]:
    return people.c.language
