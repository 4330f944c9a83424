"""SQL conditions on a row of `people`: by role, by subscription, by area."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, any_, cast, exists, or_
from sqlalchemy.dialects.postgresql import ARRAY

from gateway.people.tables import NOT_WITHDRAWN, people, person_roles, subscriptions


def has_role(roles: Collection[str], areas: Collection[str]) -> ColumnElement[bool]:
    """Build the condition that the person has one of `roles` in one of `areas`. An empty collection means any."""
    conditions: list[ColumnElement[bool]] = [person_roles.c.person == people.c.id]
    if roles:
        conditions.append(person_roles.c.role == any_(text_array(roles)))
    if areas:
        conditions.append(person_roles.c.areas.overlap(text_array(areas)))
    return exists().where(*conditions).correlate(people)


def is_subscribed(areas: Collection[str]) -> ColumnElement[bool]:
    """Build the condition that the person has an active subscription in one of `areas`. Empty means any area."""
    conditions: list[ColumnElement[bool]] = [subscriptions.c.phone_key == people.c.phone_key, and_(NOT_WITHDRAWN)]
    if areas:
        conditions.append(subscriptions.c.area == any_(text_array(areas)))
    return exists().where(*conditions).correlate(people)


def has_any_role() -> ColumnElement[bool]:
    """Build the condition that the person has a role or an active subscription."""
    return or_(has_role((), ()), is_subscribed(()))


def text_array(values: Collection[str]) -> ColumnElement[Any]:
    return cast(sorted(values), ARRAY(Text))
