"""Reply to the reminder about a dropped report, from the first callback to the confirmation, over HTTP."""

from __future__ import annotations

from urllib.parse import quote_plus

import pytest

from gateway.carriers.form_body import FORM_TYPE
from gateway.incidents.tables import drafts, incidents
from gateway.messages.tables import inbound_messages, messages
from gateway.text.phone import Phone
from gateway.ussd.dropped_sessions import LONGEST_SESSION_S
from tests.helpers.carrier_server import fixture
from tests.helpers.outages import PostgresGate
from tests.helpers.web import CODE, Answer, WebGateway

PHONE = Phone("+254711000123")  # of the captured SMS
KEYS = ("1", "2", "1", "3", "1", "2", "1", "2")  # a clash in Podosugih, now, with nobody hurt


async def dropped(web_gateway: WebGateway) -> None:
    """Dial, answer `KEYS`, and let the session be dropped and swept."""
    body = fixture("ussd_01_initial").replace(b"6281230004567", PHONE.e164[1:].encode())
    answer = await web_gateway.post("ussd", body)
    for number in range(len(KEYS)):
        headers = {"Content-Type": FORM_TYPE, "at-ussd-hop-metadata": answer.label}
        answer = await web_gateway.post("ussd", body + "*".join(KEYS[: number + 1]).encode(), headers)
    assert answer.label == "size.id"
    services = web_gateway.services
    key = services.vault.lookup(PHONE)
    raw, stored = await services.sessions.read(key)
    assert stored
    await services.sessions.compare_and_set(
        key, raw, stored._replace(stored_at=stored.stored_at - LONGEST_SESSION_S), 600
    )
    assert await services.dropped_sessions.sweep() == 1


async def sms(web_gateway: WebGateway, text: str = "1", number: int = 1) -> Answer:
    """Receive the captured SMS with another text. `number` gives it another id."""
    body = fixture("inbox_iso_date").replace(b"HARGA+padi", quote_plus(text).encode())
    return await web_gateway.post("sms", body.replace(b"c4b77", b"%05d" % number))


async def test_reply_1_files_the_draft_and_confirms_it(web_gateway: WebGateway) -> None:
    await dropped(web_gateway)
    (reminder,) = await web_gateway.rows(messages)

    assert (reminder["class"], CODE in reminder["text"]) == ("resume", True)

    (kept,) = web_gateway.lines("draft.kept")
    assert (kept["level"], kept["danger"]) == ("info", "no")
    for number in (1, 1, 2):  # a retry of the carrier, and a second SMS of the resident
        assert (await sms(web_gateway, number=number)).text == "ok"
    assert await web_gateway.rows(incidents) == [], "the worker does it"
    assert await web_gateway.services.inbound_handler.handle_all() == 2

    (incident,) = await web_gateway.rows(incidents)
    assert (incident["category"], incident["danger"]) == ("gesekan", "no")

    queued = {row["class"]: row for row in await web_gateway.rows(messages)}
    assert queued["confirmation"]["ticket"] == incident["ticket"]
    assert {name: row["status"] for name, row in queued.items()} == {"resume": "cancelled", "confirmation": "queued"}
    assert len(await web_gateway.rows(messages)) == 2

    (draft,) = await web_gateway.rows(drafts)
    assert (draft["status"], draft["answers"]) == ("filed", {})
    assert len(web_gateway.lines("draft.filed")) == 1
    (filed,) = web_gateway.lines("incident.filed")
    assert filed["category"] == "gesekan"


@pytest.mark.parametrize("text", ["HARGA padi", "2", "ya", "1 2"])
async def test_other_reply_is_only_stored(web_gateway: WebGateway, text: str) -> None:
    await dropped(web_gateway)
    assert (await sms(web_gateway, text)).text == "ok"
    assert await web_gateway.services.inbound_handler.handle_all() == 1
    assert await web_gateway.rows(incidents) == []

    (message,) = await web_gateway.rows(inbound_messages)
    assert message["text"] == text


async def test_reply_without_postgresql_is_taken_at_the_retry(
    unreliable_gateway: WebGateway, postgres: PostgresGate
) -> None:
    await dropped(unreliable_gateway)
    await postgres.close()

    assert (await sms(unreliable_gateway)).status == 503

    await postgres.open()
    assert (await sms(unreliable_gateway)).status == 200
    assert await unreliable_gateway.services.inbound_handler.handle_all() == 1
    assert len(await unreliable_gateway.rows(incidents)) == 1


async def test_reply_1_without_a_draft_is_only_stored(web_gateway: WebGateway) -> None:
    assert (await sms(web_gateway)).text == "ok"
    assert await web_gateway.services.inbound_handler.handle_all() == 1
    assert await web_gateway.rows(incidents) == []
    assert not [line for line in web_gateway.lines() if line["level"] in ("warning", "error")]
