"""Simulated phones of the built-in carrier, as the page with the handset uses them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import ClientSession, web

from gateway.carriers.africastalking.carrier import AfricasTalking
from gateway.carriers.local.handset import NETWORK_ERROR
from gateway.carriers.local.phones import SESSION_SECONDS, SimulatedPhones
from gateway.runtime.clock import Clock
from tests.helpers.carrier_server import StubGateway, serve_app
from tests.helpers.local_carrier import local_carrier, serve_local_carrier
from tests.helpers.phones import NUMBER, OTHER

CODE = "*384*3375#"
PHONE, OTHER_PHONE = NUMBER.e164, OTHER.e164


class SettableClock(Clock):
    """Clock whose monotonic time a test sets."""

    def __init__(self) -> None:
        self.time = 0.0

    def monotonic(self) -> float:
        return self.time


@dataclass(frozen=True, slots=True)
class PhonesSetup:
    """Phones of a built-in carrier, by its JSON routes, and the gateway whose webhooks they call."""

    url: str
    http: ClientSession
    gateway: StubGateway
    clock: SettableClock

    async def post(self, path: str, status: int = 200, **fields: Any) -> dict[str, Any]:
        """Post JSON, and assert the status of the answer. Returns the answer."""
        async with self.http.post(f"{self.url}/local/{path}", json=fields) as response:
            assert response.status == status, await response.text()
            answer: dict[str, Any] = await response.json()
            return answer

    async def dial(self, phone: str = PHONE, code: str = CODE) -> dict[str, Any]:
        return await self.post("ussd", phone=phone, dial=code)

    def set_screens(self, *screens: str) -> None:
        """Let the gateway answer with these screens in turn."""
        self.gateway.screens = [web.Response(text=screen) for screen in screens]

    async def session_ends(self, number: int) -> list[tuple[str, str]]:
        """Wait for so many session ends. Returns phone and status of each, sorted."""
        events = await self.gateway.wait_for_calls("ussd_event", number)
        return sorted((event.fields["phoneNumber"], event.fields["status"]) for event in events)


@pytest.fixture
async def phones(http: ClientSession, gateway: StubGateway) -> AsyncIterator[PhonesSetup]:
    clock = SettableClock()
    async with serve_local_carrier(local_carrier(http, gateway.hooks, clock)) as url:
        yield PhonesSetup(url, http, gateway, clock)


async def test_ussd_shows_every_screen_until_the_session_ends(phones: PhonesSetup) -> None:
    phones.set_screens("CON Menu", "CON Jenis", "END Terima kasih")

    first = await phones.dial()
    session = first["session"]
    second = await phones.post("ussd", session=session, keys="1")
    third = await phones.post("ussd", session=session, keys="")

    assert first == {"session": session, "screen": "Menu", "open": True}
    assert second == {"session": session, "screen": "Jenis", "open": True}
    assert third == {"session": session, "screen": "Terima kasih", "open": False}
    assert [call.fields["text"] for call in phones.gateway.calls_of("ussd")] == ["", "1", "1*"]
    assert {call.fields["sessionId"] for call in phones.gateway.calls_of("ussd")} == {session}
    assert await phones.session_ends(1) == [(PHONE, "Success")]
    assert "dial again" in (await phones.post("ussd", 404, session=session, keys="1"))["error"]


async def test_ussd_hang_up_ends_the_session(phones: PhonesSetup) -> None:
    phones.set_screens("CON Menu")
    session = (await phones.dial())["session"]

    display = await phones.post("ussd", session=session, hang_up=True)

    assert display == {"session": session, "screen": "", "open": False}
    assert await phones.session_ends(1) == [(PHONE, "Incomplete")]
    await phones.post("ussd", 404, session=session, keys="1")


async def test_ussd_lost_signal_closes_the_session_without_its_end(phones: PhonesSetup) -> None:
    phones.set_screens("CON a", "CON b", "CON c")
    session = (await phones.dial())["session"]

    display = await phones.post("ussd", session=session, lose_signal=True)

    assert display == {"session": session, "screen": "", "open": False}
    await phones.post("ussd", 404, session=session, keys="1")
    await phones.dial(OTHER_PHONE)
    await phones.post("ussd", session=(await phones.dial(OTHER_PHONE))["session"], hang_up=True)
    assert {phone for phone, _ in await phones.session_ends(2)} == {OTHER_PHONE}


async def test_ussd_code_of_another_service_is_a_network_error(phones: PhonesSetup) -> None:
    assert await phones.dial(code="*123#") == {"session": "", "screen": NETWORK_ERROR, "open": False}
    assert phones.gateway.calls == []


async def test_ussd_dial_ends_the_earlier_session_of_the_same_phone_only(phones: PhonesSetup) -> None:
    phones.set_screens("CON a", "CON b", "CON c", "CON d")

    first, other, again = await phones.dial(), await phones.dial(OTHER_PHONE), await phones.dial()

    assert await phones.session_ends(1) == [(PHONE, "Incomplete")]
    await phones.post("ussd", 404, session=first["session"], keys="1")
    assert (await phones.post("ussd", session=other["session"], keys="1"))["screen"] == "d"
    assert again["open"]


async def test_ussd_session_expires_after_the_limit_of_networks(phones: PhonesSetup) -> None:
    phones.set_screens("CON a", "CON b", "CON c")
    first = await phones.dial()
    phones.clock.time = SESSION_SECONDS - 1
    second = await phones.dial(OTHER_PHONE)

    phones.clock.time = SESSION_SECONDS

    await phones.post("ussd", 404, session=first["session"], keys="1")
    assert await phones.session_ends(1) == [(PHONE, "Incomplete")]
    assert (await phones.post("ussd", session=second["session"], keys="1"))["open"]


async def test_ussd_dial_over_the_limit_of_sessions_ends_the_oldest(http: ClientSession, gateway: StubGateway) -> None:
    clock = SettableClock()
    two_phones = SimulatedPhones(http, gateway.hooks, clock, service_code=CODE, short_code="3375", most_sessions=2)
    app = web.Application()
    app.router.add_post("/local/ussd", two_phones.ussd)

    async with serve_app(app) as url:
        phones = PhonesSetup(url, http, gateway, clock)
        phones.set_screens("CON a", "CON b", "CON c", "CON d")
        first, second = await phones.dial(), await phones.dial(OTHER_PHONE)
        await phones.dial("+2547110001234")

        assert await phones.session_ends(1) == [(PHONE, "Incomplete")]
        await phones.post("ussd", 404, session=first["session"], keys="1")
        await phones.post("ussd", session=second["session"], hang_up=True)
        await two_phones.close()


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"phone": PHONE},
        {"phone": "081230004567", "dial": CODE},
        {"phone": 6281230004567, "dial": CODE},
        {"phone": {"e164": PHONE}, "dial": CODE},
        {"phone": PHONE, "dial": CODE, "keys": "1"},
        {"session": "x"},
        {"session": "x", "hang_up": False},
        {"session": "x", "keys": 1},
        {"session": "x", "keys": "1" * 1001},
    ],
)
async def test_ussd_request_of_another_shape_gets_400_without_the_number(
    phones: PhonesSetup, fields: dict[str, Any]
) -> None:
    error = (await phones.post("ussd", 400, **fields))["error"]

    assert '{"session", "keys"}' in error
    assert "81230004567" not in error


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("081230004567", PHONE),
        (" 0812 3000 4567 ", PHONE),
        ("62812-3000-4567", PHONE),
        ("+62 812 3000 4567", PHONE),
        ("0062 812 3000 4567", PHONE),
        ("+254 711 000 101", "+254711000101"),
    ],
)
async def test_number_is_read_as_in_the_region(phones: PhonesSetup, written: str, number: str) -> None:
    assert await phones.post("number", number=written) == {"phone": number}


@pytest.mark.parametrize("written", ["", "08123", "klego", "+", "1" * 64, "0812 3000 4567 x"])
async def test_other_text_than_a_number_gets_400_without_it(phones: PhonesSetup, written: str) -> None:
    error = (await phones.post("number", 400, number=written))["error"]

    assert "Not a phone number" in error
    assert "3000" not in error


async def test_number_of_another_shape_gets_400(phones: PhonesSetup) -> None:
    for fields in ({}, {"number": 62}, {"number": "1" * 65}, {"number": PHONE, "phone": PHONE}):
        assert '{"number"}' in (await phones.post("number", 400, **fields))["error"]


async def test_number_without_a_country_code_needs_a_region(http: ClientSession, gateway: StubGateway) -> None:
    async with serve_local_carrier(local_carrier(http, gateway.hooks, region="")) as url:
        phones = PhonesSetup(url, http, gateway, SettableClock())
        assert await phones.post("number", number="+62 812 3000 4567") == {"phone": PHONE}
        await phones.post("number", 400, number="081230004567")


async def test_sms_reaches_the_gateway_as_a_callback(phones: PhonesSetup) -> None:
    sent = await phones.post("sms", phone=PHONE, text="LAPOR\nbanjir & è")
    await phones.post("sms", phone=PHONE, text="Halo", to="27011")

    carrier = AfricasTalking("local", "sandbox", "demo", phones.http)
    first, second = (carrier.read_inbound(call.body, call.headers) for call in phones.gateway.calls_of("sms"))
    assert (first.id, first.sender, first.recipient) == (sent["id"], NUMBER, "3375")
    assert (first.text, first.network) == ("LAPOR\nbanjir & è", "99999")
    assert first.sent_at is not None
    assert (second.recipient, second.text) == ("27011", "Halo")
    assert first.id != second.id


async def test_sms_that_the_gateway_does_not_take_gets_502(phones: PhonesSetup) -> None:
    phones.gateway.status = 503

    error = (await phones.post("sms", 502, phone=PHONE, text="Halo"))["error"]

    assert error == "the gateway answered HTTP 503"


async def test_sms_without_text_gets_400(phones: PhonesSetup) -> None:
    await phones.post("sms", 400, phone=PHONE, text="")


async def test_sms_and_ussd_fail_if_the_gateway_does_not_answer(http: ClientSession) -> None:
    gone = StubGateway("http://127.0.0.1:9")

    async with serve_local_carrier(local_carrier(http, gone.hooks)) as url:
        phones = PhonesSetup(url, http, gone, SettableClock())
        error = (await phones.post("sms", 502, phone=PHONE, text="Halo"))["error"]
        display = await phones.dial()

    assert "did not answer" in error
    assert (display["screen"], display["open"]) == (NETWORK_ERROR, False)
