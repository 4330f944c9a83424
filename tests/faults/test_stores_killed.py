"""`waspada run` loses a store during a journey. The journey continues, and no answer is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from gateway.carriers.local.handset import Display, Handset
from gateway.incidents.tables import incidents
from gateway.messages.tables import messages
from tests.helpers.journeys import CODE, KEYS, StandaloneGateway, run_standalone_gateway
from tests.helpers.waiting import until

WAY = KEYS["id"]
HALF = len(WAY) // 2
LAST = ("Terima kasih. No laporan: ", "Laporan Anda sudah tersimpan.")


@pytest.fixture(scope="module")
async def gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[StandaloneGateway]:
    async with run_standalone_gateway(tmp_path_factory.mktemp("faults") / "var") as started:
        yield started


async def press(handset: Handset, keys: Sequence[str]) -> Display:
    """Press all of these keys on an open display."""
    shown = Display("", open=True)
    for pressed in keys:
        assert shown.open, shown.text
        shown = await handset.answer(pressed)
    return shown


async def kill(gateway: StandaloneGateway, store: str) -> int:
    """Kill a server. Returns its pid."""
    server = await gateway.program.server(store)
    server.kill()
    return server.pid


async def is_back(gateway: StandaloneGateway, store: str, killed: int) -> None:
    """Wait until the gateway has started the server again and uses it."""
    await gateway.program.server(store, but=killed)
    await until(lambda: ready(gateway))


async def ready(gateway: StandaloneGateway) -> bool:
    async with gateway.http.get(f"{gateway.program.url}/readyz") as response:
        return response.status == 200


async def filed_once_and_confirmed_once(gateway: StandaloneGateway, handset: Handset) -> None:
    """Check the report, its confirmation and its SMS, in the end."""

    async def confirmed() -> bool:
        return [sms["status"] for sms in await gateway.sms_to(handset)] == ["Success"]

    await until(confirmed)
    (incident,) = [row for row in await gateway.rows(incidents) if row["session"] == handset.session]
    assert (incident["category"], incident["description"]) == ("gesekan", "tawuran di depan pasar")

    async def recorded() -> bool:
        """A delivery report is lost while PostgreSQL is unavailable. The acceptance is not."""
        confirmations = [row for row in await gateway.rows(messages) if row["ticket"] == incident["ticket"]]
        return [(row["status"] in ("accepted", "delivered"), row["attempts"]) for row in confirmations] == [(True, 1)]

    await until(recorded)
    (sms,) = await gateway.sms_to(handset)
    assert f"{incident['ticket'][:4]}-{incident['ticket'][4:]}" in sms["text"]


@pytest.mark.parametrize("hop", [0, HALF, len(WAY) - 1])
async def test_a_journey_survives_a_kill_of_redis(gateway: StandaloneGateway, hop: int) -> None:
    async with gateway.phone() as handset:
        await handset.dial(CODE)
        await press(handset, WAY[:hop])
        pid = await kill(gateway, "redis")
        shown = await press(handset, WAY[hop:])
    assert shown.text.startswith(LAST[0]), "PostgreSQL was there all the time"

    await is_back(gateway, "redis", pid)
    await filed_once_and_confirmed_once(gateway, handset)


async def test_a_journey_survives_a_kill_of_postgresql(gateway: StandaloneGateway) -> None:
    async with gateway.phone() as handset:
        await handset.dial(CODE)
        await press(handset, WAY[:HALF])
        pid = await kill(gateway, "postgres")
        assert (await press(handset, WAY[HALF:-1])).open, "no hop but the last needs it"
        await is_back(gateway, "postgres", pid)
        assert (await press(handset, WAY[-1:])).text.startswith(LAST[0])
    await filed_once_and_confirmed_once(gateway, handset)


async def test_reports_survive_a_kill_of_postgresql_at_the_last_step(gateway: StandaloneGateway) -> None:
    """With many residents: some reports are filed before, others kept for later. None is lost or filed twice."""
    handsets = [gateway.phone() for _ in range(12)]
    for handset in handsets:
        await handset.dial(CODE)
        await press(handset, WAY[:-1])
    early = [asyncio.create_task(handset.answer(WAY[-1])) for handset in handsets[:6]]
    await asyncio.sleep(0.01)
    pid = await kill(gateway, "postgres")
    late = [asyncio.create_task(handset.answer(WAY[-1])) for handset in handsets[6:]]

    screens = [shown.text for shown in await asyncio.gather(*early, *late)]
    assert [screen for screen in screens if not screen.startswith(LAST)] == []
    assert screens[-1].startswith(LAST[1]), "PostgreSQL cannot be back so soon"

    await is_back(gateway, "postgres", pid)
    for handset in handsets:
        await filed_once_and_confirmed_once(gateway, handset)
        await handset.close()


async def test_the_gateway_survives_a_kill_of_both_stores(gateway: StandaloneGateway) -> None:
    pids = {store: await kill(gateway, store) for store in ("redis", "postgres")}
    for store, pid in pids.items():
        await is_back(gateway, store, pid)
    assert gateway.program.process.returncode is None

    async with gateway.phone() as handset:
        await handset.dial(CODE)
        assert (await press(handset, WAY)).text.startswith(LAST[0])
    await filed_once_and_confirmed_once(gateway, handset)
    assert "Traceback" not in gateway.program.log.read_text()
