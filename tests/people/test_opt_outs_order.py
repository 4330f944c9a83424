"""The newest wish counts by the time at which it was received, in whichever order wishes are handled."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from gateway.carriers.carrier import OptOut
from gateway.messages.inbox import Inbox
from gateway.messages.suppression import OptOuts
from gateway.people.directory import Directory, ImportCounts, erase_person
from gateway.people.person import ListedPerson, RoleGrant
from gateway.people.subscriptions import Subscriptions
from gateway.people.tables import opt_outs, people
from gateway.runtime.postgres import Database
from gateway.text.phone import Phone
from gateway.vault.vault import Vault
from tests.helpers.clocks import ManualClock
from tests.helpers.people import MEDONO, PODOSUGIH, import_list
from tests.helpers.phones import NUMBER, phone
from tests.helpers.tables import rows

START = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
OUT = "out"


def minute(number: int) -> datetime:
    return START + timedelta(minutes=number)


@dataclass(frozen=True, slots=True)
class Wishes:
    """Wishes of phones, each with the time at which it was received."""

    consents: Subscriptions
    leaving: OptOuts
    directory: Directory
    database: Database
    vault: Vault

    async def leave(self, phone: Phone, at: datetime) -> bool:
        return await self.leaving.add(phone, "at", at=at)

    async def join(self, phone: Phone, at: datetime, area: str = PODOSUGIH) -> bool:
        return await self.consents.subscribe(phone, area, language="id", channel="at", wording="v1", at=at)

    async def list(self, phone: Phone, at: datetime | None, area: str = PODOSUGIH) -> ImportCounts:
        return await import_list(
            self.directory, ListedPerson(phone, (RoleGrant("subscriber", (area,), "formulir", at),))
        )

    async def state(self, phone: Phone) -> str | tuple[str, ...]:
        """Return the areas of this phone, or `OUT` while an opt-out is in force."""
        areas = tuple(sorted(await self.consents.active_areas(phone)))
        key = self.vault.lookup(phone)
        opted_out = any(row["phone_key"] == key for row in await rows(self.database, opt_outs))
        assert not (opted_out and areas)
        return OUT if opted_out else areas


@pytest.fixture
def wishes(
    consents: Subscriptions, directory: Directory, database: Database, vault: Vault, clock: ManualClock
) -> Wishes:
    return Wishes(consents, OptOuts(database, vault, clock), directory, database, vault)


Wish = Callable[[Wishes, Phone, datetime], Awaitable[object]]


async def leave(wishes: Wishes, phone: Phone, at: datetime) -> None:
    await wishes.leave(phone, at)


def join(area: str) -> Wish:
    return lambda wishes, phone, at: wishes.join(phone, at, area)


def listed(area: str) -> Wish:
    return lambda wishes, phone, at: wishes.list(phone, at, area)


@pytest.mark.parametrize(
    ("history", "state"),
    [
        ((join(PODOSUGIH), leave), OUT),
        ((leave, join(PODOSUGIH)), (PODOSUGIH,)),
        ((join(PODOSUGIH), leave, join(MEDONO)), (MEDONO,)),
        ((join(PODOSUGIH), leave, join(PODOSUGIH)), (PODOSUGIH,)),
        ((leave, join(PODOSUGIH), leave), OUT),
        ((join(PODOSUGIH), join(MEDONO), leave), OUT),
        ((join(PODOSUGIH), leave, join(MEDONO), join(PODOSUGIH)), (MEDONO, PODOSUGIH)),
        ((leave, join(PODOSUGIH), leave, join(MEDONO)), (MEDONO,)),
        ((listed(PODOSUGIH), leave), OUT),
        ((leave, listed(PODOSUGIH)), (PODOSUGIH,)),
        ((listed(PODOSUGIH), leave, join(MEDONO)), (MEDONO,)),
        ((join(PODOSUGIH), leave, listed(PODOSUGIH)), (PODOSUGIH,)),
        ((listed(PODOSUGIH), leave, listed(PODOSUGIH), leave), OUT),
    ],
)
async def test_wishes_end_alike_in_whichever_order_they_are_handled(
    wishes: Wishes, history: Sequence[Wish], state: str | tuple[str, ...]
) -> None:
    received = [(wish, minute(number)) for number, wish in enumerate(history)]
    for number, order in enumerate(permutations(received)):
        one = phone(100 + number)
        for wish, at in order:
            await wish(wishes, one, at)

        assert await wishes.state(one) == state, [at for _, at in order]


async def test_an_opt_out_and_a_consent_of_one_moment_end_in_the_opt_out(wishes: Wishes) -> None:
    first, second = phone(1), phone(2)

    assert await wishes.leave(first, minute(1))
    assert not await wishes.join(first, minute(1))
    assert await wishes.join(second, minute(1))
    assert await wishes.leave(second, minute(1))

    assert [await wishes.state(one) for one in (first, second)] == [OUT, OUT]
    assert await wishes.list(first, minute(1)) == ImportCounts(unchanged=1, declined=1)


async def test_a_late_consent_changes_nothing_of_a_stranger(wishes: Wishes) -> None:
    await wishes.leave(NUMBER, minute(2))

    assert not await wishes.join(NUMBER, minute(1))

    assert await wishes.state(NUMBER) == OUT
    assert await wishes.directory.find(NUMBER) is None


async def test_a_late_consent_does_not_outweigh_an_opt_out_that_was_lifted_since(wishes: Wishes) -> None:
    await wishes.leave(NUMBER, minute(2))
    await wishes.join(NUMBER, minute(3), MEDONO)

    assert not await wishes.join(NUMBER, minute(1), PODOSUGIH)

    assert await wishes.state(NUMBER) == (MEDONO,)


async def test_a_late_opt_out_withdraws_the_older_of_two_consents(wishes: Wishes) -> None:
    await wishes.join(NUMBER, minute(1), PODOSUGIH)
    await wishes.join(NUMBER, minute(3), MEDONO)

    assert not await wishes.leave(NUMBER, minute(2))

    assert await wishes.state(NUMBER) == (MEDONO,)


async def test_a_late_consent_does_not_take_back_a_newer_language(wishes: Wishes) -> None:
    await wishes.consents.subscribe(NUMBER, MEDONO, language="jv", channel="at", wording="v1", at=minute(2))

    for area in (MEDONO, PODOSUGIH):
        assert await wishes.join(NUMBER, minute(1), area)

    person = await wishes.directory.find(NUMBER)
    assert person
    assert person.language == "jv"


async def test_an_undated_consent_of_a_list_outweighs_no_opt_out_that_is_handled_later(
    wishes: Wishes, clock: ManualClock
) -> None:
    clock.advance(hours=1)
    await wishes.list(NUMBER, None)

    assert await wishes.leave(NUMBER, clock.now() - timedelta(minutes=5))

    assert await wishes.state(NUMBER) == OUT


async def test_a_list_with_a_newer_consent_renews_an_active_one(wishes: Wishes) -> None:
    await wishes.join(NUMBER, minute(1))
    assert await wishes.list(NUMBER, minute(3)) == ImportCounts(updated=1)
    assert await wishes.list(NUMBER, minute(3)) == ImportCounts(unchanged=1)

    assert not await wishes.leave(NUMBER, minute(2))

    assert await wishes.state(NUMBER) == (PODOSUGIH,)


async def test_a_carrier_says_when_it_is_received(
    wishes: Wishes, database: Database, vault: Vault, clock: ManualClock
) -> None:
    await Inbox(database, vault, clock).store_opt_out("at", OptOut(NUMBER, "3375"))

    assert not await wishes.join(NUMBER, clock.now() - timedelta(seconds=1))
    assert await wishes.state(NUMBER) == OUT

    assert await wishes.join(NUMBER, clock.now() + timedelta(seconds=1))
    assert await wishes.state(NUMBER) == (PODOSUGIH,)


async def test_simultaneous_wishes_of_strangers_end_with_the_newer_one(wishes: Wishes) -> None:
    """Neither sees what the other has not committed yet."""
    strangers = [phone(100 + number) for number in range(20)]

    await asyncio.gather(
        *(wishes.leave(one, minute(2)) for one in strangers),
        *(wishes.join(one, minute(3) if number % 2 else minute(1)) for number, one in enumerate(strangers)),
    )

    assert [await wishes.state(one) for one in strangers] == [OUT, (PODOSUGIH,)] * 10


async def test_erasing_forgets_a_lifted_opt_out(wishes: Wishes, clock: ManualClock) -> None:
    await wishes.leave(NUMBER, minute(1))
    await wishes.join(NUMBER, minute(2))
    async with wishes.database.begin() as connection:
        await erase_person(connection, wishes.vault.lookup(NUMBER), clock.now())

    assert [row["opted_out_at"] for row in await rows(wishes.database, people)] == [None]
