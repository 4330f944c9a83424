"""Many reports of one number within a day: marked for the desk from the fifth on, and none refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from gateway.wiring.container import Services
from tests.helpers.duty import put_on_duty
from tests.helpers.incidents import confirmation, report
from tests.helpers.phones import NUMBER, OTHER


async def file_many(services: Services, number: int, hours_apart: int = 1) -> list[int]:
    """File so many reports of one number. Returns the mark of each, oldest first."""
    first = report()
    for at in range(number):
        received = first.received_at + timedelta(hours=at * hours_apart)
        await services.incidents.file(replace(first, session=f"ATUid_{at}", received_at=received), NUMBER, confirmation)
    await services.incidents.file(replace(first, session="of another number"), OTHER, confirmation)
    listed = await services.incidents.list_incidents()
    by_session = {one.report.session: one.repeated for one in listed}
    assert len(by_session) == number + 1
    assert by_session.pop("of another number") == 0
    for one in listed:
        found = await services.incidents.find(one.ticket)
        assert found is not None
        assert found.repeated == one.repeated
    return [by_session[f"ATUid_{at}"] for at in range(number)]


async def test_reports_from_the_fifth_of_a_day_on_are_marked(services: Services) -> None:
    assert await file_many(services, 6) == [0, 0, 0, 0, 5, 6]


async def test_reports_of_several_days_are_not_marked(services: Services) -> None:
    assert await file_many(services, 6, hours_apart=6) == [0] * 6, "four in each day: the one of a day before is out"


async def test_reports_by_duty_and_of_an_erased_number_are_not_marked(services: Services) -> None:
    await put_on_duty(services, NUMBER, "rt")
    assert await file_many(services, 6) == [0] * 6
    await services.eraser.erase(NUMBER, "siti")
    assert {one.repeated for one in await services.incidents.list_incidents()} == {0}
