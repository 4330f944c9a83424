"""Who has had the appeals of a week: whatever has happened, exactly what the messages say."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, text

from gateway.appeals.appeal import MAX_PER_WEEK, WEEK, ActNotAllowed
from gateway.appeals.tables import appeal_chunks
from gateway.appeals.weekly_cap import at_weekly_cap
from gateway.carriers.carrier import Accepted, Deferred, Outcome, Refused, Unknown
from gateway.messages.suppression import OptOuts
from gateway.messages.tables import messages
from gateway.privacy.erasure import Eraser
from gateway.runtime.postgres import upgrade
from gateway.text.phone import Phone
from tests.appeals.test_crowd import members
from tests.helpers.appeals import BUDI, DRAFT, KLEGO, MEDONO, SITI, Desk, changed, menu_of, phone

PEOPLE = 24
AUDIENCES = ({"roles": ["subscriber"]}, {"areas": [MEDONO]}, {"areas": [KLEGO]})


class History:
    """What a chance generator lets happen to the appeals of a small town."""

    def __init__(self, desk: Desk, chance: random.Random) -> None:
        self.desk = desk
        self.chance = chance
        self.appeals: list[int] = []

    async def go_on(self) -> None:
        acts = (self.begin, self.begin, self.send, self.send, self.pause, self.resume, self.cancel, self.lose_some)
        await self.chance.choice(acts)()
        self.desk.clock.advance(hours=self.chance.choice((0, 0, 1, 5, 11, 30)))
        await self.desk.work()

    async def begin(self) -> None:
        audience = self.chance.choice(AUDIENCES)
        self.appeals.append(await self.desk.approved(changed(DRAFT, audience=audience)))
        await self.desk.work()

    async def send(self) -> None:
        await self.desk.send(self._outcome, most=self.chance.randint(1, 40))

    def _outcome(self, _: Phone) -> Outcome:
        number = self.chance.random()
        if number < 0.1:
            return Refused("no such number")
        if number < 0.2:
            return Unknown("no answer")
        return Deferred("busy") if number < 0.25 else Accepted(f"id-{self.chance.random()}")

    async def pause(self) -> None:
        await self._try(self.desk.workflow.pause, SITI, "to think")

    async def resume(self) -> None:
        await self._try(self.desk.workflow.resume, BUDI)

    async def cancel(self) -> None:
        await self._try(self.desk.workflow.cancel, SITI, "over")

    async def lose_some(self) -> None:
        one = phone(self.chance.randrange(PEOPLE))
        if self.chance.random() < 0.7:
            await OptOuts(self.desk.database, self.desk.vault, self.desk.clock).add(one, "at")
        else:
            await Eraser(self.desk.database, self.desk.vault, self.desk.clock).erase(one, "siti")

    async def _try(self, act: Callable[..., Awaitable[None]], *arguments: object) -> None:
        if self.appeals:
            with suppress(ActNotAllowed):
                await act(self.chance.choice(self.appeals), *arguments)


async def told_by_messages(desk: Desk, until: datetime, but: int) -> set[int]:
    """The same, counted the long way."""
    table = messages.c
    had = (
        select(table.person)
        .where(
            table.appeal != but,
            table.due_at > until - WEEK,
            table.status.not_in(["suppressed", "cancelled", "refused"]),
        )
        .group_by(table.person)
        .having(func.count() >= MAX_PER_WEEK)
    )
    async with desk.database.begin() as connection:
        return set((await connection.execute(had)).scalars())


async def told_by_chunks(desk: Desk, until: datetime, but: int, among: Sequence[int] | None = None) -> set[int]:
    async with desk.database.begin() as connection:
        return members(await at_weekly_cap(connection, until, but, among))


async def due_times(desk: Desk) -> Sequence[datetime]:
    async with desk.database.begin() as connection:
        return (
            (await connection.execute(select(messages.c.due_at).distinct().order_by(messages.c.due_at))).scalars().all()
        )


@pytest.mark.parametrize("seed", (0, 1, 9, 11, 13, 14))
async def test_it_is_what_the_messages_say(desk: Desk, seed: int) -> None:
    """At the edge of a week too, where some of an appeal's messages count and others do not."""
    chance = random.Random(seed)
    desk.menu = menu_of(stages="- {key: masa_tenang, first: 2030-01-01, last: 2030-01-03}\n")
    await desk.settle(PEOPLE // 2, area=MEDONO)
    await desk.settle(PEOPLE // 2, area=KLEGO, first=PEOPLE // 2)
    history = History(desk, chance)
    for _ in range(MAX_PER_WEEK):
        await history.begin()
    found = 0
    for _ in range(25):
        await history.go_on()
        but = chance.choice([0, *history.appeals])
        edge = chance.choice(await due_times(desk)) + WEEK
        for until in (desk.clock.now(), edge - timedelta(seconds=1), edge):
            told = await told_by_messages(desk, until, but)
            assert await told_by_chunks(desk, until, but) == told
            some = sorted(chance.sample(range(1, PEOPLE + 1), 5))
            assert await told_by_chunks(desk, until, but, some) & set(some) == told & set(some)
            found += len(told)
    assert found, "nobody has had enough at any time: such a history shows nothing"


async def test_an_upgrade_finds_it_out_for_what_was_expanded_before(desk: Desk, database_url: str) -> None:
    await desk.settle(PEOPLE)
    for number in range(4):
        await desk.approved()
        await desk.work()
        await desk.send(lambda _: Refused("no"), most=1)
        await desk.send()
        await OptOuts(desk.database, desk.vault, desk.clock).add(phone(PEOPLE - 1 - number), "at")
        await desk.work()
    table = appeal_chunks.c
    kept = select(table.first, table.queued_for, table.due_at).order_by(table.appeal, table.number)
    async with desk.database.begin() as connection:
        before = (await connection.execute(kept)).all()
        for undo in (
            "ALTER TABLE appeal_chunks DROP COLUMN first, DROP COLUMN queued_for, DROP COLUMN due_at",
            "DROP INDEX ix_messages_came_to_nothing",
            "CREATE INDEX ix_messages_appeal ON messages (phone_key)",
            "UPDATE alembic_version SET version_num = '0011'",
        ):
            await connection.execute(text(undo))
    await upgrade(database_url)
    async with desk.database.begin() as connection:
        assert (await connection.execute(kept)).all() == before
    assert len(before) == 15
    assert any(chunk.queued_for for chunk in before)
