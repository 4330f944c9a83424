"""Messaging API of the built-in carrier, as the gateway's real Africa's Talking code meets it over HTTP."""

from __future__ import annotations

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from gateway.carriers.africastalking import messaging as sms
from gateway.carriers.carrier import Accepted, Deferred, Outcome, ReceiptStatus, Unknown
from gateway.carriers.local.faults import (
    EmptyRecipients,
    Faults,
    HttpStatus,
    MissingRecipients,
    NoAnswer,
    Refuse,
    SlowAnswer,
    StatusCodes,
)
from gateway.carriers.local.messaging import MESSAGES_KEPT
from tests.helpers.local_carrier import LocalCarrierSetup
from tests.helpers.phones import NUMBER, OTHER

KEY = {"apiKey": "demo"}


async def test_balance_is_less_after_a_send(setup: LocalCarrierSetup) -> None:
    before = await setup.account().balance()
    await setup.send(NUMBER, OTHER)
    after = await setup.account().balance()

    assert (before, after) == ("IDR 1000000000.0000", "IDR 999999300.0000")


async def test_balance_of_a_wrong_api_key_is_none(setup: LocalCarrierSetup) -> None:
    assert await setup.account(api_key="another").balance() is None


async def test_answer_has_the_recorded_shape(setup: LocalCarrierSetup) -> None:
    form = {"username": "sandbox", "to": "+6281230004567,+254", "message": "x" * 161, "from": "3375"}

    async with setup.http.post(f"{setup.url}/local/version1/messaging", data=form, headers=KEY) as response:
        answer = await response.json()

    assert (response.status, response.headers["Content-Type"]) == (201, "application/json")
    assert answer == {
        "SMSMessageData": {
            "Message": "Sent to 1/2 Total Cost: IDR 700.0000 Message parts: 2",
            "Recipients": [
                {
                    "cost": "IDR 700.0000",
                    "messageId": setup.local.messages[0].message_id,
                    "number": "+6281230004567",
                    "status": "Success",
                    "statusCode": 101,
                },
                {
                    "cost": "0",
                    "messageId": "None",
                    "number": "+254",
                    "status": "InvalidPhoneNumber",
                    "statusCode": 403,
                },
            ],
        }
    }
    assert [(message.to, message.sender, message.status) for message in setup.local.messages] == [
        ("+6281230004567", "3375", "Queued"),
        ("+254", "3375", "InvalidPhoneNumber"),
    ]


@pytest.mark.parametrize("wrong", [{"api_key": "other"}, {"username": "other"}])
async def test_unknown_account_gets_401(setup: LocalCarrierSetup, wrong: dict[str, str]) -> None:
    outcome = (await setup.account(**wrong).send("Halo", [NUMBER]))[NUMBER]

    assert outcome == sms.HTTP_STATUSES[401]
    assert not setup.local.messages


@pytest.mark.parametrize(
    "form", [{}, {"to": "+6281230004567"}, {"message": "Halo"}, {"to": "", "message": "Halo"}], ids=str
)
async def test_request_without_a_required_field_gets_400(setup: LocalCarrierSetup, form: dict[str, str]) -> None:
    async with setup.http.post(
        f"{setup.url}/local/version1/messaging", data={"username": "sandbox", **form}, headers=KEY
    ) as response:
        assert response.status == 400


async def test_only_the_last_messages_are_kept(setup: LocalCarrierSetup) -> None:
    form = {"username": "sandbox", "to": ",".join(["+62"] * (MESSAGES_KEPT + 5)), "message": "Halo"}

    async with setup.http.post(f"{setup.url}/local/version1/messaging", data=form, headers=KEY):
        assert len(setup.local.messages) == MESSAGES_KEPT


# Injected faults of answers, each with the outcome for the gateway ---------------------------------------------------


async def test_refuse_gives_its_status_code_to_its_numbers_only(setup: LocalCarrierSetup) -> None:
    setup.local.faults = Faults(refuse=Refuse(numbers={NUMBER.e164: 406}))

    refused, accepted = await setup.send(NUMBER, OTHER)

    assert refused == sms.CODES[406]
    assert isinstance(accepted, Accepted)
    assert [message for message, _ in await setup.reports(2)] == [accepted.message_id] * 2


@pytest.mark.parametrize("code", [code for code, outcome in sms.CODES.items() if not isinstance(outcome, Accepted)])
async def test_status_codes_gives_its_code_to_every_number(setup: LocalCarrierSetup, code: int) -> None:
    setup.local.faults = Faults(status_codes=StatusCodes(code=code))

    assert await setup.send() == [sms.CODES[code]]


async def test_status_codes_of_an_unknown_code_is_not_understood(setup: LocalCarrierSetup) -> None:
    setup.local.faults = Faults(status_codes=StatusCodes(code=777))

    with capture_logs() as logs:
        assert await setup.send() == [sms.NOT_UNDERSTOOD]

    assert [line["value"] for line in logs] == ["777"]


async def test_no_answer_that_accepts_sends_the_message(setup: LocalCarrierSetup) -> None:
    setup.local.faults = Faults(no_answer=NoAnswer(accepts=True))

    assert await setup.send() == [Unknown("no answer in time")]
    assert len(setup.local.messages) == 1
    assert [status for _, status in await setup.reports(2)] == [ReceiptStatus.ACCEPTED, ReceiptStatus.DELIVERED]


async def test_no_answer_that_does_not_accept_sends_nothing(setup: LocalCarrierSetup) -> None:
    setup.local.faults = Faults(no_answer=NoAnswer(accepts=False))

    assert await setup.send() == [Unknown("no answer in time")]
    assert len(setup.local.messages) == 0


async def test_slow_answer_beyond_the_timeout_is_unknown_and_sent_all_the_same(setup: LocalCarrierSetup) -> None:
    setup.local.faults = Faults(slow_answer=SlowAnswer(seconds=0.4, times=1))

    assert await setup.send() == [Unknown("no answer in time")]
    assert not setup.local.messages
    assert len(await setup.reports(2)) == 2  # it was sent after the gateway had given up


async def test_slow_answer_within_the_timeout_is_accepted(setup: LocalCarrierSetup) -> None:
    setup.local.faults = Faults(slow_answer=SlowAnswer(seconds=0.05))

    assert isinstance((await setup.send())[0], Accepted)


@pytest.mark.parametrize("status", [401, 429, 500, 502, 503])
async def test_http_status_fails_the_whole_request(setup: LocalCarrierSetup, status: int) -> None:
    setup.local.faults = Faults(http_status=HttpStatus(status=status))

    assert await setup.send() == [sms.HTTP_STATUSES[status]]
    assert not setup.local.messages


async def test_http_status_with_retry_after_defers_by_that_time(setup: LocalCarrierSetup) -> None:
    setup.local.faults = Faults(http_status=HttpStatus(status=429, retry_after=7))

    assert await setup.send() == [Deferred("too many requests", timedelta(seconds=7), whole_channel=True)]


@pytest.mark.parametrize(
    ("message", "outcome"),
    [("InvalidSenderId", sms.EMPTY_ANSWERS["InvalidSenderId"]), ("Oops", sms.MISSING)],
)
async def test_empty_recipients_sends_nothing(setup: LocalCarrierSetup, message: str, outcome: Outcome) -> None:
    setup.local.faults = Faults(empty_recipients=EmptyRecipients(message=message))

    assert await setup.send(NUMBER, OTHER) == [outcome, outcome]
    assert [sent.status for sent in setup.local.messages] == [message, message]


@pytest.mark.parametrize(("keep", "listed"), [(None, 1), (0, 0), (1, 1), (2, 2)])
async def test_missing_recipients_lists_only_the_first(setup: LocalCarrierSetup, keep: int | None, listed: int) -> None:
    setup.local.faults = Faults(missing_recipients=MissingRecipients(keep=keep))

    answer = await setup.send(NUMBER, OTHER)

    assert [isinstance(outcome, Accepted) for outcome in answer] == [number < listed for number in range(2)]
    assert answer[listed:] == [sms.MISSING] * (2 - listed)
    assert len(await setup.reports(4)) == 4


async def test_faults_end_after_their_times(setup: LocalCarrierSetup) -> None:
    setup.local.faults = Faults(
        http_status=HttpStatus(status=503, times=2), refuse=Refuse(numbers={NUMBER.e164: 403}, times=1)
    )

    outcomes = [(await setup.send(phone))[0] for phone in (NUMBER, NUMBER, OTHER, NUMBER, NUMBER)]

    kinds = [type(outcome).__name__ for outcome in outcomes]
    assert kinds == ["Deferred", "Deferred", "Accepted", "Refused", "Accepted"]


@pytest.mark.parametrize(
    "kind", ["multipart/form-data; boundary=x", "application/x-www-form-urlencoded; charset=bogus", ""]
)
@pytest.mark.parametrize("body", [b"a", b"", b"\xff%ff&%", b"--x\r\n\r\na\r\n--x--"])
async def test_body_that_is_no_form_is_refused(setup: LocalCarrierSetup, kind: str, body: bytes) -> None:
    headers = {"apiKey": "demo", "Content-Type": kind}

    async with setup.http.post(f"{setup.url}/local/version1/messaging", data=body, headers=headers) as response:
        assert response.status == 401
