"""Context of a turn after a session dropped: it is resumed, replaced or deleted on the next call, and filed once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from gateway.carriers.carrier import Screen, Turn
from gateway.menu.session import Session
from gateway.ussd.sessions import StoredSession
from gateway.ussd.transcript import fingerprint
from gateway.ussd.turn_context import TurnContext
from tests.helpers.clocks import ManualClock
from tests.helpers.outages import OwnRedis, PostgresGate
from tests.helpers.packs import MENU
from tests.helpers.phones import NUMBER, OTHER
from tests.helpers.ussd import SECOND, SERVICE, TO_CONFIRM, TO_DESCRIBE, VAULT, WHOLE_REPORT, Resident, UssdGateway

NOW = datetime(2026, 11, 28, 3, 4, 5, tzinfo=UTC)
OFFER = "unfinished.id.resume"
HOURS = MENU.rules.resume_within.total_seconds() / 3600


async def hang_up(gateway: UssdGateway, keys: tuple[str, ...] = TO_DESCRIBE) -> tuple[Resident, Screen]:
    """Return a resident who dialled and typed these inputs, and the screen on which their session dropped."""
    resident = Resident(gateway.services.turns)
    return resident, await resident.walk(keys)


def test_to_store_sets_every_field_by_name() -> None:
    session = Session(MENU.home, "jv", resumed=True)
    turn = Turn("ATUid_2", NUMBER, SERVICE.service_code, "99999", "1*2*3", None)
    context = TurnContext(turn, SERVICE.channel, SERVICE.service_code, SERVICE.limits, MENU)
    context.now, context.today, context.filed_today = NOW, NOW.date(), 2
    context.previous = StoredSession("at", "ATUid_1", fingerprint("1"), "v0", 0, 0, 0, "ATUid_0", session)

    context.note_stars((), "2*3")

    stored = context.to_store(session)

    assert stored._asdict() == {
        "channel": "at",
        "session": "ATUid_2",
        "fingerprint": fingerprint("1*2*3"),
        "menu_version": MENU.version,
        "stored_at": int(NOW.timestamp()),
        "filed_on": NOW.date().toordinal(),
        "filed_count": 2,
        "origin": "ATUid_0",
        "menu_session": session,
        "replaced": context.previous.replaced_list_for("at", "ATUid_2"),
        "spans": ((2, 5),),
    }


# What is offered --------------------------------------------------------------------------------------------


async def test_offer_names_the_dropped_report(gateway: UssdGateway) -> None:
    await hang_up(gateway)
    screen = await Resident(gateway.services.turns).dial()

    assert (screen.label, screen.end) == (OFFER, False)
    assert screen.text.startswith("Ada laporan yang belum terkirim. Lanjutkan?\nPodosugih\n1.Lanjutkan\n")


@pytest.mark.parametrize("number", range(4, len(TO_CONFIRM) + 1))
async def test_resume_works_from_every_screen(gateway: UssdGateway, number: int) -> None:
    first, left = await hang_up(gateway, TO_CONFIRM[:number])

    again = Resident(gateway.services.turns)
    assert (await again.dial()).label == OFFER
    assert (await again.answer("1")).text == left.text

    for keys in WHOLE_REPORT[number:]:
        screen = await again.answer(keys)
    assert screen.label == "ticket_plain.id.resume"

    (incident,) = await gateway.incidents()
    assert (incident["description"], incident["contact"], incident["session"]) == (
        "tawuran di pasar",
        True,
        first.session,
    )


@pytest.mark.parametrize(
    "keys",
    [
        (*TO_DESCRIBE[:4], "0", "98"),  # the second page of the categories
        (*TO_CONFIRM, "2", "1"),  # another category is to be chosen
        (*TO_CONFIRM, "2", "2", "3"),  # another kecamatan was; now its kelurahan
        (*TO_CONFIRM, "2"),
        (*TO_DESCRIBE, "0"),
    ],
)
async def test_resume_continues_on_the_dropped_screen(gateway: UssdGateway, keys: tuple[str, ...]) -> None:
    _, left = await hang_up(gateway, keys)
    before = (await gateway.stored()).menu_session
    again = Resident(gateway.services.turns)

    await again.dial()
    assert (await again.answer("1")).text == left.text

    place = (await gateway.stored()).menu_session
    kept = ("state", "language", "page", "answers", "trail", "passing", "chosen")
    assert [getattr(place, name) for name in kept] == [getattr(before, name) for name in kept]


async def test_answer_changed_after_resume_leads_back_to_the_dropped_screen(gateway: UssdGateway) -> None:
    await hang_up(gateway, (*TO_CONFIRM, "2", "1"))
    again = Resident(gateway.services.turns)

    await again.walk(("1", "5"))
    assert (await gateway.stored()).menu_session.state == "confirm"
    assert (await again.answer("1")).end

    (incident,) = await gateway.incidents()
    assert (incident["category"], incident["description"]) == ("hoaks", "tawuran di pasar")


async def test_start_again_files_a_report_of_its_own(gateway: UssdGateway) -> None:
    await hang_up(gateway, TO_CONFIRM)

    again = Resident(gateway.services.turns)
    assert (await again.walk(("2",))).label == "main.id.resume"

    for keys in WHOLE_REPORT[1:]:
        screen = await again.answer(keys)
    assert screen.end

    (incident,) = await gateway.incidents()
    assert incident["session"] == again.session


async def test_delete_clears_the_dropped_answers(gateway: UssdGateway) -> None:
    await hang_up(gateway)

    screen = await Resident(gateway.services.turns).walk(("3", "1"))
    assert (screen.label, screen.end) == ("deleted.id.resume", True)
    assert (await gateway.stored()).menu_session.answers == {}

    (raw,) = [await gateway.run_redis("GET", key) for key in await gateway.run_redis("KEYS", "waspada:ussd:*")]
    assert b"gesekan" not in raw
    assert (await Resident(gateway.services.turns).dial()).label == "main.id.home"


async def test_session_may_drop_and_resume_repeatedly(gateway: UssdGateway) -> None:
    first, left = await hang_up(gateway)

    for _ in range(3):
        await Resident(gateway.services.turns).dial()
    assert (await Resident(gateway.services.turns).walk(("1",))).text == left.text
    assert (await Resident(gateway.services.turns).walk(("1", "tawuran di pasar"))).label == "contact.id.resume"
    assert (await Resident(gateway.services.turns).walk(("1", "1", "1"))).end

    (incident,) = await gateway.incidents()
    assert (incident["session"], incident["description"]) == (first.session, "tawuran di pasar")


async def test_home_key_abandons_the_resumed_dialogue(gateway: UssdGateway) -> None:
    """Later answers make a report of this call."""
    await hang_up(gateway)
    again = Resident(gateway.services.turns)
    await again.walk(("1", "00", *WHOLE_REPORT[1:]))

    (incident,) = await gateway.incidents()

    assert incident["session"] == again.session


async def test_repeated_callback_after_resume_is_one_step(gateway: UssdGateway) -> None:
    await hang_up(gateway, TO_CONFIRM)
    again = Resident(gateway.services.turns)

    for step in (again.dial(), again.answer("1"), again.answer("1")):
        screen = await step
        assert await again.callback(again.text) == screen
        assert await again.callback(again.text, again.label) == screen

    assert len(await gateway.incidents()) == len(await gateway.confirmations()) == 1


# What is not ------------------------------------------------------------------------------------------------


async def test_offer_ends_with_the_resume_window(timed_gateway: UssdGateway, clock: ManualClock) -> None:
    await hang_up(timed_gateway)

    clock.advance(hours=HOURS)
    assert (await Resident(timed_gateway.services.turns).dial()).label == OFFER

    clock.advance(hours=HOURS, seconds=1)
    assert (await Resident(timed_gateway.services.turns).dial()).label == "main.id.home"


@pytest.mark.parametrize(
    "keys",
    [
        (),
        ("1",),
        WHOLE_REPORT[:3],
        (*WHOLE_REPORT[:4], "00"),
        WHOLE_REPORT,
        ("1", "2"),
        ("1", "3", "1"),
    ],
)
async def test_nothing_worth_resuming_is_not_offered(gateway: UssdGateway, keys: tuple[str, ...]) -> None:
    await hang_up(gateway, keys)
    screen = await Resident(gateway.services.turns).dial()

    assert screen.label == ("main.id.home" if keys else "language.id")


async def test_offer_is_for_the_same_phone_alone(gateway: UssdGateway) -> None:
    await hang_up(gateway)
    assert (await Resident(gateway.services.turns, OTHER).dial()).label == "language.id"


async def test_offer_needs_a_version_that_has_the_state(gateway: UssdGateway) -> None:
    await hang_up(gateway)

    raw, stored = await gateway.services.sessions.read(VAULT.lookup(NUMBER))
    assert stored

    other = stored._replace(
        menu_version="v0", menu_session=stored.menu_session._replace(trail=("language", "main", "no_more"))
    )
    await gateway.services.sessions.compare_and_set(VAULT.lookup(NUMBER), raw, other, 600)
    assert (await Resident(gateway.services.turns).dial()).label == "main.id.home"


# Filed once -------------------------------------------------------------------------------------------------


async def forget_the_last_hop(gateway: UssdGateway, resident: Resident) -> None:
    """File the report, and lose the write to Redis."""
    (key,) = await gateway.run_redis("KEYS", "waspada:ussd:*")
    before = await gateway.run_redis("GET", key)
    assert (await resident.answer("1")).label.startswith("ticket_plain.")
    await gateway.run_redis("SET", key, before)


async def test_report_filed_without_a_stored_session_is_not_offered_again(gateway: UssdGateway) -> None:
    first, _ = await hang_up(gateway, TO_CONFIRM)
    await forget_the_last_hop(gateway, first)

    assert (await Resident(gateway.services.turns).dial()).label == "main.id.home"
    assert (await gateway.stored()).filed_count == 1


async def test_report_dropped_twice_is_not_filed_again(gateway: UssdGateway) -> None:
    await hang_up(gateway, TO_CONFIRM)
    second = Resident(gateway.services.turns)
    await second.walk(("1",))

    await forget_the_last_hop(gateway, second)

    assert (await Resident(gateway.services.turns).dial()).label == "main.id.home"
    assert len(await gateway.incidents()) == len(await gateway.confirmations()) == 1


async def test_concurrent_sends_of_both_sessions_file_once(gateway: UssdGateway) -> None:
    """Repeat the last callback of the dropped call while the next call resumes it."""
    first, _ = await hang_up(gateway, TO_CONFIRM)
    again = Resident(gateway.services.turns)
    await again.walk(("1",))

    await asyncio.gather(
        *(first.callback("*".join(WHOLE_REPORT), "confirm.id") for _ in range(3)),
        *(again.callback("1*1", again.label) for _ in range(3)),
    )

    assert len(await gateway.incidents()) == len(await gateway.confirmations()) == 1


async def test_failed_filing_can_be_repeated_after_resume(
    unreliable_gateway: UssdGateway, own_redis: OwnRedis, postgres: PostgresGate
) -> None:
    """Fail in both stores. The next call offers the report, and it is filed once."""
    first, _ = await hang_up(unreliable_gateway, TO_CONFIRM)
    await unreliable_gateway.run_redis("CONFIG", "SET", "maxmemory", "1")

    await postgres.close()
    assert (await first.answer("1")).label == "not_sent.id"

    await postgres.open()
    await unreliable_gateway.run_redis("CONFIG", "SET", "maxmemory", "0")
    again = Resident(unreliable_gateway.services.turns)
    assert (await again.dial()).label == OFFER

    await again.answer("1")
    assert (await again.answer("1")).label == "ticket_plain.id.resume"

    (incident,) = await unreliable_gateway.incidents()
    assert incident["session"] == first.session
    assert (await first.callback(first.text, "confirm.id")).label != "not_sent.id"
    assert len(await unreliable_gateway.incidents()) == 1


async def test_pending_report_is_not_offered_again(unreliable_gateway: UssdGateway, postgres: PostgresGate) -> None:
    first, _ = await hang_up(unreliable_gateway, TO_CONFIRM)

    await postgres.close()
    assert (await first.answer("1")).label == "saved.id"
    assert (await Resident(unreliable_gateway.services.turns).dial()).label == "main.id.home"

    await postgres.open()
    assert await unreliable_gateway.services.filing.file_pending() == 1
    assert len(await unreliable_gateway.incidents()) == 1


async def test_failed_delete_is_offered_again(unreliable_gateway: UssdGateway, postgres: PostgresGate) -> None:
    await hang_up(unreliable_gateway)
    await postgres.close()

    again = Resident(unreliable_gateway.services.turns)
    assert (await again.walk(("3", "1"))).label == "unavailable.id.resume"

    await postgres.open()
    assert (await Resident(unreliable_gateway.services.turns).dial()).label == OFFER
    assert (await again.callback(again.text, again.label)).label is not None


async def test_resume_on_another_channel_files_under_its_own_session(gateway: UssdGateway) -> None:
    _, left = await hang_up(gateway, TO_CONFIRM)

    other = Resident(gateway.services.turns, service=SECOND)
    assert (await other.dial()).label == OFFER
    assert (await other.answer("1")).text == left.text
    assert (await other.answer("1")).end

    (incident,) = await gateway.incidents()
    assert (incident["channel"], incident["session"]) == ("at2", other.session), "a session belongs to its channel"


@pytest.mark.parametrize("labelled", [True, False])
@pytest.mark.parametrize("which", ["first", "last"])
async def test_late_callback_of_the_replaced_call_changes_nothing(
    gateway: UssdGateway, which: str, labelled: bool
) -> None:
    first = Resident(gateway.services.turns)
    await first.walk(TO_CONFIRM[:-1])
    label = first.label
    await first.answer(TO_CONFIRM[-1])
    again = Resident(gateway.services.turns)
    screen = await again.walk(("1",))
    stored = await gateway.stored()

    late = await first.callback(first.text if which == "last" else "", label if labelled and which == "last" else None)
    assert late == screen, "the screen that the resident sees"
    assert await gateway.stored() == stored
    assert (await again.answer("1")).label.startswith("ticket_plain.")

    (incident,) = await gateway.incidents()
    assert incident["description"] == "tawuran di pasar"


async def test_late_callback_of_a_filed_call_changes_nothing(gateway: UssdGateway) -> None:
    first = Resident(gateway.services.turns)
    await first.walk()
    again = Resident(gateway.services.turns)
    await again.walk(("1",))
    stored = await gateway.stored()

    await first.callback(first.text)

    assert await gateway.stored() == stored
    assert len(await gateway.incidents()) == 1
