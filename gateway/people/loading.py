"""What stands of people, out of four tables: the person, the roles, the subscriptions, and who wants no appeals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, LargeBinary, Select, any_, cast, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.people.person import UNKNOWN_PERSON, CurrentState, Person, Role, RoleGrant, in_role_order
from gateway.people.tables import opt_outs, people, person_roles, subscriptions
from gateway.vault.vault import Vault


async def load_known(connection: AsyncConnection, keys: Sequence[bytes]) -> Mapping[bytes, CurrentState]:
    """What is known of these numbers, held until the transaction ends: nobody says STOP in between.

    First the person, then what he has, as everybody does who writes here. Who is none of the people may have said it
    all the same.
    """
    named = select(people).where(people.c.phone_key == any_(cast(keys, ARRAY(LargeBinary))))
    rows = (await connection.execute(named.order_by(people.c.phone_key).with_for_update())).all()
    roles = await _roles(connection, [row.id for row in rows])
    subscribed: defaultdict[bytes, dict[str, str]] = defaultdict(dict)
    said_stop: defaultdict[bytes, list[datetime]] = defaultdict(list)
    for row in await _subscriptions(connection, [row.phone_key for row in rows], hold=True):
        if row.withdrawn_at is None:
            subscribed[row.phone_key][row.area] = row.language
        else:
            said_stop[row.phone_key].append(row.withdrawn_at)
    refused = await _refused(connection, keys)
    for key, at in refused.items():
        said_stop[key].append(at)
    known = {
        row.phone_key: CurrentState(
            in_directory=True,
            name=row.name,
            language=row.language,
            grants={part.role: part for part in roles[row.id]},
            subscribed=subscribed[row.phone_key],
            opted_out_at=max(said_stop[row.phone_key], default=None),
            opted_out=row.phone_key in refused,
        )
        for row in rows
    }
    strangers = {key: replace(UNKNOWN_PERSON, opted_out_at=at, opted_out=True) for key, at in refused.items()}
    return strangers | known


async def _refused(connection: AsyncConnection, keys: Sequence[bytes]) -> Mapping[bytes, datetime]:
    """When each of these numbers said last that it wants no appeals, of those that did."""
    of_keys = select(opt_outs).where(opt_outs.c.phone_key == any_(cast(keys, ARRAY(LargeBinary))))
    rows = (await connection.execute(of_keys.order_by(opt_outs.c.at, opt_outs.c.id).with_for_update())).all()
    return {row.phone_key: row.at for row in rows}


async def load_people(connection: AsyncConnection, which: Select[Any], vault: Vault) -> Sequence[Person]:
    """The people of these rows of their table, in their order, with all roles. Raises `CannotOpen`."""
    return [
        Person(
            phone=vault.open(row.phone_sealed),
            name=row.name,
            language=row.language,
            grants=parts,
            source=row.source,
            added_at=row.added_at,
            updated_at=row.updated_at,
        )
        for row, parts in await _with_parts(connection, which)
    ]


async def list_people(
    connection: AsyncConnection, which: Select[Any], vault: Vault
) -> Sequence[dict[str, str | list[str]]]:
    """As `load_people`, for lists and JSON (design.md section 7).

    Numbers are masked, and `?` where one cannot be opened.
    """
    return [
        {
            "phone": vault.masked(row.phone_sealed),
            "name": row.name,
            "roles": [part.role.value for part in parts],
            "areas": sorted({area for part in parts for area in part.areas}),
            "language": row.language,
            "source": row.source,
            "added_at": row.added_at.isoformat(),
            "updated_at": row.updated_at.isoformat(),
        }
        for row, parts in await _with_parts(connection, which)
    ]


async def _with_parts(connection: AsyncConnection, which: Select[Any]) -> list[tuple[Any, tuple[RoleGrant, ...]]]:
    """The rows, each with the roles of its person, subscriber among them."""
    rows = (await connection.execute(which)).all()
    if not rows:
        return []
    parts = await _roles(connection, [row.id for row in rows])
    subscriber = _subscribers(await _subscriptions(connection, [row.phone_key for row in rows]))
    return [(row, in_role_order([*parts[row.id], *subscriber.get(row.phone_key, ())])) for row in rows]


async def _roles(connection: AsyncConnection, ids: Sequence[int]) -> Mapping[int, list[RoleGrant]]:
    held = select(person_roles).where(person_roles.c.person == any_(cast(ids, ARRAY(BigInteger))))
    parts: defaultdict[int, list[RoleGrant]] = defaultdict(list)
    for row in (await connection.execute(held)).all():
        parts[row.person].append(RoleGrant(Role(row.role), tuple(row.areas), row.basis, row.agreed_at))
    return parts


async def _subscriptions(connection: AsyncConnection, keys: Sequence[bytes], *, hold: bool = False) -> Sequence[Any]:
    """Every subscription of these numbers, also withdrawn ones, the first first."""
    table = subscriptions.c
    columns = (table.phone_key, table.area, table.language, table.wording, table.consented_at, table.withdrawn_at)
    of_keys = select(*columns).where(table.phone_key == any_(cast(keys, ARRAY(LargeBinary))))
    ordered = of_keys.order_by(table.phone_key, table.area, table.id)
    return (await connection.execute(ordered.with_for_update() if hold else ordered)).all()


def _subscribers(rows: Sequence[Any]) -> Mapping[bytes, list[RoleGrant]]:
    """The standing subscriptions of each number as one role, on the grounds of the first consent."""
    standing: defaultdict[bytes, list[Any]] = defaultdict(list)
    for row in rows:
        if row.withdrawn_at is None:
            standing[row.phone_key].append(row)
    parts = {}
    for key, held in standing.items():
        first = min(held, key=lambda row: row.consented_at)
        parts[key] = [RoleGrant(Role.SUBSCRIBER, tuple(row.area for row in held), first.wording, first.consented_at)]
    return parts
