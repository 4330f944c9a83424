"""The simulated phone speaks the webhook as Africa's Talking does."""

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
from gateway.text.phone import Phone
from tests.helpers.carrier_server import Call, StubGateway, fixture, stub_gateway

PHONE = Phone("+6281230004567")
CODE = "*384*27011#"
FAILED = Display(NETWORK_ERROR, open=False)


class FixtureClock(Clock):
    """The ids of the captured callbacks, at the time of the captured events."""

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
    async with Handset(http, gateway.hooks, PHONE, FixtureClock(), service_code=CODE) as phone:
        yield phone


def screen(text: str, label: str | None = None, status: int = 200) -> web.Response:
    return web.Response(text=text, status=status, headers={LABEL_HEADER: label} if label else {})


async def test_it_sends_what_was_captured(handset: Handset, gateway: StubGateway) -> None:
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


async def test_empty_answers_and_stars(http: ClientSession, gateway: StubGateway) -> None:
    clock = FixtureClock("c189941acf780de956fe5d1483d7a598")
    async with Handset(http, gateway.hooks, PHONE, clock, service_code=CODE) as handset:
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
async def test_a_longer_code(http: ClientSession, gateway: StubGateway, suffix_in_text: bool, name: str) -> None:
    gateway.screens = [screen("END Sudah")]
    clock = FixtureClock("ac5d960c71f2731a0ce76f67ca8980aa")
    phone = Handset(http, gateway.hooks, PHONE, clock, service_code=CODE, suffix_in_text=suffix_in_text)
    async with phone:
        assert await phone.dial("*384*27011*1*2#") == Display("Sudah", open=False)
    assert gateway.calls_of("ussd")[0].body == fixture(name)


async def test_what_is_typed_after_a_suffix_comes_after_it(handset: Handset, gateway: StubGateway) -> None:
    gateway.screens = [screen("CON a"), screen("CON b")]
    await handset.dial("*384*27011*1*2#")
    await handset.answer("3")
    assert gateway.calls_of("ussd")[1].fields["text"] == "1*2*3"


@pytest.mark.parametrize("code", ["", "384", "*384*27012#", "*384*27011", "*384*270115#", "*384*27011*1", "*abc#"])
async def test_a_code_of_somebody_else(handset: Handset, gateway: StubGateway, code: str) -> None:
    assert await handset.dial(code) == FAILED
    assert gateway.calls == []


async def test_it_shows_the_screen_and_echoes_its_label(handset: Handset, gateway: StubGateway) -> None:
    gateway.screens = [
        screen("CON Info Tani\n1. Harga", "main"),
        screen("CON Dua"),
        screen("END Terima kasih.", "last"),
    ]
    assert await handset.dial(CODE) == Display("Info Tani\n1. Harga", open=True)
    assert await handset.answer("1") == Display("Dua", open=True)
    assert await handset.answer("2") == Display("Terima kasih.", open=False)
    assert [call.headers.get(LABEL_HEADER) for call in gateway.calls_of("ussd")] == [None, "main", None]
    with pytest.raises(NotDialled):
        await handset.answer("3")


async def test_the_end_is_told(handset: Handset, gateway: StubGateway, http: ClientSession) -> None:
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
    end = _read(http, event)
    assert end == SessionEnd(handset.session, Ending.COMPLETED, 3, 0, "99999", "0.00", "")


async def test_who_hangs_up_leaves_it_incomplete(handset: Handset, gateway: StubGateway, http: ClientSession) -> None:
    gateway.screens = [screen("CON a", "menu"), screen("CON b", "menu")]
    await handset.dial(CODE)
    assert await handset.hang_up() == Display("", open=False)
    assert await handset.hang_up() == Display("", open=False)
    await handset.dial(CODE)
    await handset.close()
    events = gateway.calls_of("ussd_event")
    assert [(_read(http, event).ending, event.fields["lastAppResponse"]) for event in events] == [
        (Ending.ABANDONED, "CON a"),
        (Ending.ABANDONED, "CON b"),
    ]


async def test_dialling_anew_ends_the_open_session(handset: Handset, gateway: StubGateway) -> None:
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
async def test_a_bad_answer_fails_the_session(
    handset: Handset, gateway: StubGateway, http: ClientSession, body: bytes, status: int, error: str
) -> None:
    gateway.screens = [web.Response(body=body, status=status, headers={"Location": gateway.hooks.ussd})]
    assert await handset.dial(CODE) == FAILED
    (event,) = await gateway.wait_for_calls("ussd_event", 1)
    end = _read(http, event)
    assert (end.ending, end.error, end.hops) == (Ending.FAILED, error, 1)
    with pytest.raises(NotDialled):
        await handset.answer("1")


async def test_it_waits_only_so_long(http: ClientSession, gateway: StubGateway) -> None:
    gateway.delay_s = 0.3
    gateway.screens = [screen("CON late")]
    phone = Handset(http, gateway.hooks, PHONE, FixtureClock(), service_code=CODE, answer_seconds=0.1)
    assert await phone.dial(CODE) == FAILED
    (event,) = await gateway.wait_for_calls("ussd_event", 1)
    assert event.fields["errorMessage"] == "No response in time"
    gateway.delay_s = 0
    await phone.close()


async def test_hanging_up_while_the_gateway_thinks(handset: Handset, gateway: StubGateway) -> None:
    gateway.delay_s = 0.1
    gateway.screens = [screen("CON late")]
    dialling = asyncio.create_task(handset.dial(CODE))
    await gateway.wait_for_calls("ussd", 1)
    await handset.hang_up()
    assert await dialling == Display("", open=False)
    assert [event.fields["status"] for event in await gateway.wait_for_calls("ussd_event", 1)] == ["Incomplete"]


async def test_nobody_answers(http: ClientSession) -> None:
    async with stub_gateway() as gone:
        pass
    async with Handset(http, gone.hooks, PHONE, FixtureClock(), service_code=CODE) as phone:
        assert await phone.dial(CODE) == FAILED


async def test_an_event_that_nobody_wants_is_not_sent(http: ClientSession, gateway: StubGateway) -> None:
    gateway.screens = [screen("END a")]
    async with Handset(http, WebhookUrls(gateway.hooks.ussd), PHONE, Clock(), service_code=CODE) as phone:
        await phone.dial(CODE)
    assert [call.hook for call in gateway.calls] == ["ussd"]


async def test_the_real_carrier_reads_it_all(http: ClientSession, gateway: StubGateway) -> None:
    carrier = AfricasTalking("at", "sandbox", "key", http)
    reply = carrier.write_screen(Screen("Halo", False, "main"))
    gateway.screens = [web.Response(body=reply.body, headers=reply.headers) for _ in range(2)]
    async with Handset(http, gateway.hooks, PHONE, Clock(), service_code=CODE) as phone:
        await phone.dial(CODE)
        await phone.answer("5*5 meter")
    turns = [carrier.read_turn(call.body, call.headers) for call in gateway.calls_of("ussd")]
    assert [(turn.session, turn.phone, turn.text, turn.label) for turn in turns] == [
        (phone.session, PHONE, "", None),
        (phone.session, PHONE, "5*5 meter", "main"),
    ]


def _read(http: ClientSession, event: Call) -> SessionEnd:
    return AfricasTalking("at", "sandbox", "key", http).read_session_end(event.body, event.headers)
