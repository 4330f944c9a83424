"""Outcomes of a send by Africa's Talking's messaging API: number by number, and by the HTTP status."""

from __future__ import annotations

from datetime import timedelta

import pytest
from aiohttp import ClientSession
from multidict import CIMultiDict
from structlog.testing import capture_logs

from gateway.carriers.africastalking import messaging as sms
from gateway.carriers.carrier import Accepted, Deferred, Outcome, Refused, Unknown
from gateway.text.phone import Phone
from tests.helpers.africastalking import (
    ACCEPTED_RECIPIENT,
    KENYAN,
    fixed_answer,
    outcomes,
    recipients_answer,
    unexpected_request,
)
from tests.helpers.carrier_server import fixture, serve_answer
from tests.helpers.phones import NUMBER, OTHER

# Answers, number by number ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "phone", "outcome"),
    [
        ("sms_send_201_sent", KENYAN, Accepted("ATXid_d6909d4585e48b7f8b97acc97187c257")),
        ("sms_send_201_queued", KENYAN, Accepted("ATXid_354d2c366eb5300ff4ea9117e51cd4d8")),
        ("sms_premium_201", KENYAN, Accepted("ATXid_cc31280d6899af94a3c7236b52949b50")),
        ("sms_send_201_gateway_error", KENYAN, sms.CODES[501]),
        ("sms_send_201_unsupported_indonesia", NUMBER, sms.CODES[404]),
        ("sms_send_dnd_409", Phone("+2348030000001"), sms.CODES[409]),
        ("sms_send_201_invalid_sender_no_recipients", KENYAN, sms.EMPTY_ANSWERS["InvalidSenderId"]),
        ("fetch_messages_200", KENYAN, sms.NOT_UNDERSTOOD),
        ("user_200", KENYAN, sms.NOT_UNDERSTOOD),
    ],
)
async def test_recorded_answer_has_its_outcome(http: ClientSession, name: str, phone: Phone, outcome: Outcome) -> None:
    assert await outcomes(http, fixed_answer(fixture(name)), phone) == {phone: outcome}


async def test_outcomes_go_by_number_and_a_missing_one_is_unknown(http: ClientSession) -> None:
    opted_out = Phone("+254711000999")

    found = await outcomes(http, fixed_answer(fixture("sms_send_201_mixed")), opted_out, NUMBER, KENYAN)

    assert found == {
        opted_out: Refused("opted out at the carrier", opted_out=True),
        NUMBER: sms.MISSING,
        KENYAN: Accepted("ATXid_7cd1c32b3c4cb5abf9f9e25113e99112"),
    }


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        *((code, Accepted) for code in (100, 101, 102)),
        *((code, Unknown) for code in (401, 500, 501)),
        *((code, Refused) for code in (402, 403, 404, 406, 407, 409, 502)),
        (405, Deferred),
    ],
)
def test_codes_have_the_documented_kind_of_outcome(code: int, kind: type) -> None:
    assert isinstance(sms.CODES[code], kind)


def test_codes_have_no_other_row() -> None:
    assert len(sms.CODES) == 14
    assert [code for code, outcome in sms.CODES.items() if getattr(outcome, "opted_out", False)] == [406, 409]
    assert [code for code, outcome in sms.CODES.items() if getattr(outcome, "whole_channel", False)] == [405]


@pytest.mark.parametrize(
    ("answer", "outcome", "warned"),
    [
        (recipients_answer(ACCEPTED_RECIPIENT), Accepted("ATXid_1"), None),
        (recipients_answer(ACCEPTED_RECIPIENT, ACCEPTED_RECIPIENT), Accepted("ATXid_1"), None),
        (recipients_answer({**ACCEPTED_RECIPIENT, "number": "6281230004567"}), Accepted("ATXid_1"), None),
        (recipients_answer({**ACCEPTED_RECIPIENT, "number": OTHER.e164}), sms.MISSING, None),
        (recipients_answer(ACCEPTED_RECIPIENT, {**ACCEPTED_RECIPIENT, "statusCode": 403}), sms.CONTRADICTORY, None),
        (
            recipients_answer(ACCEPTED_RECIPIENT, {**ACCEPTED_RECIPIENT, "messageId": "ATXid_2"}),
            sms.CONTRADICTORY,
            None,
        ),
        (recipients_answer({**ACCEPTED_RECIPIENT, "statusCode": 777}), sms.NOT_UNDERSTOOD, "status code"),
        (recipients_answer({**ACCEPTED_RECIPIENT, "statusCode": True}), sms.NOT_UNDERSTOOD, "status code"),
        (recipients_answer({**ACCEPTED_RECIPIENT, "statusCode": [101]}), sms.NOT_UNDERSTOOD, "status code"),
        (recipients_answer({"number": NUMBER.e164}), sms.NOT_UNDERSTOOD, "status code"),
        (recipients_answer({**ACCEPTED_RECIPIENT, "messageId": "None"}), sms.WITHOUT_ID, "message id"),
        (recipients_answer({**ACCEPTED_RECIPIENT, "messageId": None}), sms.WITHOUT_ID, "message id"),
        (recipients_answer({**ACCEPTED_RECIPIENT, "messageId": "a\0b"}), sms.WITHOUT_ID, "message id"),
        (recipients_answer({**ACCEPTED_RECIPIENT, "messageId": "x" * 129}), sms.WITHOUT_ID, "message id"),
        (
            recipients_answer(message="InvalidSenderId"),
            Deferred("the sender name is not registered", whole_channel=True),
            "empty list of recipients",
        ),
        (recipients_answer(message="InsufficientBalance"), sms.CODES[405], "empty list of recipients"),
        (recipients_answer(message="Queued"), sms.MISSING, "empty list of recipients"),
        (b'{"SMSMessageData": {"Recipients": []}}', sms.MISSING, "empty list of recipients"),
        (b'{"SMSMessageData": {"Recipients": [1, null, "x"]}}', sms.MISSING, "empty list of recipients"),
        (b'{"SMSMessageData": {"Recipients": null}}', sms.NOT_UNDERSTOOD, "answer"),
        (b'{"SMSMessageData": {}}', sms.NOT_UNDERSTOOD, "answer"),
        (b'{"SMSMessageData": []}', sms.NOT_UNDERSTOOD, "answer"),
        (b"[]", sms.NOT_UNDERSTOOD, "answer"),
        (b"null", sms.NOT_UNDERSTOOD, "answer"),
        (b"", sms.NOT_UNDERSTOOD, "answer"),
        (b"<html>OK</html>", sms.NOT_UNDERSTOOD, "answer"),
        (b'{"SMSMessageData":', sms.NOT_UNDERSTOOD, "answer"),
        (b"\xff\xfe", sms.NOT_UNDERSTOOD, "answer"),
        (b"[" * 100_000, sms.NOT_UNDERSTOOD, "answer"),
        (b" " * sms.LARGEST_ANSWER + recipients_answer(ACCEPTED_RECIPIENT), sms.NOT_UNDERSTOOD, "answer"),
    ],
)
async def test_answer_of_any_shape_has_an_outcome(
    http: ClientSession, answer: bytes, outcome: Outcome, warned: str | None
) -> None:
    with capture_logs() as logs:
        assert await outcomes(http, fixed_answer(answer), NUMBER) == {NUMBER: outcome}

    assert {line["what"] for line in logs} == ({warned} if warned else set())


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "text/html", "application/octet-stream"])
async def test_content_type_and_kind_of_2xx_do_not_matter(http: ClientSession, kind: str) -> None:
    answer = fixed_answer(recipients_answer(ACCEPTED_RECIPIENT), status=200, kind=kind)

    assert await outcomes(http, answer, NUMBER) == {NUMBER: Accepted("ATXid_1")}


# The status of the whole answer -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (400, Refused("the carrier calls the request malformed")),
        (401, Deferred("the carrier does not accept the API key", whole_channel=True)),
        (403, Deferred("the carrier denies access", whole_channel=True)),
        (404, Deferred("there is no messaging API at api_url", whole_channel=True)),
        (409, Refused("the subscriber does not want to be disturbed")),
        (413, Refused("the carrier calls the request too large")),
        (429, Deferred("too many requests", whole_channel=True)),
        (500, sms.CODES[500]),
        (501, sms.CODES[500]),
        (502, sms.CODES[500]),
        (503, Deferred("the carrier is not available")),
        (504, sms.CODES[500]),
        (408, sms.NOT_UNDERSTOOD),
        (418, sms.NOT_UNDERSTOOD),
        (599, sms.NOT_UNDERSTOOD),
    ],
)
async def test_http_status_gives_one_outcome_to_all_numbers(http: ClientSession, status: int, outcome: Outcome) -> None:
    answer = fixed_answer("The supplied authentication is invalid", status, "text/plain")
    with capture_logs() as logs:
        assert await outcomes(http, answer, NUMBER, OTHER) == {NUMBER: outcome, OTHER: outcome}

    assert [line["what"] for line in logs] == (["HTTP status"] if outcome == sms.NOT_UNDERSTOOD else [])


async def test_recorded_401_has_the_outcome_of_401(http: ClientSession) -> None:
    answer = fixed_answer(
        fixture("sms_send_401"), 401, "text/plain; charset=UTF-8", **{"WWW-Authenticate": 'Basic realm="api"'}
    )

    assert await outcomes(http, answer, NUMBER) == {NUMBER: sms.HTTP_STATUSES[401]}


@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_of_an_answer_defers_the_whole_channel(http: ClientSession, status: int) -> None:
    (outcome,) = (await outcomes(http, fixed_answer("", status, **{"Retry-After": "7"}), NUMBER)).values()

    assert isinstance(outcome, Deferred)
    assert (outcome.after, outcome.whole_channel) == (timedelta(seconds=7), True)


@pytest.mark.parametrize(
    ("value", "date", "wait"),
    [
        ("7", None, timedelta(seconds=7)),
        (" 0 ", None, timedelta()),
        ("999999999", None, timedelta(days=1)),
        ("Mon, 23 Nov 2026 04:06:06 GMT", "Mon, 23 Nov 2026 04:05:06 GMT", timedelta(minutes=1)),
        ("Mon, 23 Nov 2026 04:04:06 GMT", "Mon, 23 Nov 2026 04:05:06 GMT", timedelta()),
        ("Mon, 23 Nov 2036 04:04:06 GMT", "Mon, 23 Nov 2026 04:05:06 GMT", timedelta(days=1)),
        ("Mon, 23 Nov 2026 04:04:06 GMT", None, None),
        ("Mon, 23 Nov 2026 04:04:06 GMT", "today", None),
        ("Mon, 23 Nov 2026 04:04:06 -0000", "Mon, 23 Nov 2026 04:05:06 GMT", None),
        ("soon", None, None),
        ("-5", None, None),
        ("\u0667", None, None),
        ("", None, None),
    ],
)
def test_retry_after_reads_seconds_and_dates(value: str, date: str | None, wait: timedelta | None) -> None:
    headers = CIMultiDict({"retry-after": value, **({"Date": date} if date else {})})

    assert sms.retry_after(headers) == wait


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirect_is_not_followed(http: ClientSession, status: int) -> None:
    """The SDK would have sent the key to the other host (facts/protocols.md C.2, hazard 7)."""
    async with serve_answer(unexpected_request) as other:
        answer = fixed_answer("", status, Location=f"{other}/version1/messaging")
        assert await outcomes(http, answer, NUMBER) == {NUMBER: sms.HTTP_STATUSES[status]}

    assert isinstance(sms.HTTP_STATUSES[status], Deferred)
