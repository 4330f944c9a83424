"""Latest appeals in memory: three lines that fit, true for a while without PostgreSQL, and then unknown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from gateway.appeals.latest import LatestAppeals
from gateway.appeals.published import PublishedAppeal
from gateway.menu import engine
from gateway.menu.model import LONGEST_APPEAL_LINE
from gateway.runtime.postgres import DatabaseUnavailable
from gateway.text import gsm
from tests.helpers.appeals import DRAFT, AppealWorld
from tests.helpers.clocks import ManualClock
from tests.helpers.packs import MENU

SENT = datetime(2026, 11, 19, 5, tzinfo=UTC)


def published(number: int, purpose: str = "Tetap rukun") -> PublishedAppeal:
    return PublishedAppeal(number, purpose, {"id": "x"}, (), SENT)


async def test_values_are_unknown_before_the_first_reading(clock: ManualClock) -> None:
    async def latest(_: int) -> Sequence[PublishedAppeal]:
        return [published(2), published(1)]

    appeals = LatestAppeals(latest, lambda: MENU, clock)
    assert appeals.values() == {"appeals_sent": "", "appeals": ""}

    await appeals.refresh()

    assert appeals.values() == {"appeals_sent": "2", "appeals": "No 2 19/11 Tetap rukun\nNo 1 19/11 Tetap rukun"}


async def test_values_stay_for_ten_minutes_without_postgresql(clock: ManualClock) -> None:
    available = True

    async def latest(_: int) -> Sequence[PublishedAppeal]:
        if not available:
            raise DatabaseUnavailable
        return []

    appeals = LatestAppeals(latest, lambda: MENU, clock)
    await appeals.refresh()
    available = False
    with pytest.raises(DatabaseUnavailable):
        await appeals.refresh()

    clock.advance(minutes=9)
    assert appeals.values()["appeals_sent"] == "0"
    clock.advance(minutes=2)
    assert appeals.values()["appeals_sent"] == ""


@pytest.mark.parametrize("purpose", ["x" * 200, "\u65e5\u672c" * 30, "[" * 50, "a\nb\tc"])
async def test_line_fits_and_is_gsm7_whatever_the_purpose(clock: ManualClock, purpose: str) -> None:
    async def latest(_: int) -> Sequence[PublishedAppeal]:
        return [published(9999, purpose)]

    appeals = LatestAppeals(latest, lambda: MENU, clock)
    await appeals.refresh()

    line = appeals.values()["appeals"]
    assert gsm.septets(line) <= LONGEST_APPEAL_LINE
    assert "\n" not in line


async def test_sent_appeal_is_on_the_screen_without_sql(world: AppealWorld) -> None:
    await world.add_subscribers(1)
    await world.expanded_appeal(DRAFT)
    await world.send_due_messages()
    await world.run_appeal_worker()
    await world.appeals.latest.refresh()

    given = world.appeals.latest.values()

    assert given == {"appeals_sent": "1", "appeals": "No 1 19/11 Tetap rukun"}


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"appeals_sent": "1", "appeals": "No 1 19/11 Tetap rukun"}, "No 1 19/11 Tetap rukun\n"),
        ({"appeals_sent": "0", "appeals": ""}, "Belum ada imbauan"),
        ({"appeals_sent": "", "appeals": ""}, "belum dapat dibaca"),
        ({}, "belum dapat dibaca"),
    ],
)
def test_menu_shows_the_latest_appeals_or_why_not(given: dict[str, str], shown: str) -> None:
    at_appeals = engine.begin(MENU).session._replace(state="appeals", language="id")
    step = engine.step(MENU, at_appeals, "3", given=given)
    assert shown in step.screen
