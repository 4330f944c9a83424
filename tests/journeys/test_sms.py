"""Service by SMS alone, from outside: a report, its status, a detail, and erasure of the number."""

from __future__ import annotations

import re

from gateway.carriers.local.handset import Handset
from gateway.messages.tables import inbound_messages
from tests.helpers.journeys import StandaloneGateway
from tests.helpers.waiting import until


async def answer(gateway: StandaloneGateway, handset: Handset, text: str) -> str:
    """Send this, and wait for the SMS that comes back."""
    before = len(await gateway.sms_to(handset))
    await gateway.sms_from(handset, text)

    async def answered() -> bool:
        return len(await gateway.sms_to(handset)) > before

    await until(answered)
    (reply,) = (await gateway.sms_to(handset))[before:]
    return reply["text"]


async def test_report_by_sms_is_filed_and_confirmed(gateway: StandaloneGateway) -> None:
    async with gateway.phone() as handset:
        assert "tempat mana: Kuripan Kertoharjo, Kuripan Yosorejo?" in await answer(
            gateway, handset, "lapor 3 kuripan tawuran"
        )

        confirmation = await answer(gateway, handset, "Lapor, 3 kuripan yosorejo: tawuran di pasar \U0001f525")
        found = re.search(r"\b(\d{4})-(\d{4})\b", confirmation)
        assert found, confirmation

        ticket = found[1] + found[2]
        (incident,) = [one for one in await gateway.program.list_json("incidents") if one["ticket"] == ticket]
        assert {
            "category": "gesekan",
            "area": "33.75.04.1008",
            "description": "tawuran di pasar \U0001f525",
            "channel": "local",
            "language": "id",
            "phone": handset.phone.masked,
        }.items() <= incident.items()
        assert "Diterima" in await answer(gateway, handset, f"CEK {found[0]}")
        assert "ditambahkan" in await answer(gateway, handset, f"INFO {found[0]} pelaku lari ke utara")
        assert "Sapunika basa panjenengan Jawa" in await answer(gateway, handset, "BASA jawa")
        assert (await handset.dial("*384*3375#")).text.splitlines()[2] == "1.Bebaya sapunika"
        assert "kabusak" in await answer(gateway, handset, f"BUSAK {found[0]}")

        (incident,) = [one for one in await gateway.program.list_json("incidents") if one["ticket"] == ticket]
        assert (incident["phone"], incident["details"]) == ("", ["pelaku lari ke utara"])
        asked = await answer(gateway, handset, "2")
        assert "papan pundi" in asked, (
            "it is no officer's reply to an alert: the first half of a report still waits for its place"
        )

        async def all_handled() -> bool:
            return all(row["handled_at"] for row in await gateway.rows(inbound_messages))

        await until(all_handled)
        assert len(await gateway.sms_to(handset)) == 7

        log = gateway.program.log.read_text()
        assert handset.phone.e164[-9:] not in log
        assert "pelaku" not in log
        assert "Traceback" not in log
