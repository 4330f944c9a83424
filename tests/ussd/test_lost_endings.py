"""Reports whose last screen nobody may trust: what is said of them later is what PostgreSQL has.

It belongs to no module. A store is unavailable just when the report is sent, so Redis does not know of the ticket, or
nobody knows whether PostgreSQL has committed. Then the resident dials again.
"""

from __future__ import annotations

import pytest

from gateway.audit import audit
from gateway.incidents.tables import incidents
from gateway.people.tables import opt_outs
from tests.helpers.outages import OwnRedis, PostgresGate
from tests.helpers.phones import OTHER
from tests.helpers.ussd import TO_CONFIRM, WHOLE_REPORT, Resident, UssdGateway
from tests.helpers.waiting import until

OFFER = "unfinished.id.resume"


async def send_without_redis(gateway: UssdGateway, own_redis: OwnRedis) -> str:
    """Send a report while Redis is unavailable. Returns its ticket, which the resident has seen."""
    resident = Resident(gateway.services.turns)
    await resident.walk(TO_CONFIRM)
    await own_redis.kill()
    screen = await resident.answer("1")
    assert screen.label == "ticket_plain.id"
    await own_redis.start()
    await until(gateway.reaches_redis)
    return screen.text.partition("\n")[0].rpartition(" ")[2]


async def test_report_sent_without_redis_is_not_offered_again(
    patient_gateway: UssdGateway, own_redis: OwnRedis
) -> None:
    await send_without_redis(patient_gateway, own_redis)

    again = Resident(patient_gateway.services.turns)
    assert (await again.dial()).label == "main.id.home"
    assert (await patient_gateway.stored()).filed_count == 1

    for keys in ("2", "1", "2", "3", "1", "3", "1", "0", "2", "1"):
        screen = await again.answer(keys)
    assert screen.label == "ticket.id.home"
    assert [row["category"] for row in await patient_gateway.incidents()] == ["uang", "gesekan"]


@pytest.mark.parametrize("keys", [("3", "1"), ("1", "3", "1")])
async def test_report_sent_without_redis_cannot_be_called_off(
    patient_gateway: UssdGateway, own_redis: OwnRedis, postgres: PostgresGate, keys: tuple[str, ...]
) -> None:
    """PostgreSQL cannot be asked when the report is offered, but when it is called off."""
    ticket = await send_without_redis(patient_gateway, own_redis)
    await postgres.close()
    again = Resident(patient_gateway.services.turns)
    assert (await again.dial()).label == OFFER
    for key in keys[:-1]:
        await again.answer(key)

    screen = await again.callback(f"{again.text}*{keys[-1]}" if again.text else keys[-1], again.label)
    assert screen.label == "unavailable.id.resume"
    await postgres.open()
    screen = await again.answer(keys[-1])

    assert (screen.label, screen.end) == ("ticket_plain.id.resume", True)
    assert ticket in screen.text
    assert len(await patient_gateway.incidents()) == 1


@pytest.mark.parametrize(
    "keys", [("1", "1"), ("1", "2", "1", "5", "1"), ("1", "2", "2", "3", "1", "1"), ("1", "2", "4", "lain", "1")]
)
async def test_report_sent_without_redis_is_never_overwritten(
    patient_gateway: UssdGateway, own_redis: OwnRedis, postgres: PostgresGate, keys: tuple[str, ...]
) -> None:
    ticket = await send_without_redis(patient_gateway, own_redis)
    before = [await patient_gateway.rows(table) for table in (incidents, audit)]
    await postgres.close()
    again = Resident(patient_gateway.services.turns)
    await again.walk(keys[:-1])
    await postgres.open()

    screen = await again.answer(keys[-1])

    assert ticket in screen.text
    assert [await patient_gateway.rows(table) for table in (incidents, audit)] == before


async def test_kept_report_whose_screen_was_lost_cannot_be_called_off(
    patient_gateway: UssdGateway, postgres: PostgresGate
) -> None:
    resident = Resident(patient_gateway.services.turns)
    await resident.walk(TO_CONFIRM)
    (name,) = await patient_gateway.run_redis("KEYS", "waspada:ussd:*")
    before = await patient_gateway.run_redis("GET", name)
    await postgres.close()
    assert (await resident.answer("1")).label == "saved.id"
    await patient_gateway.run_redis("SET", name, before)
    await postgres.open()

    screen = await Resident(patient_gateway.services.turns).walk(("3", "1"))

    assert (screen.label, screen.end) == ("saved.id.resume", True)
    assert await patient_gateway.services.filing.file_pending() == 1


async def test_report_of_unknown_end_is_not_called_unsent(
    unreliable_gateway: UssdGateway, own_redis: OwnRedis, postgres: PostgresGate
) -> None:
    """Both stores hang while a report is sent. PostgreSQL goes on and commits, so there is nothing to offer."""
    await Resident(unreliable_gateway.services.turns, OTHER).walk()  # the statement is prepared
    resident = Resident(unreliable_gateway.services.turns)
    await resident.walk(TO_CONFIRM)
    own_redis.hang()
    postgres.freeze()

    screen = await resident.answer("1")

    assert (screen.label, screen.end) == ("perhaps_sent.id", True)
    assert "mungkin belum terkirim. Tunggu SMS" in screen.text
    own_redis.resume()
    await postgres.open()
    await until(unreliable_gateway.reaches_redis)

    async def is_committed() -> bool:
        return len(await unreliable_gateway.incidents()) == 2

    await until(is_committed)
    assert (await Resident(unreliable_gateway.services.turns).dial()).label == "main.id.home"
    assert len(await unreliable_gateway.confirmations()) == 2


async def test_report_of_unknown_end_that_was_not_committed_is_offered(
    unreliable_gateway: UssdGateway, own_redis: OwnRedis, postgres: PostgresGate
) -> None:
    resident = Resident(unreliable_gateway.services.turns)
    await resident.walk(TO_CONFIRM)
    own_redis.hang()
    postgres.freeze()  # no connection is open yet, so nothing can be sent
    assert (await resident.answer("1")).label == "perhaps_sent.id"
    own_redis.resume()
    await postgres.open()
    await until(unreliable_gateway.reaches_redis)

    assert (await Resident(unreliable_gateway.services.turns).walk(("1", "1"))).label == "ticket_plain.id.resume"
    (incident,) = await unreliable_gateway.incidents()
    assert incident["session"] == resident.session


@pytest.mark.parametrize("text", ["*".join(WHOLE_REPORT), "1*4*2"])
async def test_guess_without_labels_and_redis_has_no_effect(
    patient_gateway: UssdGateway, own_redis: OwnRedis, text: str
) -> None:
    await own_redis.kill()

    screen = await Resident(patient_gateway.services.turns).callback(text)

    assert screen.end
    assert screen.label in ("not_sent.id", "unavailable.id")
    assert await patient_gateway.incidents() == []
    assert await patient_gateway.rows(opt_outs) == []


async def test_guess_of_a_report_that_was_sent_shows_its_ticket(
    patient_gateway: UssdGateway, own_redis: OwnRedis, postgres: PostgresGate
) -> None:
    resident = Resident(patient_gateway.services.turns, labelled=False)
    ticket = await resident.walk()
    await own_redis.kill()

    assert (await resident.callback(resident.text)).text == ticket.text

    await postgres.close()
    assert (await resident.callback(resident.text)).label == "perhaps_sent.id"


@pytest.mark.parametrize("gone", ["redis", "postgres", "both"])
async def test_report_that_was_never_sent_is_called_off_without_stores(
    patient_gateway: UssdGateway, own_redis: OwnRedis, postgres: PostgresGate, gone: str
) -> None:
    resident = Resident(patient_gateway.services.turns)
    await resident.walk(TO_CONFIRM)
    if gone in ("redis", "both"):
        await own_redis.kill()
    if gone in ("postgres", "both"):
        await postgres.close()

    await resident.answer("3")
    screen = await resident.answer("1")

    assert (screen.label, screen.end) == ("cancelled.id", True)
