"""Public page `/himbauan`: sent appeals, without numbers and authors."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from gateway.web.appeals_page import AppealsPage
from tests.helpers.outages import PostgresGate
from tests.helpers.web import CODE, NOON, WebGateway, add_appeal

JSON = {"Accept": "application/json"}
PHONE = "+6281230004567"


async def page_json(gateway: WebGateway) -> Mapping[str, Any]:
    answer = await gateway.call("GET", "/himbauan", headers=JSON)
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("application/json")
    found: Mapping[str, Any] = json.loads(answer.text)
    return found


async def test_page_without_sent_appeals_says_so(web_gateway: WebGateway) -> None:
    assert "Belum ada imbauan" in (await web_gateway.call("GET", "/himbauan")).text
    assert await page_json(web_gateway) == {"office": "Siaga Pilkada, Kota Pekalongan", "appeals": []}


async def test_page_and_json_show_a_sent_appeal(web_gateway: WebGateway) -> None:
    number = await add_appeal(web_gateway.services.database)
    answer = await web_gateway.call("GET", "/himbauan")

    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert '<html lang="id">' in answer.text
    for shown in ("Damai", "Medono", "20-11-2024 12:00 WIB", "Siaga Pilkada, Kota Pekalongan", "Indonesia", "Jawa"):
        assert shown in answer.text
    assert f"Rukun di [kelurahan/desa]. Lapor {CODE}. STOP" in answer.text
    assert "siti" not in answer.text, "who has written it is nobody's business"

    (one,) = (await page_json(web_gateway))["appeals"]
    assert one == {
        "number": number,
        "purpose": "Damai",
        "texts": {"id": f"Rukun di [kelurahan/desa]. Lapor {CODE}. STOP", "jv": "Rukun. STOP"},
        "areas": ["Medono"],
        "went_out_at": "2024-11-20T05:00:00+00:00",
        "urgent": False,
    }
    assert f"<h2>No {number}: Damai</h2>" in answer.text


async def test_heading_of_a_template_comes_from_the_pack(web_gateway: WebGateway) -> None:
    slogan = "Menangkan nomor urut 1"
    await add_appeal(web_gateway.services.database, purpose=slogan, template="damai")
    await add_appeal(web_gateway.services.database, purpose=slogan, template="lost")
    purpose = web_gateway.services.versions.current.templates["damai"].purpose

    assert {one["purpose"] for one in (await page_json(web_gateway))["appeals"]} == {purpose, "lost"}

    page = (await web_gateway.call("GET", "/himbauan")).text
    assert f"<h2>No 1: {purpose}</h2>" in page
    assert slogan not in page


async def test_page_shorter_than_its_limit_does_not_mention_older_appeals(web_gateway: WebGateway) -> None:
    await add_appeal(web_gateway.services.database)

    page = await page_of(web_gateway, limit=2)

    assert "tidak ditampilkan lagi" not in page


async def test_page_at_its_limit_says_that_older_appeals_are_left_out(web_gateway: WebGateway) -> None:
    await add_appeal(web_gateway.services.database)
    await add_appeal(web_gateway.services.database, went_out_at=NOON - timedelta(days=1))

    page = await page_of(web_gateway, limit=2)

    assert "Yang dikirim sebelum 19-11-2024 12:00 WIB tidak ditampilkan lagi." in page


async def page_of(web_gateway: WebGateway, limit: int) -> str:
    """Return the HTML of a page of at most `limit` appeals."""
    services, app = web_gateway.services, web.Application()
    page = AppealsPage(
        services.appeals.published.list_published, lambda: services.versions.current, services.clock, limit
    )
    page.add_to(app)
    async with TestClient(TestServer(app)) as client:
        return await (await client.get("/himbauan")).text()


async def test_texts_are_in_the_order_of_the_languages_of_the_pack(web_gateway: WebGateway) -> None:
    await add_appeal(web_gateway.services.database, texts={"aa": "Old", "en": "Peace", "jv": "Rukun", "id": "Damai"})
    page = (await web_gateway.call("GET", "/himbauan")).text

    assert re.findall(r'<blockquote lang="(\w+)"', page) == ["id", "jv", "en", "aa"]


async def test_page_escapes_typed_text_and_masks_numbers(web_gateway: WebGateway) -> None:
    await add_appeal(
        web_gateway.services.database,
        purpose="<script>alert(1)</script>",
        texts={"id": f'<b onclick="x">Rukun</b> & {PHONE}', "xx": "Rukun"},
    )
    answer = await web_gateway.call("GET", "/himbauan")

    assert "&lt;script&gt;alert(1)" in answer.text
    assert not re.search(r"<script|<b |onclick=\"", answer.text)
    assert PHONE not in answer.text
    assert "script-src" not in answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert PHONE not in json.dumps(await page_json(web_gateway))


@pytest.mark.parametrize("head", ["GET", "HEAD"])
async def test_page_without_postgresql_is_unavailable_and_not_cached(
    unreliable_gateway: WebGateway, postgres: PostgresGate, head: str
) -> None:
    await postgres.close()
    answer = await unreliable_gateway.call(head, "/himbauan")

    assert (answer.status, answer.headers["Cache-Control"]) == (503, "no-store")

    await postgres.open()
    assert (await unreliable_gateway.call(head, "/himbauan")).status == 200


async def test_page_is_answered_from_its_cache(web_gateway: WebGateway) -> None:
    assert (await page_json(web_gateway))["appeals"] == []

    await add_appeal(web_gateway.services.database)
    assert (await page_json(web_gateway))["appeals"] == [], "it is ten seconds old at the most"


async def test_waiting_requests_share_one_failure_of_the_store(
    unreliable_gateway: WebGateway, postgres: PostgresGate
) -> None:
    await unreliable_gateway.call("GET", "/himbauan/nothing")
    postgres.freeze()
    began = time.monotonic()
    answers = await asyncio.gather(*(unreliable_gateway.call("GET", "/himbauan") for _ in range(5)))

    took = time.monotonic() - began

    assert {answer.status for answer in answers} == {503}
    assert took < 8, "as long as one, not as long as five"
