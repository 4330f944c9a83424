"""The faults of the built-in carrier: the outcome of each, how they are set over HTTP, and their page in the README."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest
from structlog.testing import capture_logs

from gateway import carriers
from gateway.carriers.africastalking import messaging as sms
from gateway.carriers.carrier import Accepted, Deferred, Outcome, ReceiptStatus, Unknown
from gateway.carriers.local.faults import (
    DuplicateReports,
    EmptyRecipients,
    Fault,
    Faults,
    HttpStatus,
    MissingRecipients,
    NoAnswer,
    Refuse,
    SlowAnswer,
    StatusCodes,
    parse_faults,
)
from tests.helpers.local_carrier import BU_TANI, PAK_TANI, LocalCarrierSetup

# Each fault and its outcome -----------------------------------------------------------------------------------------


async def test_a_refused_number(stand: LocalCarrierSetup) -> None:
    stand.local.faults = Faults(refuse=Refuse(numbers={BU_TANI.e164: 406}))
    refused, taken = await stand.send(BU_TANI, PAK_TANI)
    assert refused == sms.CODES[406]
    assert isinstance(taken, Accepted)
    assert [message for message, _ in await stand.reports(2)] == [taken.message_id] * 2


@pytest.mark.parametrize("code", [code for code, outcome in sms.CODES.items() if not isinstance(outcome, Accepted)])
async def test_every_status_code(stand: LocalCarrierSetup, code: int) -> None:
    stand.local.faults = Faults(status_codes=StatusCodes(code=code))
    assert await stand.send() == [sms.CODES[code]]


async def test_a_status_code_that_nobody_has_heard_of(stand: LocalCarrierSetup) -> None:
    stand.local.faults = Faults(status_codes=StatusCodes(code=777))
    with capture_logs() as logs:
        assert await stand.send() == [sms.NOT_UNDERSTOOD]
    assert [line["value"] for line in logs] == ["777"]


@pytest.mark.parametrize("accepts", [True, False])
async def test_no_answer(stand: LocalCarrierSetup, accepts: bool) -> None:
    stand.local.faults = Faults(no_answer=NoAnswer(accepts=accepts))
    assert await stand.send() == [Unknown("no answer in time")]
    assert len(stand.local.messages) == int(accepts)
    if accepts:
        assert [status for _, status in await stand.reports(2)] == [ReceiptStatus.ACCEPTED, ReceiptStatus.DELIVERED]


async def test_a_slow_answer(stand: LocalCarrierSetup) -> None:
    stand.local.faults = Faults(slow_answer=SlowAnswer(seconds=0.4, times=1))
    assert await stand.send() == [Unknown("no answer in time")]
    assert not stand.local.messages
    assert len(await stand.reports(2)) == 2  # it was sent all the same, after we had given up
    stand.local.faults = Faults(slow_answer=SlowAnswer(seconds=0.05))
    assert isinstance((await stand.send())[0], Accepted)


@pytest.mark.parametrize("status", [401, 429, 500, 502, 503])
async def test_an_http_status(stand: LocalCarrierSetup, status: int) -> None:
    stand.local.faults = Faults(http_status=HttpStatus(status=status))
    assert await stand.send() == [sms.HTTP_STATUSES[status]]
    assert not stand.local.messages


async def test_retry_after(stand: LocalCarrierSetup) -> None:
    stand.local.faults = Faults(http_status=HttpStatus(status=429, retry_after=7))
    assert await stand.send() == [Deferred("too many requests", timedelta(seconds=7), whole_channel=True)]


@pytest.mark.parametrize(
    ("message", "outcome"),
    [("InvalidSenderId", sms.EMPTY_ANSWERS["InvalidSenderId"]), ("Oops", sms.MISSING)],
)
async def test_an_empty_list_of_recipients(stand: LocalCarrierSetup, message: str, outcome: Outcome) -> None:
    stand.local.faults = Faults(empty_recipients=EmptyRecipients(message=message))
    assert await stand.send(BU_TANI, PAK_TANI) == [outcome, outcome]
    assert [sent.status for sent in stand.local.messages] == [message, message]


@pytest.mark.parametrize(("keep", "listed"), [(None, 1), (0, 0), (1, 1), (2, 2)])
async def test_recipients_missing_from_the_answer(stand: LocalCarrierSetup, keep: int | None, listed: int) -> None:
    stand.local.faults = Faults(missing_recipients=MissingRecipients(keep=keep))
    answer = await stand.send(BU_TANI, PAK_TANI)
    assert [isinstance(outcome, Accepted) for outcome in answer] == [number < listed for number in range(2)]
    assert answer[listed:] == [sms.MISSING] * (2 - listed)
    assert len(await stand.reports(4)) == 4


async def test_duplicated_and_reordered_reports(stand: LocalCarrierSetup) -> None:
    stand.local.faults = Faults(duplicate_reports=DuplicateReports(copies=2), reordered_reports=Fault())
    await stand.send()
    statuses = [status for _, status in await stand.reports(4)]
    assert statuses == [ReceiptStatus.DELIVERED] * 2 + [ReceiptStatus.ACCEPTED] * 2
    assert stand.local.messages[0].status == "Success"


async def test_reports_before_the_answer(stand: LocalCarrierSetup) -> None:
    stand.local.faults = Faults(early_reports=Fault(times=1))
    (outcome,) = await stand.send()
    assert isinstance(outcome, Accepted)
    assert [call.fields["id"] for call in stand.gateway.calls_of("receipt")] == [outcome.message_id] * 2
    await stand.send()
    assert len(stand.gateway.calls_of("receipt")) == 2


async def test_no_reports(stand: LocalCarrierSetup) -> None:
    stand.local.faults = Faults(no_reports=Fault(times=1))
    silent, reported = await stand.send(BU_TANI, PAK_TANI)
    assert isinstance(silent, Accepted)
    assert isinstance(reported, Accepted)
    assert {message for message, _ in await stand.reports(2)} == {reported.message_id}


async def test_a_fault_passes_after_its_times(stand: LocalCarrierSetup) -> None:
    stand.local.faults = Faults(
        http_status=HttpStatus(status=503, times=2), refuse=Refuse(numbers={BU_TANI.e164: 403}, times=1)
    )
    kinds = [type((await stand.send(phone))[0]).__name__ for phone in (BU_TANI, BU_TANI, PAK_TANI, BU_TANI, BU_TANI)]
    assert kinds == ["Deferred", "Deferred", "Accepted", "Refused", "Accepted"]


async def test_a_report_that_is_not_taken_is_lost(stand: LocalCarrierSetup) -> None:
    stand.gateway.status = 503
    with capture_logs() as logs:
        await stand.send()
        await stand.reports(2)
        await asyncio.sleep(0.01)
    assert [line["event"] for line in logs] == ["local.report_not_taken"] * 2
    assert "81230004567" not in repr(logs)


# Faults over HTTP ---------------------------------------------------------------------------------------------------


async def test_faults_are_set_shown_and_cleared(stand: LocalCarrierSetup) -> None:
    address = f"{stand.url}/local/faults"
    wanted = {"no_answer": {"accepts": False, "times": 1}, "refuse": {"numbers": {"+6281230004567": 403}}}
    async with stand.http.put(address, json=wanted) as response:
        assert (response.status, await response.json()) == (200, wanted)
    await stand.send()
    async with stand.http.get(address) as response:
        assert (await response.json())["no_answer"]["times"] == 0
    async with stand.http.delete(address) as response:
        assert await response.json() == {}
    assert isinstance((await stand.send())[0], Accepted)


@pytest.mark.parametrize(
    ("document", "diagnostic"),
    [
        (b'{"no_anser": {}}', "no_anser: Extra inputs are not permitted"),
        (b'{"no_answer": {"seconds": 1}}', "no_answer.seconds: Extra inputs are not permitted"),
        (b'{"no_answer": {"times": -1}}', "no_answer.times: "),
        (b'{"slow_answer": {}}', "slow_answer.seconds: Field required"),
        (b'{"http_status": {"status": "503"}}', "http_status.status: "),
        (b'{"refuse": {"numbers": {"+6281230004567": "x"}}}', "refuse.numbers.+62812****567: "),
        (b"[]", "Input should be an object"),
        (b"", "Invalid JSON"),
    ],
)
async def test_a_wrong_fault_is_told_what_is_allowed(
    stand: LocalCarrierSetup, document: bytes, diagnostic: str
) -> None:
    stand.local.faults = before = Faults(no_reports=Fault())
    async with stand.http.put(
        f"{stand.url}/local/faults", data=document, headers={"Content-Type": "application/json"}
    ) as response:
        error = (await response.json())["error"]
        assert response.status == 400
    assert error.startswith(diagnostic)
    assert "slow_answer (times, seconds)" in error
    assert "reordered_reports (times)" in error
    assert "81230004567" not in error
    assert stand.local.faults is before


# Its page in the README ---------------------------------------------------------------------------------------------

README = (Path(carriers.__file__).parent / "README.md").read_text()


def test_the_readme_explains_every_fault_and_setting() -> None:
    rows = re.findall(r"^\| `(\w+)`((?: `\w+`)*) \| [^|]+ \| [^|]+ \|$", README, re.MULTILINE)
    explained = {name: re.findall(r"\w+", keys) for name, keys in rows if name in Faults.model_fields}
    kinds = {name: get_args(field.annotation)[0] for name, field in Faults.model_fields.items()}
    assert explained == {name: [key for key in kind.model_fields if key != "times"] for name, kind in kinds.items()}


def test_the_faults_of_the_readme_can_be_set() -> None:
    documents = re.findall(r"^curl -X PUT --json '(.*)' http://127.0.0.1:8080/local/faults$", README, re.MULTILINE)
    assert len(documents) == 3
    for document in documents:
        assert parse_faults(document.encode()).model_dump(exclude_none=True).keys() == json.loads(document).keys()
