"""Health pages `/healthz`, `/readyz` and `/metrics`, and the data that they must not show."""

from __future__ import annotations

import json
import re
import shlex
import time
from collections.abc import Mapping
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from redis.asyncio import Redis
from sqlalchemy import text

from gateway.carriers.carrier import Inbound
from gateway.incidents.draft import Draft
from gateway.runtime.readiness import UNREACHABLE
from gateway.ussd.effect_request import EffectRequest
from gateway.vault.key_check import check_vault_key
from gateway.vault.vault import Vault
from tests.helpers.carrier_server import fixture
from tests.helpers.incidents import confirmation, report
from tests.helpers.outages import OwnRedis, PostgresGate
from tests.helpers.phones import NUMBER, OTHER
from tests.helpers.web import WebGateway


async def readiness(gateway: WebGateway) -> tuple[int, Mapping[str, Any]]:
    answer = await gateway.call("GET", "/readyz")
    return answer.status, json.loads(answer.text)


async def samples(gateway: WebGateway) -> dict[tuple[str, tuple[str, ...]], float]:
    """Return every sample of `/metrics` by its name and the values of its labels."""
    answer = await gateway.call("GET", "/metrics")
    assert answer.status == 200
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def test_gateway_with_both_stores_is_alive_and_ready(web_gateway: WebGateway) -> None:
    assert (await web_gateway.call("GET", "/healthz")).status == 200
    assert await readiness(web_gateway) == (200, {"ready": True, "away": {}})


async def test_gateway_without_postgresql_is_alive_and_not_ready(
    unreliable_gateway: WebGateway, postgres: PostgresGate
) -> None:
    await postgres.close()
    status, body = await readiness(unreliable_gateway)

    assert (status, body) == (503, {"ready": False, "away": {"postgres": UNREACHABLE}})
    assert (await unreliable_gateway.call("GET", "/healthz")).status == 200, (
        "alive all the same: a restart would help nobody"
    )

    await postgres.open()
    assert (await readiness(unreliable_gateway))[0] == 200


async def test_readiness_names_a_hanging_store_within_two_seconds(
    unreliable_gateway: WebGateway, postgres: PostgresGate, own_redis: OwnRedis
) -> None:
    await readiness(unreliable_gateway)
    own_redis.hang()
    postgres.freeze()
    began = time.monotonic()
    status, body = await readiness(unreliable_gateway)

    assert time.monotonic() - began < 2
    assert (status, body["away"]) == (503, dict.fromkeys(("redis", "postgres"), "It has not answered within 1 s."))

    own_redis.resume()
    await postgres.open()
    assert (await readiness(unreliable_gateway))[0] == 200


async def test_readiness_follows_an_outage_of_redis(unreliable_gateway: WebGateway, own_redis: OwnRedis) -> None:
    await own_redis.kill()
    status, body = await readiness(unreliable_gateway)

    assert (status, body["away"]) == (503, {"redis": UNREACHABLE})

    await own_redis.start()
    assert (await readiness(unreliable_gateway))[0] == 200


@pytest.mark.parametrize(
    ("change", "undo", "reason"),
    [
        ("CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0", "It is out of memory"),
        ("CONFIG SET min-replicas-to-write 1", "CONFIG SET min-replicas-to-write 0", "It takes no writes without"),
        ("REPLICAOF 127.0.0.1 9", "REPLICAOF NO ONE", "It is a replica"),
        ("ACL SETUSER default -set", "ACL SETUSER default +@all", "Its user may not run"),
        ("CONFIG SET requirepass secret", "CONFIG SET requirepass ''", "It refuses the user or the password"),
    ],
)
async def test_readiness_follows_a_redis_that_takes_no_writes(
    unreliable_gateway: WebGateway, own_redis: OwnRedis, change: str, undo: str, reason: str
) -> None:
    assert (await readiness(unreliable_gateway))[0] == 200
    async with Redis.from_url(own_redis.url) as administrator:
        await administrator.execute_command(*shlex.split(change))  # type: ignore[no-untyped-call]
        await unreliable_gateway.services.redis.connection_pool.disconnect()
        status, body = await readiness(unreliable_gateway)
        await administrator.execute_command(*shlex.split(undo))  # type: ignore[no-untyped-call]

    assert status == 503
    assert body["away"]["redis"].startswith(reason)
    assert (await readiness(unreliable_gateway))[0] == 200


async def test_readiness_reason_names_no_address_and_no_user(
    unreliable_gateway: WebGateway, postgres: PostgresGate, own_redis: OwnRedis
) -> None:
    """The page is public."""
    await postgres.close()
    await own_redis.kill()

    answer = await unreliable_gateway.call("GET", "/readyz")

    assert "/" not in answer.text
    assert "waspada" not in answer.text


async def test_metrics_count_turns_and_receipts(web_gateway: WebGateway) -> None:
    for name in ("ussd_01_initial", "ussd_02_first_choice", "ussd_03_same_choice_again", "ussd_04_retransmit_of_03"):
        await web_gateway.post("ussd", fixture(name))
    await web_gateway.post("receipt", fixture("dlr_success"))

    counted = await samples(web_gateway)

    assert counted["waspada_ussd_turns_total", ("at", "new")] == 3
    assert counted["waspada_ussd_turns_total", ("at", "repeated")] == 1
    assert counted["waspada_ussd_turn_seconds_count", ("at",)] == 4
    assert counted["waspada_receipts_total", ("at", "delivered")] == 1
    assert counted["process_resident_memory_bytes", ()] > 0


async def test_metrics_count_errors_of_a_store(unreliable_gateway: WebGateway, own_redis: OwnRedis) -> None:
    await own_redis.kill()
    await unreliable_gateway.post("ussd", fixture("ussd_01_initial"))

    assert (await samples(unreliable_gateway))["waspada_store_errors_total", ("redis",)] == 2  # the read, and the write


async def test_metrics_tell_the_state_of_the_service(web_gateway: WebGateway) -> None:
    services = web_gateway.services
    left_at = services.clock.now()
    danger = {"category": "gesekan", "area": "33.75.01.1003", "danger": "yes"}
    await services.drafts.keep(Draft("at", "ATUid_left", NUMBER, "id", danger, left_at), None, left_at)
    await services.incidents.file(report(), OTHER, confirmation)
    await services.channel_state.pause("at", "no credit", "sari")
    await services.inbox.store_sms("at", Inbound("ATXid_1", OTHER, "3375", "apa ini", None, ""))
    await services.inbound_handler.handle_all()
    await services.pending_reports.add(EffectRequest("at", "ATUid_9", NUMBER, "id", danger, left_at))

    counted = await samples(web_gateway)

    assert counted["waspada_reports_total", ("gesekan",)] == 1
    assert counted["waspada_reports_total", ("uang",)] == 0
    assert counted["waspada_drafts_with_danger", ()] == 1
    assert counted["waspada_inbox_to_sort", ()] == 1
    assert counted["waspada_channel_paused", ("at",)] == 1
    assert counted["waspada_queue_depth", ()] == 2  # the confirmation, and the reply to the SMS
    assert counted["waspada_oldest_queued_seconds", ("confirmation",)] >= 0
    assert counted["waspada_oldest_queued_seconds", ("appeal",)] == 0
    assert counted["waspada_appeal_people", ("sent",)] == counted["waspada_appeal_people", ("left",)] == 0
    assert counted["waspada_pending_reports", ()] == 1


async def test_metrics_of_an_unavailable_store_are_absent(
    unreliable_gateway: WebGateway, postgres: PostgresGate, own_redis: OwnRedis
) -> None:
    await postgres.close()
    counted = await samples(unreliable_gateway)
    assert ("waspada_inbox_to_sort", ()) not in counted
    assert ("waspada_queue_depth", ()) not in counted
    assert counted["waspada_pending_reports", ()] == 0
    assert counted["process_resident_memory_bytes", ()] > 0


async def test_metrics_page_answers_while_both_stores_hang(
    unreliable_gateway: WebGateway, postgres: PostgresGate, own_redis: OwnRedis
) -> None:
    own_redis.hang()
    postgres.freeze()
    counted = await samples(unreliable_gateway)
    own_redis.resume()
    await postgres.open()

    assert ("waspada_inbox_to_sort", ()) not in counted
    assert ("waspada_pending_reports", ()) not in counted


async def test_metrics_hold_no_number_and_no_session(web_gateway: WebGateway) -> None:
    for name in ("ussd_01_initial", "ussd_bad_missing_session", "ussd_13_live_safaricom"):
        await web_gateway.post("ussd", fixture(name))
    await web_gateway.post("sms", fixture("inbox_iso_date"))
    await web_gateway.post("receipt", fixture("dlr_success"))
    answer = await web_gateway.call("GET", "/metrics")

    assert "ATUid" not in answer.text

    labels = re.findall(r'\w+="([^"]*)"', answer.text)
    assert not [label for label in labels if re.search(r"\d{5}", label)]


async def test_readiness_asks_to_upgrade_tables_of_another_release(web_gateway: WebGateway) -> None:
    async with web_gateway.services.database.begin() as connection:
        await connection.execute(text("DELETE FROM alembic_version"))
    status, body = await readiness(web_gateway)

    assert status == 503
    assert "waspada db upgrade" in body["away"]["postgres"]


async def test_readiness_reports_a_wrong_vault_key(web_gateway: WebGateway) -> None:
    await check_vault_key(web_gateway.services.database, Vault(bytes(32)), web_gateway.services.clock)
    status, body = await readiness(web_gateway)

    reason = "Wrong vault key: this database was encrypted with another one."

    assert (status, body["away"]) == (503, {"postgres": reason})
