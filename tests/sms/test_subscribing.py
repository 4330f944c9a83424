"""Subscribing and failing_writes by SMS: the last word counts, also against what was said to the carrier."""

from __future__ import annotations

import pytest

from gateway.carriers.carrier import OptOut, Refused
from gateway.messages.outbox import Outbox
from gateway.people.opt_outs import GATEWAY_SENDER
from gateway.people.tables import opt_outs, subscriptions
from tests.helpers.clocks import ManualClock
from tests.helpers.sms import KLEGO, MEDONO, MENU, NUMBER, SmsWorld, pack_sms
from tests.helpers.ussd import VAULT

SUBSCRIBED = [
    ("REG", "", "id"),
    ("daftar", "", "id"),
    ("REG KLEGO", KLEGO, "id"),
    ("reg kel. kelgo ya", KLEGO, "id"),
    ("NDHEREK medono", MEDONO, "jv"),
    ("JOIN klego", KLEGO, "en"),
]


@pytest.mark.parametrize(("text", "area", "language"), SUBSCRIBED)
async def test_subscribing(world: SmsWorld, text: str, area: str, language: str) -> None:
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
async def test_a_subscription_to_nobody_knows_where(
    world: SmsWorld, text: str, answer: str, values: dict[str, str]
) -> None:
    assert await world.send_sms(text) == pack_sms(answer, **values)
    assert await world.rows(subscriptions) == []


@pytest.mark.parametrize(
    ("text", "language"),
    [("STOP", "id"), ("unreg", "id"), ("Berhenti!", "id"), ("MANDHEG", "jv"), ("BERHENTI pesan otomatis", "id")],
)
async def test_unsubscribing(world: SmsWorld, text: str, language: str) -> None:
    await world.send_sms("REG KLEGO")
    await world.send_sms("REG MEDONO")
    assert await world.send_sms(text) == pack_sms("unsub_ok", language)
    assert await world.services.subscriptions.active_areas(NUMBER) == []


async def test_the_last_word_on_a_subscription_counts(world: SmsWorld) -> None:
    """Also where it was said before: the second `STOP` is no repetition."""
    for text in ("STOP", "REG KLEGO", "STOP"):
        assert await world.send_sms(text)
    assert await world.services.subscriptions.active_areas(NUMBER) == []
    await world.send_sms("REG KLEGO")
    assert await world.services.subscriptions.active_areas(NUMBER) == [KLEGO]


TELLING_REFUSALS = [
    ("STOP politik uang di Klego, tim sukses bagi amplop", "id"),
    ("MANDHEG, wonten tiyang nyebar amplop", "jv"),
    ("stop the fight in klego please", "id"),  # the keyword is of every language
]


@pytest.mark.parametrize(("text", "language"), TELLING_REFUSALS)
async def test_a_refusal_that_tells_more_is_obeyed_and_kept_for_the_desk(
    world: SmsWorld, text: str, language: str
) -> None:
    await world.send_sms("REG KLEGO")
    assert await world.send_sms(text) == pack_sms("unsub_ok", language)
    assert await world.services.subscriptions.active_areas(NUMBER) == []
    assert len(await world.rows(opt_outs)) == 1
    (listed,) = await world.queue.list_inbound(to_sort=True)
    assert (listed.text, listed.disposition) == (text, "unsubscribed_told")


@pytest.mark.parametrize("text", ["Tolong stop sms ini", "tulung mandheg rumiyin", "please stop these messages"])
async def test_a_refusal_in_a_few_words_is_obeyed(world: SmsWorld, text: str) -> None:
    await world.send_sms("REG KLEGO")
    assert await world.send_sms(text) in {pack_sms("unsub_ok", language) for language in MENU.languages}
    assert await world.services.subscriptions.active_areas(NUMBER) == []
    assert len(await world.rows(opt_outs)) == 1


async def test_stop_is_heeded_by_every_appeal_until_the_phone_subscribes_again(world: SmsWorld) -> None:
    await world.send_sms("STOP")
    (refused,) = await world.rows(opt_outs)
    assert (refused["phone_key"], refused["sender"]) == (VAULT.lookup(NUMBER), GATEWAY_SENDER)
    await world.send_sms("REG KLEGO")
    assert await world.rows(opt_outs) == []


async def test_who_subscribes_takes_back_what_he_said_to_the_carrier(world: SmsWorld) -> None:
    """His newest own word counts: or he would be told that he is subscribed, and get nothing."""
    await world.send_sms("REG MEDONO")
    await world.services.inbox.store_opt_out("at", OptOut(NUMBER, "3375"))
    assert await world.services.subscriptions.active_areas(NUMBER) == [], "to the carrier or to us, it ends all of them"
    await world.send_sms("STOP")
    assert await world.send_sms("REG KLEGO") == pack_sms("sub_ok", area=KLEGO)
    assert await world.rows(opt_outs) == []
    assert await world.services.subscriptions.active_areas(NUMBER) == [KLEGO]


async def test_a_carrier_that_refuses_him_all_the_same_says_so_of_the_reply(
    world: SmsWorld, clock: ManualClock
) -> None:
    """The reply that says that he is subscribed reaches nobody whom it is not true of."""
    await world.services.inbox.store_opt_out("at", OptOut(NUMBER, "3375"))
    await world.send_sms("REG KLEGO")
    outbox = Outbox(world.services.database, VAULT, clock)
    (claim,) = await outbox.claim(10, "worker", "at")
    await outbox.record("at", [(claim, Refused("opted out at the carrier", opted_out=True))])
    assert await world.services.subscriptions.active_areas(NUMBER) == []
    assert len(await world.rows(opt_outs)) == 1
