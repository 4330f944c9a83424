"""Delivery reports of Africa's Talking: captured ones, damaged ones, and those that say that somebody has opted out."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from structlog.testing import capture_logs

from gateway.carriers.africastalking.callbacks import RECEIPT_STATUSES
from gateway.carriers.africastalking.carrier import AfricasTalking
from gateway.carriers.carrier import (
    BadCallback,
    Receipt,
    ReceiptStatus,
)
from tests.helpers.africastalking import not_understood
from tests.helpers.carrier_server import FORM_HEADERS, fixture

# USSD ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "status", "raw", "reason"),
    [
        ("dlr_sent", ReceiptStatus.ACCEPTED, "Sent", ""),
        ("dlr_submitted", ReceiptStatus.ACCEPTED, "Submitted", ""),
        ("dlr_buffered", ReceiptStatus.ACCEPTED, "Buffered", ""),
        ("dlr_success", ReceiptStatus.DELIVERED, "Success", ""),
        ("dlr_sandbox", ReceiptStatus.DELIVERED, "Success", ""),
        ("dlr_minimal", ReceiptStatus.DELIVERED, "Success", ""),
        ("dlr_failed", ReceiptStatus.UNDELIVERED, "Failed", "DeliveryFailure"),
        ("dlr_rejected", ReceiptStatus.UNDELIVERED, "Rejected", "UserInBlackList"),
        ("dlr_absent_subscriber", ReceiptStatus.UNDELIVERED, "AbsentSubscriber", ""),
        ("dlr_expired", ReceiptStatus.UNDELIVERED, "Expired", ""),
        ("dlr_unknown_status", ReceiptStatus.NOT_UNDERSTOOD, "SomethingNew", ""),
    ],
)
def test_read_receipt_reads_every_captured_report(
    carrier: AfricasTalking, name: str, status: ReceiptStatus, raw: str, reason: str
) -> None:
    body = fixture(name)
    with capture_logs() as logs:
        receipt = carrier.read_receipt(body, FORM_HEADERS)

    message_id = body.split(b"&")[0].removeprefix(b"id=").decode()
    assert receipt == Receipt(message_id, status, raw, reason, opted_out=name == "dlr_rejected")
    assert logs == ([not_understood("receipt status", raw)] if raw not in RECEIPT_STATUSES else [])


@pytest.mark.parametrize(
    ("status", "reason", "opted_out"),
    [
        ("Rejected", "UserInBlackList", True),
        ("Failed", "UserInBlacklist", True),
        ("Failed", " userinblacklist ", True),
        ("Rejected", "User In Black List", True),
        ("Rejected", "USER_IN_BLACKLIST", True),
        ("Failed", "DoNotDisturbRejection", True),
        ("Expired", "do not disturb rejection", True),
        ("UserInBlackList", "", True),
        ("DoNotDisturbRejection", "", True),
        ("BLACKLISTED", "", True),
        ("Rejected", "Number is blacklisted by operator", True),
        ("SomethingNew", "Opted out", True),
        ("Success", "UserInBlackList", False),
        ("Success", "Opted out", False),
        ("success", "DND", False),
        ("Rejected", "UserIsInactive", False),
        ("Rejected", "UserAccountSuspended", False),
        ("Rejected", "UserNotSubscribedToProduct", False),
        ("Failed", "DeliveryFailure", False),
        ("Failed", "", False),
    ],
)
def test_read_receipt_knows_an_opt_out_by_its_reason(
    carrier: AfricasTalking, status: str, reason: str, opted_out: bool
) -> None:
    body = urlencode({"id": "a", "status": status, "failureReason": reason}).encode()

    assert carrier.read_receipt(body, FORM_HEADERS).opted_out is opted_out


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("success", ReceiptStatus.DELIVERED),
        ("SUCCESS", ReceiptStatus.DELIVERED),
        ("Success+", ReceiptStatus.DELIVERED),
        ("+Success%0D%0A", ReceiptStatus.DELIVERED),
        ("Absent+Subscriber", ReceiptStatus.UNDELIVERED),
        ("ABSENT_SUBSCRIBER", ReceiptStatus.UNDELIVERED),
        ("DELIVERED", ReceiptStatus.NOT_UNDERSTOOD),
        ("", ReceiptStatus.NOT_UNDERSTOOD),
        ("x" * 70, ReceiptStatus.NOT_UNDERSTOOD),
        ("caf%E9%00", ReceiptStatus.NOT_UNDERSTOOD),
    ],
)
def test_read_receipt_reads_the_status_in_any_case_and_keeps_any_word(
    carrier: AfricasTalking, word: str, status: ReceiptStatus
) -> None:
    assert carrier.read_receipt(f"id=x&status={word}".encode(), FORM_HEADERS).status is status


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        ("x" * 200, "x" * 200),
        ("x" * 201, "x" * 199 + "…"),
        ("a%00b%0Ac", "a b c"),
        ("ditolak+%E9", "ditolak \ufffd"),
        ("no+answer+of+%2B6281230004567", "no answer of +62812****567"),
    ],
)
def test_read_receipt_keeps_any_reason(carrier: AfricasTalking, sent: str, reason: str) -> None:
    receipt = carrier.read_receipt(f"id=x&status=Failed&failureReason={sent}".encode(), FORM_HEADERS)

    assert (receipt.status, receipt.reason) == (ReceiptStatus.UNDELIVERED, reason)


@pytest.mark.parametrize("body", [b"", b"id=x", b"status=Success", b"id=&status=Success", b"id=a%00&status=Success"])
def test_read_receipt_refuses_a_malformed_report(carrier: AfricasTalking, body: bytes) -> None:
    with pytest.raises(BadCallback):
        carrier.read_receipt(body, FORM_HEADERS)
