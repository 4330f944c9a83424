"""`/himbauan`: what went out, for everybody, and nothing that is nobody's business."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import insert

from gateway.appeals.appeal import AppealStatus
from gateway.appeals.published import PublishedAppeals
from gateway.appeals.tables import appeals
from gateway.runtime.postgres import Database
from gateway.web.appeals_page import AppealsPage
from tests.helpers.outages import Gate
from tests.helpers.web import CODE, WebGateway

MEDONO, KLEGO, TIMUR = "33.75.01.1002", "33.75.02.1008", "33.75.02"
NOON = datetime(2024, 11, 20, 5, tzinfo=UTC)
JSON = {"Accept": "application/json"}
PHONE = "+6281230004567"


async def stored(database: Database, **values: Any) -> int:
    """An appeal as it stands once it ran, unless `values` say otherwise; its number."""
    row: dict[str, Any] = {
        "status": AppealStatus.DONE,
        "version": 1,
        "purpose": "Damai",
        "template": "",
        "texts": {"id": "Rukun di {kel}. Lapor {ussd}. STOP", "jv": "Rukun. STOP"},
        "ticket": "",
        "channel": "at",
        "audience": {"roles": ["subscriber"], "areas": [MEDONO]},
        "starts_at": None,
        "authors": ["siti"],
        "reason": "",
        "frozen_at": NOON,
        "went_out_at": NOON,
        "frozen": 3,
        "expanded": 3,
        "created_at": NOON,
        "updated_at": NOON,
    }
    async with database.begin() as connection:
        adding = insert(appeals).values(row | values).returning(appeals.c.id)
        number: int = (await connection.execute(adding)).scalar_one()
    return number


async def told(gateway: WebGateway) -> Mapping[str, Any]:
    answer = await gateway.call("GET", "/himbauan", headers=JSON)
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("application/json")
    found: Mapping[str, Any] = json.loads(answer.text)
    return found


async def test_nothing_went_out_yet(waspada: WebGateway) -> None:
    assert "Belum ada himbauan" in (await waspada.call("GET", "/himbauan")).text
    assert await told(waspada) == {"office": "Siaga Pilkada, Kota Pekalongan", "appeals": []}


async def test_what_went_out(waspada: WebGateway) -> None:
    number = await stored(waspada.services.database)
    answer = await waspada.call("GET", "/himbauan")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert '<html lang="id">' in answer.text
    for shown in ("Damai", "Medono", "20-11-2024 12:00 WIB", "Siaga Pilkada, Kota Pekalongan", "Indonesia", "Jawa"):
        assert shown in answer.text
    assert f"Rukun di [kelurahan/desa]. Lapor {CODE}. STOP" in answer.text
    assert "siti" not in answer.text, "who has written it is nobody's business"
    (one,) = (await told(waspada))["appeals"]
    assert one == {
        "number": number,
        "purpose": "Damai",
        "texts": {"id": f"Rukun di [kelurahan/desa]. Lapor {CODE}. STOP", "jv": "Rukun. STOP"},
        "areas": ["Medono"],
        "went_out_at": "2024-11-20T05:00:00+00:00",
    }


async def test_the_heading_over_a_template_is_the_packs(waspada: WebGateway) -> None:
    slogan = "Menangkan nomor urut 1"
    await stored(waspada.services.database, purpose=slogan, template="damai")
    await stored(waspada.services.database, purpose=slogan, template="lost")
    purpose = waspada.services.versions.current.templates["damai"].purpose
    assert {one["purpose"] for one in (await told(waspada))["appeals"]} == {purpose, "lost"}
    page = (await waspada.call("GET", "/himbauan")).text
    assert f"<h2>{purpose}</h2>" in page
    assert slogan not in page


async def test_page_shorter_than_its_limit_does_not_mention_older_appeals(waspada: WebGateway) -> None:
    await stored(waspada.services.database)

    page = await page_of(waspada, limit=2)

    assert "tidak ditampilkan lagi" not in page


async def test_page_at_its_limit_says_that_older_appeals_are_left_out(waspada: WebGateway) -> None:
    await stored(waspada.services.database)
    await stored(waspada.services.database, went_out_at=NOON - timedelta(days=1))

    page = await page_of(waspada, limit=2)

    assert "Yang dikirim sebelum 19-11-2024 12:00 WIB tidak ditampilkan lagi." in page


async def page_of(waspada: WebGateway, limit: int) -> str:
    """Return the HTML of a page of at most `limit` appeals."""
    services, app = waspada.services, web.Application()
    page = AppealsPage(
        services.published_appeals.list_published, lambda: services.versions.current, services.clock, limit
    )
    page.add_to(app)
    async with TestClient(TestServer(app)) as client:
        return await (await client.get("/himbauan")).text()


async def test_the_languages_stand_as_the_pack_orders_them(waspada: WebGateway) -> None:
    await stored(waspada.services.database, texts={"aa": "Old", "en": "Peace", "jv": "Rukun", "id": "Damai"})
    page = (await waspada.call("GET", "/himbauan")).text
    assert re.findall(r'<blockquote lang="(\w+)"', page) == ["id", "jv", "en", "aa"]


async def test_what_somebody_typed_is_text_and_no_number_is_on_it(waspada: WebGateway) -> None:
    await stored(
        waspada.services.database,
        purpose="<script>alert(1)</script>",
        texts={"id": f'<b onclick="x">Rukun</b> & {PHONE}', "xx": "Rukun"},
    )
    answer = await waspada.call("GET", "/himbauan")
    assert "&lt;script&gt;alert(1)" in answer.text
    assert not re.search(r"<script|<b |onclick=\"", answer.text)
    assert PHONE not in answer.text
    assert "script-src" not in answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert PHONE not in json.dumps(await told(waspada))


@pytest.mark.parametrize("head", ["GET", "HEAD"])
async def test_postgresql_away(shaky: WebGateway, postgres: Gate, head: str) -> None:
    await postgres.shut()
    answer = await shaky.call(head, "/himbauan")
    assert (answer.status, answer.headers["Cache-Control"]) == (503, "no-store")
    await postgres.open()
    assert (await shaky.call(head, "/himbauan")).status == 200


async def test_a_crowd_costs_one_query(waspada: WebGateway) -> None:
    assert (await told(waspada))["appeals"] == []
    await stored(waspada.services.database)
    assert (await told(waspada))["appeals"] == [], "it is ten seconds old at the most"


# Which, where and when -----------------------------------------------------------------------------------------


async def listed(gateway: WebGateway) -> list[dict[str, Any]]:
    menu = gateway.services.versions.current
    return [
        one.for_json()
        for one in await PublishedAppeals(gateway.services.database, lambda: menu, {"at": CODE}).list_published()
    ]


@pytest.mark.parametrize(
    "status", [AppealStatus.RUNNING, AppealStatus.PAUSED, AppealStatus.DONE, AppealStatus.CANCELLED]
)
@pytest.mark.parametrize("went_out_at", [NOON, None])
async def test_only_what_has_left(waspada: WebGateway, status: AppealStatus, went_out_at: datetime | None) -> None:
    await stored(waspada.services.database, status=status, went_out_at=went_out_at)
    assert [one["went_out_at"] for one in await listed(waspada)] == ([NOON.isoformat()] if went_out_at else [])


async def test_the_newest_first(waspada: WebGateway) -> None:
    late = await stored(waspada.services.database, went_out_at=NOON + timedelta(minutes=5))
    early = await stored(waspada.services.database, went_out_at=NOON - timedelta(days=2))
    assert [one["number"] for one in await listed(waspada)] == [late, early]


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
async def test_areas_by_name(waspada: WebGateway, audience: dict[str, Any], areas: list[str]) -> None:
    await stored(waspada.services.database, audience=audience)
    assert [one["areas"] for one in await listed(waspada)] == [areas]


async def test_neighbours_are_named_too(waspada: WebGateway) -> None:
    await stored(waspada.services.database, audience={"areas": [MEDONO], "neighbours": True})
    (one,) = await listed(waspada)
    menu = waspada.services.versions.current
    beside = {menu.full_label("", code, "id") for code in menu.areas.neighbours[MEDONO]}
    assert beside
    assert {*one["areas"]} == {"Medono"} | beside


async def test_who_waits_for_a_store_that_is_away_shares_its_failure(shaky: WebGateway, postgres: Gate) -> None:
    await shaky.call("GET", "/himbauan/nothing")
    postgres.hold()
    began = time.monotonic()
    answers = await asyncio.gather(*(shaky.call("GET", "/himbauan") for _ in range(5)))
    took = time.monotonic() - began
    assert {answer.status for answer in answers} == {503}
    assert took < 8, "as long as one, not as long as five"
