"""SQL of an audience: conditions on a row of `people`, the person's area and language, and suppression reasons.

Preview and expansion use the same expressions, so that the preview is true. Each is an `EXISTS` on the person's row:
for a few thousand ids PostgreSQL looks them up by index, for a million it builds hash tables.
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
from gateway.menu.definitions.roles import SUBSCRIBER
from gateway.people.filters import has_any_role, has_role, is_subscribed, text_array
from gateway.people.tables import NOT_WITHDRAWN, opt_outs, people, person_roles, subscriptions
from gateway.places.areas import Areas


@dataclass(frozen=True, slots=True)
class AudienceQuery:
    """Audience as SQL, and the languages that an appeal has texts in.

    `fallback` is the language of a person whose own language has no text. It is empty if it has no text either.
    """

    audience: Audience
    areas: Areas
    languages: Collection[str]
    fallback: str

    def matches(self) -> ColumnElement[bool]:
        """Return the condition that a person is in the audience and can be written to."""
        conditions = [people.c.phone_key.is_not(None), _matches(self.audience, self.areas)]
        if not _requires_role(self.audience):
            conditions.append(has_any_role())
        return and_(*conditions)

    def language(self) -> ColumnElement[str]:
        has_text = people.c.language == any_(text_array(self.languages))
        fallback = literal(self.fallback, Text) if self.fallback else people.c.language
        return case((has_text, people.c.language), else_=fallback)

    def area(self) -> ColumnElement[str]:
        """Return the area that counts as the person's: among the areas asked for, the most precise one they have.

        Empty means everywhere: a contact for the whole place. For people who have left the audience it is the area they
        had subscribed to, or NULL if unknown.
        """
        wanted = all_matching_codes(self.audience, self.areas)
        # max() is the most precise area: a code begins with the code of the area that encloses it.
        subscribed = select(func.max(subscriptions.c.area)).where(subscriptions.c.phone_key == people.c.phone_key)
        role_area = func.unnest(person_roles.c.areas).table_valued("code").render_derived("role_area")
        of_roles = (
            select(func.max(role_area.c.code))
            .select_from(person_roles.join(role_area, true()))
            .where(person_roles.c.person == people.c.id)
        )
        if wanted:
            subscribed = subscribed.where(subscriptions.c.area == any_(text_array(wanted)))
            of_roles = of_roles.where(role_area.c.code == any_(text_array(wanted)))
        active = subscribed.where(NOT_WITHDRAWN).correlate(people).scalar_subquery()
        current = func.greatest(active, of_roles.correlate(people).scalar_subquery())
        former = subscribed.correlate(people).scalar_subquery()
        return func.coalesce(current, case((self.matches(), ""), else_=null()), former)

    def suppression_reason(self, capped: IdBitmap, *, frozen: bool = False) -> ColumnElement[Any]:
        """Return the reason text for suppressing a person's message, NULL if it may be sent.

        `capped` are the people at the frequency cap. `frozen`: the people come from a frozen audience, so they may have
        left it since.
        """
        # The order decides which reason a person gets who has several. Opting out withdraws the subscription as well,
        # so it is tested before leaving the audience.
        reasons: list[tuple[ColumnElement[bool], SuppressionReason]] = [
            (people.c.phone_key.is_(None), SuppressionReason.UNREACHABLE),
            (
                exists().where(opt_outs.c.phone_key == people.c.phone_key).correlate(people),
                SuppressionReason.OPTED_OUT,
            ),
        ]
        if frozen:
            reasons.append((not_(self.matches()), SuppressionReason.LEFT_AUDIENCE))
        if capped.bits:
            reasons.append((_is_in_bitmap(capped), SuppressionReason.WEEKLY_LIMIT))
        if not self.fallback:
            has_no_text = people.c.language != func.all(text_array(self.languages))
            reasons.append((has_no_text, SuppressionReason.NO_TEXT))
        return case(*((condition, REASON_TEXT[reason]) for condition, reason in reasons), else_=null())


def _is_in_bitmap(bitmap: IdBitmap) -> ColumnElement[bool]:
    offset = people.c.id - bitmap.first
    bit = func.get_bit(cast(bitmap.bits, LargeBinary), offset)
    # CASE evaluates in order: get_bit fails for an offset outside of the bytes, so the range is tested first.
    return case((and_(offset >= 0, offset < bitmap.end - bitmap.first), bit == 1), else_=false())


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
    conditions: list[ColumnElement[bool]] = []
    if group.languages:
        conditions.append(people.c.language == any_(text_array(group.languages)))
    if group.roles or group.areas:
        wanted = matching_codes(group, areas)
        contacts = [role for role in group.roles if role != SUBSCRIBER]
        # Subscribers are known by their subscriptions, all other roles by rows of `person_roles`.
        registered: list[ColumnElement[bool]] = []
        if contacts or not group.roles:
            registered.append(has_role(contacts, wanted))
        if not group.roles or SUBSCRIBER in group.roles:
            registered.append(is_subscribed(wanted))
        conditions.append(or_(*registered))
    return and_(true(), *conditions)


def _requires_role(audience: Audience) -> bool:
    """Return True if the audience excludes people without a role or a subscription by itself."""
    match audience:
        case Group(roles, areas):
            return bool(roles or areas)
        case AllOf(parts):
            return any(map(_requires_role, parts))
        case AnyOf(parts):
            return all(map(_requires_role, parts))
        case NoneOf():
            return False
