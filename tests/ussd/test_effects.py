"""Effects of a dialogue: find a report, add details, erase a number, subscribe. Each is idempotent."""

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
from tests.helpers.outages import OwnRedis, PostgresGate
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


async def file_report(gateway: UssdGateway, phone: Phone = NUMBER) -> str:
    """File a report of this phone. Returns its ticket as it is shown."""
    _, learnt = await gateway.services.filing.file(
        replace(FINISHED, phone=phone, session=f"ATUid_of_{phone.masked[-3:]}")
    )
    return learnt["ticket"]


async def ask_status(gateway: UssdGateway, ticket: str, phone: Phone = NUMBER) -> Screen:
    """Dial for the first time, and ask for the status of this report."""
    return await Resident(gateway.services.turns, phone).walk(("1", "3", ticket))


def state_of(screen: Screen) -> str:
    return (screen.label or "").partition(".")[0]


# Find a report ----------------------------------------------------------------------------------------------


async def test_find_report_shows_status_and_time(timed_gateway: UssdGateway, clock: ManualClock) -> None:
    ticket = await file_report(timed_gateway)
    await timed_gateway.services.incident_actions.move(ticket.replace("-", ""), IncidentStatus.CHECKING, "desk", "")
    clock.advance(hours=1)

    screen = await ask_status(timed_gateway, ticket)

    assert state_of(screen) == "status"
    assert screen.text.startswith(f"{ticket}\nStatus: Sedang dicek\nSejak 23/11 15:00\n1.")


@pytest.mark.parametrize("typed", ["{}", " {} ", "{}{}"])
async def test_find_report_accepts_spellings_of_a_ticket(gateway: UssdGateway, typed: str) -> None:
    first, _, second = (await file_report(gateway)).partition("-")
    assert (
        state_of(await ask_status(gateway, typed.format(first, second) if "}{" in typed else f"{first} {second}"))
        == "status"
    )


async def test_find_report_answers_another_phone_as_if_there_were_none(gateway: UssdGateway) -> None:
    """Answers to another phone do not reveal that the report exists."""
    ticket = await file_report(gateway)
    screens = [await ask_status(gateway, one, OTHER) for one in (ticket,)]

    screens += [await Resident(gateway.services.turns, OTHER).walk(("3", UNKNOWN))]

    assert [state_of(screen) for screen in screens] == ["no_report"] * 2
    assert screens[0].text == screens[1].text


@pytest.mark.parametrize("typed", ["1234", "7340-2818", "abc", ""])
async def test_find_report_does_not_look_up_an_invalid_ticket(gateway: UssdGateway, typed: str) -> None:
    resident = Resident(gateway.services.turns)
    await resident.walk(("1", "3", *([typed] * 2)))

    assert (await gateway.stored()).menu_session.state == "ask_ticket"
    assert await gateway.run_redis("KEYS", "waspada:tries:*") == []


async def test_five_wrong_tickets_lock_the_phone_for_an_hour(gateway: UssdGateway) -> None:
    ticket = await file_report(gateway)
    resident = Resident(gateway.services.turns)
    await resident.walk(("1", "3", UNKNOWN))
    for _ in range(4):
        await resident.answer("1")
        assert state_of(await resident.answer(UNKNOWN)) == "no_report"
    await resident.answer("1")

    locked = await resident.answer(ticket)
    assert (state_of(locked), locked.end) == ("locked", True), "the right ticket does not unlock the phone"
    assert state_of(await Resident(gateway.services.turns).walk(("3", ticket))) == "locked", (
        "another call does not either"
    )
    assert state_of(await ask_status(gateway, UNKNOWN, OTHER)) == "no_report", "other phones may ask"

    keys = await gateway.run_redis("KEYS", "waspada:tries:*")
    assert len(keys) == 2
    assert NUMBER.e164[-7:].encode() not in b"".join(keys)

    for key in keys:
        assert WINDOW_S - 5 < await gateway.run_redis("TTL", key) <= WINDOW_S
        await gateway.run_redis("DEL", key)  # the hour passes

    assert state_of(await Resident(gateway.services.turns).walk(("3", ticket))) == "status"


async def test_lockout_hour_begins_with_the_first_wrong_ticket(gateway: UssdGateway) -> None:
    resident = Resident(gateway.services.turns)
    await resident.walk(("1", "3", UNKNOWN))
    (key,) = await gateway.run_redis("KEYS", "waspada:tries:*")
    await gateway.run_redis("EXPIRE", key, 100)
    await resident.answer("1")

    await resident.answer(UNKNOWN)

    assert await gateway.run_redis("TTL", key) <= 100


async def test_right_ticket_does_not_count_as_wrong(gateway: UssdGateway) -> None:
    ticket = await file_report(gateway)
    await ask_status(gateway, ticket)
    for _ in range(6):
        assert state_of(await Resident(gateway.services.turns).walk(("3", ticket))) == "status"


async def test_repeated_callback_with_wrong_ticket_counts_once(gateway: UssdGateway) -> None:
    resident = Resident(gateway.services.turns)
    await resident.walk(("1", "3"))

    screens = await asyncio.gather(*(resident.callback(f"1*3*{UNKNOWN}", resident.label) for _ in range(8)))
    assert {state_of(screen) for screen in screens} == {"no_report"}

    (key,) = await gateway.run_redis("KEYS", "waspada:tries:*")
    assert await gateway.run_redis("SCARD", key) == 1


async def test_find_report_without_redis_is_unavailable(unreliable_gateway: UssdGateway, own_redis: OwnRedis) -> None:
    """Without Redis, wrong tickets cannot be counted."""
    ticket = await file_report(unreliable_gateway)
    resident = Resident(unreliable_gateway.services.turns)
    await resident.walk(("1", "3"))

    await own_redis.kill()
    assert state_of(await resident.answer(ticket)) == "unavailable"

    await own_redis.start()
    assert state_of(await resident.callback(resident.text, "ask_ticket.id")) == "status"


# Add details, erase a number --------------------------------------------------------------------------------


async def test_add_details_stores_the_text_beside_the_report(gateway: UssdGateway) -> None:
    ticket = await file_report(gateway)
    resident = Resident(gateway.services.turns)

    screen = await resident.walk(("1", "3", ticket, "1", "motor hijau, 5*5 orang"))
    assert (state_of(screen), screen.end) == ("added", True)
    assert ticket in screen.text

    (incident,) = await gateway.incidents()
    assert incident["details"] == ["motor hijau, 5*5 orang"]
    assert incident["new_details_at"] == incident["updated_at"] == incident["details_at"][0]

    (noted,) = (row for row in await gateway.rows(audit) if row["action"] == "incident.details_added")
    assert "motor" not in str(noted)


async def test_add_details_keeps_the_order_of_calls(gateway: UssdGateway) -> None:
    ticket = await file_report(gateway)
    await Resident(gateway.services.turns).walk(("1", "3", ticket, "1", "motor hijau"))
    await Resident(gateway.services.turns).walk(("3", ticket, "1", "motor hijau"))

    (incident,) = await gateway.incidents()

    assert incident["details"] == ["motor hijau", "motor hijau"]


async def test_erase_number_clears_report_and_messages(gateway: UssdGateway) -> None:
    ticket = await file_report(gateway)
    resident = Resident(gateway.services.turns)

    assert state_of(await resident.walk(("1", "3", ticket, "2"))) == "erase"

    screen = await resident.answer("1")
    assert (state_of(screen), screen.end) == ("erased", True)

    (incident,) = await gateway.incidents()
    assert (incident["phone"], incident["category"]) == ("", "gesekan")

    (row,) = await gateway.rows(messages)
    assert (row["phone_sealed"], row["phone_key"], row["status"]) == (None, None, "cancelled")

    (shown,) = await gateway.confirmations()
    assert shown["to"] == ""
    assert state_of(await Resident(gateway.services.turns).walk(("3", ticket))) == "no_report", (
        "the report belongs to no phone now"
    )


async def test_erase_number_not_confirmed_erases_nothing(gateway: UssdGateway) -> None:
    ticket = await file_report(gateway)
    await Resident(gateway.services.turns).walk(("1", "3", ticket, "2", "0"))

    (incident,) = await gateway.incidents()

    assert incident["phone"] == NUMBER.masked


# Appeals ----------------------------------------------------------------------------------------------------


async def test_subscribe_records_consent_and_unsubscribe_ends_it(
    timed_gateway: UssdGateway, clock: ManualClock
) -> None:
    screen = await Resident(timed_gateway.services.turns).walk(("2", "4", "1", "1", "2"))
    assert (state_of(screen), screen.end) == ("joined", True)
    assert "Podosugih" in screen.text

    (row,) = await timed_gateway.rows(subscriptions)
    assert (row["area"], row["language"], row["channel"]) == ("33.75.01.1003", "jv", "at")
    assert (row["wording"], row["consented_at"], row["withdrawn_at"]) == (MENU.version, clock.now(), None)
    assert await timed_gateway.services.subscriptions.active_areas(NUMBER) == ["33.75.01.1003"]

    clock.advance(hours=1)
    screen = await Resident(timed_gateway.services.turns).walk(("4", "2"))
    assert (state_of(screen), screen.end) == ("left", True)

    (row,) = await timed_gateway.rows(subscriptions)
    assert row["withdrawn_at"] == clock.now(), "the consent can be proven later"
    assert [refused["sender"] for refused in await timed_gateway.rows(opt_outs)] == [GATEWAY_SENDER], (
        "opted out for every role"
    )
    assert await timed_gateway.services.subscriptions.active_areas(NUMBER) == []


async def test_subscribe_lifts_an_opt_out_at_the_carrier(timed_gateway: UssdGateway, clock: ManualClock) -> None:
    await Inbox(timed_gateway.services.database, VAULT, clock).store_opt_out("at", OptOut(NUMBER, "3375"))
    clock.advance(seconds=1)

    assert state_of(await Resident(timed_gateway.services.turns).walk(("2", "4", "1", "1", "2"))) == "joined"
    assert await timed_gateway.rows(opt_outs) == []
    assert await timed_gateway.services.subscriptions.active_areas(NUMBER) == ["33.75.01.1003"]


async def test_subscribe_accepts_a_typed_place_name(gateway: UssdGateway) -> None:
    screen = await Resident(gateway.services.turns).walk(("1", "4", "1", "klego"))

    assert state_of(screen) == "joined"
    assert len(await gateway.services.subscriptions.active_areas(NUMBER)) == 1


async def test_unsubscribe_without_subscription_succeeds(gateway: UssdGateway) -> None:
    assert state_of(await Resident(gateway.services.turns).walk(("1", "4", "2"))) == "left"


# Repeated callbacks, unavailable stores ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EffectCase:
    """Inputs that lead to one effect. `ticket` is replaced by the ticket of the phone's own report."""

    keys: Sequence[str]
    last: str
    done: str

    async def begin(self, gateway: UssdGateway, ticket: str) -> Resident:
        """Return a resident who is one input before the effect."""
        resident = Resident(gateway.services.turns)
        await resident.walk([ticket if keys == "ticket" else keys for keys in self.keys])
        return resident

    def typed(self, ticket: str) -> str:
        return ticket if self.last == "ticket" else self.last


EFFECT_CASES = {
    "find": EffectCase(("1", "3"), "ticket", "status"),
    "add": EffectCase(("1", "3", "ticket", "1"), "motor hijau", "added"),
    "erase": EffectCase(("1", "3", "ticket", "2"), "1", "erased"),
    "subscribe": EffectCase(("1", "4", "1", "1"), "2", "joined"),
    "unsubscribe": EffectCase(("1", "4"), "2", "left"),
}


async def changeable_rows(gateway: UssdGateway) -> list[object]:
    """Return all rows that an effect may change, without the time of a wish, which a repetition renews."""
    tables = (audit, incident_details, messages)
    refused = [row | {"at": None} for row in await gateway.rows(opt_outs)]
    agreed = [row | {"agreed_at": None} for row in await gateway.rows(subscriptions)]
    return [await gateway.incidents(), refused, agreed, *[await gateway.rows(table) for table in tables]]


@pytest.mark.parametrize("name", EFFECT_CASES)
async def test_effect_of_concurrent_callbacks_is_done_once(gateway: UssdGateway, name: str) -> None:
    case, ticket = EFFECT_CASES[name], await file_report(gateway)
    resident = await case.begin(gateway, ticket)
    label, text = resident.label, f"{resident.text}*{case.typed(ticket)}"

    screens = await asyncio.gather(*(resident.callback(text, label) for _ in range(6)))
    assert {state_of(screen) for screen in screens} == {case.done}

    after = await changeable_rows(gateway)
    again = [await resident.callback(text, label), await resident.callback(text)]
    assert {screen.text for screen in (*screens, *again)} == {screens[0].text}
    assert await changeable_rows(gateway) == after
    assert len(await gateway.rows(incident_details)) == (name == "add")
    assert len(await gateway.rows(subscriptions)) == (name == "subscribe")
    assert sum(row["action"] == "incident.number_erased" for row in await gateway.rows(audit)) == (name == "erase")


@pytest.mark.parametrize("name", EFFECT_CASES)
async def test_effect_repeated_after_a_lost_write_changes_nothing(gateway: UssdGateway, name: str) -> None:
    """Commit the effect, lose its write to Redis, and repeat the callback."""
    case, ticket = EFFECT_CASES[name], await file_report(gateway)
    resident = await case.begin(gateway, ticket)
    (key,) = await gateway.run_redis("KEYS", "waspada:ussd:*")
    before, label = await gateway.run_redis("GET", key), resident.label
    screen = await resident.answer(case.typed(ticket))
    after = await changeable_rows(gateway)

    await gateway.run_redis("SET", key, before)

    assert (await resident.callback(resident.text, label)).text == screen.text
    assert await changeable_rows(gateway) == after


@pytest.mark.parametrize("how", ["hangs", "refuses"])
@pytest.mark.parametrize("name", EFFECT_CASES)
async def test_effect_without_postgresql_changes_nothing_and_can_be_repeated(
    unreliable_gateway: UssdGateway, postgres: PostgresGate, name: str, how: str
) -> None:
    case, ticket = EFFECT_CASES[name], await file_report(unreliable_gateway)
    resident = await case.begin(unreliable_gateway, ticket)
    before, label = await changeable_rows(unreliable_gateway), resident.label
    if how == "hangs":
        postgres.freeze()
    else:
        await postgres.close()
    began = time.monotonic()

    screen = await resident.answer(case.typed(ticket))
    assert time.monotonic() - began < LONGEST_S
    assert (state_of(screen), screen.end) == ("unavailable", True)

    await postgres.open()
    assert await changeable_rows(unreliable_gateway) == before
    assert state_of(await resident.callback(resident.text, label)) == case.done, "the repeated callback runs the effect"

    if name != "erase":
        assert (
            state_of(await (await again(unreliable_gateway, case, ticket)).answer(case.typed(ticket))) == case.done
        ), "another call does too"


async def again(gateway: UssdGateway, case: EffectCase, ticket: str) -> Resident:
    """Return a resident on another call of the same phone, whose language is known, one input before the effect."""
    return await EffectCase(case.keys[1:], case.last, case.done).begin(gateway, ticket)


@pytest.mark.parametrize("name", EFFECT_CASES)
async def test_effect_while_redis_hangs_is_answered_in_time(
    unreliable_gateway: UssdGateway, own_redis: OwnRedis, name: str
) -> None:
    case, ticket = EFFECT_CASES[name], await file_report(unreliable_gateway)
    resident = await case.begin(unreliable_gateway, ticket)
    own_redis.hang()
    began = time.monotonic()

    screen = await resident.answer(case.typed(ticket))
    assert time.monotonic() - began < LONGEST_S
    assert screen.label != "apology"

    own_redis.resume()
