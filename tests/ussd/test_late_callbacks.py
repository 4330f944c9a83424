"""Callbacks of an earlier call that were held up: they change nothing, move nothing, and are told nothing untrue.

It belongs to no module. A carrier holds the newest callback of a call back, its resident dials again, and then it
arrives: with more typed than the gateway has seen, and with or without the label of the screen that it answers.
"""

from __future__ import annotations

import pytest

from gateway.audit import audit
from gateway.carriers.carrier import Screen
from tests.helpers.phones import OTHER
from tests.helpers.ussd import (
    SECOND,
    TO_CONFIRM,
    TO_DESCRIBE,
    WHOLE_REPORT,
    Resident,
    UssdGateway,
    expected_screen,
)

pytestmark = pytest.mark.parametrize("labelled", [True, False])

OFFER = "unfinished.id.resume"


class HeldUp:
    """Callback that its carrier has not delivered yet: the next keys of a resident who then dials again."""

    def __init__(self, resident: Resident, keys: str, *, labelled: bool) -> None:
        self._resident = resident
        self._text = f"{resident.text}*{keys}" if resident.text else keys
        self._label = resident.label if labelled else None

    async def arrive(self) -> Screen:
        return await self._resident.callback(self._text, self._label)


async def hold_up(gateway: UssdGateway, keys: tuple[str, ...], newest: str, *, labelled: bool) -> HeldUp:
    """Walk to a screen, and hold up what is typed there."""
    resident = Resident(gateway.services.turns, labelled=labelled)
    await resident.walk(keys)
    return HeldUp(resident, newest, labelled=labelled)


async def redial(gateway: UssdGateway, keys: tuple[str, ...], *, labelled: bool) -> tuple[Resident, Screen]:
    resident = Resident(gateway.services.turns, labelled=labelled)
    return resident, await resident.walk(keys)


async def assert_changes_nothing(gateway: UssdGateway, late: HeldUp, shown: Screen) -> None:
    """Assert that a callback changes no session and no row, and is answered by the screen of the running call."""
    before = (await gateway.stored(), await gateway.incidents(), await gateway.rows(audit))
    for _ in range(2):
        screen = await late.arrive()
        assert (screen.text, screen.end) == (shown.text, shown.end)
    assert (await gateway.stored(), await gateway.incidents(), await gateway.rows(audit)) == before


async def test_send_of_the_earlier_call_after_the_ticket_changes_nothing(gateway: UssdGateway, labelled: bool) -> None:
    """The language is known by now, so a replay of the whole text would begin one screen too late."""
    send = await hold_up(gateway, TO_CONFIRM, "1", labelled=labelled)
    _, ticket = await redial(gateway, ("1", "1"), labelled=labelled)
    assert ticket.label == "ticket_plain.id.resume"

    await assert_changes_nothing(gateway, send, ticket)

    (incident,) = await gateway.incidents()
    told = ("category", "area", "when", "description", "contact")
    assert [incident[name] for name in told] == ["gesekan", "33.75.01.1003", "now", "tawuran di pasar", True]
    assert [row["action"] for row in await gateway.rows(audit)] == ["incident.filed"]


@pytest.mark.parametrize(("called_off", "end"), [(("3", "1"), "deleted"), (("1", "3", "1"), "cancelled")])
async def test_send_of_a_call_that_was_called_off_files_nothing(
    gateway: UssdGateway, labelled: bool, called_off: tuple[str, ...], end: str
) -> None:
    send = await hold_up(gateway, TO_CONFIRM, "1", labelled=labelled)
    _, cancelled = await redial(gateway, called_off, labelled=labelled)
    assert cancelled.label == f"{end}.id.resume"

    await assert_changes_nothing(gateway, send, cancelled)

    assert await gateway.incidents() == []
    assert await gateway.confirmations() == []


@pytest.mark.parametrize("keys", range(3, len(TO_CONFIRM) + 1))
@pytest.mark.parametrize("more", [(), ("1",), ("1", "0"), ("2",)])
async def test_next_key_of_the_earlier_call_does_not_push_the_running_one_aside(
    gateway: UssdGateway, labelled: bool, keys: int, more: tuple[str, ...]
) -> None:
    late = await hold_up(gateway, TO_CONFIRM[:keys], WHOLE_REPORT[keys], labelled=labelled)
    again, shown = await redial(gateway, more if keys > 3 else (), labelled=labelled)

    await assert_changes_nothing(gateway, late, shown)

    place = await gateway.stored()
    await again.answer("00")
    assert (await gateway.stored()).session == place.session == again.session
    assert await gateway.incidents() == []


async def test_running_call_files_what_it_says_whatever_arrives_of_the_earlier_one(
    gateway: UssdGateway, labelled: bool
) -> None:
    late = await hold_up(gateway, TO_DESCRIBE, "dari panggilan lama", labelled=labelled)
    again, screen = await redial(gateway, ("1",), labelled=labelled)

    for keys in ("tawuran di pasar", "1", "1"):
        await assert_changes_nothing(gateway, late, screen)
        screen = await again.answer(keys)

    await assert_changes_nothing(gateway, late, screen)
    (incident,) = await gateway.incidents()
    assert (incident["description"], incident["contact"]) == ("tawuran di pasar", True)


async def test_callback_of_a_call_before_the_last_five_is_late_too(gateway: UssdGateway, labelled: bool) -> None:
    late = await hold_up(gateway, TO_CONFIRM, "1", labelled=labelled)
    for _ in range(5):
        _, shown = await redial(gateway, ("1",), labelled=labelled)

    await assert_changes_nothing(gateway, late, shown)


async def test_callback_of_an_earlier_call_on_another_channel_is_late_too(gateway: UssdGateway, labelled: bool) -> None:
    late = await hold_up(gateway, TO_CONFIRM, "1", labelled=labelled)
    again = Resident(gateway.services.turns, service=SECOND, labelled=labelled)

    await assert_changes_nothing(gateway, late, await again.walk(("1",)))


async def test_callback_of_an_earlier_call_of_another_phone_is_its_own(gateway: UssdGateway, labelled: bool) -> None:
    late = await hold_up(gateway, ("1", "2"), "1", labelled=labelled)
    await Resident(gateway.services.turns, OTHER, labelled=labelled).walk(("1",))

    assert (await late.arrive()).text == expected_screen("1", "2", "1")


async def test_longer_text_after_the_ticket_of_the_same_call_changes_nothing(
    gateway: UssdGateway, labelled: bool
) -> None:
    first = Resident(gateway.services.turns, labelled=labelled)
    ticket = await first.walk()

    for keys in ("1", "1*1*1", "2"):
        assert (await first.callback(f"{first.text}*{keys}", first.label if labelled else None)).text == ticket.text
    assert len(await gateway.incidents()) == len(await gateway.confirmations()) == 1
