"""Recipe of gateway/carriers/README.md, followed with a toy carrier: no file of the program is touched."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web

from gateway.carriers.carrier import Accepted, Deferred
from gateway.messages.tables import messages
from gateway.settings import SettingsRefused
from gateway.web.server import serve
from gateway.wiring.carriers import CARRIERS, Carriers, RegisteredCarrier, read_settings
from gateway.wiring.container import Services, open_services
from gateway.wiring.processes import run_worker, web_app
from tests.carriers.toy.carrier import ToyCarrier
from tests.carriers.toy.settings import ToySettings
from tests.helpers.carrier_server import serve_app
from tests.helpers.packs import MENU
from tests.helpers.phones import NUMBER, OTHER
from tests.helpers.program import free_port
from tests.helpers.tables import rows
from tests.helpers.waiting import until

WITH_TOY: Carriers = {
    "africastalking": CARRIERS["africastalking"],
    "toy": RegisteredCarrier(ToySettings, ToyCarrier.from_settings),
}
SECRET = "secret-of-the-toy-channel"
CODE = "*384*3375#"


def settings_file(folder: Path, api_url: str, more: str = "", before: str = "") -> Path:
    """Write a settings file with one channel of the toy carrier."""
    path = folder / "waspada.toml"
    path.write_text(
        f'{before}[channels.toy]\ncarrier = "toy"\napi_url = "{api_url}"\ntoken = "a-token"\n'
        f'secret = "{SECRET}"\nservice_code = "{CODE}"\n{more}'
    )
    return path


class ToyNetwork:
    """The other side of the toy carrier: its API takes every message but those to `OTHER`."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    async def take(self, request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == "Bearer a-token"
        message = await request.json()
        if OTHER.e164 in message["to"]:
            return web.Response(status=429)
        self.sent.append(message)
        return web.json_response({"ids": {number: f"toy-{len(self.sent)}" for number in message["to"]}})


@asynccontextmanager
async def serve_toy_network() -> AsyncIterator[tuple[ToyNetwork, str]]:
    """Serve the toy carrier's API on a free port, and yield it with its address."""
    network, app = ToyNetwork(), web.Application()
    app.router.add_post("/messages", network.take)
    async with serve_app(app) as url:
        yield network, url


@dataclass(frozen=True, slots=True)
class ToyGateway:
    """A gateway with a channel of the toy carrier, and the API that this carrier sends to."""

    services: Services
    network: ToyNetwork
    hooks: str
    http: ClientSession

    async def post(self, hook: str, **fields: str) -> tuple[int, str]:
        """Call a webhook as the toy carrier does. Returns status and text of the answer."""
        async with self.http.post(f"{self.hooks}/{hook}", json=fields) as response:
            return response.status, await response.text()


@pytest.fixture
async def gateway(redis_url: str, database_url: str, tmp_path: Path) -> AsyncIterator[ToyGateway]:
    async with serve_toy_network() as (network, url):
        stores = f'redis_url = "{redis_url}"\ndatabase_url = "{database_url}"\n'
        process = f'vault_key = "{"07" * 32}"\npoll_ms = 10\n'
        settings = read_settings(settings_file(tmp_path, url, before=stores + process), WITH_TOY)
        async with (
            open_services(settings, io.StringIO(), menu=MENU, carriers=WITH_TOY) as services,
            serve(web_app(services), "127.0.0.1", port := free_port()),
            ClientSession() as http,
        ):
            yield ToyGateway(services, network, f"http://127.0.0.1:{port}/hooks/toy/{SECRET}", http)


async def test_a_carrier_of_the_table_answers_a_ussd_callback(gateway: ToyGateway) -> None:
    status, body = await gateway.post("ussd", session="s1", **{"from": NUMBER.e164}, to=CODE, text="")

    assert status == 200
    assert body.startswith("more\nDarurat: telepon 110/112\nBahasa / Basa / Language:\n1.Indonesia")


async def test_a_carrier_of_the_table_takes_an_inbound_sms_and_sends_the_reply(gateway: ToyGateway) -> None:
    async with run_worker(gateway.services):
        status, _ = await gateway.post("sms", id="in-1", **{"from": NUMBER.e164}, to="3375", text="BANTUAN")
        await until(lambda: bool(gateway.network.sent))

    (reply,) = gateway.network.sent
    assert status == 200
    assert reply["to"] == [NUMBER.e164]
    assert "LAPOR" in reply["text"]


async def test_a_delivery_report_of_a_carrier_of_the_table_is_applied(gateway: ToyGateway) -> None:
    async def delivered() -> bool:
        return [row["status"] for row in await rows(gateway.services.database, messages)] == ["delivered"]

    async with run_worker(gateway.services):
        await gateway.post("sms", id="in-1", **{"from": NUMBER.e164}, to="3375", text="BANTUAN")
        await until(lambda: bool(gateway.network.sent))
        status, _ = await gateway.post("receipt", id="toy-1", status="arrived")
        await until(delivered)

    assert status == 200


async def test_the_codes_of_a_carrier_of_the_table_become_outcomes(gateway: ToyGateway) -> None:
    carrier = gateway.services.channels["toy"].carrier

    assert await carrier.send("Halo", [NUMBER]) == {NUMBER: Accepted("toy-1")}
    assert await carrier.send("Halo", [OTHER]) == {OTHER: Deferred("too many requests", whole_channel=True)}


# Settings of a channel -----------------------------------------------------------------------------------------


def test_settings_of_a_carrier_of_the_table_are_read(tmp_path: Path) -> None:
    settings = read_settings(settings_file(tmp_path, "http://toy.example"), WITH_TOY)

    channel = settings.channels["toy"]
    assert isinstance(channel, ToySettings)
    assert (channel.api_url, channel.token.get_secret_value()) == ("http://toy.example", "a-token")
    assert (channel.service_code, channel.secrets, channel.limit) == (CODE, (SECRET,), 160)


def test_settings_of_a_carrier_of_the_table_are_shown_without_its_secrets(tmp_path: Path) -> None:
    config = settings_file(tmp_path, "http://toy.example")

    shown = {row.name: row for row in read_settings(config, WITH_TOY).rows()}

    assert (shown["channels.toy.token"].value, shown["channels.toy.token"].source) == ("hidden", f"{config}:4")
    assert shown["channels.toy.api_url"].meaning == "The address of the toy carrier's API."
    own, common = "channels.toy.token", "channels.toy.service_code"
    assert [name for name in shown if name in (own, common)] == [own, common]
    assert "a-token" not in str(list(shown.values()))


def test_settings_of_one_carrier_are_refused_for_another(tmp_path: Path) -> None:
    config = settings_file(tmp_path, "http://toy.example", 'username = "sandbox"\ntokn = "x"\n')

    with pytest.raises(SettingsRefused) as refused:
        read_settings(config, WITH_TOY)

    assert refused.value.diagnostics == [
        f"{config}:7: channels.toy.username: there is no such setting",
        f"{config}:8: channels.toy.tokn: there is no such setting (did you mean token?)",
    ]


def test_a_carrier_of_no_table_is_refused_with_the_names_of_all(tmp_path: Path) -> None:
    config = settings_file(tmp_path, "http://toy.example", 'username = "sandbox"\ncolour = 1\n')
    config.write_text(config.read_text().replace('carrier = "toy"', 'carrier = "pigeon"'))

    with pytest.raises(SettingsRefused) as refused:
        read_settings(config, WITH_TOY)

    assert refused.value.diagnostics == [
        f'{config}:2: channels.toy.carrier: unknown carrier "pigeon"; expected one of africastalking, toy',
        f"{config}:8: channels.toy.colour: there is no such setting",
    ]


def test_the_toy_carrier_is_in_no_table_of_the_program(tmp_path: Path) -> None:
    config = settings_file(tmp_path, "http://toy.example")

    with pytest.raises(SettingsRefused, match='unknown carrier "toy"; expected '):
        read_settings(config)
