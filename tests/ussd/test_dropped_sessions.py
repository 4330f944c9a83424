"""Dropped sessions: the sweep keeps them as drafts, and sends one reminder outside quiet hours."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from gateway.incidents.tables import drafts
from gateway.ussd.dropped_sessions import LONGEST_SESSION_S, SILENCE_S
from gateway.vault.vault import Vault
from tests.helpers.clocks import ManualClock
from tests.helpers.gateway import SERVICE_CODES as CODES
from tests.helpers.outages import OwnRedis, PostgresGate
from tests.helpers.packs import MENU
from tests.helpers.phones import NUMBER, OTHER, phone
from tests.helpers.ussd import (
    SECOND,
    TO_CONFIRM,
    TO_PLACE,
    VAULT,
    WHOLE_REPORT,
    Resident,
    UssdGateway,
    activate_rules,
    drop_session,
    reminders,
)

IN_DANGER = ("1", "1", "1", "1")  # the place is missing
OF_NO_URGENT_KIND = (*WHOLE_REPORT[:3], "1")
QUIET_OVER = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)  # 07:00 in Pekalongan


async def watched(gateway: UssdGateway) -> int:
    return int(await gateway.run_redis("HLEN", "waspada:watched"))


# Kept as a draft --------------------------------------------------------------------------------------------


async def test_sweep_keeps_a_dropped_session_and_reminds_once(timed_gateway: UssdGateway, clock: ManualClock) -> None:
    resident = await drop_session(timed_gateway, clock)
    with capture_logs() as lines:
        assert await timed_gateway.services.dropped_sessions.sweep() == 1

    (draft,) = await timed_gateway.services.drafts.list_drafts()
    assert (draft.session, draft.answers["category"], draft.answers["area"]) == (
        resident.session,
        "gesekan",
        "33.75.01.1003",
    )
    assert (draft.phone, draft.is_pressing) == (NUMBER.masked, True), "the pack calls its kind urgent"
    assert draft.left_at == clock.now() - timedelta(seconds=LONGEST_SESSION_S)

    (line,) = (line for line in lines if line["event"] == "draft.kept")
    assert (line["log_level"], line["danger"], line["reminded"]) == ("warning", "", True)

    (reminder,) = await reminders(timed_gateway)
    (shown,) = await timed_gateway.confirmations()
    assert CODES["at"] in str(shown["text"]), "the reminder has the code to dial"
    assert shown["text"] == MENU.sms_text("resume", "id", {}, {"ussd": CODES["at"]})
    assert reminder["due_at"] == clock.now()

    clock.advance(hours=1)
    assert await timed_gateway.services.dropped_sessions.sweep() == 0
    assert len(await reminders(timed_gateway)) == 1
    assert await watched(timed_gateway) == 0


async def test_sweep_logs_a_draft_with_danger_as_a_warning(timed_gateway: UssdGateway, clock: ManualClock) -> None:
    await drop_session(timed_gateway, clock, IN_DANGER)
    with capture_logs() as lines:
        await timed_gateway.services.dropped_sessions.sweep()

    (line,) = (line for line in lines if line["event"] == "draft.kept")
    assert (line["log_level"], line["danger"]) == ("warning", "yes")

    (draft,) = await timed_gateway.services.drafts.list_drafts()
    assert (draft.is_pressing, draft.answers["danger"]) == (True, "yes")
    assert NUMBER.e164[-7:] not in repr(lines)


async def test_urgent_kind_is_at_the_desk_before_its_place_and_danger_are_known(
    timed_gateway: UssdGateway, clock: ManualClock
) -> None:
    await Resident(timed_gateway.services.turns).walk(WHOLE_REPORT[:4])
    clock.advance(seconds=SILENCE_S)
    assert await timed_gateway.services.dropped_sessions.sweep() == 1
    clock.advance(seconds=LONGEST_SESSION_S)
    await timed_gateway.services.dropped_sessions.sweep()

    (draft,) = await timed_gateway.services.drafts.list_drafts()
    assert (draft.is_pressing, draft.answers.get("category"), draft.answers.get("area")) == (True, "gesekan", None)
    assert await reminders(timed_gateway) == [], "without a place it cannot be sent by SMS"


async def test_sweep_leaves_a_session_that_may_continue_on_the_list(
    timed_gateway: UssdGateway, clock: ManualClock
) -> None:
    resident = Resident(timed_gateway.services.turns)
    await resident.walk((*TO_PLACE[:3], "9", *TO_PLACE[4:]))  # not of an urgent kind
    for keys in ("2", "3", "1"):
        clock.advance(seconds=LONGEST_SESSION_S - 1)
        assert await timed_gateway.services.dropped_sessions.sweep() == 0
        assert await watched(timed_gateway) == 1
        await resident.answer(keys)

    clock.advance(seconds=LONGEST_SESSION_S - 1)
    assert await timed_gateway.services.dropped_sessions.sweep() == 0

    clock.advance(seconds=1)
    assert await timed_gateway.services.dropped_sessions.sweep() == 1

    (draft,) = await timed_gateway.rows(drafts)
    assert {name: draft["answers"][name] for name in ("danger", "size", "seen")} == {
        "danger": "no",
        "size": "many",
        "seen": "self",
    }


@pytest.mark.parametrize(
    "keys", [WHOLE_REPORT, (*TO_CONFIRM, "3", "1"), (*TO_PLACE, "00"), OF_NO_URGENT_KIND, ("1", "2")]
)
async def test_sweep_makes_no_draft_of_finished_or_too_short_dialogues(
    timed_gateway: UssdGateway, clock: ManualClock, keys: tuple[str, ...]
) -> None:
    await drop_session(timed_gateway, clock, keys)

    assert await timed_gateway.services.dropped_sessions.sweep() == 0
    assert await timed_gateway.rows(drafts) == []
    assert await reminders(timed_gateway) == []
    assert await watched(timed_gateway) == 0


async def test_session_dropped_twice_is_one_draft_and_one_reminder(
    timed_gateway: UssdGateway, clock: ManualClock
) -> None:
    first = await drop_session(timed_gateway, clock)
    assert await timed_gateway.services.dropped_sessions.sweep() == 1

    again = Resident(timed_gateway.services.turns)
    await again.walk(("1", "2", "3"))
    clock.advance(seconds=LONGEST_SESSION_S)
    with capture_logs() as lines:
        assert await timed_gateway.services.dropped_sessions.sweep() == 0, "the draft is not new"
    (line,) = (line for line in lines if line["event"] == "draft.kept")
    assert (line["new"], line["reminded"]) == (False, False)

    (draft,) = await timed_gateway.rows(drafts)
    assert (draft["session"], draft["answers"]["size"]) == (first.session, "many")
    assert len(await reminders(timed_gateway)) == 1


async def test_phone_watched_again_during_sweep_stays_on_the_list(
    timed_gateway: UssdGateway, clock: ManualClock
) -> None:
    """Dial again between the check of a phone and the end of the sweep."""
    await drop_session(timed_gateway, clock)
    await asyncio.gather(timed_gateway.services.dropped_sessions.sweep(), Resident(timed_gateway.services.turns).dial())

    assert await watched(timed_gateway) == 1


async def test_concurrent_sweeps_make_one_draft_and_one_reminder(
    timed_gateway: UssdGateway, clock: ManualClock
) -> None:
    await drop_session(timed_gateway, clock)
    kept = await asyncio.gather(*(timed_gateway.services.dropped_sessions.sweep() for _ in range(4)))

    assert sum(kept) == 1
    assert len(await timed_gateway.services.drafts.list_drafts()) == len(await reminders(timed_gateway)) == 1


async def test_sweep_checks_every_watched_phone(timed_gateway: UssdGateway, clock: ManualClock) -> None:
    phones = [phone(number) for number in range(40)]
    await asyncio.gather(*(Resident(timed_gateway.services.turns, one).walk(TO_PLACE) for one in phones))

    clock.advance(seconds=LONGEST_SESSION_S)

    assert await timed_gateway.services.dropped_sessions.sweep() == 40
    assert len(await timed_gateway.services.drafts.list_drafts()) == 40


async def test_sweep_drops_entries_that_cannot_be_decrypted(timed_gateway: UssdGateway, clock: ManualClock) -> None:
    """Entries are unreadable after a change of the vault key or of the pack."""
    await drop_session(timed_gateway, clock)
    sealed = Vault(bytes(32)).seal(NUMBER)
    await timed_gateway.run_redis("HSET", "waspada:watched", VAULT.lookup(NUMBER).hex(), b64encode(sealed))
    await timed_gateway.run_redis("HSET", "waspada:watched", VAULT.lookup(OTHER).hex(), "?")

    with capture_logs() as lines:
        assert await timed_gateway.services.dropped_sessions.sweep() == 0

    assert [(line["event"], line["error"]) for line in lines] == [("draft.not_kept", "CannotOpen")]
    assert await watched(timed_gateway) == 0


async def test_sweep_drops_a_number_that_was_moved_from_another_entry(
    timed_gateway: UssdGateway, clock: ManualClock
) -> None:
    await drop_session(timed_gateway, clock)
    moved = b64encode(VAULT.seal(OTHER))
    await timed_gateway.run_redis("HSET", "waspada:watched", VAULT.lookup(NUMBER).hex(), moved)

    with capture_logs() as lines:
        assert await timed_gateway.services.dropped_sessions.sweep() == 0

    assert [(line["event"], line["error"]) for line in lines] == [("draft.not_kept", "CannotOpen")]
    assert await timed_gateway.services.drafts.list_drafts() == []


async def test_sweep_continues_after_an_unexpected_error(timed_gateway: UssdGateway, clock: ManualClock) -> None:
    await timed_gateway.run_redis("HSET", "waspada:watched", "no hexadecimal", "?")
    await drop_session(timed_gateway, clock)

    with capture_logs() as lines:
        assert await timed_gateway.services.dropped_sessions.sweep() == 1

    assert [line["event"] for line in lines if line["log_level"] == "error"] == ["draft.not_looked_at"]


# The reminder -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("local", "due"),
    [
        ("19:59", datetime(2026, 11, 23, 12, 59, tzinfo=UTC)),
        ("20:00", QUIET_OVER),
        ("23:30", QUIET_OVER),
        ("06:59", QUIET_OVER),
        ("07:00", QUIET_OVER),
    ],
)
async def test_reminder_is_due_outside_quiet_hours(
    timed_gateway: UssdGateway, clock: ManualClock, local: str, due: datetime
) -> None:
    day = datetime(2026, 11, 23 if local > "12" else 24, int(local[:2]), int(local[3:]), tzinfo=MENU.timezone)
    clock.time = day.astimezone(UTC) - timedelta(seconds=LONGEST_SESSION_S)
    await drop_session(timed_gateway, clock)
    await timed_gateway.services.dropped_sessions.sweep()

    (reminder,) = await reminders(timed_gateway)

    assert reminder["due_at"] == due


async def test_reminder_is_due_after_quiet_hours_within_a_day(timed_gateway: UssdGateway, clock: ManualClock) -> None:
    activate_rules(timed_gateway, 'resume: {sms: true}\nquiet_hours: {from: "12:00", to: "14:30"}')
    clock.time = datetime(2026, 11, 23, 13, 0, tzinfo=MENU.timezone).astimezone(UTC)
    await drop_session(timed_gateway, clock)
    await timed_gateway.services.dropped_sessions.sweep()

    (reminder,) = await reminders(timed_gateway)

    assert reminder["due_at"] == datetime(2026, 11, 23, 7, 30, tzinfo=UTC)


async def test_pack_without_reminder_keeps_the_draft_and_sends_no_sms(
    timed_gateway: UssdGateway, clock: ManualClock
) -> None:
    activate_rules(timed_gateway, "resume: {sms: false}")
    await drop_session(timed_gateway, clock)

    assert await timed_gateway.services.dropped_sessions.sweep() == 1
    assert len(await timed_gateway.services.drafts.list_drafts()) == 1
    assert await reminders(timed_gateway) == []


async def test_reminder_due_after_the_resume_window_is_not_sent(timed_gateway: UssdGateway, clock: ManualClock) -> None:
    """Quiet hours may end when nothing is left to resume."""
    activate_rules(timed_gateway, "resume: {hours: 2, sms: true}")
    clock.time = datetime(2026, 11, 23, 22, 0, tzinfo=MENU.timezone).astimezone(UTC)

    await drop_session(timed_gateway, clock)

    assert await timed_gateway.services.dropped_sessions.sweep() == 1
    assert await reminders(timed_gateway) == []


@pytest.mark.parametrize("language", MENU.languages)
async def test_reminder_is_in_the_language_of_the_dialogue(
    timed_gateway: UssdGateway, clock: ManualClock, language: str
) -> None:
    number = str(list(MENU.languages).index(language) + 1)
    await drop_session(timed_gateway, clock, (number, *TO_PLACE[1:]))
    await timed_gateway.services.dropped_sessions.sweep()

    (reminder,) = await timed_gateway.confirmations()

    assert reminder["text"] == MENU.sms_text("resume", language, {}, {"ussd": CODES["at"]})


async def test_reminder_has_the_code_of_its_channel(timed_gateway: UssdGateway, clock: ManualClock) -> None:
    await Resident(timed_gateway.services.turns, service=SECOND).walk(TO_PLACE)
    clock.advance(seconds=LONGEST_SESSION_S)
    await timed_gateway.services.dropped_sessions.sweep()

    (reminder,) = await timed_gateway.confirmations()

    assert (reminder["channel"], SECOND.service_code in str(reminder["text"])) == ("at2", True)


# Unavailable stores -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("store", ["redis", "postgres"])
async def test_sweep_waits_while_a_store_is_unavailable(
    timed_unreliable_gateway: UssdGateway, clock: ManualClock, own_redis: OwnRedis, postgres: PostgresGate, store: str
) -> None:
    await drop_session(timed_unreliable_gateway, clock)
    stop, restore = (own_redis.kill, own_redis.start) if store == "redis" else (postgres.close, postgres.open)

    await stop()
    assert await timed_unreliable_gateway.services.dropped_sessions.sweep() == 0

    await restore()
    assert await watched(timed_unreliable_gateway) == 1
    assert await timed_unreliable_gateway.services.dropped_sessions.sweep() == 1
    assert len(await timed_unreliable_gateway.services.drafts.list_drafts()) == 1
