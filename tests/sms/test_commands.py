"""Every command of an SMS, in the languages of its keywords, over real stores: what is done, and what is answered."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.carriers.carrier import OptOut, Refused
from gateway.incidents.incident import LONGEST_DESCRIPTION, Status
from gateway.incidents.records import audit, incident_details, incidents
from gateway.menu.loading import load
from gateway.messages.inbox import inbound_messages
from gateway.messages.ledger import messages
from gateway.messages.outbox import Outbox
from gateway.people.records import people
from gateway.people.refusals import OURS, opt_outs
from gateway.people.subscriptions import subscriptions
from gateway.runtime.packs import read_pack
from gateway.text.gsm import parts
from tests.clocks import StandingClock
from tests.sms.stage import KLEGO, MEDONO, MENU, NUMBER, OTHER, Room, sms
from tests.ussd.stage import PACKS, SECOND, SERVICE, TO_DESCRIBE, VAULT, WHOLE, Resident

STRANGE = "7340-2817"  # a ticket that nobody has

# A report ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("keyword", "language"), [("LAPOR", "id"), ("lapur", "jv"), ("Report", "en")])
async def test_a_report(desk: Room, clock: StandingClock, keyword: str, language: str) -> None:
    reply = await desk.says(f"{keyword} 3 KLEGO tawuran di pasar")
    (incident,) = await desk.incidents()
    assert {
        "category": "gesekan",
        "area": KLEGO,
        "description": "tawuran di pasar",
        "language": language,
        "channel": "at",
        "phone": NUMBER.masked,
        "status": "received",
        "veracity": "unverified",
        "received_at": clock.now().isoformat(),
        "contact": None,
        "when": "",
    }.items() <= incident.items()
    assert reply == sms("received", language, category="gesekan", area=KLEGO, ticket=await desk.ticket())
    (confirmation,) = await desk.rows(messages)
    assert (confirmation["class"], confirmation["ticket"]) == ("confirmation", incident["ticket"])
    (letter,) = await desk.rows(inbound_messages)
    assert (letter["made"], letter["ticket"], letter["answered"]) == ("report", incident["ticket"], True)


REPORTS = [
    ("lapor,3,kelgo,tawuran", "gesekan", KLEGO, "tawuran"),
    ("LAPOR duit Medono bagi amplop", "uang", MEDONO, "bagi amplop"),
    ("LAPOR MEDONO 2 bagi amplop", "uang", MEDONO, "bagi amplop"),
    ("LAPOR 3 KEBULEN ribut", "gesekan", "33.75.01.1004", "ribut"),
    ("LAPOR ada tawuran di Klego sekarang", "gesekan", KLEGO, "ada tawuran di Klego sekarang"),
    ("LAPOR 3 KLEGO", "gesekan", KLEGO, ""),
    ("LAPOR 3 KLEGO \U0001f525\U0001f525 api\ndi pasar", "gesekan", KLEGO, "\U0001f525\U0001f525 api\ndi pasar"),
    ("LAPOR 3 KLEGO a\0b\tc\x85d", "gesekan", KLEGO, "ab c d"),
    ("LAPOR 5 KLEGO ada sms pulsa anda bertambah, pilih satu", "hoaks", KLEGO, None),
]


@pytest.mark.parametrize(("text", "category", "area", "description"), REPORTS)
async def test_a_report_however_it_is_written(
    desk: Room, text: str, category: str, area: str, description: str | None
) -> None:
    assert "diterima" in await desk.says(text)
    (incident,) = await desk.incidents()
    assert (incident["category"], incident["area"]) == (category, area)
    assert description in (None, incident["description"])


async def test_a_report_longer_than_a_record_is_cut_and_the_letter_is_whole(desk: Room) -> None:
    told = "tawuran " * 250
    assert "diterima" in await desk.says(f"LAPOR 3 KLEGO {told}")
    (incident,) = await desk.incidents()
    assert incident["description"] == told[:LONGEST_DESCRIPTION].strip()
    (letter,) = await desk.rows(inbound_messages)
    assert letter["text"].endswith(told)


MISSING: list[tuple[str, str, dict[str, str]]] = [
    ("LAPOR", "no_report", {}),
    ("LAPOR ???", "no_report", {}),
    ("LAPOR xyz", "no_report", {}),
    ("LAPOR 3", "no_place", {"category": "gesekan"}),
    ("LAPOR 3 pekalongan utara ribut", "no_place", {"category": "gesekan"}),
    ("LAPOR tawuran di depan pasar", "no_place", {"category": "gesekan"}),
    ("LAPOR KLEGO ada apa ini", "no_category", {"area": KLEGO}),
    ("LAPOR 77 KLEGO", "no_category", {"area": KLEGO}),
    (
        "LAPOR 3 KURIPAN ribut",
        "which_place",
        {"category": "gesekan", "places": "Kuripan Kertoharjo, Kuripan Yosorejo"},
    ),
    ("LAPOR 3 antara Poncol dan Klego", "which_place", {"category": "gesekan", "places": "Poncol, Klego"}),
]


@pytest.mark.parametrize("keyword", ["LAPOR", "LAPUR", "REPORT"])
@pytest.mark.parametrize(("text", "answer", "values"), MISSING)
async def test_what_is_missing_is_said_and_the_letter_kept(
    desk: Room, text: str, answer: str, values: dict[str, str], keyword: str
) -> None:
    language = {"LAPOR": "id", "LAPUR": "jv", "REPORT": "en"}[keyword]
    assert await desk.says(text.replace("LAPOR", keyword)) == sms(answer, language, **values)
    assert await desk.incidents() == []
    (listed,) = await desk.letters.list(to_sort=True)
    assert listed["text"] == text.replace("LAPOR", keyword)
    assert listed["made"] == ("untold" if answer == "no_report" else "unsorted")


def test_both_the_kind_and_the_place_are_said_to_be_missing() -> None:
    assert sms("no_report").startswith("Jenis dan tempat belum jelas.")
    assert "LAPOR 3 KLEGO" in sms("no_report")


async def test_each_letter_is_a_report_of_its_own(desk: Room) -> None:
    for text in ("LAPOR 3 KLEGO satu", "LAPOR 3 KLEGO dua"):
        await desk.says(text)
    await desk.says("LAPOR 3 KLEGO satu", OTHER)
    assert len(await desk.incidents()) == len(await desk.gateway.confirmations()) == 3


async def test_a_report_is_answered_on_the_channel_that_it_came_by(desk: Room) -> None:
    await desk.says("LAPOR 3 KLEGO", channel="at2")
    reply = await desk.says("apa ini", channel="at2")
    assert reply == MENU.sms("unknown", "id", {}, {"ussd": SECOND.service_code})
    assert {row["channel"] for row in await desk.rows(messages)} == {"at2"}


# A ticket ----------------------------------------------------------------------------------------------------


async def reported(desk: Room, text: str = "LAPOR 3 KLEGO tawuran") -> str:
    """A report of `NUMBER`; its ticket."""
    await desk.says(text)
    return await desk.ticket()


@pytest.mark.parametrize(("keyword", "language"), [("CEK", "id"), ("priksa", "jv"), ("Check", "en")])
async def test_how_a_report_stands(desk: Room, clock: StandingClock, keyword: str, language: str) -> None:
    ticket = await reported(desk)
    clock.pass_time(minutes=5)
    await desk.gateway.book.move(ticket.replace("-", ""), Status.CHECKING, "desk", "")
    expected = sms("status", language, ticket=ticket, status="checking", date=MENU.moment(clock.now()))
    for written in (ticket, ticket.replace("-", ""), ticket.replace("-", " "), f"nomor #{ticket}, pak"):
        assert await desk.says(f"{keyword} {written}") == expected
    assert (await desk.made())[1:] == ["status"] * 4
    assert {row["class"] for row in await desk.rows(messages)} == {"confirmation", "status"}


WITHOUT_A_TICKET = [
    ("CEK", "status", "id", "CEK 7340-2817"),
    ("cek laporan saya pak", "status", "id", "CEK 7340-2817"),
    ("INFO", "add_info", "id", "INFO 7340-2817 "),
    ("INFO jam 19.30 ada 20 orang lari", "add_info", "id", "INFO 7340-2817 "),
    ("HAPUS nomor saya", "erase", "id", "HAPUS 7340-2817"),
    ("PRIKSA", "status", "jv", "CEK 7340-2817"),
    ("BUSAK", "erase", "jv", "BUSAK 7340-2817"),
    ("CHECK", "status", "en", "STATUS 7340-2817"),
    ("ERASE me", "erase", "en", "ERASE 7340-2817"),
]


@pytest.mark.parametrize(("text", "command", "language", "written"), WITHOUT_A_TICKET)
async def test_a_ticket_that_is_missing_is_asked_for(
    desk: Room, text: str, command: str, language: str, written: str
) -> None:
    reply = await desk.says(text)
    assert reply == sms(f"no_ticket_{command}", language)
    assert written in reply
    assert await desk.made() == ["unsorted"]


@pytest.mark.parametrize("pack", ["pekalongan", "tegal", "kab-pekalongan"])
def test_every_pack_tells_to_write_its_own_keywords(pack: str) -> None:
    menu = load(read_pack(PACKS / pack))
    for command in ("status", "add_info", "erase"):
        for language, said in menu.keywords.commands[command].items():
            text = menu.sms(f"no_ticket_{command}", language, {})
            assert [word for word in said if f" {word.upper()} 7340-2817" in text], (language, text)


@pytest.mark.parametrize("number", ["7340-2816", "7340 281", "734028", "1234567890"])
async def test_a_number_that_is_none_is_not_found(desk: Room, number: str) -> None:
    assert await desk.says(f"CEK {number}") == sms("not_found")


async def test_a_status_is_asked_for_again_and_answered_again(desk: Room) -> None:
    ticket = await reported(desk)
    assert await desk.says(f"CEK {ticket}") == await desk.says(f"CEK {ticket}") != ""


@pytest.mark.parametrize(("keyword", "language"), [("INFO", "id"), ("tambah", "id")])
async def test_details(desk: Room, keyword: str, language: str) -> None:
    ticket = await reported(desk)
    assert await desk.says(f"{keyword} {ticket} pelaku lari ke utara") == sms("added", language, ticket=ticket)
    assert await desk.says(f"{keyword} naik motor, {ticket}.") == sms("added", language, ticket=ticket)
    (incident,) = await desk.incidents()
    assert incident["details"] == ["pelaku lari ke utara", "naik motor"]


async def test_details_that_are_missing_or_too_long(desk: Room) -> None:
    ticket = await reported(desk)
    assert await desk.says(f"INFO {ticket} ...") == sms("no_details", ticket=ticket)
    assert await desk.says(f"INFO {ticket} {'lari ' * 400}\t\0!") == sms("added", ticket=ticket)
    assert [len(row["text"]) for row in await desk.rows(incident_details)] == [LONGEST_DESCRIPTION - 1]


@pytest.mark.parametrize(("keyword", "language"), [("HAPUS", "id"), ("busak", "jv"), ("Erase", "en")])
async def test_erasing(desk: Room, keyword: str, language: str) -> None:
    """The number is gone from the report, its SMS and its letters; the reply goes out all the same."""
    ticket = await reported(desk)
    await desk.says(f"INFO {ticket} lari")
    await desk.says("BANTUAN")
    assert await desk.says(f"{keyword} {ticket}") == sms("erased", language, ticket=ticket)
    (incident,) = await desk.rows(incidents)
    assert (incident["phone_sealed"], incident["phone_key"]) == (None, None)
    letters = {row["made"]: row["sender_sealed"] or row["sender_key"] for row in await desk.rows(inbound_messages)}
    assert {made for made, sender in letters.items() if sender} == {"help"}
    sent = {row["class"]: (row["status"], row["phone_sealed"] is None) for row in await desk.rows(messages)}
    assert sent == {"confirmation": ("cancelled", True), "reply": ("queued", False)}
    assert [one["from"] for one in await desk.letters.list()] == ["", NUMBER.masked, "", ""]
    assert await desk.says(f"CEK {ticket}") == sms("not_found"), "it is nobody's now"


# Subscriptions and words -------------------------------------------------------------------------------------

SUBSCRIBED = [
    ("REG", "", "id"),
    ("daftar", "", "id"),
    ("REG KLEGO", KLEGO, "id"),
    ("reg kel. kelgo ya", KLEGO, "id"),
    ("NDHEREK medono", MEDONO, "jv"),
    ("JOIN klego", KLEGO, "en"),
]


@pytest.mark.parametrize(("text", "area", "language"), SUBSCRIBED)
async def test_subscribing(desk: Room, text: str, area: str, language: str) -> None:
    assert await desk.says(text) == sms("sub_ok", language, area=area or MENU.name)
    (row,) = await desk.rows(subscriptions)
    assert (row["area"], row["language"], row["channel"], row["wording"]) == (area, language, "at", MENU.version)


@pytest.mark.parametrize(
    ("text", "answer", "values"),
    [
        ("REG kuripan", "which_area", {"places": "Kuripan Kertoharjo, Kuripan Yosorejo"}),
        ("REG xyzzy", "no_area", {}),
        ("REG pekalongan utara", "no_area", {}),
    ],
)
async def test_a_subscription_to_nobody_knows_where(desk: Room, text: str, answer: str, values: dict[str, str]) -> None:
    assert await desk.says(text) == sms(answer, **values)
    assert await desk.rows(subscriptions) == []


@pytest.mark.parametrize(
    ("text", "language"),
    [("STOP", "id"), ("unreg", "id"), ("Berhenti!", "id"), ("MANDHEG", "jv"), ("BERHENTI pesan otomatis", "id")],
)
async def test_unsubscribing(desk: Room, text: str, language: str) -> None:
    await desk.says("REG KLEGO")
    await desk.says("REG MEDONO")
    assert await desk.says(text) == sms("unsub_ok", language)
    assert await desk.gateway.subscriptions.standing(NUMBER) == []


async def test_the_last_word_on_a_subscription_counts(desk: Room) -> None:
    """Also where it was said before: the second `STOP` is no repetition."""
    for text in ("STOP", "REG KLEGO", "STOP"):
        assert await desk.says(text)
    assert await desk.gateway.subscriptions.standing(NUMBER) == []
    await desk.says("REG KLEGO")
    assert await desk.gateway.subscriptions.standing(NUMBER) == [KLEGO]


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
    (listed,) = await desk.letters.list(to_sort=True)
    assert (listed["text"], listed["made"], listed["to_sort"]) == (text, "help_told", True)
    assert await desk.incidents() == [], "only who says LAPOR has reported"
    assert await desk.says("BANTUAN") == sms("help")
    assert len(await desk.letters.list(to_sort=True)) == 1


@pytest.mark.parametrize("pack", ["pekalongan", "tegal", "kab-pekalongan"])
def test_every_help_says_whom_to_call_in_an_emergency(pack: str) -> None:
    menu = load(read_pack(PACKS / pack))
    for language in menu.languages:
        assert " 110" in menu.sms("help", language, {})


TELLING_REFUSALS = [
    ("STOP politik uang di Klego, tim sukses bagi amplop", "id"),
    ("MANDHEG, wonten tiyang nyebar amplop", "jv"),
    ("stop the fight in klego please", "id"),  # the keyword is of every language
]


@pytest.mark.parametrize(("text", "language"), TELLING_REFUSALS)
async def test_a_refusal_that_tells_more_is_obeyed_and_kept_for_the_desk(desk: Room, text: str, language: str) -> None:
    await desk.says("REG KLEGO")
    assert await desk.says(text) == sms("unsub_ok", language)
    assert await desk.gateway.subscriptions.standing(NUMBER) == []
    assert len(await desk.rows(opt_outs)) == 1
    (listed,) = await desk.letters.list(to_sort=True)
    assert (listed["text"], listed["made"]) == (text, "unsubscribed_told")


@pytest.mark.parametrize("text", ["Tolong stop sms ini", "tulung mandheg rumiyin", "please stop these messages"])
async def test_a_refusal_in_a_few_words_is_obeyed(desk: Room, text: str) -> None:
    await desk.says("REG KLEGO")
    assert await desk.says(text) in {sms("unsub_ok", language) for language in MENU.languages}
    assert await desk.gateway.subscriptions.standing(NUMBER) == []
    assert len(await desk.rows(opt_outs)) == 1


async def test_anything_else_is_kept_for_the_desk(desk: Room) -> None:
    assert await desk.says("ada tawuran di klego") == sms("unknown")
    assert "*384*3375#" in sms("unknown")
    (listed,) = await desk.letters.list(to_sort=True)
    assert (listed["text"], listed["from"]) == ("ada tawuran di klego", NUMBER.masked)


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


# Language ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("BAHASA jawa", "jv"),
        ("bahasa Jawa dong", "jv"),
        ("BAHASA ENGLISH", "en"),
        ("LANG indonesia", "id"),
        ("BASA id", "id"),
        ("BASA", "jv"),
        ("BAHASA", "id"),
        ("LANG", "en"),
        ("BAHASA sunda", "id"),
    ],
)
async def test_a_language_is_chosen_and_remembered(desk: Room, text: str, language: str) -> None:
    assert await desk.says(text) == sms("language", language)
    assert await desk.says("LAPOR 3") == sms("no_place", language, category="gesekan"), (
        "the keyword is of two languages"
    )
    screen = await Resident(desk.gateway.turns).dial()
    assert screen.label == f"main.{language}.home"


@pytest.mark.parametrize(("text", "language"), [("BAHASA ENGLISH", "en"), ("BASA", "jv"), ("lang indonesia", "id")])
async def test_appeals_come_in_the_language_that_was_chosen(
    desk: Room, clock: StandingClock, text: str, language: str
) -> None:
    await desk.says("REG KLEGO")
    await desk.says("REG MEDONO")
    await desk.says("REG KLEGO", OTHER)
    await desk.says("REG PONCOL")
    await desk.says("STOP")
    await desk.says("REG MEDONO")
    clock.pass_time(hours=1)
    await desk.says(text)
    mine = VAULT.lookup(NUMBER)
    spoken = {row["phone_key"] == mine: row["language"] for row in await desk.rows(people)}
    assert spoken == {True: language, False: "id"}
    standing = [(row["phone_key"] == mine, row["language"]) for row in await desk.rows(subscriptions)]
    assert standing.count((True, language)) == (4 if language == "id" else 1), "what has ended stays as it was"
    assert (False, "id") in standing


async def test_a_language_makes_nobody_one_of_the_people(desk: Room) -> None:
    await desk.says("BAHASA jawa")
    assert await desk.rows(people) == []


async def test_a_keyword_of_one_language_is_answered_in_it(desk: Room) -> None:
    await desk.says("BAHASA english")
    assert await desk.says("LAPUR 3") == sms("no_place", "jv", category="gesekan")
    assert await desk.says("LAPOR 4") == sms("no_place", "en", category="ancam"), "it was not chosen for good"


async def test_a_language_chosen_on_the_screen_is_that_of_sms(desk: Room) -> None:
    await Resident(desk.gateway.turns).walk(["2"])
    assert await desk.says("apa ini") == sms("unknown", "jv")


async def test_an_open_dialogue_goes_on_in_the_language(desk: Room) -> None:
    resident = Resident(desk.gateway.turns)
    await resident.walk(TO_DESCRIBE)
    await desk.says("BAHASA jawa")
    stored = await desk.gateway.stored()
    assert (stored.place.state, stored.place.language) == ("describe", "jv")
    assert stored.place.answers["category"] == "gesekan"


async def kept_for(desk: Room) -> timedelta:
    """How long Redis keeps what it knows of `NUMBER`."""
    (key,) = await desk.gateway.ask("KEYS", "waspada:ussd:*")
    return timedelta(seconds=await desk.gateway.ask("TTL", key))


@pytest.mark.parametrize("walked", [None, ["1"], WHOLE])
async def test_a_language_is_kept_as_long_as_the_pack_says(desk: Room, walked: list[str] | None) -> None:
    """Whether nothing was known of the phone, it has chosen a language, or filed a report."""
    if walked is not None:
        await Resident(desk.gateway.turns).walk(walked)
    await desk.says("BAHASA jawa")
    assert await kept_for(desk) > MENU.rules.remember_language - timedelta(minutes=1)


async def test_what_was_said_is_kept_no_longer_for_a_language(desk: Room) -> None:
    await Resident(desk.gateway.turns).walk(TO_DESCRIBE)
    await desk.says("BAHASA jawa")
    assert await kept_for(desk) <= MENU.rules.resume_within


# The audit and the log ---------------------------------------------------------------------------------------


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


async def test_stop_is_heeded_by_every_appeal_until_the_phone_subscribes_again(desk: Room) -> None:
    await desk.says("STOP")
    (refused,) = await desk.rows(opt_outs)
    assert (refused["phone_key"], refused["sender"]) == (VAULT.lookup(NUMBER), OURS)
    await desk.says("REG KLEGO")
    assert await desk.rows(opt_outs) == []


async def test_who_subscribes_takes_back_what_he_said_to_the_carrier(desk: Room) -> None:
    """His newest own word counts: or he would be told that he is subscribed, and get nothing."""
    await desk.says("REG MEDONO")
    await desk.inbox.take_opt_out("at", OptOut(NUMBER, "3375"))
    assert await desk.gateway.subscriptions.standing(NUMBER) == [], "to the carrier or to us, it ends all of them"
    await desk.says("STOP")
    assert await desk.says("REG KLEGO") == sms("sub_ok", area=KLEGO)
    assert await desk.rows(opt_outs) == []
    assert await desk.gateway.subscriptions.standing(NUMBER) == [KLEGO]


async def test_a_carrier_that_refuses_him_all_the_same_says_so_of_the_reply(desk: Room, clock: StandingClock) -> None:
    """The reply that says that he is subscribed reaches nobody whom it is not true of."""
    await desk.inbox.take_opt_out("at", OptOut(NUMBER, "3375"))
    await desk.says("REG KLEGO")
    outbox = Outbox(desk.gateway.database, VAULT, clock)
    (claim,) = await outbox.claim(10, "worker", "at")
    await outbox.record("at", [(claim, Refused("opted out at the carrier", opted_out=True))])
    assert await desk.gateway.subscriptions.standing(NUMBER) == []
    assert len(await desk.rows(opt_outs)) == 1
