"""`waspada run` loses a store in the middle of a journey: the journey goes on, and nothing that was said is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from gateway.carriers.handset import Handset, Shown
from gateway.incidents.book import incidents
from gateway.messages.ledger import messages
from tests.journeys.stage import CODE, KEYS, Gateway, gateway_running
from tests.program import until

WAY = KEYS["id"]
LAST = ("Terima kasih. No laporan: ", "Laporan Anda sudah tersimpan.")


@pytest.fixture(scope="module")
async def gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    async with gateway_running(tmp_path_factory.mktemp("faults") / "var") as started:
        yield started


async def press(handset: Handset, keys: Sequence[str]) -> Shown:
    """Press all of these on an open display."""
    shown = Shown("", open=True)
    for pressed in keys:
        assert shown.open, shown.text
        shown = await handset.answer(pressed)
    return shown


async def ready(gateway: Gateway) -> bool:
    async with gateway.http.get(f"{gateway.program.url}/readyz") as response:
        return response.status == 200


async def filed_once_and_confirmed_once(gateway: Gateway, handset: Handset) -> None:
    """In the end, whatever happened on the way."""

    async def confirmed() -> bool:
        return [sms["status"] for sms in await gateway.sms_to(handset)] == ["Success"]

    await until(confirmed)
    await until(lambda: ready(gateway))
    (incident,) = [row for row in await gateway.rows(incidents) if row["session"] == handset.session]
    assert (incident["category"], incident["description"]) == ("gesekan", "tawuran di depan pasar")

    async def recorded() -> bool:
        """A delivery report that comes while PostgreSQL is away is lost; the acceptance is not."""
        confirmations = [row for row in await gateway.rows(messages) if row["ticket"] == incident["ticket"]]
        return [(row["status"] in ("accepted", "delivered"), row["attempts"]) for row in confirmations] == [(True, 1)]

    await until(recorded)
    (sms,) = await gateway.sms_to(handset)
    assert f"{incident['ticket'][:4]}-{incident['ticket'][4:]}" in sms["text"]


@pytest.mark.parametrize("hop", [0, 7, 13])
async def test_redis_killed(gateway: Gateway, hop: int) -> None:
    async with gateway.phone() as handset:
        await handset.dial(CODE)
        await press(handset, WAY[:hop])
        gateway.program.server("redis").kill()
        shown = await press(handset, WAY[hop:])
    assert shown.text.startswith(LAST[0]), "PostgreSQL was there all the time"
    await filed_once_and_confirmed_once(gateway, handset)


async def test_postgresql_killed_on_the_way(gateway: Gateway) -> None:
    async with gateway.phone() as handset:
        await handset.dial(CODE)
        await press(handset, WAY[:7])
        gateway.program.server("postgres").kill()
        assert (await press(handset, WAY[7:-1])).open, "no hop but the last needs it"
        await until(lambda: ready(gateway))
        assert (await press(handset, WAY[-1:])).text.startswith(LAST[0])
    await filed_once_and_confirmed_once(gateway, handset)


async def test_postgresql_killed_at_the_last_step(gateway: Gateway) -> None:
    """Of many residents: some reports are filed before, some are kept for later, none is lost or filed twice."""
    handsets = [gateway.phone() for _ in range(12)]
    for handset in handsets:
        await handset.dial(CODE)
        await press(handset, WAY[:-1])
    early = [asyncio.create_task(handset.answer(WAY[-1])) for handset in handsets[:6]]
    await asyncio.sleep(0.01)
    gateway.program.server("postgres").kill()
    late = [asyncio.create_task(handset.answer(WAY[-1])) for handset in handsets[6:]]
    screens = [shown.text for shown in await asyncio.gather(*early, *late)]
    assert all(screen.startswith(LAST) for screen in screens)
    assert screens[-1].startswith(LAST[1]), "PostgreSQL cannot be back so soon"
    for handset in handsets:
        await filed_once_and_confirmed_once(gateway, handset)
        await handset.close()


async def test_the_gateway_outlives_its_stores(gateway: Gateway) -> None:
    for store in ("redis", "postgres"):
        gateway.program.server(store).kill()
    await until(lambda: ready(gateway))
    assert gateway.program.process.returncode is None
    async with gateway.phone() as handset:
        await handset.dial(CODE)
        assert (await press(handset, WAY)).text.startswith(LAST[0])
    await filed_once_and_confirmed_once(gateway, handset)
    assert "Traceback" not in gateway.program.log.read_text()
