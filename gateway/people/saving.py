"""What a list has changed, written down: one statement per table, whatever the number of people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, LargeBinary, any_, cast, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.people.opt_outs import lift_statement
from gateway.people.person import Effect, PersonChange
from gateway.people.tables import NOT_WITHDRAWN, people, person_roles, subscriptions
from gateway.vault.vault import Vault

LIST_CHANNEL = "list"
"""The channel of a consent that came with a list."""


async def write_changes(
    connection: AsyncConnection, changes: Mapping[bytes, PersonChange], vault: Vault, now: datetime, source: str
) -> None:
    """Write these changes, by the key of their number, in the transaction that has read what stood."""
    made = {key: change for key, change in changes.items() if change.effect is not Effect.UNCHANGED}
    if not made:
        return
    await _write_people(connection, made, vault, now, source)
    await _write_roles(connection, made, now)
    await _write_subscriptions(connection, made, vault, now, source)
    if agreed_anew := [key for key, change in made.items() if change.lifts_opt_out]:
        await connection.execute(lift_statement(agreed_anew))


async def _write_people(
    connection: AsyncConnection, changes: Mapping[bytes, PersonChange], vault: Vault, now: datetime, source: str
) -> None:
    rows = [
        {
            "phone_sealed": vault.seal(change.entry.phone),
            "phone_key": key,
            "name": change.name,
            "language": change.language,
            "source": source,
            "added_at": now,
            "updated_at": now,
        }
        for key, change in changes.items()
    ]
    adding = insert(people)
    renewed = {name: adding.excluded[name] for name in ("name", "language", "updated_at")}
    await connection.execute(adding.on_conflict_do_update(index_elements=["phone_key"], set_=renewed), rows)


async def _write_roles(connection: AsyncConnection, changes: Mapping[bytes, PersonChange], now: datetime) -> None:
    keys = [key for key, change in changes.items() if change.grants]
    if not keys:
        return
    of_keys = people.c.phone_key == any_(cast(keys, ARRAY(LargeBinary)))
    ids = {
        row.phone_key: row.id
        for row in await connection.execute(select(people.c.id, people.c.phone_key).where(of_keys))
    }
    rows: list[dict[str, Any]] = [
        {
            "person": ids[key],
            "role": part.role,
            "areas": list(part.areas),
            "basis": part.basis,
            "agreed_at": part.agreed_at,
            "updated_at": now,
        }
        for key in keys
        for part in changes[key].grants
    ]
    adding = insert(person_roles)
    renewed = {name: adding.excluded[name] for name in ("areas", "basis", "agreed_at", "updated_at")}
    await connection.execute(adding.on_conflict_do_update(index_elements=["person", "role"], set_=renewed), rows)


async def _write_subscriptions(
    connection: AsyncConnection, changes: Mapping[bytes, PersonChange], vault: Vault, now: datetime, source: str
) -> None:
    rows: list[dict[str, Any]] = [
        {
            "phone_sealed": vault.seal(change.entry.phone),
            "phone_key": key,
            "area": area,
            "language": change.language,
            "channel": LIST_CHANNEL,
            "wording": part.basis or source,
            "consented_at": part.agreed_at or now,
        }
        for key, change in changes.items()
        for part in change.subscriptions
        for area in part.areas
    ]
    if rows:
        adding = insert(subscriptions)
        going_on = adding.on_conflict_do_update(
            index_elements=["phone_key", "area"],
            index_where=NOT_WITHDRAWN,
            set_={"language": adding.excluded.language},
        )
        await connection.execute(going_on, rows)
