"""Commands about the person: subscribe, unsubscribe, language."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.carriers.carrier import OptOut, Refused
from gateway.messages.outbox import Outbox
from gateway.people.opt_outs import GATEWAY_SENDER
from gateway.people.tables import opt_outs, people, subscriptions
from tests.helpers.clocks import ManualClock
from tests.helpers.sms import KLEGO, MEDONO, MENU, NUMBER, OTHER, SmsWorld, pack_sms
from tests.helpers.ussd import TO_DESCRIBE, VAULT, WHOLE_REPORT, Resident

SUBSCRIBED = [
    ("REG", "", "id"),
    ("daftar", "", "id"),
    ("REG KLEGO", KLEGO, "id"),
    ("reg kel. kelgo ya", KLEGO, "id"),
    ("NDHEREK medono", MEDONO, "jv"),
    ("JOIN klego", KLEGO, "en"),
    ("REG semua", "", "id"),
    ("daftar himbauan", "", "id"),
    ("saya mau daftar pak", "", "id"),
    ("REG klego rt 3 rw 2", KLEGO, "id"),
    ("REG KLEGO, mohon", KLEGO, "id"),
    ("REG KLEGO terima kasih", KLEGO, "id"),
    ("Reg klego, matur nuwun pak", KLEGO, "id"),
    ("REG. Terima kasih banyak", "", "id"),
    ("tolong daftar klego", KLEGO, "id"),
    ("R E G klego", KLEGO, "id"),
    ("RE\u200bG klego", KLEGO, "id"),
]


@pytest.mark.parametrize(("text", "area", "language"), SUBSCRIBED)
async def test_subscribe_adds_a_subscription(world: SmsWorld, text: str, area: str, language: str) -> None:
    assert await world.send_sms(text) == pack_sms("sub_ok", language, area=area or MENU.name)

    (row,) = await world.rows(subscriptions)
    assert (row["area"], row["language"], row["channel"], row["wording"]) == (area, language, "at", MENU.version)


@pytest.mark.parametrize(
    ("text", "answer", "values"),
    [
        ("REG kuripan", "which_area", {"places": "Kuripan Kertoharjo, Kuripan Yosorejo"}),
        ("REG xyzzy", "no_area", {}),
        ("REG pekalongan utara", "no_area", {}),
    ],
)
async def test_subscribe_asks_for_an_unknown_or_ambiguous_place(
    world: SmsWorld, text: str, answer: str, values: dict[str, str]
) -> None:
    assert await world.send_sms(text) == pack_sms(answer, **values)
    assert await world.rows(subscriptions) == []


@pytest.mark.parametrize(
    ("text", "language"),
    [("STOP", "id"), ("unreg", "id"), ("Berhenti!", "id"), ("MANDHEG", "jv"), ("BERHENTI pesan otomatis", "id")],
)
async def test_unsubscribe_withdraws_and_opts_out(world: SmsWorld, text: str, language: str) -> None:
    await world.send_sms("REG KLEGO")
    await world.send_sms("REG MEDONO")

    assert await world.send_sms(text) == pack_sms("unsub_ok", language)
    assert await world.services.subscriptions.active_areas(NUMBER) == []


async def test_the_last_of_subscribe_and_unsubscribe_counts(world: SmsWorld) -> None:
    """Also after an earlier one: the second `STOP` does not count as a repeat."""
    for text in ("STOP", "REG KLEGO", "STOP"):
        assert await world.send_sms(text)
    assert await world.services.subscriptions.active_areas(NUMBER) == []

    await world.send_sms("REG KLEGO")
    assert await world.services.subscriptions.active_areas(NUMBER) == [KLEGO]


EVERYDAY_TEXTS = [
    # no wish to join
    "Daftar pemilih di Klego banyak nama orang mati",
    "daftar hadir panwas Tirto dipalsukan",
    "Ndherek matur, lurah Klego mbagi amplop",
    "daftar caleg di medono dicoret",
    "Join the crowd in Klego, they burn tyres",
    "ndherek tanglet pak lurah poncol",
    "Reg kendaraan paslon parkir di Klego",
    "daftar laporan saya",
    # no wish to change a language
    "bahasa kampanye menghina suku lain di Tirto",
    "Bahasa kasar dari lurah Klego ancam warga pilih paslon",
    "Bahasa Jawa dipakai menghina warga",
    "BAHASA",
    "BASA",
    "lang",
    "BAHASA sunda",
    # no wish to leave
    "ada mobil berhenti bagi amplop malam",
    "jangan stop kirim info",
    "ada mobil berhenti di depan rumah saya",
    "Berhenti di depan balai, mobil hitam",
    "berhenti di klego",
    "angkot stop depan pasar",
    "jgn berhenti sms ya",
    "don't stop sending info",
    "aja mandheg ngirim info",
    "tidak mau stop",
    "STOP politik uang di Klego, tim sukses bagi amplop",
    "MANDHEG, wonten tiyang nyebar amplop",
    "stop the fight in klego please",
    "STOP kampanye",
    "jangan kirim amplop ke warga",
    "kapan stop?",
]


REPORTS_AS_WELL = {
    "Ndherek matur, lurah Klego mbagi amplop",
    "bahasa kampanye menghina suku lain di Tirto",
    "Bahasa kasar dari lurah Klego ancam warga pilih paslon",
}


@pytest.mark.parametrize("text", EVERYDAY_TEXTS)
async def test_everyday_words_change_no_wish_and_are_answered_and_kept(world: SmsWorld, text: str) -> None:
    await world.send_sms("REG MEDONO")
    assert await world.send_sms(text)

    assert await world.services.subscriptions.active_areas(NUMBER) == [MEDONO]
    assert await world.rows(opt_outs) == []
    assert (await Resident(world.services.turns).dial()).label.startswith("language."), "no language was chosen"
    listed = [one.text for one in await world.queue.list_inbound(to_sort=True)]
    listed += [report["description"] for report in await world.incidents()]
    assert listed == ([] if text in ("BAHASA", "BASA", "lang") else [text])
    assert len(await world.incidents()) == (text in REPORTS_AS_WELL)


@pytest.mark.parametrize("text", EVERYDAY_TEXTS[:8])
async def test_everyday_words_lift_no_opt_out(world: SmsWorld, text: str) -> None:
    await world.send_sms("STOP")
    await world.send_sms(text)

    assert len(await world.rows(opt_outs)) == 1
    assert await world.rows(subscriptions) == []


OPT_OUTS = [
    "Tolong stop sms ini",
    "tulung mandheg rumiyin",
    "please stop these messages",
    "stop sms ini",
    "tolong stop kirim sms",
    "jangan kirim sms lagi",
    "STOPALL",
    "STOP ALL",
    "Unsubscribe",
    "stp",
    "S T O P",
    "S.T.O.P",
    "STO\u200bP",
    "\uff33\uff34\uff2f\uff30",
    "\u201cSTOP\u201d",
    "stop!!!\U0001f621",
    "Stop. Terima kasih",
    "UNREG ALL",
    "UNREG KLEGO",
    "BERHENTI LANGGANAN",
    "berhenti dong pak",
    "saya tidak mau terima sms lagi",
    "STOP saya tidak mau lagi terima sms dari kalian",
    "mohon hentikan sms ini",
    "tolong stop sms kampanye",
    "ojo sms maneh",
    "no more sms please",
]


@pytest.mark.parametrize("text", OPT_OUTS)
async def test_an_opt_out_in_a_few_words_is_obeyed(world: SmsWorld, text: str) -> None:
    await world.send_sms("REG KLEGO")

    assert await world.send_sms(text) in {pack_sms("unsub_ok", language) for language in MENU.languages}
    assert await world.services.subscriptions.active_areas(NUMBER) == []
    assert len(await world.rows(opt_outs)) == 1


async def test_an_opt_out_counts_until_the_phone_subscribes_again(world: SmsWorld) -> None:
    await world.send_sms("STOP")
    (refused,) = await world.rows(opt_outs)
    assert (refused["phone_key"], refused["sender"]) == (VAULT.lookup(NUMBER), GATEWAY_SENDER)

    await world.send_sms("REG KLEGO")
    assert await world.rows(opt_outs) == []


async def test_subscribe_revokes_an_opt_out_at_the_carrier(world: SmsWorld) -> None:
    """The newest command counts. Otherwise the reply would confirm a subscription without effect."""
    await world.send_sms("REG MEDONO")
    await world.services.inbox.store_opt_out("at", OptOut(NUMBER, "3375"))
    assert await world.services.subscriptions.active_areas(NUMBER) == [], "to the carrier or to us, it ends all of them"

    await world.send_sms("STOP")
    assert await world.send_sms("REG KLEGO") == pack_sms("sub_ok", area=KLEGO)
    assert await world.rows(opt_outs) == []
    assert await world.services.subscriptions.active_areas(NUMBER) == [KLEGO]


async def test_a_carrier_that_still_refuses_the_number_refuses_the_reply(world: SmsWorld, clock: ManualClock) -> None:
    """The reply that confirms the subscription reaches nobody for whom it is untrue."""
    await world.services.inbox.store_opt_out("at", OptOut(NUMBER, "3375"))
    await world.send_sms("REG KLEGO")
    clock.advance(seconds=1)
    outbox = Outbox(world.services.database, VAULT, clock)
    (claim,) = await outbox.claim(10, "worker", "at")

    await outbox.record("at", [(claim, Refused("opted out at the carrier", opted_out=True))])

    assert await world.services.subscriptions.active_areas(NUMBER) == []
    assert len(await world.rows(opt_outs)) == 1


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("BAHASA jawa", "jv"),
        ("bahasa Jawa dong", "jv"),
        ("BAHASA ENGLISH", "en"),
        ("LANG indonesia", "id"),
        ("BASA id", "id"),
        ("BAHASA inggris", "en"),
        ("ganti bahasa jawa pak", "jv"),
        ("pakai bahasa Inggris", "en"),
        ("basa jowo", "jv"),
    ],
)
async def test_language_is_set_and_remembered(world: SmsWorld, text: str, language: str) -> None:
    assert await world.send_sms(text) == pack_sms("language", language)
    assert await world.send_sms("LAPOR 3") == pack_sms("no_place", language, category="gesekan"), (
        "the keyword is of two languages"
    )

    screen = await Resident(world.services.turns).dial()
    assert screen.label == f"main.{language}.home"


@pytest.mark.parametrize(
    ("text", "language"), [("BAHASA ENGLISH", "en"), ("BASA JAWA", "jv"), ("lang indonesia", "id")]
)
async def test_language_is_also_the_language_of_appeals(
    world: SmsWorld, clock: ManualClock, text: str, language: str
) -> None:
    await world.send_sms("REG KLEGO")
    await world.send_sms("REG MEDONO")
    await world.send_sms("REG KLEGO", OTHER)
    await world.send_sms("REG PONCOL")
    await world.send_sms("STOP")
    await world.send_sms("REG MEDONO")
    clock.advance(hours=1)
    await world.send_sms(text)
    mine = VAULT.lookup(NUMBER)

    spoken = {row["phone_key"] == mine: row["language"] for row in await world.rows(people)}
    assert spoken == {True: language, False: "id"}

    standing = [(row["phone_key"] == mine, row["language"]) for row in await world.rows(subscriptions)]
    assert standing.count((True, language)) == (4 if language == "id" else 1), "what has ended stays as it was"
    assert (False, "id") in standing


@pytest.mark.parametrize(("text", "spoken"), [("BAHASA", "en"), ("BASA", "en"), ("BAHASA sunda", "en")])
async def test_a_language_that_is_not_named_changes_nothing(world: SmsWorld, text: str, spoken: str) -> None:
    await world.send_sms("BAHASA english")

    assert await world.send_sms(text) == pack_sms("language", spoken)
    assert await world.send_sms("apa ini") == pack_sms("unknown", spoken)


async def test_language_adds_nobody_to_the_directory(world: SmsWorld) -> None:
    await world.send_sms("BAHASA jawa")
    assert await world.rows(people) == []


async def test_a_command_is_answered_in_the_language_of_its_keyword(world: SmsWorld) -> None:
    await world.send_sms("BAHASA english")

    assert await world.send_sms("LAPUR 3") == pack_sms("no_place", "jv", category="gesekan")
    assert await world.send_sms("LAPOR 4") == pack_sms("no_place", "en", category="ancam"), "it was not chosen for good"


async def test_a_language_chosen_by_ussd_is_used_by_sms(world: SmsWorld) -> None:
    await Resident(world.services.turns).walk(["2"])
    assert await world.send_sms("apa ini") == pack_sms("unknown", "jv")


async def test_an_open_dialogue_continues_in_the_language(world: SmsWorld) -> None:
    resident = Resident(world.services.turns)
    await resident.walk(TO_DESCRIBE)
    await world.send_sms("BAHASA jawa")

    stored = await world.stored()

    assert (stored.menu_session.state, stored.menu_session.language) == ("describe", "jv")
    assert stored.menu_session.answers["category"] == "gesekan"


async def kept_for(world: SmsWorld) -> timedelta:
    """Return the seconds that Redis keeps the session of `NUMBER`."""
    (key,) = await world.run_redis("KEYS", "waspada:ussd:*")
    return timedelta(seconds=await world.run_redis("TTL", key))


@pytest.mark.parametrize("walked", [None, ["1"], WHOLE_REPORT])
async def test_a_language_is_kept_as_long_as_the_pack_says(world: SmsWorld, walked: list[str] | None) -> None:
    """The phone is unknown, has chosen a language, or has filed a report."""
    if walked is not None:
        await Resident(world.services.turns).walk(walked)
    await world.send_sms("BAHASA jawa")

    assert await kept_for(world) > MENU.rules.remember_language - timedelta(minutes=1)


async def test_answers_are_kept_no_longer_because_of_a_language(world: SmsWorld) -> None:
    await Resident(world.services.turns).walk(TO_DESCRIBE)
    await world.send_sms("BAHASA jawa")

    assert await kept_for(world) <= MENU.rules.resume_within


@pytest.mark.parametrize(
    ("text", "reply", "left"),
    [
        ("STOP REG", "unsub_ok", 1),
        ("unreg reg", "unsub_ok", 1),
        ("berhenti reg klego", "unsub_ok", 1),
        ("STOP BAHASA JAWA", "no_stop", 0),
        ("REG MEDONO STOP", "no_stop", 0),
        ("LAPOR STOP", "no_stop", 0),
    ],
)
async def test_an_opt_out_beside_another_command_never_subscribes(
    world: SmsWorld, text: str, reply: str, left: int
) -> None:
    await world.send_sms("REG KLEGO")

    assert await world.send_sms(text) == pack_sms(reply)
    assert await world.services.subscriptions.active_areas(NUMBER) == ([] if left else [KLEGO])
    assert len(await world.rows(opt_outs)) == left
    assert len(await world.queue.list_inbound(to_sort=True)) == 1 - left
    assert (await world.send_sms("REG")).startswith("Anda terdaftar")  # in the language before
