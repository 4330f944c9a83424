"""Routes of the built-in carrier: messages and faults over HTTP, its guard, and its end."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from aiohttp import ClientSession, web

from gateway.carriers.carrier import Accepted, Unknown
from gateway.carriers.local.faults import Fault, Faults, NoAnswer, SlowAnswer
from tests.helpers.carrier_server import StubGateway, serve_app
from tests.helpers.local_carrier import INVALID_FAULTS, LocalCarrierSetup, local_carrier, serve_local_carrier
from tests.helpers.phones import NUMBER, OTHER
from tests.helpers.waiting import until


async def test_messages_are_shown_with_their_last_status(setup: LocalCarrierSetup) -> None:
    (outcome,) = await setup.send()
    await setup.reports(2)

    async with setup.http.get(f"{setup.url}/local/messages") as response:
        (message,) = await response.json()

    assert isinstance(outcome, Accepted)
    assert message.pop("at").endswith("+00:00")
    assert message == {
        "to": NUMBER.e164,
        "from": "AFRICASTKNG",
        "text": "Halo",
        "message_id": outcome.message_id,
        "status": "Success",
    }


async def test_faults_are_set_counted_down_and_cleared(setup: LocalCarrierSetup) -> None:
    address = f"{setup.url}/local/faults"
    wanted = {"no_answer": {"accepts": False, "times": 1}, "refuse": {"numbers": {"+6281230004567": 403}}}

    # PUT sets and shows them.
    async with setup.http.put(address, json=wanted) as response:
        assert (response.status, await response.json()) == (200, wanted)

    # A send uses one up.
    await setup.send()
    async with setup.http.get(address) as response:
        assert (await response.json())["no_answer"]["times"] == 0

    # DELETE clears all of them.
    async with setup.http.delete(address) as response:
        assert await response.json() == {}
    assert isinstance((await setup.send())[0], Accepted)


@pytest.mark.parametrize(("document", "diagnostic"), INVALID_FAULTS)
async def test_invalid_faults_get_400_and_change_nothing(
    setup: LocalCarrierSetup, document: bytes, diagnostic: str
) -> None:
    setup.local.faults = before = Faults(no_reports=Fault())

    async with setup.http.put(
        f"{setup.url}/local/faults", data=document, headers={"Content-Type": "application/json"}
    ) as response:
        error = (await response.json())["error"]

    assert response.status == 400
    assert error.startswith(diagnostic)
    assert "slow_answer (times, seconds)" in error
    assert "reordered_reports (times)" in error
    assert "81230004567" not in error
    assert setup.local.faults is before


async def test_clients_of_another_machine_get_403(http: ClientSession, gateway: StubGateway) -> None:
    @web.middleware
    async def from_another_machine(request: web.Request, handler: Any) -> web.StreamResponse:
        answer: web.StreamResponse = await handler(request.clone(remote="192.0.2.7"))
        return answer

    app = web.Application(middlewares=[from_another_machine])
    local_carrier(http, gateway.hooks).add_to(app)

    async with serve_app(app) as url, http.get(f"{url}/local/messages") as response:
        assert response.status == 403


HERE = [
    "127.0.0.1:8080",
    "127.0.0.1",
    "127.8.9.1",
    "localhost",
    "LOCALHOST:99999",
    "[::1]:8080",
    "[::1]",
    "desk.example:80",
]
ELSEWHERE = [
    *("a.example", "a.example:8080", "localhost.a.example", "127.0.0.1.a.example", "192.0.2.7", "[2001:db8::7]:8080"),
    *("", "[", "[::1", "x:y:z", "a@127.0.0.1.example", "0.0.0.0", "127.0.0.1, a.example", "xn--localhost-"),
]


@pytest.mark.parametrize(("host", "status"), [(host, 200) for host in HERE] + [(host, 403) for host in ELSEWHERE])
async def test_only_a_name_of_this_machine_is_answered(
    http: ClientSession, gateway: StubGateway, host: str, status: int
) -> None:
    """A page of another site may lead its own name to this machine, and then reads what it likes (DNS rebinding)."""
    local = local_carrier(http, gateway.hooks, hosts=["Desk.example"])

    async with (
        serve_local_carrier(local) as url,
        http.get(f"{url}/local/messages", headers={"Host": host}) as response,
    ):
        assert response.status == status


async def test_shutdown_hangs_up_at_once_on_every_waiting_client(http: ClientSession, gateway: StubGateway) -> None:
    """One client waits for an answer in vain, another for a slow one, and a report is not sent yet."""
    local = local_carrier(http, gateway.hooks, report_seconds=60)
    local.faults = Faults(no_answer=NoAnswer(times=1))

    async with serve_local_carrier(local) as url:
        account = LocalCarrierSetup(local, url, http, gateway).account(total_seconds=20)
        unanswered = asyncio.create_task(account.send("Halo", [NUMBER]))
        await until(lambda: len(local.messages) == 1, 2)
        local.faults = Faults(slow_answer=SlowAnswer(seconds=600))
        slow = asyncio.create_task(account.send("Halo", [OTHER]))
        await asyncio.sleep(0.05)
        started = time.monotonic()

    assert time.monotonic() - started < 2
    assert await unanswered == {NUMBER: Unknown("the connection was lost")}
    assert await slow == {OTHER: Unknown("the connection was lost")}
    assert not gateway.calls
