"""Requests to Africa's Talking's messaging API, byte for byte, and the balance."""

from __future__ import annotations

import json

import pytest
from aiohttp import ClientSession, web
from multidict import CIMultiDict

from gateway.carriers.africastalking import messaging as sms
from tests.helpers.africastalking import KEY, at_account, fixed_answer, unexpected_request
from tests.helpers.carrier_server import Answer, fixture, serve_answer
from tests.helpers.phones import NUMBER, OTHER

# The request --------------------------------------------------------------------------------------------------------


async def test_send_makes_the_request_of_the_sdk(http: ClientSession) -> None:
    seen: list[tuple[str, str, bytes, CIMultiDict[str]]] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append((request.method, request.path, await request.read(), CIMultiDict(request.headers)))
        return web.Response(status=500)

    async with serve_answer(answer) as url:
        named = at_account(http, url, sender="INFOTANI")
        await named.send("Halo Bu Tani, panen padi siap. Info: 12345", [NUMBER])
        await at_account(http, f"{url}/").send("Halo & selamat pagi + salam", [NUMBER, OTHER, NUMBER])

    assert [(method, path) for method, path, _, _ in seen] == [("POST", "/version1/messaging")] * 2
    assert seen[0][2] == fixture("sms_send_request")
    assert seen[1][2] == fixture("sms_send_request_multi") + b"&enqueue=1"
    for _, _, _, headers in seen:
        assert headers["apiKey"] == KEY
        assert headers["Accept"] == "application/json"
        assert headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_request_without_api_url_goes_to_the_host_of_the_username() -> None:
    def url(username: str) -> str:
        built: sms._Request = sms._Requests(username, KEY, None).send("Halo", [NUMBER.e164])
        return built.url

    assert url("sandbox") == "https://api.sandbox.africastalking.com/version1/messaging"
    assert url("waspada") == "https://api.africastalking.com/version1/messaging"


@pytest.mark.parametrize("text", ["", "\ud83d"])
async def test_send_of_a_text_that_cannot_be_sent_makes_no_request(http: ClientSession, text: str) -> None:
    async with serve_answer(unexpected_request) as url:
        assert await at_account(http, url).send(text, [NUMBER]) == {NUMBER: sms.NOT_SENDABLE}


async def test_send_to_nobody_makes_no_request(http: ClientSession) -> None:
    async with serve_answer(unexpected_request) as url:
        assert await at_account(http, url).send("Halo", []) == {}


# The balance --------------------------------------------------------------------------------------------------------


async def test_balance_is_in_the_carriers_words(http: ClientSession) -> None:
    asked: list[tuple[str, str, str]] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append((request.method, request.path_qs, request.headers["apiKey"]))
        return web.Response(body=fixture("user_200"), content_type="application/json")

    async with serve_answer(answer) as url:
        balance = await at_account(http, url).balance()

    assert balance == json.loads(fixture("user_200"))["UserData"]["balance"]
    assert asked == [("GET", "/version1/user?username=sandbox", KEY)]


@pytest.mark.parametrize(
    "answer",
    [
        fixed_answer("The supplied authentication is invalid", 401, "text/plain"),
        fixed_answer("", 302, Location="/elsewhere"),
        fixed_answer("<html>", 200),
        fixed_answer("null", 200),
        fixed_answer('{"UserData": {}}', 200),
        fixed_answer('{"UserData": {"balance": ""}}', 200),
        fixed_answer('{"UserData": {"balance": "\\u0000"}}', 200),
        fixed_answer("x" * (sms.LARGEST_ANSWER + 1), 200),
    ],
)
async def test_balance_of_any_other_answer_is_none(http: ClientSession, answer: Answer) -> None:
    async with serve_answer(answer) as url:
        assert await at_account(http, url).balance() is None


async def test_balance_over_a_refused_connection_is_none(http: ClientSession) -> None:
    async with serve_answer(unexpected_request) as url:
        pass

    assert await at_account(http, url).balance() is None
