"""Simulated phone: calls the webhooks as Africa's Talking does, and shows what a resident would see."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from aiohttp import ClientSession, web

from gateway.carriers.africastalking.callbacks import LABEL_HEADER
from gateway.carriers.africastalking.carrier import AfricasTalking
from gateway.carriers.carrier import Ending, Screen, SessionEnd
from gateway.carriers.local.handset import NETWORK_ERROR, Display, Handset, NotDialled, WebhookUrls
from gateway.runtime.clock import Clock
from tests.helpers.carrier_server import Call, StubGateway, fixture, stub_gateway
from tests.helpers.phones import NUMBER

CODE = "*384*27011#"
FAILED = Display(NETWORK_ERROR, open=False)


class FixtureClock(Clock):
    """Clock with the session ids of the captured callbacks, at the time of the captured events."""

    def __init__(self, session: str = "f552cc5023d8319aea1181f76f3adcbd") -> None:
        self.session = session

    def now(self) -> datetime:
        return datetime(2026, 11, 23, 4, 5, 6, tzinfo=UTC)

    def monotonic(self) -> float:
        return 100.0

    def new_id(self) -> str:
        return self.session


@pytest.fixture
async def handset(http: ClientSession, gateway: StubGateway) -> AsyncIterator[Handset]:
    async with Handset(http, gateway.hooks, NUMBER, FixtureClock(), service_code=CODE) as handset:
        yield handset


def screen(text: str, label: str | None = None, status: int = 200) -> web.Response:
    return web.Response(text=text, status=status, headers={LABEL_HEADER: label} if label else {})


async def test_callbacks_are_the_captured_ones(handset: Handset, gateway: StubGateway) -> None:
    gateway.screens = [screen("CON a"), screen("CON b"), screen("CON c"), screen("CON d"), screen("END e")]

    await handset.dial(CODE)
    for keys in ("1", "1", "Padi & jagung + sapi, warung Bu Dèwi", "0"):
        await handset.answer(keys)

    captured = [
        "ussd_01_initial",
        "ussd_02_first_choice",
        "ussd_03_same_choice_again",
        "ussd_05_free_text_utf8",
        "ussd_06_back_zero",
    ]
    assert [call.body for call in gateway.calls_of("ussd")] == [fixture(name) for name in captured]
    assert {call.headers["Content-Type"] for call in gateway.calls} == {"application/x-www-form-urlencoded"}


async def test_callbacks_of_an_empty_answer_and_of_stars_are_the_captured_ones(
    http: ClientSession, gateway: StubGateway
) -> None:
    clock = FixtureClock("c189941acf780de956fe5d1483d7a598")

    async with Handset(http, gateway.hooks, NUMBER, clock, service_code=CODE) as handset:
        gateway.screens = [screen("CON a") for _ in range(8)]
        await handset.dial(CODE)
        await handset.answer("1")
        await handset.answer("")
        await handset.dial(CODE)
        await handset.answer("1")
        await handset.answer("*2*3")
        bodies = [call.body for call in gateway.calls_of("ussd")]

    assert bodies[2] == fixture("ussd_07_empty_reply")
    assert bodies[5] == fixture("ussd_08_star_inside_input")


@pytest.mark.parametrize(
    ("suffix_in_text", "name"),
    [(True, "ussd_10_suffix_dial_first_request"), (False, "ussd_11_suffix_in_service_code")],
)
async def test_dial_of_a_longer_code_sends_the_suffix_in_the_text_or_in_the_service_code(
    http: ClientSession, gateway: StubGateway, suffix_in_text: bool, name: str
) -> None:
    gateway.screens = [screen("END Sudah")]
    clock = FixtureClock("ac5d960c71f2731a0ce76f67ca8980aa")
    handset = Handset(http, gateway.hooks, NUMBER, clock, service_code=CODE, suffix_in_text=suffix_in_text)

    async with handset:
        display = await handset.dial("*384*27011*1*2#")

    assert display == Display("Sudah", open=False)
    assert gateway.calls_of("ussd")[0].body == fixture(name)


async def test_answer_after_a_dialled_suffix_follows_it_in_the_text(handset: Handset, gateway: StubGateway) -> None:
    gateway.screens = [screen("CON a"), screen("CON b")]

    await handset.dial("*384*27011*1*2#")
    await handset.answer("3")

    assert gateway.calls_of("ussd")[1].fields["text"] == "1*2*3"


@pytest.mark.parametrize("code", ["", "384", "*384*27012#", "*384*27011", "*384*270115#", "*384*27011*1", "*abc#"])
async def test_dial_of_a_code_of_another_service_is_a_network_error(
    handset: Handset, gateway: StubGateway, code: str
) -> None:
    assert await handset.dial(code) == FAILED
    assert gateway.calls == []


async def test_displays_are_the_screens_and_labels_are_echoed(handset: Handset, gateway: StubGateway) -> None:
    gateway.screens = [
        screen("CON Info Tani\n1. Harga", "main"),
        screen("CON Dua"),
        screen("END Terima kasih.", "last"),
    ]

    displays = [await handset.dial(CODE), await handset.answer("1"), await handset.answer("2")]

    assert displays == [
        Display("Info Tani\n1. Harga", open=True),
        Display("Dua", open=True),
        Display("Terima kasih.", open=False),
    ]
    assert [call.headers.get(LABEL_HEADER) for call in gateway.calls_of("ussd")] == [None, "main", None]
    with pytest.raises(NotDialled):
        await handset.answer("3")


async def test_session_end_is_the_captured_one(handset: Handset, gateway: StubGateway, http: ClientSession) -> None:
    gateway.screens = [screen("CON a", "menu"), screen("CON b", "harga"), screen("END Terima kasih.", "akhir")]

    await handset.dial(CODE)
    await handset.answer("1")
    await handset.answer("1*2")

    (event,) = await gateway.wait_for_calls("ussd_event", 1)
    assert event.body == (
        fixture("ussd_event_success")
        .replace(b"KES+0.0000", b"0.00")
        .replace(b"46000", b"0")
        .replace(b"hopsCount=4", b"hopsCount=3")
        .replace(b"%7Cdetail", b"")
    )
    end = _session_end(http, event)
    assert end == SessionEnd(handset.session, Ending.COMPLETED, 3, 0, "99999", "0.00", "")


async def test_hang_up_and_close_abandon_the_session(
    handset: Handset, gateway: StubGateway, http: ClientSession
) -> None:
    gateway.screens = [screen("CON a", "menu"), screen("CON b", "menu")]

    await handset.dial(CODE)
    displays = [await handset.hang_up(), await handset.hang_up()]
    await handset.dial(CODE)
    await handset.close()

    assert displays == [Display("", open=False)] * 2
    events = gateway.calls_of("ussd_event")
    assert [(_session_end(http, event).ending, event.fields["lastAppResponse"]) for event in events] == [
        (Ending.ABANDONED, "CON a"),
        (Ending.ABANDONED, "CON b"),
    ]


async def test_dial_ends_the_open_session(handset: Handset, gateway: StubGateway) -> None:
    gateway.screens = [screen("CON a"), screen("END b")]

    await handset.dial(CODE)
    await handset.dial(CODE)

    events = await gateway.wait_for_calls("ussd_event", 2)
    assert sorted(event.fields["status"] for event in events) == ["Incomplete", "Success"]


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        *(
            (fixture(f"ussd_reply_bad_{name}"), 200, "The response should start with CON or END")
            for name in ("empty", "html", "leading_space", "lowercase")
        ),
        (b"\xef\xbb\xbfCON a", 200, "The response should start with CON or END"),
        (b"CONTINUE", 200, "The response should start with CON or END"),
        (b"CON caf\xe9", 200, "The response could not be read"),
        (b"CON " + b"x" * 20_000, 200, "The response could not be read"),
        (b"CON a", 500, "Received unexpected response code: 500 <none>"),
        (b"", 404, "Received unexpected response code: 404 <none>"),
        (b"", 307, "Received unexpected response code: 307 <none>"),
    ],
)
async def test_answer_that_is_no_screen_fails_the_session(
    handset: Handset, gateway: StubGateway, http: ClientSession, body: bytes, status: int, error: str
) -> None:
    gateway.screens = [web.Response(body=body, status=status, headers={"Location": gateway.hooks.ussd})]

    display = await handset.dial(CODE)

    assert display == FAILED
    (event,) = await gateway.wait_for_calls("ussd_event", 1)
    end = _session_end(http, event)
    assert (end.ending, end.error, end.hops) == (Ending.FAILED, error, 1)
    with pytest.raises(NotDialled):
        await handset.answer("1")


async def test_answer_after_the_timeout_fails_the_session(http: ClientSession, gateway: StubGateway) -> None:
    gateway.delay_s = 0.3
    gateway.screens = [screen("CON late")]
    handset = Handset(http, gateway.hooks, NUMBER, FixtureClock(), service_code=CODE, answer_seconds=0.1)

    display = await handset.dial(CODE)
    (event,) = await gateway.wait_for_calls("ussd_event", 1)
    gateway.delay_s = 0
    await handset.close()

    assert display == FAILED
    assert event.fields["errorMessage"] == "No response in time"


async def test_lost_signal_sends_no_session_end(handset: Handset, gateway: StubGateway) -> None:
    gateway.screens = [screen("CON a"), screen("CON b")]

    await handset.dial(CODE)
    assert handset.lose_signal() == Display("", open=False)
    with pytest.raises(NotDialled):
        await handset.answer("1")
    await handset.dial(CODE)
    await handset.close()

    events = gateway.calls_of("ussd_event")
    assert [event.fields["lastAppResponse"] for event in events] == ["CON b"]


async def test_hang_up_before_the_answer_closes_the_display(handset: Handset, gateway: StubGateway) -> None:
    gateway.delay_s = 0.1
    gateway.screens = [screen("CON late")]

    dialling = asyncio.create_task(handset.dial(CODE))
    await gateway.wait_for_calls("ussd", 1)
    await handset.hang_up()

    assert await dialling == Display("", open=False)
    assert [event.fields["status"] for event in await gateway.wait_for_calls("ussd_event", 1)] == ["Incomplete"]


async def test_refused_connection_fails_the_session(http: ClientSession) -> None:
    async with stub_gateway() as gone:
        pass

    async with Handset(http, gone.hooks, NUMBER, FixtureClock(), service_code=CODE) as handset:
        assert await handset.dial(CODE) == FAILED


async def test_session_end_without_a_webhook_is_not_sent(http: ClientSession, gateway: StubGateway) -> None:
    gateway.screens = [screen("END a")]

    async with Handset(http, WebhookUrls(gateway.hooks.ussd), NUMBER, Clock(), service_code=CODE) as handset:
        await handset.dial(CODE)

    assert [call.hook for call in gateway.calls] == ["ussd"]


async def test_callbacks_are_read_by_the_real_carrier(http: ClientSession, gateway: StubGateway) -> None:
    carrier = AfricasTalking("at", "sandbox", "key", http)
    reply = carrier.write_screen(Screen("Halo", False, "main"))
    gateway.screens = [web.Response(body=reply.body, headers=reply.headers) for _ in range(2)]

    async with Handset(http, gateway.hooks, NUMBER, Clock(), service_code=CODE) as handset:
        await handset.dial(CODE)
        await handset.answer("5*5 meter")

    turns = [carrier.read_turn(call.body, call.headers) for call in gateway.calls_of("ussd")]
    assert [(turn.session, turn.phone, turn.text, turn.label) for turn in turns] == [
        (handset.session, NUMBER, "", None),
        (handset.session, NUMBER, "5*5 meter", "main"),
    ]


def _session_end(http: ClientSession, event: Call) -> SessionEnd:
    return AfricasTalking("at", "sandbox", "key", http).read_session_end(event.body, event.headers)
