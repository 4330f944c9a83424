"""The answer to the SMS about a dropped report, from the first callback of the call to the confirmation, over HTTP."""

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
KEYS = ("1", "1", "1", "3", "1", "2", "1", "1")  # a clash that goes on in Podosugih; somebody is hurt


async def dropped(waspada: WebGateway) -> None:
    """The phone has dialled, told this much, and was cut off a while ago; the worker has looked."""
    body = fixture("ussd_01_initial").replace(b"6281230004567", PHONE.e164[1:].encode())
    answer = await waspada.post("ussd", body)
    for number in range(len(KEYS)):
        headers = {"Content-Type": FORM_TYPE, "at-ussd-hop-metadata": answer.label}
        answer = await waspada.post("ussd", body + "*".join(KEYS[: number + 1]).encode(), headers)
    assert answer.label == "keep_away.id"
    services = waspada.services
    key = services.vault.lookup(PHONE)
    raw, stored = await services.sessions.read(key)
    assert stored
    await services.sessions.compare_and_set(
        key, raw, stored._replace(stored_at=stored.stored_at - LONGEST_SESSION_S), 600
    )
    assert await services.dropped_sessions.sweep() == 1


async def sms(waspada: WebGateway, text: str = "1", number: int = 1) -> Answer:
    """The captured SMS with another text; `number` makes another one of it."""
    body = fixture("inbox_iso_date").replace(b"HARGA+padi", quote_plus(text).encode())
    return await waspada.post("sms", body.replace(b"c4b77", b"%05d" % number))


async def test_one_files_the_report_and_confirms_it(waspada: WebGateway) -> None:
    await dropped(waspada)
    (reminder,) = await waspada.rows(messages)
    assert (reminder["class"], CODE in reminder["text"]) == ("resume", True)
    (kept,) = waspada.lines("draft.kept")
    assert (kept["level"], kept["danger"]) == ("warning", "yes")
    for number in (1, 1, 2):  # the carrier repeats it, and the resident sends it again
        assert (await sms(waspada, number=number)).text == "ok"
    assert await waspada.rows(incidents) == [], "the worker does it"
    assert await waspada.services.inbound_handler.handle_all() == 2
    (incident,) = await waspada.rows(incidents)
    assert (incident["category"], incident["danger"]) == ("gesekan", "yes")
    queued = {row["class"]: row for row in await waspada.rows(messages)}
    assert queued["confirmation"]["ticket"] == incident["ticket"]
    assert {name: row["status"] for name, row in queued.items()} == {"resume": "cancelled", "confirmation": "queued"}
    assert len(await waspada.rows(messages)) == 2
    (draft,) = await waspada.rows(drafts)
    assert (draft["status"], draft["answers"]) == ("filed", {})
    assert len(waspada.lines("draft.filed")) == 1


@pytest.mark.parametrize("text", ["HARGA padi", "2", "ya", "1 1"])
async def test_any_other_text_is_only_a_message(waspada: WebGateway, text: str) -> None:
    await dropped(waspada)
    assert (await sms(waspada, text)).text == "ok"
    assert await waspada.services.inbound_handler.handle_all() == 1
    assert await waspada.rows(incidents) == []
    (message,) = await waspada.rows(inbound_messages)
    assert message["text"] == text


async def test_with_postgresql_away_it_is_asked_for_again(shaky: WebGateway, postgres: PostgresGate) -> None:
    await dropped(shaky)
    await postgres.close()
    assert (await sms(shaky)).status == 503
    await postgres.open()
    assert (await sms(shaky)).status == 200
    assert await shaky.services.inbound_handler.handle_all() == 1
    assert len(await shaky.rows(incidents)) == 1


async def test_a_one_without_a_dropped_report_is_only_a_message(waspada: WebGateway) -> None:
    assert (await sms(waspada)).text == "ok"
    assert await waspada.services.inbound_handler.handle_all() == 1
    assert await waspada.rows(incidents) == []
    assert not [line for line in waspada.lines() if line["level"] in ("warning", "error")]
