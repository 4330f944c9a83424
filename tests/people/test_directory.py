"""Directory over a real PostgreSQL: import, find, list, export and erase people."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from gateway.people.directory import Directory, ErasedCounts, ImportCounts, erase_person
from gateway.people.person import ListedPerson, Person, RoleGrant
from gateway.people.subscriptions import Subscriptions
from gateway.people.tables import people, subscriptions
from gateway.runtime.postgres import Database
from gateway.text.phone import Phone
from gateway.vault.vault import CannotOpen, Vault
from tests.helpers.clocks import ManualClock
from tests.helpers.people import (
    AT,
    BARAT,
    FOURTH,
    KAUMAN,
    MEDONO,
    OFFICER,
    PODOSUGIH,
    SUBSCRIBER,
    THIRD,
    TIMUR,
    directory_rows,
    import_list,
)
from tests.helpers.phones import NUMBER, OTHER, phone
from tests.helpers.tables import rows

# Import ----------------------------------------------------------------------------------------------------------


async def test_import_adds_a_person_with_two_roles(directory: Directory, clock: ManualClock) -> None:
    assert await import_list(directory, ListedPerson(NUMBER, (SUBSCRIBER, OFFICER), "Dewi", "jv")) == ImportCounts(
        new=1
    )
    assert await directory.find(NUMBER) == Person(
        phone=NUMBER,
        name="Dewi",
        language="jv",
        grants=(RoleGrant("subscriber", (MEDONO, PODOSUGIH), "formulir RW 3", AT), OFFICER),
        source="list.csv",
        added_at=clock.now(),
        updated_at=clock.now(),
    )
    assert await directory.find(OTHER) is None


async def test_import_stores_the_consent_of_a_subscriber(directory: Directory, database: Database) -> None:
    undated = RoleGrant("subscriber", (PODOSUGIH,))
    await import_list(directory, ListedPerson(NUMBER, (SUBSCRIBER,)), ListedPerson(OTHER, (undated,)))

    consents = {(row["wording"], row["channel"], row["language"]) for row in await rows(database, subscriptions)}

    assert consents == {("formulir RW 3", "list", "id"), ("list.csv", "list", "id")}


async def test_import_of_the_same_list_again_changes_nothing(
    directory: Directory, database: Database, clock: ManualClock
) -> None:
    entries = ListedPerson(NUMBER, (SUBSCRIBER, OFFICER), "Dewi"), ListedPerson(OTHER, (OFFICER,))
    await import_list(directory, *entries)
    before = await directory_rows(database)

    clock.advance(days=1)

    assert await import_list(directory, *entries) == ImportCounts(unchanged=2)
    assert await directory_rows(database) == before


async def test_import_updates_a_person_and_adds_no_second_row(
    directory: Directory, database: Database, clock: ManualClock
) -> None:
    await import_list(directory, ListedPerson(NUMBER, (OFFICER,), "Dewi"))
    clock.advance(days=1)

    corrected = RoleGrant("officer", (TIMUR,)), RoleGrant("lurah", (KAUMAN,))
    assert await import_list(directory, ListedPerson(NUMBER, corrected, "Dewi Lestari")) == ImportCounts(updated=1)

    person = await directory.find(NUMBER)
    assert person
    assert (person.name, person.updated_at - person.added_at) == ("Dewi Lestari", timedelta(days=1))
    assert person.grants == (RoleGrant("officer", (TIMUR,), OFFICER.basis), corrected[1])
    assert len(await rows(database, people)) == 1


async def test_dry_run_counts_the_same_and_stores_nothing(directory: Directory, database: Database) -> None:
    await import_list(directory, ListedPerson(NUMBER, (OFFICER,)), ListedPerson(THIRD, (OFFICER,)))
    before = await directory_rows(database)
    entries = ListedPerson(NUMBER, (OFFICER,)), ListedPerson(OTHER, (SUBSCRIBER,)), ListedPerson(THIRD, (SUBSCRIBER,))

    expected = ImportCounts(new=1, updated=1, unchanged=1)

    assert await import_list(directory, *entries, dry_run=True) == expected
    assert await directory_rows(database) == before
    assert await import_list(directory, *entries) == expected


async def test_import_takes_more_people_than_one_chunk(directory: Directory) -> None:
    entries = [ListedPerson(phone(number), (OFFICER,)) for number in range(2500)]
    assert await import_list(directory, *entries) == ImportCounts(new=2500)
    assert await import_list(directory, *reversed(entries)) == ImportCounts(unchanged=2500)

    exported = [person.phone async for person in directory.export()]
    assert exported == [entry.phone for entry in entries], "in the order of the list"


async def test_simultaneous_imports_do_not_deadlock(directory: Directory, database: Database) -> None:
    entries = [ListedPerson(phone(number), (OFFICER, SUBSCRIBER)) for number in range(300)]
    await asyncio.gather(
        import_list(directory, *entries), import_list(directory, *reversed(entries)), import_list(directory, *entries)
    )

    assert [len(found) for found in await directory_rows(database)] == [300, 300, 600]


async def test_import_stores_no_readable_number(directory: Directory, database: Database) -> None:
    await import_list(directory, ListedPerson(NUMBER, (SUBSCRIBER, OFFICER), "Dewi"))
    assert "81230004567" not in repr(await directory_rows(database))


# List and export -------------------------------------------------------------------------------------------------


@pytest.fixture
async def several(directory: Directory) -> None:
    await import_list(
        directory,
        ListedPerson(NUMBER, (OFFICER, RoleGrant("camat", (TIMUR,))), "Dewi"),
        ListedPerson(OTHER, (RoleGrant("officer", (PODOSUGIH, KAUMAN)),), "Budi"),
        ListedPerson(THIRD, (RoleGrant("subscriber", (PODOSUGIH,), "formulir", AT),)),
    )


@pytest.mark.parametrize(
    ("role", "areas", "found"),
    [
        (None, (), {NUMBER, OTHER, THIRD}),
        ("officer", (), {NUMBER, OTHER}),
        ("officer", (TIMUR, KAUMAN), {OTHER}),
        (None, (PODOSUGIH,), {OTHER, THIRD}),
        (None, (TIMUR,), {NUMBER}),
        ("subscriber", (), {THIRD}),
        ("subscriber", (KAUMAN,), set()),
        ("fkub", (), set()),
    ],
)
async def test_list_and_export_filter_by_role_and_area(
    directory: Directory, several: None, role: str | None, areas: tuple[str, ...], found: set[Phone]
) -> None:
    listed = await directory.list_people(10, role, areas)

    assert {person.phone for person in listed} == {phone.masked for phone in found}
    assert {person.phone async for person in directory.export(role, areas)} == found


async def test_list_shows_a_number_of_another_key_as_a_question_mark(
    directory: Directory, several: None, database: Database, clock: ManualClock
) -> None:
    """An export would lose the person: it fails."""
    others = Directory(database, Vault(b"\x08" * 32), clock)
    await import_list(others, ListedPerson(FOURTH, (OFFICER,), "Sari"))

    listed = await directory.list_people()

    assert [person.phone for person in listed] == ["?", THIRD.masked, OTHER.masked, NUMBER.masked]
    assert (listed[0].name, listed[0].roles, listed[0].areas) == ("Sari", ("officer",), (BARAT,))
    with pytest.raises(CannotOpen):
        [person async for person in directory.export()]


async def test_list_begins_with_the_last_added(directory: Directory, several: None) -> None:
    assert len(await directory.list_people(2)) == 2

    await import_list(directory, ListedPerson(FOURTH, (OFFICER,)))
    assert [person.phone for person in await directory.list_people(1)] == [FOURTH.masked]


# Erase -----------------------------------------------------------------------------------------------------------


Erase = Callable[[Phone], Awaitable[ErasedCounts]]


@pytest.fixture
def erase(database: Database, vault: Vault, clock: ManualClock) -> Erase:
    async def erase(phone: Phone) -> ErasedCounts:
        async with database.begin() as connection:
            return await erase_person(connection, vault.lookup(phone), clock.now())

    return erase


async def test_erase_removes_the_person_and_keeps_the_withdrawn_consent(
    directory: Directory, consents: Subscriptions, database: Database, several: None, clock: ManualClock, erase: Erase
) -> None:
    await consents.subscribe(NUMBER, MEDONO, language="id", channel="at", wording="v1")
    clock.advance(days=1)
    assert await erase(NUMBER) == ErasedCounts(people=1, roles=2, subscriptions=1)
    assert await directory.find(NUMBER) is None
    assert len(await directory.list_people()) == 2

    wiped = next(row for row in await rows(database, people) if row["erased_at"])
    assert (wiped["name"], wiped["phone_sealed"], wiped["phone_key"], wiped["language"]) == ("", None, None, "")

    consent = (await rows(database, subscriptions))[-1]
    assert (consent["withdrawn_at"], consent["phone_key"], consent["wording"]) == (clock.now(), None, "v1")
    assert await erase(NUMBER) == ErasedCounts()


async def test_erased_person_may_be_imported_again(
    directory: Directory, database: Database, several: None, erase: Erase
) -> None:
    await erase(THIRD)

    assert await import_list(directory, ListedPerson(THIRD, (OFFICER,))) == ImportCounts(new=1)
    assert len(await rows(database, people)) == 4


async def test_a_role_that_the_pack_no_longer_has_is_kept_and_shown(directory: Directory) -> None:
    await import_list(directory, ListedPerson(NUMBER, (RoleGrant("kades", (TIMUR,)), OFFICER), "Dewi"))

    (listed,) = await directory.list_people(role="kades")
    assert listed.roles == ("officer", "kades")
    assert await directory.held_roles() == {"kades", "officer"}
