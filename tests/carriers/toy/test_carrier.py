"""Toy carrier: what it promises beyond the contract of all carriers, since it is there to be copied."""

from __future__ import annotations

import pytest
from aiohttp import ClientSession
from multidict import CIMultiDict
from structlog.testing import capture_logs

from gateway.carriers.carrier import Inbound, Receipt, ReceiptStatus
from tests.carriers.toy.carrier import RECEIPT_STATUSES, ToyCarrier
from tests.helpers.phones import NUMBER

JSON = CIMultiDict({"Content-Type": "application/json; charset=utf-8"})


@pytest.fixture
async def carrier(http: ClientSession) -> ToyCarrier:
    return ToyCarrier("toy", "http://127.0.0.1:9", "token", http)


@pytest.mark.parametrize(("escaped", "text"), [("a\\nb", "a\nb"), ("a\\u0000b\\tc", "a b c"), ("a\\ud83db", "a b")])
def test_read_inbound_keeps_a_message_whatever_its_text(carrier: ToyCarrier, escaped: str, text: str) -> None:
    body = f'{{"id": "1", "from": "{NUMBER.e164}", "to": "3375", "text": "{escaped}"}}'.encode()

    assert carrier.read_inbound(body, JSON) == Inbound("1", NUMBER, "3375", text, sent_at=None, network="")


@pytest.mark.parametrize(
    ("body", "inbound"),
    [
        ('{"text": "Halo"}', Inbound("", "", "", "Halo", None, "")),
        ('{"text": "Halo", "from": "Bu Tini", "to": 3375}', Inbound("", "", "", "Halo", None, "")),
        (f'{{"from": "{NUMBER.e164}"}}', Inbound("", NUMBER, "", "", None, "")),
        (f'{{"text": "{"a" * 5000}"}}', Inbound("", "", "", "a" * 4095 + "…", None, "")),
    ],
)
def test_read_inbound_keeps_what_is_left_of_a_message(carrier: ToyCarrier, body: str, inbound: Inbound) -> None:
    assert carrier.read_inbound(body.encode(), JSON) == inbound


@pytest.mark.parametrize(("word", "status"), RECEIPT_STATUSES.items())
def test_read_receipt_translates_every_status(carrier: ToyCarrier, word: str, status: ReceiptStatus) -> None:
    receipt = carrier.read_receipt(f'{{"id": "1", "status": "{word}"}}'.encode(), JSON)

    assert receipt == Receipt("1", status, word, "")


def test_read_receipt_warns_of_an_unknown_status_and_masks_numbers(carrier: ToyCarrier) -> None:
    with capture_logs() as logs:
        receipt = carrier.read_receipt(f'{{"id": "1", "status": "lost {NUMBER.e164}"}}'.encode(), JSON)

    assert receipt == Receipt("1", ReceiptStatus.NOT_UNDERSTOOD, "lost +62812****567", "")
    assert [(line["event"], line["value"]) for line in logs] == [("carrier.not_understood", "lost +62812****567")]
