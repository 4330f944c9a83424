"""SQL of an audience: who is meant, where each lives, and who of them gets nothing and why.

Preview and expansion ask through the same expressions, so that the one says what the other does. Each is `EXISTS` on
the people's row: over a few thousand ids PostgreSQL looks them up, over a million it hashes.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Text,
    and_,
    any_,
    case,
    cast,
    exists,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY

from gateway.appeals.appeal import PER_WEEK, SAID, WEEK, Reason
from gateway.appeals.audience import Audience, Every, Group, Other, Some, all_codes, codes
from gateway.messages.ledger import messages
from gateway.messages.message import Status
from gateway.people.choosing import has_role, is_anybody, subscribes, texts
from gateway.people.person import Role
from gateway.people.records import people, person_roles
from gateway.people.refusals import opt_outs
from gateway.people.subscriptions import STANDING, subscriptions
from gateway.places.areas import Areas

_GOT_NOTHING = (Status.SUPPRESSED, Status.CANCELLED, Status.REFUSED)


@dataclass(frozen=True, slots=True)
class Reach:
    """An audience with what its people get: in which languages there is a text, and the other appeals of the week.

    `fallback` is the language for whoever has no text in his own; empty if that has none either.
    """

    audience: Audience
    areas: Areas
    languages: Collection[str]
    fallback: str
    week: Sequence[int]  # other appeals that may have reached people within a week before `due_at`
    due_at: datetime

    def meant(self) -> ColumnElement[bool]:
        """Whether somebody is in the audience, and can be written to at all."""
        known = [people.c.phone_key.is_not(None), _matches(self.audience, self.areas)]
        return and_(*known, *([] if _asks_for_roles(self.audience) else [is_anybody()]))

    def language(self) -> ColumnElement[str]:
        """In which language somebody is written to."""
        own = people.c.language == any_(texts(self.languages))
        return case((own, people.c.language), else_=literal(self.fallback, Text) if self.fallback else _own())

    def area(self) -> ColumnElement[str]:
        """As living where somebody is written to: of his areas that are asked for, the most precise."""
        wanted = all_codes(self.audience, self.areas)
        subscribed = select(func.max(subscriptions.c.area)).where(
            subscriptions.c.phone_key == people.c.phone_key,
            STANDING,
            *([subscriptions.c.area == any_(texts(wanted))] if wanted else []),
        )
        given = func.unnest(person_roles.c.areas).table_valued("code").render_derived("given")
        held = (
            select(func.max(given.c.code))
            .select_from(person_roles.join(given, true()))
            .where(person_roles.c.person == people.c.id, *([given.c.code == any_(texts(wanted))] if wanted else []))
        )
        found = func.greatest(subscribed.correlate(people).scalar_subquery(), held.correlate(people).scalar_subquery())
        return func.coalesce(found, "")

    def verdict(self, among: Sequence[int] | None = None) -> ColumnElement[Any]:
        """Why somebody gets nothing, as it stands beside his message; null if he gets it.

        `among` are the ids that are asked for, where those are few.
        """
        reasons: list[tuple[ColumnElement[bool], str]] = [
            (people.c.phone_key.is_(None), SAID[Reason.UNREACHABLE]),
            (exists().where(opt_outs.c.phone_key == people.c.phone_key).correlate(people), SAID[Reason.OPTED_OUT]),
        ]
        if among is not None:  # by a list, since it was frozen: who has said STOP has opted out as well
            reasons.append((not_(self.meant()), SAID[Reason.LEFT_AUDIENCE]))
        if len(self.week) >= PER_WEEK:
            reasons.append((self._has_had_enough(among), SAID[Reason.WEEKLY_LIMIT]))
        if not self.fallback:
            reasons.append((people.c.language != func.all(texts(self.languages)), SAID[Reason.NO_TEXT]))
        return case(*reasons, else_=null())

    def _has_had_enough(self, among: Sequence[int] | None) -> ColumnElement[bool]:
        table = messages.c
        had = [
            table.appeal == any_(cast(list(self.week), ARRAY(BigInteger))),
            table.due_at > self.due_at - WEEK,
            table.status.not_in([status.value for status in _GOT_NOTHING]),
        ]
        if among is not None:
            had.append(table.person == any_(cast(list(among), ARRAY(BigInteger))))
        return people.c.id.in_(select(table.person).where(*had).group_by(table.person).having(func.count() >= PER_WEEK))


def _matches(audience: Audience, areas: Areas) -> ColumnElement[bool]:
    match audience:
        case Group():
            return _in_group(audience, areas)
        case Every(parts):
            return and_(*(_matches(part, areas) for part in parts))
        case Some(parts):
            return or_(*(_matches(part, areas) for part in parts))
        case Other(part):
            return not_(_matches(part, areas))


def _in_group(group: Group, areas: Areas) -> ColumnElement[bool]:
    asked: list[ColumnElement[bool]] = []
    if group.languages:
        asked.append(people.c.language == any_(texts(group.languages)))
    if group.roles or group.areas:
        wanted = codes(group, areas)
        contacts = [role for role in group.roles if role is not Role.SUBSCRIBER]
        ways = [] if group.roles and not contacts else [has_role(contacts, wanted)]
        if not group.roles or Role.SUBSCRIBER in group.roles:
            ways.append(subscribes(wanted))
        asked.append(or_(*ways))
    return and_(true(), *asked)


def _asks_for_roles(audience: Audience) -> bool:
    """Whether nobody without a role or a subscription can be meant."""
    match audience:
        case Group(roles, areas):
            return bool(roles or areas)
        case Every(parts):
            return any(map(_asks_for_roles, parts))
        case Some(parts):
            return all(map(_asks_for_roles, parts))
        case Other():
            return False


def _own() -> ColumnElement[str]:
    return people.c.language
