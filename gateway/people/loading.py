"""Load people out of four tables: the person, the roles, the subscriptions and the opt-outs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, LargeBinary, Select, any_, cast, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.menu.definitions.roles import SUBSCRIBER
from gateway.people.person import (
    UNKNOWN_PERSON,
    ActiveSubscription,
    CurrentState,
    Person,
    RoleGrant,
    in_role_order,
    shown_area,
)
from gateway.people.tables import NOT_WITHDRAWN, opt_outs, people, person_roles, subscriptions
from gateway.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class PersonSummary:
    """Person as a list shows them: the number masked, `?` where it cannot be decrypted."""

    phone: str
    name: str = field(repr=False)
    roles: tuple[str, ...]
    areas: tuple[str, ...]  # of all roles, in the order of their codes, `*` for everywhere
    language: str
    source: str
    added_at: datetime
    updated_at: datetime


async def load_known(connection: AsyncConnection, keys: Sequence[bytes]) -> Mapping[bytes, CurrentState]:
    """Load the state of these numbers and lock its rows until the transaction ends: no opt-out comes in between.

    A number outside the directory may have opted out too. Lock order, as of every writer: the person first, then the
    rows of the person.
    """
    named = select(people).where(people.c.phone_key == any_(cast(keys, ARRAY(LargeBinary))))
    rows = (await connection.execute(named.order_by(people.c.phone_key).with_for_update())).all()
    roles = await _load_roles(connection, [row.id for row in rows])
    subscribed: defaultdict[bytes, dict[str, ActiveSubscription]] = defaultdict(dict)
    for row in await _load_subscriptions(connection, [row.phone_key for row in rows], lock=True):
        subscribed[row.phone_key][row.area] = ActiveSubscription(row.language, row.agreed_at)
    opted_out = await _lock_opt_outs(connection, keys)
    known = {
        row.phone_key: CurrentState(
            in_directory=True,
            name=row.name,
            language=row.language,
            grants={grant.role: grant for grant in roles[row.id]},
            subscribed=subscribed[row.phone_key],
            opted_out_at=max(filter(None, (row.opted_out_at, opted_out.get(row.phone_key))), default=None),
            opted_out=row.phone_key in opted_out,
        )
        for row in rows
    }
    strangers = {key: replace(UNKNOWN_PERSON, opted_out_at=at, opted_out=True) for key, at in opted_out.items()}
    return strangers | known


async def _lock_opt_outs(connection: AsyncConnection, keys: Sequence[bytes]) -> Mapping[bytes, datetime]:
    """Lock the opt-outs of these numbers. Returns the time of the last one of each."""
    of_keys = select(opt_outs).where(opt_outs.c.phone_key == any_(cast(keys, ARRAY(LargeBinary))))
    rows = (await connection.execute(of_keys.order_by(opt_outs.c.at, opt_outs.c.id).with_for_update())).all()
    return {row.phone_key: row.at for row in rows}


async def load_people(connection: AsyncConnection, which: Select[Any], vault: Vault) -> Sequence[Person]:
    """Load the people of selected rows, in their order, with all roles. Raises `CannotOpen`."""
    return [
        Person(
            phone=vault.open(row.phone_sealed, row.phone_key),
            name=row.name,
            language=row.language,
            grants=grants,
            source=row.source,
            added_at=row.added_at,
            updated_at=row.updated_at,
        )
        for row, grants in await _with_grants(connection, which)
    ]


async def list_people(connection: AsyncConnection, which: Select[Any], vault: Vault) -> Sequence[PersonSummary]:
    """Load the summaries of selected rows, in their order. A number that cannot be decrypted is no error."""
    return [
        PersonSummary(
            phone=vault.masked(row.phone_sealed, row.phone_key),
            name=row.name,
            roles=tuple(grant.role for grant in grants),
            areas=tuple(sorted({shown_area(area) for grant in grants for area in grant.areas})),
            language=row.language,
            source=row.source,
            added_at=row.added_at,
            updated_at=row.updated_at,
        )
        for row, grants in await _with_grants(connection, which)
    ]


async def _with_grants(connection: AsyncConnection, which: Select[Any]) -> list[tuple[Any, tuple[RoleGrant, ...]]]:
    """Load selected rows, each with the roles of its person, subscriber among them."""
    rows = (await connection.execute(which)).all()
    if not rows:
        return []
    grants = await _load_roles(connection, [row.id for row in rows])
    subscriber = _subscriber_grants(await _load_subscriptions(connection, [row.phone_key for row in rows]))
    return [(row, in_role_order([*grants[row.id], *subscriber.get(row.phone_key, ())])) for row in rows]


async def _load_roles(connection: AsyncConnection, ids: Sequence[int]) -> Mapping[int, list[RoleGrant]]:
    of_people = select(person_roles).where(person_roles.c.person == any_(cast(ids, ARRAY(BigInteger))))
    grants: defaultdict[int, list[RoleGrant]] = defaultdict(list)
    for row in (await connection.execute(of_people)).all():
        grants[row.person].append(RoleGrant(row.role, tuple(row.areas), row.basis, row.agreed_at))
    return grants


async def _load_subscriptions(
    connection: AsyncConnection, keys: Sequence[bytes], *, lock: bool = False
) -> Sequence[Any]:
    """Load the active subscriptions of these numbers, by area."""
    table = subscriptions.c
    columns = (table.phone_key, table.area, table.language, table.wording, table.consented_at, table.agreed_at)
    of_keys = select(*columns).where(table.phone_key == any_(cast(keys, ARRAY(LargeBinary))), NOT_WITHDRAWN)
    ordered = of_keys.order_by(table.phone_key, table.area)
    return (await connection.execute(ordered.with_for_update() if lock else ordered)).all()


def _subscriber_grants(rows: Sequence[Any]) -> Mapping[bytes, list[RoleGrant]]:
    """Return the active subscriptions of each number as one grant, on the basis of the first consent.

    It has a date only if every one of them has.
    """
    active: defaultdict[bytes, list[Any]] = defaultdict(list)
    for row in rows:
        active[row.phone_key].append(row)
    grants = {}
    for key, subscribed in active.items():
        first = min(subscribed, key=lambda row: row.consented_at)
        areas = tuple(row.area for row in subscribed)
        agreed_at = first.consented_at if all(row.agreed_at for row in subscribed) else None
        grants[key] = [RoleGrant(SUBSCRIBER, areas, first.wording, agreed_at)]
    return grants
