"""Public list of appeals: only sent ones, the newest first, with the names of their areas."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from gateway.appeals.appeal import AppealStatus
from gateway.text.json_values import to_json
from gateway.wiring.container import Services
from tests.helpers.gateway import open_gateway
from tests.helpers.web import NOON, add_appeal

MEDONO, KLEGO, TIMUR = "33.75.01.1002", "33.75.02.1008", "33.75.02"


@pytest.fixture
async def services(redis_url: str, database_url: str) -> AsyncIterator[Services]:
    async with open_gateway(redis_url, database_url) as services:
        yield services


async def published(services: Services) -> list[dict[str, Any]]:
    """Return the published appeals as JSON objects."""
    found: list[dict[str, Any]] = to_json(await services.appeals.published.list_published())
    return found


@pytest.mark.parametrize(
    "status", [AppealStatus.RUNNING, AppealStatus.PAUSED, AppealStatus.DONE, AppealStatus.CANCELLED]
)
@pytest.mark.parametrize("went_out_at", [NOON, None])
async def test_list_has_only_appeals_with_a_sent_message(
    services: Services, status: AppealStatus, went_out_at: datetime | None
) -> None:
    await add_appeal(services.database, status=status, went_out_at=went_out_at)
    assert [one["went_out_at"] for one in await published(services)] == ([NOON.isoformat()] if went_out_at else [])


async def test_list_begins_with_the_newest_appeal(services: Services) -> None:
    late = await add_appeal(services.database, went_out_at=NOON + timedelta(minutes=5))
    early = await add_appeal(services.database, went_out_at=NOON - timedelta(days=2))

    assert [one["number"] for one in await published(services)] == [late, early]


@pytest.mark.parametrize(
    ("audience", "areas"),
    [
        ({"roles": ["subscriber"]}, []),
        ({"areas": [TIMUR]}, ["Pekalongan Timur"]),
        ({"or": [{"areas": [MEDONO]}, {"areas": [KLEGO]}]}, ["Medono", "Klego"]),
        ({"or": [{"areas": [MEDONO]}, {"roles": ["asn"]}]}, []),
        ({"and": [{"areas": [MEDONO]}, {"languages": ["jv"]}]}, ["Medono"]),
        ({"and": [{"areas": [MEDONO]}, {"not": {"areas": [KLEGO]}}]}, ["Medono"]),
        ({"not": {"areas": [KLEGO]}}, []),
        ({"areas": ["99.99"]}, []),
    ],
)
async def test_list_names_the_areas_of_an_audience(
    services: Services, audience: dict[str, Any], areas: list[str]
) -> None:
    await add_appeal(services.database, audience=audience)
    assert [one["areas"] for one in await published(services)] == [areas]


async def test_list_names_neighbouring_areas_too(services: Services) -> None:
    await add_appeal(services.database, audience={"areas": [MEDONO], "neighbours": True})
    (one,) = await published(services)
    menu = services.versions.current

    beside = {menu.full_label("", code, "id") for code in menu.areas.neighbours[MEDONO]}

    assert beside
    assert {*one["areas"]} == {"Medono"} | beside
