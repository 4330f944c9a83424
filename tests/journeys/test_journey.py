"""Whole journey, from outside: a resident dials, the report is recorded, an SMS confirms it."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

from gateway.messages.tables import session_ends
from tests.helpers.journeys import KEYS, StandaloneGateway, walk
from tests.helpers.waiting import until

TICKET = re.compile(r"\b(\d{4})-(\d{4})\b")
RECORDS: dict[str, dict[str, Any]] = {
    "id": {
        "category": "gesekan",
        "area": "33.75.03.1002",
        "when": "now",
        "danger": "no",
        "answers": {"size": "many", "seen": "self"},
        "description": "tawuran di depan pasar",
        "contact": True,
    },
    "jv": {
        "category": "apk",
        "area": "33.75.01.1009",
        "when": "today",
        "danger": "",
        "answers": {"seen": "self"},
        "description": "",
        "contact": True,
    },
    "en": {
        "category": "tps",
        "area": "33.75.01.1008",
        "when": "now",
        "danger": "no",
        "answers": {"size": "some", "seen": "self"},
        "description": "5*5 m of water",
        "contact": False,
    },
}
THANKS = {"id": "Terima kasih.", "jv": "Matur nuwun.", "en": "Thank you."}


async def test_gateway_is_ready_when_it_says_so(gateway: StandaloneGateway) -> None:
    assert await gateway.get("/readyz") == {"ready": True, "away": {}}


async def journey(gateway: StandaloneGateway, language: str) -> tuple[str, str, str]:
    """Dial, report, and wait for the confirmation. Returns the ticket, the masked phone, and the text of the SMS."""
    async with gateway.phone() as handset:
        screen = await walk(handset, KEYS[language])
        assert not screen.open
        assert screen.text.startswith(THANKS[language])
        found = TICKET.search(screen.text)
        assert found, screen.text

        async def confirmed() -> bool:
            return [sms["status"] for sms in await gateway.sms_to(handset)] == ["Success"]

        await until(confirmed)
        (sms,) = await gateway.sms_to(handset)
        assert found[0] in sms["text"]
        return found[1] + found[2], handset.phone.masked, sms["text"]


async def test_whole_journey_in_each_language(gateway: StandaloneGateway) -> None:
    journeys = dict(zip(KEYS, await asyncio.gather(*(journey(gateway, language) for language in KEYS)), strict=True))
    incidents = {one["ticket"]: one for one in await gateway.program.list_json("incidents")}
    for language, (ticket, phone, _) in journeys.items():
        record = RECORDS[language] | {"language": language, "channel": "local", "status": "received", "phone": phone}
        assert {name: incidents[ticket][name] for name in record} == record

    async def delivered() -> bool:
        listed = await gateway.program.list_json("messages")
        return {one["ticket"]: one["status"] for one in listed}.items() >= {
            (ticket, "delivered") for ticket, _, _ in journeys.values()
        }

    await until(delivered)
    messages = await gateway.program.list_json("messages")
    for ticket, phone, text in journeys.values():
        (message,) = [one for one in messages if one["ticket"] == ticket]
        assert (message["class"], message["to"], message["text"]) == ("confirmation", phone, text)
        assert (message["attempts"], message["encoding"], message["parts"]) == (1, "gsm7", 1)
    sent = [sms["text"] for sms in await gateway.get("/local/messages")]
    assert [sent.count(text) for _, _, text in journeys.values()] == [1, 1, 1]


async def test_end_of_a_session_is_stored(gateway: StandaloneGateway) -> None:
    async with gateway.phone() as whole, gateway.phone() as dropped:
        await walk(whole, KEYS["jv"])
        await walk(dropped, KEYS["jv"][:4])
    ends = {row["session"]: row for row in await gateway.rows(session_ends)}

    assert (ends[whole.session]["ending"], ends[whole.session]["hops"]) == ("completed", len(KEYS["jv"]) + 1)
    assert (ends[dropped.session]["ending"], ends[dropped.session]["hops"]) == ("abandoned", 5)


async def test_log_holds_no_number(gateway: StandaloneGateway) -> None:
    async with gateway.phone() as handset:
        screen = await walk(handset, KEYS["en"])
        found = TICKET.search(screen.text)
        assert found, screen.text
        ticket = found[1] + found[2]

        async def logged() -> bool:
            # In any order: the SMS may be sent before or after the carrier reports the end of the session.
            lines = [json.loads(line) for line in gateway.program.log.read_text().splitlines() if line.endswith("}")]
            sent = any(line["event"] == "message.sent" and line["ticket"] == ticket for line in lines)
            return sent and any(line.get("session") == handset.session for line in lines)

        await until(logged)
    log = gateway.program.log.read_text()
    assert handset.phone.e164[-9:] not in log
    assert "Traceback" not in log
