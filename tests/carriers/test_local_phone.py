"""The phones of the built-in carrier, as the page with the handset uses them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import ClientSession, web

from gateway.carriers.africastalking.carrier import AfricasTalking
from gateway.carriers.local import phones
from gateway.carriers.local.carrier import LocalCarrier
from gateway.carriers.local.handset import NETWORK_ERROR
from gateway.carriers.local.phones import SimulatedPhones
from gateway.runtime.clock import Clock
from gateway.text.phone import Phone
from tests.helpers.carrier_server import StubGateway, serve_app

CODE = "*384*3375#"
PHONE = "+6281230004567"
OTHER = "+6285712340008"


class SettableClock(Clock):
    def __init__(self) -> None:
        self.time = 0.0

    def monotonic(self) -> float:
        return self.time


@dataclass(frozen=True, slots=True)
class Stand:
    url: str
    http: ClientSession
    gateway: StubGateway
    clock: SettableClock

    async def post(self, path: str, status: int = 200, **fields: Any) -> dict[str, Any]:
        async with self.http.post(f"{self.url}/local/{path}", json=fields) as response:
            assert response.status == status, await response.text()
            answer: dict[str, Any] = await response.json()
            return answer

    async def dial(self, phone: str = PHONE, code: str = CODE) -> dict[str, Any]:
        return await self.post("ussd", phone=phone, dial=code)

    def will_show(self, *screens: str) -> None:
        self.gateway.screens = [web.Response(text=screen) for screen in screens]

    async def endings(self, number: int) -> list[tuple[str, str]]:
        events = await self.gateway.wait_for_calls("ussd_event", number)
        return sorted((event.fields["phoneNumber"], event.fields["status"]) for event in events)


@pytest.fixture
async def stand(http: ClientSession, gateway: StubGateway) -> AsyncIterator[Stand]:
    clock = SettableClock()
    local = LocalCarrier(
        http, gateway.hooks, clock, username="sandbox", api_key="demo", service_code=CODE, short_code="3375"
    )
    app = web.Application()
    local.add_to(app)
    async with serve_app(app) as url:
        yield Stand(url, http, gateway, clock)


async def test_a_dialogue(stand: Stand) -> None:
    stand.will_show("CON Menu", "CON Jenis", "END Terima kasih")
    shown = await stand.dial()
    session = shown["session"]
    assert shown == {"session": session, "screen": "Menu", "open": True}
    assert await stand.post("ussd", session=session, keys="1") == {
        "session": session,
        "screen": "Jenis",
        "open": True,
    }
    assert await stand.post("ussd", session=session, keys="") == {
        "session": session,
        "screen": "Terima kasih",
        "open": False,
    }
    assert [call.fields["text"] for call in stand.gateway.calls_of("ussd")] == ["", "1", "1*"]
    assert {call.fields["sessionId"] for call in stand.gateway.calls_of("ussd")} == {session}
    assert await stand.endings(1) == [(PHONE, "Success")]
    assert "dial again" in (await stand.post("ussd", 404, session=session, keys="1"))["error"]


async def test_hanging_up(stand: Stand) -> None:
    stand.will_show("CON Menu")
    session = (await stand.dial())["session"]
    assert await stand.post("ussd", session=session, hang_up=True) == {
        "session": session,
        "screen": "",
        "open": False,
    }
    assert await stand.endings(1) == [(PHONE, "Incomplete")]
    await stand.post("ussd", 404, session=session, keys="1")


async def test_a_code_of_somebody_else(stand: Stand) -> None:
    assert await stand.dial(code="*123#") == {"session": "", "screen": NETWORK_ERROR, "open": False}
    assert stand.gateway.calls == []


async def test_a_phone_has_one_session_and_each_phone_its_own(stand: Stand) -> None:
    stand.will_show("CON a", "CON b", "CON c", "CON d")
    first, other, again = await stand.dial(), await stand.dial(OTHER), await stand.dial()
    assert await stand.endings(1) == [(PHONE, "Incomplete")]
    await stand.post("ussd", 404, session=first["session"], keys="1")
    assert (await stand.post("ussd", session=other["session"], keys="1"))["screen"] == "d"
    assert again["open"]


async def test_a_session_ends_with_its_time(stand: Stand) -> None:
    stand.will_show("CON a", "CON b", "CON c")
    first = await stand.dial()
    stand.clock.time = phones.SESSION_SECONDS - 1
    second = await stand.dial(OTHER)
    stand.clock.time = phones.SESSION_SECONDS
    await stand.post("ussd", 404, session=first["session"], keys="1")
    assert await stand.endings(1) == [(PHONE, "Incomplete")]
    assert (await stand.post("ussd", session=second["session"], keys="1"))["open"]


async def test_only_so_many_are_open(http: ClientSession, gateway: StubGateway) -> None:
    clock = SettableClock()
    phones = SimulatedPhones(http, gateway.hooks, clock, service_code=CODE, short_code="3375", most_sessions=2)
    app = web.Application()
    app.router.add_post("/local/ussd", phones.ussd)
    async with serve_app(app) as url:
        stand = Stand(url, http, gateway, clock)
        stand.will_show("CON a", "CON b", "CON c", "CON d")
        first, second = await stand.dial(), await stand.dial(OTHER)
        await stand.dial("+2547110001234")
        assert await stand.endings(1) == [(PHONE, "Incomplete")]
        await stand.post("ussd", 404, session=first["session"], keys="1")
        await stand.post("ussd", session=second["session"], hang_up=True)
        await phones.close()


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
async def test_a_wish_that_is_not_understood(stand: Stand, fields: dict[str, Any]) -> None:
    error = (await stand.post("ussd", 400, **fields))["error"]
    assert '{"session", "keys"}' in error
    assert "81230004567" not in error


@pytest.mark.parametrize("path", ["ussd", "sms", "faults"])
async def test_a_page_of_another_site_cannot_post_here(stand: Stand, path: str) -> None:
    """A form or a plain-text request of a browser crosses sites without being asked; JSON does not."""
    send = stand.http.put if path == "faults" else stand.http.post
    async with send(f"{stand.url}/local/{path}", data="{}", headers={"Content-Type": "text/plain"}) as response:
        assert response.status == 415


async def test_an_sms_to_the_gateway(stand: Stand) -> None:
    sent = await stand.post("sms", phone=PHONE, text="LAPOR\nbanjir & è")
    await stand.post("sms", phone=PHONE, text="Halo", to="27011")
    carrier = AfricasTalking("local", "sandbox", "demo", stand.http)
    first, second = (carrier.read_inbound(call.body, call.headers) for call in stand.gateway.calls_of("sms"))
    assert (first.id, first.sender, first.recipient) == (sent["id"], Phone(PHONE), "3375")
    assert (first.text, first.network) == ("LAPOR\nbanjir & è", "99999")
    assert first.sent_at is not None
    assert (second.recipient, second.text) == ("27011", "Halo")
    assert first.id != second.id


async def test_an_sms_that_the_gateway_does_not_take(stand: Stand) -> None:
    stand.gateway.status = 503
    assert (await stand.post("sms", 502, phone=PHONE, text="Halo"))["error"] == "the gateway answered HTTP 503"
    await stand.post("sms", 400, phone=PHONE, text="")


async def test_a_gateway_that_is_away(http: ClientSession) -> None:
    gone = StubGateway("http://127.0.0.1:9")
    local = LocalCarrier(
        http, gone.hooks, Clock(), username="sandbox", api_key="demo", service_code=CODE, short_code="3375"
    )
    app = web.Application()
    local.add_to(app)
    async with serve_app(app) as url:
        stand = Stand(url, http, gone, SettableClock())
        assert "did not answer" in (await stand.post("sms", 502, phone=PHONE, text="Halo"))["error"]
        shown = await stand.dial()
        assert (shown["screen"], shown["open"]) == (NETWORK_ERROR, False)
