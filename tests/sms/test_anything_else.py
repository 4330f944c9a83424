"""Help and texts that are not understood: one reply at most, kept for the desk, no number readable."""

from __future__ import annotations

import pytest

from gateway.audit import audit
from gateway.incidents.tables import incident_details, incidents
from gateway.menu.pack.loader import load
from gateway.messages.tables import inbound_messages, messages
from gateway.people.tables import subscriptions
from gateway.runtime.pack_folder import read_pack
from gateway.text.gsm import parts
from tests.helpers.packs import PACKS
from tests.helpers.sms import NUMBER, SmsWorld, file_report, pack_sms
from tests.helpers.ussd import SERVICE, VAULT


@pytest.mark.parametrize(
    ("text", "language"), [("BANTUAN", "id"), ("tolong", "id"), ("pitulung", "jv"), ("HELP", "en")]
)
async def test_help(world: SmsWorld, text: str, language: str) -> None:
    assert await world.send_sms(text) == pack_sms("help", language)
    assert await world.dispositions() == ["help"]


CRIES = [
    ("TOLONG ada tawuran di Klego rumah saya dilempari", "id"),
    ("BANTUAN pak ada bentrokan di Medono bawa celurit", "id"),
    ("PITULUNG wonten tiyang gelut ing Klego", "jv"),
    ("HELP they are burning our house", "en"),
]


@pytest.mark.parametrize(("text", "language"), CRIES)
async def test_a_cry_for_help_is_answered_and_kept_for_the_desk(world: SmsWorld, text: str, language: str) -> None:
    assert await world.send_sms(text) == pack_sms("help", language)
    (listed,) = await world.queue.list_inbound(to_sort=True)
    assert (listed.text, listed.disposition, listed.to_sort) == (text, "help_told", True)
    assert await world.incidents() == [], "only who says LAPOR has reported"
    assert await world.send_sms("BANTUAN") == pack_sms("help")
    assert len(await world.queue.list_inbound(to_sort=True)) == 1


@pytest.mark.parametrize("pack", ["pekalongan", "tegal", "kab-pekalongan"])
def test_every_help_says_whom_to_call_in_an_emergency(pack: str) -> None:
    menu = load(read_pack(PACKS / pack))
    for language in menu.languages:
        assert " 110" in menu.sms_text("help", language, {})


async def test_anything_else_is_kept_for_the_desk(world: SmsWorld) -> None:
    assert await world.send_sms("ada tawuran di klego") == pack_sms("unknown")
    assert "*384*3375#" in pack_sms("unknown")
    (listed,) = await world.queue.list_inbound(to_sort=True)
    assert (listed.text, listed.sender) == ("ada tawuran di klego", NUMBER.masked)


NONSENSE = [
    "",
    "?!",
    "\U0001f44d\U0001f3fd" * 100,
    "\0",
    "x" * 4096,
    "LAPOR" * 500,
    "\u202eROPAL 3",
    "{ticket} %s ${x}",
    "'; DROP TABLE incidents; --",
    "LAPOR {ticket}",
    "CEK",
    "CEK " + "7340-2817 " * 300,
    "INFO \n\n",
    "HAPUS semua",
    "REG " + "a" * 3000,
    "BAHASA \U0001f600",
    "12345678",
    "4",
]


@pytest.mark.parametrize("text", NONSENSE)
async def test_whatever_comes_is_handled_and_answered_at_most_once(world: SmsWorld, text: str) -> None:
    assert len(parts(await world.send_sms(text))) <= 1
    assert await world.incidents() == []
    assert await world.dispositions() != ["failed"]
    assert len(await world.rows(messages)) == 1
    assert await world.handler.handle_all() == 0


async def test_no_number_is_readable(world: SmsWorld) -> None:
    ticket = await file_report(world)
    for text in (f"INFO {ticket} lari", f"CEK {ticket}", "REG", "STOP", "apa ini", f"HAPUS {ticket}"):
        await world.send_sms(text)
    tables = (inbound_messages, messages, incidents, incident_details, subscriptions, audit)
    stored = repr([await world.rows(table) for table in tables])
    assert NUMBER.e164[-9:] not in stored
    assert VAULT.lookup(NUMBER) not in [row["sender_key"] for row in await world.rows(inbound_messages)][:1]


async def test_the_service_code_is_that_of_the_channel(world: SmsWorld) -> None:
    assert SERVICE.service_code in await world.send_sms("apa ini")
