"""A cry for help, and whatever else comes by SMS: answered at most once, kept for the desk, no number readable."""

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
from tests.helpers.sms import NUMBER, Room, reported, sms
from tests.helpers.ussd import SERVICE, VAULT


@pytest.mark.parametrize(
    ("text", "language"), [("BANTUAN", "id"), ("tolong", "id"), ("pitulung", "jv"), ("HELP", "en")]
)
async def test_help(desk: Room, text: str, language: str) -> None:
    assert await desk.says(text) == sms("help", language)
    assert await desk.made() == ["help"]


CRIES = [
    ("TOLONG ada tawuran di Klego rumah saya dilempari", "id"),
    ("BANTUAN pak ada bentrokan di Medono bawa celurit", "id"),
    ("PITULUNG wonten tiyang gelut ing Klego", "jv"),
    ("HELP they are burning our house", "en"),
]


@pytest.mark.parametrize(("text", "language"), CRIES)
async def test_a_cry_for_help_is_answered_and_kept_for_the_desk(desk: Room, text: str, language: str) -> None:
    assert await desk.says(text) == sms("help", language)
    (listed,) = await desk.letters.list_inbound(to_sort=True)
    assert (listed.text, listed.disposition, listed.to_sort) == (text, "help_told", True)
    assert await desk.incidents() == [], "only who says LAPOR has reported"
    assert await desk.says("BANTUAN") == sms("help")
    assert len(await desk.letters.list_inbound(to_sort=True)) == 1


@pytest.mark.parametrize("pack", ["pekalongan", "tegal", "kab-pekalongan"])
def test_every_help_says_whom_to_call_in_an_emergency(pack: str) -> None:
    menu = load(read_pack(PACKS / pack))
    for language in menu.languages:
        assert " 110" in menu.sms_text("help", language, {})


async def test_anything_else_is_kept_for_the_desk(desk: Room) -> None:
    assert await desk.says("ada tawuran di klego") == sms("unknown")
    assert "*384*3375#" in sms("unknown")
    (listed,) = await desk.letters.list_inbound(to_sort=True)
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
async def test_whatever_comes_is_handled_and_answered_at_most_once(desk: Room, text: str) -> None:
    assert len(parts(await desk.says(text))) <= 1
    assert await desk.incidents() == []
    assert await desk.made() != ["failed"]
    assert len(await desk.rows(messages)) == 1
    assert await desk.post.handle_all() == 0


async def test_no_number_is_readable(desk: Room) -> None:
    ticket = await reported(desk)
    for text in (f"INFO {ticket} lari", f"CEK {ticket}", "REG", "STOP", "apa ini", f"HAPUS {ticket}"):
        await desk.says(text)
    tables = (inbound_messages, messages, incidents, incident_details, subscriptions, audit)
    stored = repr([await desk.rows(table) for table in tables])
    assert NUMBER.e164[-9:] not in stored
    assert VAULT.lookup(NUMBER) not in [row["sender_key"] for row in await desk.rows(inbound_messages)][:1]


async def test_the_service_code_is_that_of_the_channel(desk: Room) -> None:
    assert SERVICE.service_code in await desk.says("apa ini")
