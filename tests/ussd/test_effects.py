"""What a resident may do with what he has told: see, add, erase; and the appeals that he gets. Each is done once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from gateway.audit import audit
from gateway.carriers.carrier import OptOut, Screen
from gateway.incidents.incident import IncidentStatus
from gateway.incidents.tables import incident_details
from gateway.incidents.ticket_attempts import WINDOW_S
from gateway.messages.inbox import Inbox
from gateway.messages.tables import messages
from gateway.people.opt_outs import GATEWAY_SENDER
from gateway.people.tables import opt_outs, subscriptions
from gateway.runtime.clock import Clock
from gateway.text import ticket as tickets
from gateway.text.phone import Phone
from gateway.ussd.effect_request import EffectRequest
from tests.helpers.clocks import ManualClock
from tests.helpers.outages import Gate, OwnRedis
from tests.helpers.packs import MENU
from tests.helpers.phones import NUMBER, OTHER
from tests.helpers.ussd import VAULT, Resident, UssdGateway

LONGEST_S = 2.0  # promise 4
FINISHED = EffectRequest(
    channel="at",
    session="ATUid_0",
    phone=NUMBER,
    language="id",
    answers={"category": "gesekan", "area": "33.75.01.1003"},
    at=Clock().now(),
)
UNKNOWN = tickets.with_dash(tickets.generate(Clock().number_below))


async def filed(gateway: UssdGateway, phone: Phone = NUMBER) -> str:
    """The ticket of a report of this phone, as it is shown."""
    _, learnt = await gateway.services.filing.file(
        replace(FINISHED, phone=phone, session=f"ATUid_of_{phone.masked[-3:]}")
    )
    return learnt["ticket"]


async def asks(gateway: UssdGateway, ticket: str, phone: Phone = NUMBER) -> Screen:
    """Dial for the first time, and ask how this report stands."""
    return await Resident(gateway.services.turns, phone).walk(("1", "2", ticket))


def state(screen: Screen) -> str:
    return (screen.label or "").partition(".")[0]


# How a report stands -------------------------------------------------------------------------------------------


async def test_a_report_and_how_it_stands(timed: UssdGateway, clock: ManualClock) -> None:
    ticket = await filed(timed)
    await timed.services.incidents.move(ticket.replace("-", ""), IncidentStatus.CHECKING, "desk", "")
    clock.advance(hours=1)
    screen = await asks(timed, ticket)
    assert state(screen) == "status"
    assert screen.text.startswith(f"{ticket}\nStatus: Sedang dicek\nPer 23/11 15:00\n1.")


@pytest.mark.parametrize("typed", ["{}", " {} ", "{}{}"])
async def test_a_ticket_as_it_may_be_typed(gateway: UssdGateway, typed: str) -> None:
    first, _, second = (await filed(gateway)).partition("-")
    assert state(await asks(gateway, typed.format(first, second) if "}{" in typed else f"{first} {second}")) == "status"


async def test_only_the_phone_that_filed_it_is_told(gateway: UssdGateway) -> None:
    """And whether there is such a report at all is not to be learnt."""
    ticket = await filed(gateway)
    screens = [await asks(gateway, one, OTHER) for one in (ticket,)]
    screens += [await Resident(gateway.services.turns, OTHER).walk(("2", UNKNOWN))]
    assert [state(screen) for screen in screens] == ["no_report"] * 2
    assert screens[0].text == screens[1].text


@pytest.mark.parametrize("typed", ["1234", "7340-2818", "abc", ""])
async def test_what_is_no_ticket_is_not_looked_up(gateway: UssdGateway, typed: str) -> None:
    resident = Resident(gateway.services.turns)
    await resident.walk(("1", "2", *([typed] * 2)))
    assert (await gateway.stored()).menu_session.state == "ask_ticket"
    assert await gateway.ask("KEYS", "waspada:tries:*") == []


async def test_five_wrong_tickets_lock_the_phone_for_an_hour(gateway: UssdGateway) -> None:
    ticket = await filed(gateway)
    resident = Resident(gateway.services.turns)
    await resident.walk(("1", "2", UNKNOWN))
    for _ in range(4):
        await resident.answer("1")
        assert state(await resident.answer(UNKNOWN)) == "no_report"
    await resident.answer("1")
    locked = await resident.answer(ticket)
    assert (state(locked), locked.end) == ("locked", True), "the right one helps no more"
    assert state(await Resident(gateway.services.turns).walk(("2", ticket))) == "locked", "nor does another call"
    assert state(await asks(gateway, UNKNOWN, OTHER)) == "no_report", "other phones may ask"
    keys = await gateway.ask("KEYS", "waspada:tries:*")
    assert len(keys) == 2
    assert NUMBER.e164[-7:].encode() not in b"".join(keys)
    for key in keys:
        assert WINDOW_S - 5 < await gateway.ask("TTL", key) <= WINDOW_S
        await gateway.ask("DEL", key)  # the hour passes
    assert state(await Resident(gateway.services.turns).walk(("2", ticket))) == "status"


async def test_the_hour_begins_with_the_first_wrong_ticket(gateway: UssdGateway) -> None:
    resident = Resident(gateway.services.turns)
    await resident.walk(("1", "2", UNKNOWN))
    (key,) = await gateway.ask("KEYS", "waspada:tries:*")
    await gateway.ask("EXPIRE", key, 100)
    await resident.answer("1")
    await resident.answer(UNKNOWN)
    assert await gateway.ask("TTL", key) <= 100


async def test_the_right_ticket_is_no_wrong_try(gateway: UssdGateway) -> None:
    ticket = await filed(gateway)
    await asks(gateway, ticket)
    for _ in range(6):
        assert state(await Resident(gateway.services.turns).walk(("2", ticket))) == "status"


async def test_a_wrong_ticket_that_comes_many_times_is_one_try(gateway: UssdGateway) -> None:
    resident = Resident(gateway.services.turns)
    await resident.walk(("1", "2"))
    screens = await asyncio.gather(*(resident.callback(f"1*2*{UNKNOWN}", resident.label) for _ in range(8)))
    assert {state(screen) for screen in screens} == {"no_report"}
    (key,) = await gateway.ask("KEYS", "waspada:tries:*")
    assert await gateway.ask("SCARD", key) == 1


async def test_who_cannot_be_counted_is_not_told(shaky: UssdGateway, own_redis: OwnRedis) -> None:
    """Without Redis nobody could count his tries."""
    ticket = await filed(shaky)
    resident = Resident(shaky.services.turns)
    await resident.walk(("1", "2"))
    await own_redis.kill()
    assert state(await resident.answer(ticket)) == "unavailable"
    await own_redis.start()
    assert state(await resident.callback(resident.text, "ask_ticket.id")) == "status"


# More about it -------------------------------------------------------------------------------------------------


async def test_details_are_added(gateway: UssdGateway) -> None:
    ticket = await filed(gateway)
    resident = Resident(gateway.services.turns)
    screen = await resident.walk(("1", "2", ticket, "1", "motor hijau, 5*5 orang"))
    assert (state(screen), screen.end) == ("added", True)
    assert ticket in screen.text
    (incident,) = await gateway.incidents()
    assert incident["details"] == ["motor hijau, 5*5 orang"]
    (noted,) = (row for row in await gateway.rows(audit) if row["action"] == "incident.details_added")
    assert "motor" not in str(noted)


async def test_details_of_a_later_call_come_behind(gateway: UssdGateway) -> None:
    ticket = await filed(gateway)
    await Resident(gateway.services.turns).walk(("1", "2", ticket, "1", "motor hijau"))
    await Resident(gateway.services.turns).walk(("2", ticket, "1", "motor hijau"))
    (incident,) = await gateway.incidents()
    assert incident["details"] == ["motor hijau", "motor hijau"]


async def test_a_number_is_erased(gateway: UssdGateway) -> None:
    ticket = await filed(gateway)
    resident = Resident(gateway.services.turns)
    assert state(await resident.walk(("1", "2", ticket, "2"))) == "erase"
    screen = await resident.answer("1")
    assert (state(screen), screen.end) == ("erased", True)
    (incident,) = await gateway.incidents()
    assert (incident["phone"], incident["category"]) == ("", "gesekan")
    (row,) = await gateway.rows(messages)
    assert (row["phone_sealed"], row["phone_key"], row["status"]) == (None, None, "cancelled")
    (shown,) = await gateway.confirmations()
    assert shown["to"] == ""
    assert state(await Resident(gateway.services.turns).walk(("2", ticket))) == "no_report", "it is nobody's now"


async def test_who_goes_back_erases_nothing(gateway: UssdGateway) -> None:
    ticket = await filed(gateway)
    await Resident(gateway.services.turns).walk(("1", "2", ticket, "2", "0"))
    (incident,) = await gateway.incidents()
    assert incident["phone"] == NUMBER.masked


# Appeals -------------------------------------------------------------------------------------------------------


async def test_a_subscription_stands_with_its_consent(timed: UssdGateway, clock: ManualClock) -> None:
    screen = await Resident(timed.services.turns).walk(("2", "3", "1", "1", "2"))
    assert (state(screen), screen.end) == ("joined", True)
    assert "Podosugih" in screen.text
    (row,) = await timed.rows(subscriptions)
    assert (row["area"], row["language"], row["channel"]) == ("33.75.01.1003", "jv", "at")
    assert (row["wording"], row["consented_at"], row["withdrawn_at"]) == (MENU.version, clock.now(), None)
    assert await timed.services.subscriptions.active_areas(NUMBER) == ["33.75.01.1003"]
    clock.advance(hours=1)
    screen = await Resident(timed.services.turns).walk(("3", "2"))
    assert (state(screen), screen.end) == ("left", True)
    (row,) = await timed.rows(subscriptions)
    assert row["withdrawn_at"] == clock.now(), "that there was consent can be shown later"
    assert [refused["sender"] for refused in await timed.rows(opt_outs)] == [GATEWAY_SENDER], (
        "nor by another role any more"
    )
    assert await timed.services.subscriptions.active_areas(NUMBER) == []


async def test_a_subscription_takes_back_what_was_said_to_the_carrier(timed: UssdGateway, clock: ManualClock) -> None:
    await Inbox(timed.services.database, VAULT, clock).store_opt_out("at", OptOut(NUMBER, "3375"))
    assert state(await Resident(timed.services.turns).walk(("2", "3", "1", "1", "2"))) == "joined"
    assert await timed.rows(opt_outs) == []
    assert await timed.services.subscriptions.active_areas(NUMBER) == ["33.75.01.1003"]


async def test_a_subscription_by_the_name_of_the_place(gateway: UssdGateway) -> None:
    screen = await Resident(gateway.services.turns).walk(("1", "3", "1", "klego"))
    assert state(screen) == "joined"
    assert len(await gateway.services.subscriptions.active_areas(NUMBER)) == 1


async def test_who_has_no_subscription_may_leave_all_the_same(gateway: UssdGateway) -> None:
    assert state(await Resident(gateway.services.turns).walk(("1", "3", "2"))) == "left"


# The same again, and a store away ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing to do, up to the last input; `ticket` in it is that of the phone's own report."""

    keys: Sequence[str]
    last: str
    done: str

    async def begin(self, gateway: UssdGateway, ticket: str) -> Resident:
        """A resident just before it is done."""
        resident = Resident(gateway.services.turns)
        await resident.walk([ticket if keys == "ticket" else keys for keys in self.keys])
        return resident

    def typed(self, ticket: str) -> str:
        return ticket if self.last == "ticket" else self.last


DEEDS = {
    "find": Deed(("1", "2"), "ticket", "status"),
    "add": Deed(("1", "2", "ticket", "1"), "motor hijau", "added"),
    "erase": Deed(("1", "2", "ticket", "2"), "1", "erased"),
    "subscribe": Deed(("1", "3", "1", "1"), "2", "joined"),
    "unsubscribe": Deed(("1", "3"), "2", "left"),
}


async def everything(gateway: UssdGateway) -> list[object]:
    """All that a deed may change; when somebody refused last is his last word, however often that is repeated."""
    tables = (audit, incident_details, messages, subscriptions)
    refused = [row | {"at": None} for row in await gateway.rows(opt_outs)]
    return [await gateway.incidents(), refused, *[await gateway.rows(table) for table in tables]]


@pytest.mark.parametrize("name", DEEDS)
async def test_a_callback_that_comes_many_times_does_it_once(gateway: UssdGateway, name: str) -> None:
    deed, ticket = DEEDS[name], await filed(gateway)
    resident = await deed.begin(gateway, ticket)
    label, text = resident.label, f"{resident.text}*{deed.typed(ticket)}"
    screens = await asyncio.gather(*(resident.callback(text, label) for _ in range(6)))
    assert {state(screen) for screen in screens} == {deed.done}
    after = await everything(gateway)
    again = [await resident.callback(text, label), await resident.callback(text)]
    assert {screen.text for screen in (*screens, *again)} == {screens[0].text}
    assert await everything(gateway) == after
    assert len(await gateway.rows(incident_details)) == (name == "add")
    assert len(await gateway.rows(subscriptions)) == (name == "subscribe")
    assert sum(row["action"] == "incident.number_erased" for row in await gateway.rows(audit)) == (name == "erase")


@pytest.mark.parametrize("name", DEEDS)
async def test_done_and_not_remembered_it_is_done_once(gateway: UssdGateway, name: str) -> None:
    """It was committed and its write to Redis lost; the carrier repeats the callback."""
    deed, ticket = DEEDS[name], await filed(gateway)
    resident = await deed.begin(gateway, ticket)
    (key,) = await gateway.ask("KEYS", "waspada:ussd:*")
    before, label = await gateway.ask("GET", key), resident.label
    screen = await resident.answer(deed.typed(ticket))
    after = await everything(gateway)
    await gateway.ask("SET", key, before)
    assert (await resident.callback(resident.text, label)).text == screen.text
    assert await everything(gateway) == after


@pytest.mark.parametrize("how", ["hangs", "refuses"])
@pytest.mark.parametrize("name", DEEDS)
async def test_with_postgresql_away_nothing_is_changed_and_nothing_lost(
    shaky: UssdGateway, postgres: Gate, name: str, how: str
) -> None:
    deed, ticket = DEEDS[name], await filed(shaky)
    resident = await deed.begin(shaky, ticket)
    before, label = await everything(shaky), resident.label
    if how == "hangs":
        postgres.hold()
    else:
        await postgres.shut()
    began = time.monotonic()
    screen = await resident.answer(deed.typed(ticket))
    assert time.monotonic() - began < LONGEST_S
    assert (state(screen), screen.end) == ("unavailable", True)
    await postgres.open()
    assert await everything(shaky) == before
    assert state(await resident.callback(resident.text, label)) == deed.done, "the same callback tries again"
    if name != "erase":
        assert state(await (await again(shaky, deed, ticket)).answer(deed.typed(ticket))) == deed.done, "so does a call"


async def again(gateway: UssdGateway, deed: Deed, ticket: str) -> Resident:
    """Another call of the same phone, whose language is known by now."""
    return await Deed(deed.keys[1:], deed.last, deed.done).begin(gateway, ticket)


@pytest.mark.parametrize("name", DEEDS)
async def test_with_redis_hanging_it_is_answered_in_time(shaky: UssdGateway, own_redis: OwnRedis, name: str) -> None:
    deed, ticket = DEEDS[name], await filed(shaky)
    resident = await deed.begin(shaky, ticket)
    own_redis.hang()
    began = time.monotonic()
    screen = await resident.answer(deed.typed(ticket))
    assert time.monotonic() - began < LONGEST_S
    assert screen.label != "apology"
    own_redis.go_on()
