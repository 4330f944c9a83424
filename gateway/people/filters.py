"""Which people are meant: by role, by subscription, by area. Conditions on a row of `people`."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, any_, cast, exists, or_
from sqlalchemy.dialects.postgresql import ARRAY

from gateway.people.person import Role
from gateway.people.tables import NOT_WITHDRAWN, people, person_roles, subscriptions


def has_role(roles: Collection[Role], areas: Collection[str]) -> ColumnElement[bool]:
    """Whether the person has one of `roles`, or any if none is named, for one of `areas`, or for any."""
    asked: list[ColumnElement[bool]] = [person_roles.c.person == people.c.id]
    if roles:
        asked.append(person_roles.c.role == any_(text_array([role.value for role in roles])))
    if areas:
        asked.append(person_roles.c.areas.overlap(text_array(areas)))
    return exists().where(*asked).correlate(people)


def is_subscribed(areas: Collection[str]) -> ColumnElement[bool]:
    """Whether the person has a subscription that was not withdrawn, for one of `areas`, or for any if none is named."""
    asked: list[ColumnElement[bool]] = [subscriptions.c.phone_key == people.c.phone_key, and_(NOT_WITHDRAWN)]
    if areas:
        asked.append(subscriptions.c.area == any_(text_array(areas)))
    return exists().where(*asked).correlate(people)


def has_any_role() -> ColumnElement[bool]:
    """Whether the person is there for anything at all."""
    return or_(has_role((), ()), is_subscribed(()))


def text_array(values: Collection[str]) -> ColumnElement[Any]:
    """`values` as one array of the database."""
    return cast(sorted(values), ARRAY(Text))
