"""Reports of the day that are due: who is listed, by which hour, and what counts as a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.incidents.daily_reports import DailyReports, DueReport
from gateway.menu.definitions.roles import BUILT_IN, PersonRole, Roles
from gateway.people.duty import find_on_duty, record_quiet
from gateway.text.phone import Phone
from gateway.vault.vault import Vault
from gateway.wiring.container import Services
from tests.helpers.clocks import ManualClock
from tests.helpers.duty import put_on_duty
from tests.helpers.incidents import confirmation, report
from tests.helpers.packs import MENU
from tests.helpers.phones import NUMBER, OTHER, phone

ZONE = MENU.timezone
DAY = date(2026, 11, 28)
ROLES: Roles = {
    **BUILT_IN,
    "fkdm": PersonRole("fkdm", daily_report_by=time(7)),
    "linmas": PersonRole("linmas", daily_report_by=time(16)),
    "rt": PersonRole("rt", reports_without_limit=True),
}


def local(hour: int, minute: int = 0, day: date = DAY) -> datetime:
    return datetime.combine(day, time(hour, minute), ZONE)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 20, tzinfo=UTC))


async def due(services: Services, at: datetime, day: date = DAY, roles: Roles = ROLES) -> Sequence[DueReport]:
    return await DailyReports(services.database, services.vault).list_due(roles, day, ZONE, at, 1000)


async def names(services: Services, at: datetime, **changes: Any) -> list[str]:
    return [one.name for one in await due(services, at, **changes)]


async def file(services: Services, of: Phone, at: datetime) -> None:
    await services.incidents.file(report(f"ATUid_{at:%d%H%M}", received_at=at), of, confirmation)


async def say_quiet(services: Services, of: Phone, at: datetime) -> None:
    async with services.database.begin() as connection:
        person = await find_on_duty(connection, services.vault.lookup(of), list(ROLES))
        assert person is not None
        await record_quiet(connection, person.id, "", at.astimezone(ZONE).date(), at, "at")


async def test_list_due_begins_at_the_hour_of_the_role(services: Services) -> None:
    await put_on_duty(services, NUMBER, "fkdm", ["33.75.02"], "Dewi")
    await put_on_duty(services, OTHER, "linmas", ["33.75.01.1002"], "Budi")
    await put_on_duty(services, phone(3), "rt", ["33.75.01.1002"], "Tono")

    assert await names(services, local(6, 59)) == []
    assert await due(services, local(7)) == [DueReport("Dewi", "fkdm", ("33.75.02",), local(7), NUMBER.masked)]
    assert await names(services, local(16)) == ["Dewi", "Budi"]


@pytest.mark.parametrize(
    ("hours", "is_listed"),
    [((0,), False), ((-1,), True), ((24,), True), ((12,), False), ((18,), True), ((-1, 12), False)],
)
@pytest.mark.parametrize("quiet", [True, False])
async def test_a_report_of_the_day_by_then_counts_and_so_does_an_all_quiet(
    services: Services, hours: tuple[int, ...], is_listed: bool, quiet: bool
) -> None:
    await put_on_duty(services, NUMBER)
    for hour in hours:
        await (say_quiet if quiet else file)(services, NUMBER, local(0) + timedelta(hours=hour))

    assert bool(await names(services, local(17))) == is_listed


async def test_somebody_with_two_roles_is_listed_once_for_the_first_hour(services: Services) -> None:
    await put_on_duty(services, NUMBER, "linmas", ["33.75.01.1002"])
    await put_on_duty(services, NUMBER, "fkdm", ["33.75.02"])

    (one,) = await due(services, local(20))
    assert (one.role, one.areas, one.due_at) == ("fkdm", ("33.75.02",), local(7))


async def test_somebody_added_after_their_hour_owes_nothing_for_that_day(
    services: Services, clock: ManualClock
) -> None:
    clock.advance(seconds=(local(9) - clock.now()).total_seconds())
    await put_on_duty(services, NUMBER)

    assert await names(services, local(20)) == []
    assert await names(services, local(20, day=DAY + timedelta(days=1)), day=DAY + timedelta(days=1)) == ["Dewi"]


async def test_a_role_that_the_pack_no_longer_has_owes_nothing(services: Services) -> None:
    await put_on_duty(services, NUMBER, "fkdm")

    assert await names(services, local(20), roles=BUILT_IN) == []


async def test_an_erased_person_is_not_listed(services: Services) -> None:
    await put_on_duty(services, NUMBER)
    await say_quiet(services, NUMBER, local(5))
    await services.eraser.erase(NUMBER, "siti")

    assert await names(services, local(20)) == []


async def test_a_number_of_another_key_is_listed_without_it(services: Services) -> None:
    await put_on_duty(services, NUMBER)
    listed = await DailyReports(services.database, Vault(bytes(32))).list_due(ROLES, DAY, ZONE, local(20), 10)

    assert [one.phone for one in listed] == ["?"]


ROLE_HOURS = st.dictionaries(st.sampled_from(["fkdm", "linmas", "ketua"]), st.none() | st.times(), max_size=3)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(hours=ROLE_HOURS, at=st.times())
async def test_with_made_up_roles_exactly_those_whose_hour_has_passed_are_listed(
    services: Services, hours: dict[str, time | None], at: time
) -> None:
    for number, role in enumerate(("fkdm", "linmas", "ketua", "rt")):
        await put_on_duty(services, phone(20 + number), role, ["33.75.02"], role)
    roles = {**BUILT_IN, **{key: replace(PersonRole(key), daily_report_by=hour) for key, hour in hours.items()}}
    moment = datetime.combine(DAY, at, ZONE)

    passed = {key for key, hour in hours.items() if hour is not None and datetime.combine(DAY, hour, ZONE) <= moment}
    assert set(await names(services, moment, roles=roles)) == passed
