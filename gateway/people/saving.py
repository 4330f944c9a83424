"""Upserts of what an import has changed: one statement per table, whatever the number of people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, LargeBinary, any_, cast, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.people.opt_outs import lift_statement
from gateway.people.person import Effect, PersonChange
from gateway.people.tables import NOT_WITHDRAWN, people, person_roles, subscriptions
from gateway.vault.vault import Vault

LIST_CHANNEL = "list"
"""Channel of a consent that came with a list."""


async def write_changes(
    connection: AsyncConnection, changes: Mapping[bytes, PersonChange], vault: Vault, now: datetime, source: str
) -> None:
    """Write these changes, by the key of their number, in the transaction that loaded the state before."""
    changed = {key: change for key, change in changes.items() if change.effect is not Effect.UNCHANGED}
    if not changed:
        return
    await _write_people(connection, changed, vault, now, source)
    await _write_roles(connection, changed, now)
    await _write_subscriptions(connection, changed, vault, now, source)
    for key, change in changed.items():
        if change.lifts_opt_out:
            await connection.execute(lift_statement(key, _agreed_at(change)))


def _agreed_at(change: PersonChange) -> datetime:
    """Return the time of the newest dated consent of a change that lifts an opt-out: there is one."""
    return max(grant.agreed_at for grant in change.subscriptions if grant.agreed_at)


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
            "opted_out_at": change.opted_out_at if change.lifts_opt_out else None,
        }
        for key, change in changes.items()
    ]
    upsert = insert(people)
    updated = {
        **{name: upsert.excluded[name] for name in ("name", "language", "updated_at")},
        "opted_out_at": func.greatest(people.c.opted_out_at, upsert.excluded.opted_out_at),
    }
    await connection.execute(upsert.on_conflict_do_update(index_elements=["phone_key"], set_=updated), rows)


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
            "role": grant.role,
            "areas": list(grant.areas),
            "basis": grant.basis,
            "agreed_at": grant.agreed_at,
            "updated_at": now,
        }
        for key in keys
        for grant in changes[key].grants
    ]
    upsert = insert(person_roles)
    updated = {name: upsert.excluded[name] for name in ("areas", "basis", "agreed_at", "updated_at")}
    await connection.execute(upsert.on_conflict_do_update(index_elements=["person", "role"], set_=updated), rows)


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
            "wording": grant.basis or source,
            "consented_at": grant.agreed_at or now,
            "agreed_at": grant.agreed_at,
        }
        for key, change in changes.items()
        for grant in change.subscriptions
        for area in grant.areas
    ]
    if rows:
        upsert = insert(subscriptions)
        keep_or_insert = upsert.on_conflict_do_update(
            index_elements=["phone_key", "area"],
            index_where=NOT_WITHDRAWN,
            set_={
                "language": upsert.excluded.language,
                "agreed_at": func.greatest(subscriptions.c.agreed_at, upsert.excluded.agreed_at),
            },
        )
        await connection.execute(keep_or_insert, rows)
