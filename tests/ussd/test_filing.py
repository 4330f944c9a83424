"""Filing of finished dialogues: at once, or from the spool of pending reports, and once in every case."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from gateway.runtime.redis import Pipeline, redis_client
from gateway.ussd.effect_request import EffectRequest
from gateway.ussd.pending_reports import PendingReports
from gateway.vault.vault import Vault
from tests.helpers.outages import OwnRedis, PostgresGate
from tests.helpers.phones import NUMBER, OTHER
from tests.helpers.ussd import REQUEST, TO_CONFIRM, Resident, UssdGateway


async def keep(gateway: UssdGateway, *reports: EffectRequest) -> None:
    for report in reports:
        await gateway.services.pending_reports.add(report)


async def test_file_makes_an_incident_and_its_confirmation(gateway: UssdGateway) -> None:
    outcome, learnt = await gateway.services.filing.file(REQUEST)

    (incident,) = await gateway.incidents()
    assert (outcome, learnt["ticket"].replace("-", "")) == ("filed", incident["ticket"])
    assert (incident["language"], incident["received_at"]) == ("jv", "2026-11-28T03:04:05+00:00")

    (confirmation,) = await gateway.confirmations()
    assert confirmation["text"].startswith(f"Bakesbangpol: laporan {learnt['ticket']} katampi")


async def test_confirmation_of_a_restricted_report_tells_neither_kind_nor_place(gateway: UssdGateway) -> None:
    _, learnt = await gateway.services.filing.file(replace(REQUEST, answers={**REQUEST.answers, "category": "asn"}))

    (confirmation,) = await gateway.confirmations()
    assert confirmation["text"].startswith(f"Bakesbangpol: laporan {learnt['ticket']} katampi, kabar wiwitan.")
    assert "Podosugih" not in confirmation["text"]


async def test_file_again_returns_the_same_ticket(gateway: UssdGateway) -> None:
    answers = await asyncio.gather(*(gateway.services.filing.file(REQUEST) for _ in range(4)))

    assert len({learnt["ticket"] for _, learnt in answers}) == 1
    assert len(await gateway.incidents()) == len(await gateway.confirmations()) == 1


async def test_file_refuses_invalid_answers_and_keeps_nothing(gateway: UssdGateway) -> None:
    with capture_logs() as lines:
        assert await gateway.services.filing.file(replace(REQUEST, answers={"shoe_size": "42"})) == ("failed", {})

    assert [(line["event"], line["error"]) for line in lines] == [("incident.refused", "UnfitAnswer")]
    assert await gateway.pending() == {}


async def test_file_pending_keeps_words_and_time_of_the_report(gateway: UssdGateway) -> None:
    await keep(gateway, REQUEST)
    assert await gateway.services.filing.file_pending() == 1

    (incident,) = await gateway.incidents()
    assert (incident["phone"], incident["description"]) == (NUMBER.masked, "tukaran")
    assert incident["received_at"] == "2026-11-28T03:04:05+00:00", "the time of the report, not of its filing"


async def test_concurrent_file_pending_files_each_report_once(gateway: UssdGateway) -> None:
    await keep(gateway, *(replace(REQUEST, session=f"ATUid_{number}") for number in range(30)))
    await asyncio.gather(
        gateway.services.filing.file_pending(),
        gateway.services.filing.file_pending(),
        gateway.services.filing.file_pending(),
    )

    assert len(await gateway.incidents()) == len(await gateway.confirmations()) == 30
    assert await gateway.pending() == {}


async def test_file_pending_does_not_repeat_a_committed_report(gateway: UssdGateway) -> None:
    """Reports whose commit was done and whose answer was lost are both filed and pending."""
    await gateway.services.filing.file(REQUEST)
    await keep(gateway, REQUEST)

    assert await gateway.services.filing.file_pending() == 1
    assert len(await gateway.incidents()) == len(await gateway.confirmations()) == 1


async def test_file_pending_sets_aside_reports_that_can_never_be_filed(gateway: UssdGateway) -> None:
    await gateway.services.filing.file(REQUEST)
    of_another_phone = replace(REQUEST, phone=OTHER)
    no_report = replace(REQUEST, session="ATUid_2", answers={})
    good = replace(REQUEST, session="ATUid_3")
    await keep(gateway, of_another_phone, no_report, good)

    with capture_logs() as lines:
        assert await gateway.services.filing.file_pending() == 1

    assert [line["event"] for line in lines].count("incident.unfileable") == 2
    assert NUMBER.e164[-7:] not in repr(lines)
    assert await gateway.pending() == {}
    assert len(await gateway.run_redis("HKEYS", "waspada:unfiled:refused")) == 2, "for a person to look at"
    assert len(await gateway.incidents()) == 2


async def test_file_pending_confirms_in_default_language_if_its_own_is_gone(gateway: UssdGateway) -> None:
    await keep(gateway, replace(REQUEST, language="xx"))
    assert await gateway.services.filing.file_pending() == 1

    (confirmation,) = await gateway.confirmations()
    assert confirmation["text"].startswith("Bakesbangpol: laporan ")


async def test_file_pending_sets_aside_unreadable_entries(gateway: UssdGateway, redis_url: str) -> None:
    """Entries were edited by hand, or the vault key has changed."""
    client = redis_client(redis_url)
    pipeline = Pipeline(client, 0.3)
    await PendingReports(pipeline, Vault(bytes(32))).add(REQUEST)
    await pipeline.close()
    await client.aclose()
    for name, entry in (("a", "?"), ("b", "{}"), ("c", json.dumps({"channel": 1, "phone": "??"}))):
        await gateway.run_redis("HSET", "waspada:unfiled", name, entry)

    await keep(gateway, replace(REQUEST, session="ATUid_2"))

    assert await gateway.services.filing.file_pending() == 1
    assert await gateway.pending() == {}
    assert len(await gateway.run_redis("HKEYS", "waspada:unfiled:refused")) == 4


async def test_file_pending_continues_after_an_unexpected_error(gateway: UssdGateway) -> None:
    await keep(gateway, REQUEST)
    ((_, entry),) = (await gateway.pending()).items()
    await gateway.run_redis(
        "HSET", "waspada:unfiled", "a", json.dumps({**json.loads(entry), "session": "b", "answers": 5})
    )

    with capture_logs() as lines:
        assert await gateway.services.filing.file_pending() == 1

    assert [line["event"] for line in lines if line["log_level"] == "error"] == ["incident.not_filed_late"]
    assert len(await gateway.incidents()) == 1


async def test_file_pending_without_postgresql_keeps_the_reports(
    unreliable_gateway: UssdGateway, postgres: PostgresGate
) -> None:
    await keep(unreliable_gateway, REQUEST)

    await postgres.close()
    assert await unreliable_gateway.services.filing.file_pending() == 0
    assert len(await unreliable_gateway.pending()) == 1

    await postgres.open()
    assert await unreliable_gateway.services.filing.file_pending() == 1


@pytest.mark.parametrize("how", ["hangs", "refuses"])
async def test_file_pending_without_redis_files_nothing(
    unreliable_gateway: UssdGateway, own_redis: OwnRedis, how: str
) -> None:
    """Without Redis the worker neither fails nor hangs."""
    await keep(unreliable_gateway, REQUEST)
    if how == "hangs":
        own_redis.hang()
    else:
        await own_redis.kill()
    async with asyncio.timeout(5):
        assert await unreliable_gateway.services.filing.file_pending() == 0

    if how == "hangs":
        own_redis.resume()
    else:
        await own_redis.start()

    assert await unreliable_gateway.services.filing.file_pending() == 1
    assert len(await unreliable_gateway.incidents()) == 1


async def test_file_without_both_stores_says_not_sent(
    unreliable_gateway: UssdGateway, own_redis: OwnRedis, postgres: PostgresGate
) -> None:
    """With Redis out of memory and PostgreSQL unavailable, no screen may say that the report is saved."""
    resident = Resident(unreliable_gateway.services.turns)
    await resident.walk(TO_CONFIRM)
    await unreliable_gateway.run_redis("CONFIG", "SET", "maxmemory", "1")

    await postgres.close()

    assert (await resident.answer("1")).label == "not_sent.id"
