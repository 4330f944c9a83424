"""Reporters with a duty: their name at the desk, their limit, and what is gone when they are."""

from __future__ import annotations

import io

import pytest

from gateway.incidents.incident import NamedReporter
from gateway.wiring.container import Services
from tests.helpers.duty import put_on_duty
from tests.helpers.incidents import confirmation, report
from tests.helpers.phones import NUMBER, OTHER


async def reporter_of(services: Services) -> NamedReporter | None:
    (incident,) = await services.incidents.list_incidents()
    found = await services.incidents.find(incident.ticket)
    assert found is not None
    assert found.reporter == incident.reporter
    return incident.reporter


async def test_a_report_by_duty_has_the_name_and_role_of_the_directory(services: Services, log: io.StringIO) -> None:
    await put_on_duty(services, NUMBER, "rt", ["33.75.02.1008"], "Dewi")
    filed = await services.incidents.file(report(), NUMBER, confirmation)

    assert filed.by_duty
    assert await reporter_of(services) == NamedReporter("Dewi", "rt")
    assert "Dewi" not in log.getvalue()
    assert "Dewi" not in repr(await reporter_of(services))


@pytest.mark.parametrize("role", ["camat", "subscriber_of_old", "bpbd"])
async def test_a_report_of_somebody_without_a_duty_has_no_name(services: Services, role: str) -> None:
    await put_on_duty(services, NUMBER, role)
    filed = await services.incidents.file(report(), NUMBER, confirmation)

    assert not filed.by_duty
    assert await reporter_of(services) is None


async def test_of_several_roles_the_first_of_the_pack_is_shown(services: Services) -> None:
    for role in ("linmas", "fkdm", "camat"):
        await put_on_duty(services, NUMBER, role)
    await services.incidents.file(report(), NUMBER, confirmation)

    assert await reporter_of(services) == NamedReporter("Dewi", "fkdm")


async def test_the_name_is_gone_when_its_person_or_the_number_is_erased(services: Services) -> None:
    await put_on_duty(services, NUMBER)
    filed = await services.incidents.file(report(), NUMBER, confirmation)
    assert await services.reporter.erase_number(filed.ticket, NUMBER)
    assert await reporter_of(services) is None

    await put_on_duty(services, OTHER, name="Budi")
    await services.incidents.file(report("ATUid_2"), OTHER, confirmation)
    await services.eraser.erase(OTHER, "siti")
    assert [one.reporter for one in await services.incidents.list_incidents()] == [None, None]
