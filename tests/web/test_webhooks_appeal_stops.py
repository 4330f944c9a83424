"""Opt-out reported by a carrier, counted as a stop of the last appeal to that person."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import insert, select

from gateway.appeals.tables import appeal_answers
from gateway.messages.tables import messages
from gateway.text.phone import Phone
from tests.helpers.carrier_server import fixture
from tests.helpers.web import WebGateway, add_appeal

SUBSCRIBER = Phone("+254711000123")  # of the captured opt-out


async def test_carrier_opt_out_counts_as_a_stop_of_the_last_appeal(web_gateway: WebGateway) -> None:
    services = web_gateway.services
    appeal, now = await add_appeal(services.database), services.clock.now()
    row = {
        "class": "appeal",
        "status": "delivered",
        "channel": "at",
        "priority": 50,
        "phone_sealed": services.vault.seal(SUBSCRIBER),
        "phone_key": services.vault.lookup(SUBSCRIBER),
        "language": "id",
        "text": "Rukun. STOP",
        "encoding": "gsm7",
        "parts": 1,
        "reason": "",
        "attempts": 1,
        "unknowns": 0,
        "due_at": now,
        "expires_at": now + timedelta(days=1),
        "created_at": now,
        "updated_at": now,
        "appeal": appeal,
        "person": 7,
        "area": "",
    }
    async with services.database.begin() as connection:
        await connection.execute(insert(messages).values(row))

    assert (await web_gateway.post("optout", fixture("optout_alphanumeric"))).status == 200

    async with services.database.begin() as connection:
        answers = (await connection.execute(select(appeal_answers))).all()
    assert [(row.appeal, row.person, row.kind) for row in answers] == [(appeal, 7, "stop")]
