"""Opt-outs against imports: a consent that is not later than an opt-out subscribes nobody."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.carriers.carrier import OptOut
from gateway.messages.inbox import Inbox
from gateway.people.directory import Directory, ImportCounts, erase_person
from gateway.people.person import ListedPerson, RoleGrant
from gateway.people.subscriptions import Subscriptions
from gateway.people.tables import opt_outs, people, subscriptions
from gateway.runtime.postgres import Database
from gateway.vault.vault import Vault
from tests.helpers.clocks import ManualClock
from tests.helpers.people import (
    OFFICER,
    PODOSUGIH,
    SUBSCRIBER,
    OptOutPhone,
    directory_rows,
    import_list,
)
from tests.helpers.phones import NUMBER, OTHER
from tests.helpers.tables import rows


async def test_import_declines_consents_older_than_the_opt_out_and_lifts_it_by_a_later_one(
    directory: Directory,
    consents: Subscriptions,
    opt_out: OptOutPhone,
    database: Database,
    vault: Vault,
    clock: ManualClock,
) -> None:
    undated = ListedPerson(OTHER, (RoleGrant("subscriber", (PODOSUGIH,), "formulir"),))
    await import_list(directory, ListedPerson(NUMBER, (SUBSCRIBER,)), undated)
    for phone in (NUMBER, OTHER):
        await opt_out(phone)
    before = await directory_rows(database)

    clock.advance(days=2)
    assert await import_list(directory, ListedPerson(NUMBER, (SUBSCRIBER,)), undated) == ImportCounts(
        unchanged=2, declined=2
    )
    assert await directory_rows(database) == before

    anew = RoleGrant("subscriber", (PODOSUGIH,), "formulir", clock.now() - timedelta(days=1))
    assert await import_list(directory, ListedPerson(NUMBER, (anew,)), dry_run=True) == ImportCounts(updated=1)
    assert len(await rows(database, opt_outs)) == 2
    assert await import_list(directory, ListedPerson(NUMBER, (anew,))) == ImportCounts(updated=1)
    assert await consents.active_areas(NUMBER) == [PODOSUGIH]

    (refused,) = await rows(database, opt_outs)
    assert refused["phone_key"] == vault.lookup(OTHER), "or nothing would ever be sent to who is listed"


async def test_import_declines_a_consent_between_two_opt_outs(
    directory: Directory, opt_out: OptOutPhone, database: Database, clock: ManualClock
) -> None:
    await opt_out(NUMBER)
    clock.advance(days=1)
    between = RoleGrant("subscriber", (PODOSUGIH,), "formulir", clock.now())
    clock.advance(days=1)

    await opt_out(NUMBER)

    assert await import_list(directory, ListedPerson(NUMBER, (between,))) == ImportCounts(unchanged=1, declined=1)


@pytest.mark.parametrize("by_carrier", [False, True])
async def test_import_declines_an_older_consent_of_a_stranger_who_opted_out(
    directory: Directory,
    opt_out: OptOutPhone,
    database: Database,
    vault: Vault,
    clock: ManualClock,
    by_carrier: bool,
) -> None:
    if by_carrier:
        await Inbox(database, vault, clock).store_opt_out("at", OptOut(NUMBER, "3375"))
    else:
        await opt_out(NUMBER)
    clock.advance(days=2)
    undated = RoleGrant("subscriber", (PODOSUGIH,), "formulir")

    for agreed in (undated, SUBSCRIBER):
        assert await import_list(directory, ListedPerson(NUMBER, (agreed,), "Dewi")) == ImportCounts(
            unchanged=1, declined=1
        )
    assert await rows(database, people) == await rows(database, subscriptions) == [], "nor is he listed"
    assert await import_list(directory, ListedPerson(NUMBER, (undated, OFFICER))) == ImportCounts(new=1, declined=1)

    later = RoleGrant("subscriber", (PODOSUGIH,), "formulir", clock.now() - timedelta(days=1))
    assert await import_list(directory, ListedPerson(NUMBER, (later,))) == ImportCounts(updated=1)
    assert await rows(database, opt_outs) == []


async def test_import_declines_an_older_consent_of_an_erased_person_who_opted_out(
    directory: Directory, opt_out: OptOutPhone, database: Database, vault: Vault, clock: ManualClock
) -> None:
    await import_list(directory, ListedPerson(NUMBER, (SUBSCRIBER,)))
    await opt_out(NUMBER)

    async with database.begin() as connection:
        await erase_person(connection, vault.lookup(NUMBER), clock.now())

    assert await import_list(directory, ListedPerson(NUMBER, (SUBSCRIBER,))) == ImportCounts(unchanged=1, declined=1)
