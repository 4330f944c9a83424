"""The directory against a real PostgreSQL: one person per number, however often a list is read in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Table, select

from gateway.carriers.carrier import OptOut
from gateway.messages.inbox import Inbox
from gateway.messages.suppression import OptOuts
from gateway.people.directory import Directory, ErasedCounts, ImportCounts, erase_person
from gateway.people.loading import load_known
from gateway.people.person import ListedPerson, Person, Role, RoleGrant, plan_change
from gateway.people.saving import write_changes
from gateway.people.subscriptions import Subscriptions
from gateway.people.tables import opt_outs, people, person_roles, subscriptions
from gateway.runtime.postgres import Database
from gateway.text.phone import Phone
from gateway.vault.vault import CannotOpen, Vault
from tests.helpers.clocks import ManualClock

PHONE, OTHER, THIRD = Phone("+6281230004567"), Phone("+6285712340008"), Phone("+6281230000003")
PODOSUGIH, MEDONO, KAUMAN = "33.75.01.1003", "33.75.01.1002", "33.75.02.1003"
BARAT, TIMUR = "33.75.01", "33.75.02"
AT = datetime(2026, 3, 1, tzinfo=UTC)

OFFICER = RoleGrant(Role.OFFICER, (BARAT,), "surat tugas 12")
SUBSCRIBER = RoleGrant(Role.SUBSCRIBER, (PODOSUGIH, MEDONO), "formulir RW 3", AT)


@pytest.fixture
def directory(database: Database, vault: Vault, clock: ManualClock) -> Directory:
    return Directory(database, vault, clock)


@pytest.fixture
def consents(database: Database, vault: Vault, clock: ManualClock) -> Subscriptions:
    return Subscriptions(database, vault, clock)


Stop = Callable[[Phone], Coroutine[Any, Any, None]]


@pytest.fixture
def says_stop(database: Database, vault: Vault, clock: ManualClock) -> Stop:
    async def stop(phone: Phone) -> None:
        await OptOuts(database, vault, clock).add(phone, "at")

    return stop


async def put(directory: Directory, *entries: ListedPerson, dry_run: bool = False) -> ImportCounts:
    return await directory.import_people(entries, source="list.csv", language="id", dry_run=dry_run)


async def rows(database: Database, table: Table) -> list[dict[str, Any]]:
    async with database.begin() as connection:
        found = await connection.execute(select(table).order_by(*table.primary_key.columns))
        return [dict(row) for row in found.mappings()]


async def everything(database: Database) -> list[list[dict[str, Any]]]:
    return [await rows(database, table) for table in (people, person_roles, subscriptions)]


# Reading in ----------------------------------------------------------------------------------------------------


async def test_a_person_with_two_roles(directory: Directory, clock: ManualClock) -> None:
    assert await put(directory, ListedPerson(PHONE, (SUBSCRIBER, OFFICER), "Dewi", "jv")) == ImportCounts(new=1)
    assert await directory.find(PHONE) == Person(
        phone=PHONE,
        name="Dewi",
        language="jv",
        grants=(RoleGrant(Role.SUBSCRIBER, (MEDONO, PODOSUGIH), "formulir RW 3", AT), OFFICER),
        source="list.csv",
        added_at=clock.now(),
        updated_at=clock.now(),
    )
    assert await directory.find(OTHER) is None


async def test_a_consent_out_of_a_list_is_on_record(directory: Directory, database: Database) -> None:
    undated = RoleGrant(Role.SUBSCRIBER, (PODOSUGIH,))
    await put(directory, ListedPerson(PHONE, (SUBSCRIBER,)), ListedPerson(OTHER, (undated,)))
    consents = {(row["wording"], row["channel"], row["language"]) for row in await rows(database, subscriptions)}
    assert consents == {("formulir RW 3", "list", "id"), ("list.csv", "list", "id")}


async def test_a_second_time_the_same_changes_nothing(
    directory: Directory, database: Database, clock: ManualClock
) -> None:
    entries = ListedPerson(PHONE, (SUBSCRIBER, OFFICER), "Dewi"), ListedPerson(OTHER, (OFFICER,))
    await put(directory, *entries)
    before = await everything(database)
    clock.advance(days=1)
    assert await put(directory, *entries) == ImportCounts(unchanged=2)
    assert await everything(database) == before


async def test_a_correction_updates_and_never_doubles(
    directory: Directory, database: Database, clock: ManualClock
) -> None:
    await put(directory, ListedPerson(PHONE, (OFFICER,), "Dewi"))
    clock.advance(days=1)
    corrected = RoleGrant(Role.OFFICER, (TIMUR,)), RoleGrant(Role.LURAH, (KAUMAN,))
    assert await put(directory, ListedPerson(PHONE, corrected, "Dewi Lestari")) == ImportCounts(updated=1)
    person = await directory.find(PHONE)
    assert person
    assert (person.name, person.updated_at - person.added_at) == ("Dewi Lestari", timedelta(days=1))
    assert person.grants == (RoleGrant(Role.OFFICER, (TIMUR,), OFFICER.basis), corrected[1])
    assert len(await rows(database, people)) == 1


async def test_a_dry_run_says_the_same_and_stores_nothing(directory: Directory, database: Database) -> None:
    await put(directory, ListedPerson(PHONE, (OFFICER,)), ListedPerson(THIRD, (OFFICER,)))
    before = await everything(database)
    entries = ListedPerson(PHONE, (OFFICER,)), ListedPerson(OTHER, (SUBSCRIBER,)), ListedPerson(THIRD, (SUBSCRIBER,))
    expected = ImportCounts(new=1, updated=1, unchanged=1)
    assert await put(directory, *entries, dry_run=True) == expected
    assert await everything(database) == before
    assert await put(directory, *entries) == expected


async def test_more_people_than_one_transaction_takes(directory: Directory) -> None:
    entries = [ListedPerson(Phone(f"+62812300{number:05}"), (OFFICER,)) for number in range(2500)]
    assert await put(directory, *entries) == ImportCounts(new=2500)
    assert await put(directory, *reversed(entries)) == ImportCounts(unchanged=2500)
    exported = [person.phone async for person in directory.export()]
    assert exported == [entry.phone for entry in entries], "in the order of the list"


async def test_two_lists_at_once(directory: Directory, database: Database) -> None:
    entries = [ListedPerson(Phone(f"+62812300{number:05}"), (OFFICER, SUBSCRIBER)) for number in range(300)]
    await asyncio.gather(put(directory, *entries), put(directory, *reversed(entries)), put(directory, *entries))
    assert [len(found) for found in await everything(database)] == [300, 300, 600]


async def test_who_said_stop_does_not_come_back(
    directory: Directory,
    consents: Subscriptions,
    says_stop: Stop,
    database: Database,
    vault: Vault,
    clock: ManualClock,
) -> None:
    undated = ListedPerson(OTHER, (RoleGrant(Role.SUBSCRIBER, (PODOSUGIH,), "formulir"),))
    await put(directory, ListedPerson(PHONE, (SUBSCRIBER,)), undated)
    for phone in (PHONE, OTHER):
        await says_stop(phone)
    before = await everything(database)
    clock.advance(days=2)
    assert await put(directory, ListedPerson(PHONE, (SUBSCRIBER,)), undated) == ImportCounts(unchanged=2, declined=2)
    assert await everything(database) == before
    anew = RoleGrant(Role.SUBSCRIBER, (PODOSUGIH,), "formulir", clock.now() - timedelta(days=1))
    assert await put(directory, ListedPerson(PHONE, (anew,)), dry_run=True) == ImportCounts(updated=1)
    assert len(await rows(database, opt_outs)) == 2
    assert await put(directory, ListedPerson(PHONE, (anew,))) == ImportCounts(updated=1)
    assert await consents.active_areas(PHONE) == [PODOSUGIH]
    (refused,) = await rows(database, opt_outs)
    assert refused["phone_key"] == vault.lookup(OTHER), "or nothing would ever be sent to who is listed"


async def test_who_said_stop_again_is_held_to_his_last_word(
    directory: Directory, says_stop: Stop, database: Database, clock: ManualClock
) -> None:
    await says_stop(PHONE)
    clock.advance(days=1)
    between = RoleGrant(Role.SUBSCRIBER, (PODOSUGIH,), "formulir", clock.now())
    clock.advance(days=1)
    await says_stop(PHONE)
    assert await put(directory, ListedPerson(PHONE, (between,))) == ImportCounts(unchanged=1, declined=1)


@pytest.mark.parametrize("by_carrier", [False, True])
async def test_who_said_stop_without_a_subscription_is_brought_by_no_older_consent(
    directory: Directory,
    says_stop: Stop,
    database: Database,
    vault: Vault,
    clock: ManualClock,
    by_carrier: bool,
) -> None:
    if by_carrier:
        await Inbox(database, vault, clock).store_opt_out("at", OptOut(PHONE, "3375"))
    else:
        await says_stop(PHONE)
    clock.advance(days=2)
    undated = RoleGrant(Role.SUBSCRIBER, (PODOSUGIH,), "formulir")
    for agreed in (undated, SUBSCRIBER):
        assert await put(directory, ListedPerson(PHONE, (agreed,), "Dewi")) == ImportCounts(unchanged=1, declined=1)
    assert await rows(database, people) == await rows(database, subscriptions) == [], "nor is he listed"
    assert await put(directory, ListedPerson(PHONE, (undated, OFFICER))) == ImportCounts(new=1, declined=1)
    later = RoleGrant(Role.SUBSCRIBER, (PODOSUGIH,), "formulir", clock.now() - timedelta(days=1))
    assert await put(directory, ListedPerson(PHONE, (later,))) == ImportCounts(updated=1)
    assert await rows(database, opt_outs) == []


async def test_an_erased_number_that_said_stop_is_brought_by_no_older_consent(
    directory: Directory, says_stop: Stop, database: Database, vault: Vault, clock: ManualClock
) -> None:
    await put(directory, ListedPerson(PHONE, (SUBSCRIBER,)))
    await says_stop(PHONE)
    async with database.begin() as connection:
        await erase_person(connection, vault.lookup(PHONE), clock.now())
    assert await put(directory, ListedPerson(PHONE, (SUBSCRIBER,))) == ImportCounts(unchanged=1, declined=1)


async def test_a_stop_waits_for_the_list_that_is_being_read_in(
    directory: Directory, says_stop: Stop, consents: Subscriptions, database: Database, vault: Vault
) -> None:
    """And then ends what that has subscribed: nobody is listed who gets nothing."""
    await put(directory, ListedPerson(PHONE, (OFFICER,)))
    async with database.begin() as connection:
        known = await load_known(connection, [vault.lookup(PHONE)])
        stopping = asyncio.create_task(says_stop(PHONE))
        await asyncio.sleep(0.2)
        assert not stopping.done()
        made = {vault.lookup(PHONE): plan_change(known[vault.lookup(PHONE)], ListedPerson(PHONE, (SUBSCRIBER,)), "id")}
        await write_changes(connection, made, vault, AT, "list.csv")
    await stopping
    assert await consents.active_areas(PHONE) == []


async def test_the_tables_hold_no_readable_number(directory: Directory, database: Database) -> None:
    await put(directory, ListedPerson(PHONE, (SUBSCRIBER, OFFICER), "Dewi"))
    assert "81230004567" not in repr(await everything(database))


# Together with what residents do -------------------------------------------------------------------------------


async def test_who_subscribes_by_phone_is_one_of_the_people(
    directory: Directory, consents: Subscriptions, says_stop: Stop, database: Database
) -> None:
    for area, language in ((PODOSUGIH, "id"), (MEDONO, "jv")):
        await consents.subscribe(PHONE, area, language=language, channel="at", wording="v1")
    (listed,) = await directory.list_people()
    wanted = {"roles": ["subscriber"], "areas": [MEDONO, PODOSUGIH], "language": "jv", "source": "at"}
    assert {name: listed[name] for name in wanted} == wanted
    assert await put(directory, ListedPerson(PHONE, (OFFICER,), "Dewi")) == ImportCounts(updated=1)
    assert len(await rows(database, people)) == 1
    await says_stop(PHONE)
    person = await directory.find(PHONE)
    assert person
    assert person.grants == (OFFICER,)


# Finding -------------------------------------------------------------------------------------------------------


@pytest.fixture
async def several(directory: Directory) -> None:
    await put(
        directory,
        ListedPerson(PHONE, (OFFICER, RoleGrant(Role.CAMAT, (TIMUR,))), "Dewi"),
        ListedPerson(OTHER, (RoleGrant(Role.OFFICER, (PODOSUGIH, KAUMAN)),), "Budi"),
        ListedPerson(THIRD, (RoleGrant(Role.SUBSCRIBER, (PODOSUGIH,), "formulir", AT),)),
    )


@pytest.mark.parametrize(
    ("role", "areas", "found"),
    [
        (None, (), {PHONE, OTHER, THIRD}),
        (Role.OFFICER, (), {PHONE, OTHER}),
        (Role.OFFICER, (TIMUR, KAUMAN), {OTHER}),
        (None, (PODOSUGIH,), {OTHER, THIRD}),
        (None, (TIMUR,), {PHONE}),
        (Role.SUBSCRIBER, (), {THIRD}),
        (Role.SUBSCRIBER, (KAUMAN,), set()),
        (Role.FKUB, (), set()),
    ],
)
async def test_a_list_by_role_and_area(
    directory: Directory, several: None, role: Role | None, areas: tuple[str, ...], found: set[Phone]
) -> None:
    listed = await directory.list_people(10, role, areas)
    assert {person["phone"] for person in listed} == {phone.masked for phone in found}
    assert {person.phone async for person in directory.export(role, areas)} == found


async def test_a_number_that_cannot_be_opened_takes_no_list_down(
    directory: Directory, several: None, database: Database, clock: ManualClock
) -> None:
    """A list that is written out would lose it: that fails."""
    others = Directory(database, Vault(b"\x08" * 32), clock)
    await put(others, ListedPerson(Phone("+6281230000009"), (OFFICER,), "Sari"))
    listed = await directory.list_people()
    assert [person["phone"] for person in listed] == ["?", THIRD.masked, OTHER.masked, PHONE.masked]
    assert (listed[0]["name"], listed[0]["roles"], listed[0]["areas"]) == ("Sari", ["officer"], [BARAT])
    with pytest.raises(CannotOpen):
        [person async for person in directory.export()]


async def test_the_newest_come_first(directory: Directory, several: None) -> None:
    assert len(await directory.list_people(2)) == 2
    await put(directory, ListedPerson(Phone("+6281230000009"), (OFFICER,)))
    assert [person["phone"] for person in await directory.list_people(1)] == ["+62812****009"]


# Erasing -------------------------------------------------------------------------------------------------------


Erase = Callable[[Phone], Awaitable[ErasedCounts]]


@pytest.fixture
def erase(database: Database, vault: Vault, clock: ManualClock) -> Erase:
    async def erase(phone: Phone) -> ErasedCounts:
        async with database.begin() as connection:
            return await erase_person(connection, vault.lookup(phone), clock.now())

    return erase


async def test_an_erased_person_is_nobody(
    directory: Directory, consents: Subscriptions, database: Database, several: None, clock: ManualClock, erase: Erase
) -> None:
    await consents.subscribe(PHONE, MEDONO, language="id", channel="at", wording="v1")
    clock.advance(days=1)
    assert await erase(PHONE) == ErasedCounts(people=1, roles=2, subscriptions=1)
    assert await directory.find(PHONE) is None
    assert len(await directory.list_people()) == 2
    wiped = next(row for row in await rows(database, people) if row["erased_at"])
    assert (wiped["name"], wiped["phone_sealed"], wiped["phone_key"], wiped["language"]) == ("", None, None, "")
    consent = (await rows(database, subscriptions))[-1]
    assert (consent["withdrawn_at"], consent["phone_key"], consent["wording"]) == (clock.now(), None, "v1")
    assert await erase(PHONE) == ErasedCounts()


async def test_an_erased_person_may_be_known_again(
    directory: Directory, database: Database, several: None, erase: Erase
) -> None:
    await erase(THIRD)
    assert await put(directory, ListedPerson(THIRD, (OFFICER,))) == ImportCounts(new=1)
    assert len(await rows(database, people)) == 4
