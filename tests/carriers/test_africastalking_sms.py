"""What Africa's Talking is sent, byte for byte, and how the balance is asked for."""

from __future__ import annotations

import json

import pytest
from aiohttp import ClientSession, web
from multidict import CIMultiDict

from gateway.carriers.africastalking import messaging as sms
from gateway.carriers.africastalking.carrier import AfricasTalking
from tests.helpers.africastalking import BU_TANI, KEY, PAK_TANI, at_account, fixed_answer, unexpected_request
from tests.helpers.carrier_server import Answer, fixture, serve_answer

# The request --------------------------------------------------------------------------------------------------------


async def test_the_request_is_the_one_of_the_sdk(http: ClientSession) -> None:
    seen: list[tuple[str, str, bytes, CIMultiDict[str]]] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append((request.method, request.path, await request.read(), CIMultiDict(request.headers)))
        return web.Response(status=500)

    async with serve_answer(answer) as url:
        named = at_account(http, url, sender="INFOTANI")
        await named.send("Halo Bu Tani, panen padi siap. Info: 12345", [BU_TANI])
        await at_account(http, f"{url}/").send("Halo & selamat pagi + salam", [BU_TANI, PAK_TANI, BU_TANI])

    assert [(method, path) for method, path, _, _ in seen] == [("POST", "/version1/messaging")] * 2
    assert seen[0][2] == fixture("sms_send_request")
    assert seen[1][2] == fixture("sms_send_request_multi") + b"&enqueue=1"
    for _, _, _, headers in seen:
        assert headers["apiKey"] == KEY
        assert headers["Accept"] == "application/json"
        assert headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_without_api_url_it_is_the_host_of_the_username() -> None:
    def url(username: str) -> str:
        built: sms._Request = sms._Requests(username, KEY, None).send("Halo", [BU_TANI.e164])
        return built.url

    assert url("sandbox") == "https://api.sandbox.africastalking.com/version1/messaging"
    assert url("waspada") == "https://api.africastalking.com/version1/messaging"


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
async def test_an_account_that_cannot_be_right(
    http: ClientSession, username: str, api_key: str, api_url: str | None
) -> None:
    with pytest.raises(ValueError, match="must be") as refused:
        AfricasTalking("at", username, api_key, http, api_url=api_url)
    assert not api_key or api_key not in str(refused.value)


@pytest.mark.parametrize("text", ["", "\ud83d"])
async def test_a_text_that_cannot_be_sent_is_not_sent(http: ClientSession, text: str) -> None:
    async with serve_answer(unexpected_request) as url:
        assert await at_account(http, url).send(text, [BU_TANI]) == {BU_TANI: sms.NOT_SENDABLE}


async def test_nobody_is_sent_to_without_a_request(http: ClientSession) -> None:
    async with serve_answer(unexpected_request) as url:
        assert await at_account(http, url).send("Halo", []) == {}


# The balance --------------------------------------------------------------------------------------------------------


async def test_the_balance_is_asked_for_and_told_in_the_carriers_words(http: ClientSession) -> None:
    asked: list[tuple[str, str, str]] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append((request.method, request.path_qs, request.headers["apiKey"]))
        return web.Response(body=fixture("user_200"), content_type="application/json")

    async with serve_answer(answer) as url:
        told = await at_account(http, url).balance()
    assert told == json.loads(fixture("user_200"))["UserData"]["balance"]
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
async def test_no_balance_is_no_error(http: ClientSession, answer: Answer) -> None:
    async with serve_answer(answer) as url:
        assert await at_account(http, url).balance() is None
    assert await at_account(http, url).balance() is None, "nobody listens there any more"
