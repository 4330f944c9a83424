"""Carrier of an account at Africa's Talking, and how it is built."""

from __future__ import annotations

import pytest
from aiohttp import ClientSession, web
from pydantic import SecretStr

from gateway.carriers.africastalking.carrier import AfricasTalking
from gateway.carriers.africastalking.settings import AfricasTalkingSettings
from tests.helpers.africastalking import KEY
from tests.helpers.carrier_server import serve_answer
from tests.helpers.phones import NUMBER


@pytest.mark.parametrize(
    ("username", "api_key", "api_url"),
    [
        ("", KEY, None),
        ("Sandbox", KEY, None),
        (" sandbox", KEY, None),
        ("sandbox\n", KEY, None),
        ("waspada", "", None),
        ("waspada", "key\r\nX-Other: 1", None),
        ("waspada", KEY, ""),
        ("waspada", KEY, "localhost:8080"),
        ("waspada", KEY, "ftp://localhost"),
        ("waspada", KEY, "http://user:password@localhost"),
        ("waspada", KEY, "http://localhost/?to=1"),
    ],
)
async def test_constructor_refuses_an_impossible_account_without_quoting_the_key(
    http: ClientSession, username: str, api_key: str, api_url: str | None
) -> None:
    with pytest.raises(ValueError, match="must be") as refused:
        AfricasTalking("at", username, api_key, http, api_url=api_url)

    assert not api_key or api_key not in str(refused.value)


async def test_from_settings_sends_with_the_account_of_the_settings(http: ClientSession) -> None:
    requests: list[tuple[str, str, str]] = []

    async def answer(request: web.Request) -> web.Response:
        form = await request.post()
        requests.append((request.headers["apiKey"], str(form["username"]), str(form["from"])))
        return web.Response(status=500)

    async with serve_answer(answer) as url:
        settings = AfricasTalkingSettings(
            carrier="africastalking",
            username="waspada",
            api_key=SecretStr(KEY),
            sender="INFOTANI",
            api_url=url,
            secret=(SecretStr("a-secret-of-the-tests"),),
            service_code="*384*3375#",
        )
        await AfricasTalking.from_settings("at", settings, http, "ID").send("Halo", [NUMBER])

    assert requests == [(KEY, "waspada", "INFOTANI")]
