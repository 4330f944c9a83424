"""Frequency cap: computed from bitmaps, it is exactly what counting messages gives, whatever has happened."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text

from gateway.appeals.appeal import WEEK, ActNotAllowed, SuppressionReason
from gateway.appeals.tables import appeal_chunks
from gateway.appeals.weekly_cap import at_weekly_cap, weekly_cap_statement
from gateway.carriers.carrier import Accepted, Deferred, Outcome, Refused, Unknown
from gateway.messages.tables import messages
from gateway.text.phone import Phone
from tests.appeals.test_bitmap import ids_of
from tests.helpers.appeals import BUDI, DRAFT, KLEGO, MEDONO, SITI, STAGES, AppealWorld, appeal_menu
from tests.helpers.golden import assert_golden_sql
from tests.helpers.migrations import to_version
from tests.helpers.phones import phone

PEOPLE = 24
PER_WEEK = 3  # of the pack
AUDIENCES = ({"roles": ["subscriber"]}, {"areas": [MEDONO]}, {"areas": [KLEGO]})


def test_weekly_cap_statement_is_the_golden_one(request: pytest.FixtureRequest) -> None:
    since = datetime(2026, 11, 12, 8, tzinfo=UTC)

    assert_golden_sql("weekly_cap", weekly_cap_statement([1, 2, 3], since, 1, 5_001), request)


async def test_fourth_appeal_of_a_week_is_suppressed(world: AppealWorld) -> None:
    await world.add_subscribers(3)
    for _ in range(3):
        await world.expanded_appeal()
        await world.send_due_messages()
        await world.run_appeal_worker()
    await world.add_subscribers(2, first=3)

    fourth = await world.approved_appeal()
    preview = await world.workflow.preview(DRAFT)
    await world.run_appeal_worker()

    assert await world.send_due_messages() == [phone(3), phone(4)]
    suppressed = (await world.load_results(fourth)).suppressed
    assert suppressed == preview.suppressed == {SuppressionReason.WEEKLY_LIMIT: 3}

    # A week later everybody gets appeals again.
    await world.run_appeal_worker()
    world.clock.advance(days=8)
    assert not world.menu.is_strict(world.clock.now()), "masa tenang is over"
    await world.expanded_appeal()
    assert len(await world.send_due_messages()) == 5


class RandomHistory:
    """Random acts on the appeals of a small town."""

    def __init__(self, world: AppealWorld, chance: random.Random) -> None:
        self.world = world
        self.chance = chance
        self.appeals: list[int] = []

    async def act(self) -> None:
        """Do one random act and let some time pass."""
        acts = (self.begin, self.begin, self.send, self.send, self.pause, self.resume, self.cancel, self.lose_person)
        await self.chance.choice(acts)()
        self.world.clock.advance(hours=self.chance.choice((0, 0, 1, 5, 11, 30)))
        await self.world.run_appeal_worker()

    async def begin(self) -> None:
        audience = self.chance.choice(AUDIENCES)
        self.appeals.append(await self.world.expanded_appeal(replace(DRAFT, audience=audience)))

    async def send(self) -> None:
        await self.world.send_due_messages(self._outcome, most=self.chance.randint(1, 40))

    def _outcome(self, _: Phone) -> Outcome:
        number = self.chance.random()
        if number < 0.1:
            return Refused("no such number")
        if number < 0.2:
            return Unknown("no answer")
        return Deferred("busy") if number < 0.25 else Accepted(f"id-{self.chance.random()}")

    async def pause(self) -> None:
        await self._try(self.world.workflow.pause, SITI, "to think")

    async def resume(self) -> None:
        await self._try(self.world.workflow.resume, BUDI)

    async def cancel(self) -> None:
        await self._try(self.world.workflow.cancel, SITI, "over")

    async def lose_person(self) -> None:
        number = self.chance.randrange(PEOPLE)
        if self.chance.random() < 0.7:
            await self.world.opt_out(number)
        else:
            await self.world.erase(number)

    async def _try(self, act: Callable[..., Awaitable[None]], *arguments: object) -> None:
        if self.appeals:
            with suppress(ActNotAllowed):
                await act(self.chance.choice(self.appeals), *arguments)


async def cap_by_messages(world: AppealWorld, until: datetime, excluding: int) -> set[int]:
    """Compute the cap by counting messages."""
    table = messages.c
    counted = (
        select(table.person)
        .where(
            table.appeal != excluding,
            table.due_at > until - WEEK,
            table.status.not_in(["suppressed", "cancelled", "refused"]),
        )
        .group_by(table.person)
        .having(func.count() >= PER_WEEK)
    )
    async with world.database.begin() as connection:
        return set((await connection.execute(counted)).scalars())


async def cap_by_bitmaps(
    world: AppealWorld, until: datetime, excluding: int, person_ids: Sequence[int] | None = None
) -> set[int]:
    async with world.database.begin() as connection:
        return ids_of(await at_weekly_cap(connection, PER_WEEK, until, excluding, person_ids))


async def due_times(world: AppealWorld) -> Sequence[datetime]:
    times = select(messages.c.due_at).distinct().order_by(messages.c.due_at)
    async with world.database.begin() as connection:
        return (await connection.execute(times)).scalars().all()


@pytest.mark.parametrize("seed", (0, 1, 9, 11, 13, 14))
async def test_cap_by_bitmaps_equals_the_count_of_messages(world: AppealWorld, seed: int) -> None:
    """Compare them at the edge of a week too, where some messages of an appeal count and others do not."""
    chance = random.Random(seed)
    world.change_pack(appeal_menu(stages=STAGES.replace("2026", "2030")))
    await world.add_subscribers(PEOPLE // 2, area=MEDONO)
    await world.add_subscribers(PEOPLE // 2, area=KLEGO, first=PEOPLE // 2)
    history = RandomHistory(world, chance)
    for _ in range(PER_WEEK):
        await history.begin()

    found = 0
    for _ in range(25):
        await history.act()

        excluding = chance.choice([0, *history.appeals])
        edge = chance.choice(await due_times(world)) + WEEK
        for until in (world.clock.now(), edge - timedelta(seconds=1), edge):
            capped = await cap_by_messages(world, until, excluding)
            assert await cap_by_bitmaps(world, until, excluding) == capped
            some = sorted(chance.sample(range(1, PEOPLE + 1), 5))
            assert await cap_by_bitmaps(world, until, excluding, some) & set(some) == capped & set(some)
            found += len(capped)

    assert found, "nobody is at the cap at any time: such a history shows nothing"


async def test_migration_computes_the_bitmaps_of_earlier_expansions(world: AppealWorld) -> None:
    await world.add_subscribers(PEOPLE)
    for number in range(4):
        await world.expanded_appeal()
        await world.send_due_messages(lambda _: Refused("no"), most=1)
        await world.send_due_messages()
        await world.opt_out(PEOPLE - 1 - number)
        await world.run_appeal_worker()
    table = appeal_chunks.c
    chunks = select(table.first, table.queued_for, table.due_at).order_by(table.appeal, table.number)
    async with world.database.begin() as connection:
        before = (await connection.execute(chunks)).all()
        newest = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar_one()
        for undo in (
            "ALTER TABLE appeal_chunks DROP COLUMN first, DROP COLUMN queued_for, DROP COLUMN due_at",
            "DROP INDEX ix_messages_came_to_nothing",
            "CREATE INDEX ix_messages_appeal ON messages (phone_key)",
            "UPDATE alembic_version SET version_num = '0011'",
        ):
            await connection.execute(text(undo))

        await connection.run_sync(to_version, "0012")
        await connection.execute(text("UPDATE alembic_version SET version_num = :newest"), {"newest": newest})

        assert (await connection.execute(chunks)).all() == before
    assert len(before) == 15
    assert any(chunk.queued_for for chunk in before)
