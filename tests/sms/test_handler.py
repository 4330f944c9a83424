"""Handler of inbound SMS: reply limits, machines, repeats, and texts without a command."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest

from gateway.audit import audit
from gateway.incidents.tables import incident_details, incidents
from gateway.menu.pack.loader import load
from gateway.messages.message import TOO_MANY_REPLIES
from gateway.messages.tables import inbound_messages, messages
from gateway.people.tables import subscriptions
from gateway.runtime import logs
from gateway.runtime.pack_folder import read_pack
from gateway.text.gsm import parts
from gateway.text.phone import Phone
from tests.helpers.clocks import ManualClock
from tests.helpers.packs import PACKS
from tests.helpers.sms import KLEGO, MENU, NUMBER, OTHER, OWN_NUMBER, SmsWorld, file_report, open_sms_world, pack_sms
from tests.helpers.ussd import SERVICE, VAULT

# Who gets no answer -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sender", ["888", "3375", "TELKOMSEL", OWN_NUMBER])
@pytest.mark.parametrize("text", ["LAPOR 3 KLEGO", "BANTUAN", "apa ini", "1"])
async def test_a_machine_gets_no_reply(world: SmsWorld, sender: Phone | str, text: str) -> None:
    assert await world.send_sms(text, sender) == ""
    assert await world.dispositions() == ["machine"]
    assert await world.rows(messages) == await world.incidents() == []


@pytest.mark.parametrize("to", [NUMBER.e164, NUMBER.e164[1:]])
async def test_an_sms_from_its_own_recipient_gets_no_reply(world: SmsWorld, to: str) -> None:
    assert await world.send_sms("BANTUAN", NUMBER, to=to) == ""
    assert await world.dispositions() == ["machine"]


@pytest.mark.parametrize(
    "text",
    ["Balasan otomatis: saya rapat", "INFO: pulsa Anda tinggal 500", "STATUS: out of office", "Auto-reply BANTUAN"],
)
async def test_an_automatic_reply_gets_no_reply(world: SmsWorld, text: str) -> None:
    assert await world.send_sms(text) == ""
    assert await world.dispositions() == ["machine"]


async def test_our_own_replies_get_one_reply_a_day(world: SmsWorld) -> None:
    """As another gateway would send them back: our replies must not start an exchange."""
    answers = {"ticket": "7340-2817", "category": "gesekan", "area": KLEGO, "places": "Klego", "status": "received"}
    for language, wording in MENU.wordings.items():
        for name in wording.sms:
            await world.store_sms(MENU.sms_text(name, language, answers))

    await world.handler.handle_all()

    assert await world.replies() == [pack_sms("unknown")]
    assert await world.incidents() == []


async def test_a_pack_without_keywords_leaves_every_sms_to_the_desk(
    redis_url: str, database_url: str, clock: ManualClock
) -> None:
    mute = replace(MENU, keywords=replace(MENU.keywords, commands={}))
    async with open_sms_world(redis_url, database_url, clock, mute) as world:
        assert await world.send_sms("LAPOR 3 KLEGO") == ""
        assert await world.dispositions() == ["other"]


# How often ----------------------------------------------------------------------------------------------------------


async def test_a_number_gets_ten_replies_an_hour(world: SmsWorld, clock: ManualClock) -> None:
    for _ in range(10):
        assert await world.send_sms("BANTUAN")
        clock.advance(minutes=5)
    assert await world.send_sms("BANTUAN") == ""
    assert await world.send_sms("REG KLEGO") == ""
    assert await world.services.subscriptions.active_areas(NUMBER) == [KLEGO], "it is done all the same"
    assert await world.send_sms("BANTUAN", OTHER), "another number has ten of its own"

    clock.advance(minutes=10, seconds=-1)
    assert await world.send_sms("BANTUAN") == ""

    clock.advance(seconds=1)
    assert await world.send_sms("BANTUAN"), "the first is an hour old"
    assert await world.send_sms("BANTUAN") == "", "the second is not"


async def test_a_report_beyond_the_reply_limit_is_filed_and_not_confirmed(world: SmsWorld) -> None:
    for number in range(10):
        assert await world.send_sms(f"LAPOR 3 KLEGO tawuran {number}")
    for number in range(10, 13):
        await world.send_sms(f"LAPOR 3 KLEGO tawuran {number}")
    assert await world.send_sms("BANTUAN") == ""
    assert len(await world.incidents()) == 13

    sent = [(row["status"], row["reason"]) for row in await world.rows(messages)]
    assert sent == [("queued", "")] * 10 + [("suppressed", TOO_MANY_REPLIES)] * 3
    assert [row["answered"] for row in await world.rows(inbound_messages)] == [True] * 10 + [False] * 4
    assert await world.dispositions() == ["report"] * 13 + ["help"]


async def test_the_sms_after_ten_other_replies_is_filed(world: SmsWorld) -> None:
    for _ in range(10):
        assert await world.send_sms("BANTUAN")
    await world.send_sms("LAPOR 3 KLEGO ada orang dipukuli")

    (incident,) = await world.incidents()
    assert (incident["description"], incident["status"]) == ("ada orang dipukuli", "received")


async def test_texts_not_understood_get_one_reply_a_day(world: SmsWorld, clock: ManualClock) -> None:
    assert await world.send_sms("apa ini") == pack_sms("unknown")

    clock.advance(hours=23, minutes=59)
    assert await world.send_sms("apa itu") == ""
    assert await world.send_sms("BANTUAN"), "what is understood is answered"

    clock.advance(minutes=1)
    assert await world.send_sms("halo") == pack_sms("unknown")
    assert await world.dispositions() == ["other", "other", "help", "other"]


async def test_somebody_plainly_trying_is_answered_again(world: SmsWorld) -> None:
    for _ in range(2):
        for text in ("LAPOR xyz", "LAPOR", "LAPOR"):
            assert await world.send_sms(text) == pack_sms("no_report")
    assert await world.send_sms("CEK") == await world.send_sms("cek") == pack_sms("no_ticket_status")
    assert await world.send_sms("jangan stop kirim info") == pack_sms("no_stop")


async def test_somebody_trying_gets_thirty_replies_a_day(world: SmsWorld, clock: ManualClock) -> None:
    """Two machines could otherwise ask each other for ever."""
    replies = []
    for number in range(40):
        replies.append(await world.send_sms(f"LAPOR xyz{number}"))
        clock.advance(minutes=11)

    assert [bool(reply) for reply in replies] == [True] * 30 + [False] * 10
    assert len(await world.queue.list_inbound(to_sort=True)) == 40


# The same again -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seconds", "reports"), [(0, 1), (599, 1), (600, 2)])
async def test_a_repeated_report_within_ten_minutes_is_not_filed(
    world: SmsWorld, clock: ManualClock, seconds: int, reports: int
) -> None:
    assert await world.send_sms("LAPOR 3 KLEGO tawuran")

    clock.advance(seconds=seconds)
    assert bool(await world.send_sms(" lapor 3 klego TAWURAN\n")) == (reports == 2)
    assert len(await world.incidents()) == reports
    assert (await world.dispositions())[1] == ("report" if reports == 2 else "repeated")


async def test_the_same_report_of_two_people_is_filed_twice(world: SmsWorld) -> None:
    for sender in (NUMBER, OTHER):
        assert await world.send_sms("LAPOR 3 KLEGO tawuran", sender)
    assert len(await world.incidents()) == 2


async def test_the_same_details_are_added_once(world: SmsWorld) -> None:
    await world.send_sms("LAPOR 3 KLEGO")
    ticket = await world.newest_ticket()

    assert await world.send_sms(f"INFO {ticket} lari")
    assert await world.send_sms(f"INFO {ticket} LARI") == ""
    assert (await world.incidents())[0]["details"] == ["lari"]


async def test_the_log_has_the_disposition_and_no_text(world: SmsWorld, log: io.StringIO) -> None:
    await world.send_sms("LAPOR 3 KLEGO rahasia")
    logs.flush()
    lines = [json.loads(line) for line in log.getvalue().splitlines()]

    (line,) = [line for line in lines if line["event"] == "sms.handled"]

    assert (line["channel"], line["made"], line["answered"]) == ("at", "report", True)
    assert line["ticket"] == (await world.incidents())[0]["ticket"]
    assert "rahasia" not in log.getvalue()


@pytest.mark.parametrize(
    ("text", "language"), [("BANTUAN", "id"), ("bantuan pak", "id"), ("HELP", "en"), ("help me please", "en")]
)
async def test_help(world: SmsWorld, text: str, language: str) -> None:
    assert await world.send_sms(text) == pack_sms("help", language)
    assert await world.dispositions() == ["help"]


CRIES = [
    ("TOLONG ada tawuran rumah saya dilempari", "id"),
    ("BANTUAN pak di depan rumah saya ramai orang marah", "id"),
    ("PITULUNG wonten tiyang gelut", "jv"),
    ("TULUNG pak omahku", "jv"),
    ("HELP they are burning our house", "en"),
    ("TOLONG", "id"),
    ("tolooong pak tolong", "id"),
    ("pitulung", "jv"),
    ("rumah saya dikerumuni orang minta tolong", "id"),
    ("njaluk tulung pak", "id"),
    ("our house is full of smoke, we need help", "id"),
    ("tolong jangan ada tawuran di klego", "id"),  # not filed, so that a person reads it
]


@pytest.mark.parametrize(("text", "language"), CRIES)
async def test_a_call_for_help_is_answered_alerted_and_kept_for_the_desk(
    world: SmsWorld, log: io.StringIO, text: str, language: str
) -> None:
    assert await world.send_sms(text) == pack_sms("help", language)
    logs.flush()
    warned = [line for line in map(json.loads, log.getvalue().splitlines()) if line["event"] == "sms.call_for_help"]
    assert [line["level"] for line in warned] == ["warning"]
    assert text not in json.dumps(warned)
    assert await world.queue.count_calls_for_help() == 1

    (listed,) = await world.queue.list_inbound(to_sort=True)
    assert (listed.text, listed.disposition, listed.to_sort) == (text, "help_told", True)
    assert await world.incidents() == []
    assert await world.send_sms("BANTUAN") == pack_sms("help")
    assert len(await world.queue.list_inbound(to_sort=True)) == 1


@pytest.mark.parametrize("pack", ["pekalongan", "tegal", "kab-pekalongan"])
def test_every_help_text_names_the_emergency_number(pack: str) -> None:
    menu = load(read_pack(PACKS / pack))
    for language in menu.languages:
        assert " 110" in menu.sms_text("help", language, {})


async def test_a_text_without_command_is_kept_for_the_desk(world: SmsWorld) -> None:
    assert await world.send_sms("ada kabar di sini") == pack_sms("unknown")
    assert "*384*3375#" in pack_sms("unknown")

    (listed,) = await world.queue.list_inbound(to_sort=True)
    assert (listed.text, listed.sender) == ("ada kabar di sini", NUMBER.masked)


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
async def test_any_text_is_handled_and_answered_at_most_once(world: SmsWorld, text: str) -> None:
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
