"""`/healthz`, `/readyz` and `/metrics`: what watches the gateway, and what it must not learn."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from typing import Any

from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from gateway.vault.key_check import check_vault_key
from gateway.vault.vault import Vault
from tests.helpers.carrier_server import fixture
from tests.helpers.outages import OwnRedis, PostgresGate
from tests.helpers.web import WebGateway


async def readiness(gateway: WebGateway) -> tuple[int, Mapping[str, Any]]:
    answer = await gateway.call("GET", "/readyz")
    return answer.status, json.loads(answer.text)


async def samples(gateway: WebGateway) -> dict[tuple[str, tuple[str, ...]], float]:
    """Every sample of `/metrics` by its name and the values of its labels."""
    answer = await gateway.call("GET", "/metrics")
    assert answer.status == 200
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def test_alive_and_ready(waspada: WebGateway) -> None:
    assert (await waspada.call("GET", "/healthz")).status == 200
    assert await readiness(waspada) == (200, {"ready": True, "away": {}})


async def test_postgresql_away(shaky: WebGateway, postgres: PostgresGate) -> None:
    await postgres.close()
    status, told = await readiness(shaky)
    assert (status, told) == (503, {"ready": False, "away": {"postgres": "It cannot be reached, or used."}})
    assert (await shaky.call("GET", "/healthz")).status == 200, "alive all the same: a restart would help nobody"
    await postgres.open()
    assert (await readiness(shaky))[0] == 200


async def test_a_store_that_hangs_is_told_within_two_seconds(
    shaky: WebGateway, postgres: PostgresGate, own_redis: OwnRedis
) -> None:
    await readiness(shaky)
    own_redis.hang()
    postgres.freeze()
    began = time.monotonic()
    status, told = await readiness(shaky)
    assert time.monotonic() - began < 2
    assert (status, told["away"]) == (503, dict.fromkeys(("redis", "postgres"), "It has not answered within 1 s."))
    own_redis.resume()
    await postgres.open()
    assert (await readiness(shaky))[0] == 200


async def test_redis_away_and_back(shaky: WebGateway, own_redis: OwnRedis) -> None:
    await own_redis.kill()
    status, told = await readiness(shaky)
    assert (status, told["away"]) == (503, {"redis": "It cannot be reached, or used."})
    await own_redis.start()
    assert (await readiness(shaky))[0] == 200


async def test_the_reason_names_no_address_and_no_user(
    shaky: WebGateway, postgres: PostgresGate, own_redis: OwnRedis
) -> None:
    """The page is open to whoever finds it."""
    await postgres.close()
    await own_redis.kill()
    answer = await shaky.call("GET", "/readyz")
    assert "/" not in answer.text
    assert "waspada" not in answer.text


async def test_metrics_count_what_happened(waspada: WebGateway) -> None:
    for name in ("ussd_01_initial", "ussd_02_first_choice", "ussd_03_same_choice_again", "ussd_04_retransmit_of_03"):
        await waspada.post("ussd", fixture(name))
    await waspada.post("receipt", fixture("dlr_success"))
    counted = await samples(waspada)
    assert counted["waspada_ussd_turns_total", ("at", "new")] == 3
    assert counted["waspada_ussd_turns_total", ("at", "repeated")] == 1
    assert counted["waspada_ussd_turn_seconds_count", ("at",)] == 4
    assert counted["waspada_receipts_total", ("at", "delivered")] == 1
    assert counted["process_resident_memory_bytes", ()] > 0


async def test_metrics_count_what_a_store_did_not_answer(shaky: WebGateway, own_redis: OwnRedis) -> None:
    await own_redis.kill()
    await shaky.post("ussd", fixture("ussd_01_initial"))
    assert (await samples(shaky))["waspada_store_errors_total", ("redis",)] == 2  # the read, and the write


async def test_metrics_hold_no_number_and_no_session(waspada: WebGateway) -> None:
    for name in ("ussd_01_initial", "ussd_bad_plus_not_escaped", "ussd_13_live_safaricom"):
        await waspada.post("ussd", fixture(name))
    await waspada.post("sms", fixture("inbox_iso_date"))
    await waspada.post("receipt", fixture("dlr_success"))
    answer = await waspada.call("GET", "/metrics")
    assert "ATUid" not in answer.text
    labels = re.findall(r'\w+="([^"]*)"', answer.text)
    assert not [label for label in labels if re.search(r"\d{5}", label)]


async def test_tables_of_another_release(waspada: WebGateway) -> None:
    async with waspada.services.database.begin() as connection:
        await connection.execute(text("DELETE FROM alembic_version"))
    status, told = await readiness(waspada)
    assert status == 503
    assert "waspada db upgrade" in told["away"]["postgres"]


async def test_a_database_of_another_vault_key(waspada: WebGateway) -> None:
    await check_vault_key(waspada.services.database, Vault(bytes(32)), waspada.services.clock)
    status, told = await readiness(waspada)
    reason = "The vault key is not the one that this database was filled with."
    assert (status, told["away"]) == (503, {"postgres": reason})
