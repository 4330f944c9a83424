"""Callbacks of Africa's Talking with inbound SMS and opt-outs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.carriers.africastalking.carrier import AfricasTalking
from gateway.carriers.carrier import (
    BadCallback,
    Inbound,
    OptOut,
)
from tests.helpers.africastalking import KENYAN
from tests.helpers.carrier_server import FORM_HEADERS, fixture
from tests.helpers.phones import NUMBER


@pytest.mark.parametrize(
    ("name", "message_id", "text", "network"),
    [
        ("inbox_iso_date", "5c7b9f0e-3a41-4f64-9d7b-1d2f0a9c4b77", "HARGA padi", "63902"),
        (
            "inbox_space_date_empty_link",
            "ATXid_cc31280d6899af94a3c7236b52949b50",
            "Cuaca besok? é & + …",
            "99999",
        ),
    ],
)
def test_read_inbound_reads_captured_messages(
    carrier: AfricasTalking, name: str, message_id: str, text: str, network: str
) -> None:
    inbound = carrier.read_inbound(fixture(name), FORM_HEADERS)

    sent_at = datetime(2026, 11, 23, 4, 5, 6, tzinfo=UTC)
    assert inbound == Inbound(message_id, KENYAN, "27011", text, sent_at, network)


@pytest.mark.parametrize(
    ("date", "moment"),
    [
        ("2026-11-23T04:05:06Z", datetime(2026, 11, 23, 4, 5, 6, tzinfo=UTC)),
        ("2026-11-23 04:05:06", datetime(2026, 11, 23, 4, 5, 6, tzinfo=UTC)),
        ("2026-11-23T04:05:06.445Z", datetime(2026, 11, 23, 4, 5, 6, 445000, tzinfo=UTC)),
        ("2026-11-23T11:05:06%2B07:00", datetime(2026, 11, 23, 4, 5, 6, tzinfo=UTC)),
        ("0001-01-01T00:00:00%2B23:00", None),
        ("23/11/2026", None),
        ("", None),
    ],
)
def test_read_inbound_reads_every_format_of_the_time(
    carrier: AfricasTalking, date: str, moment: datetime | None
) -> None:
    body = f"id=1&from=%2B6281230004567&to=3375&text=Halo&date={date}".encode()

    assert carrier.read_inbound(body, FORM_HEADERS) == Inbound("1", NUMBER, "3375", "Halo", moment, "")


@pytest.mark.parametrize("sender", ["3375", "TELKOMSEL", "Bank 24"])
def test_read_inbound_takes_a_short_code_or_name_as_sender(carrier: AfricasTalking, sender: str) -> None:
    assert carrier.read_inbound(f"id=1&from={sender}&to=3375&text=Halo".encode(), FORM_HEADERS).sender == sender


@pytest.mark.parametrize("sender", ["", "+6281230004567", "6281230004567", "081230004567", "Bu+081230004567", "%C3%A8"])
def test_read_inbound_refuses_a_malformed_number_as_sender(carrier: AfricasTalking, sender: str) -> None:
    with pytest.raises(BadCallback, match="from is neither"):
        carrier.read_inbound(f"id=1&from={sender}&to=3375&text=Halo".encode(), FORM_HEADERS)


@pytest.mark.parametrize(
    ("encoded", "text"),
    [("a%0D%0Ab%0Ac%0Dd", "a\nb\nc\nd"), ("a%00b%09c%C2%85d%0Ce", "a b c d e")],
)
def test_read_inbound_replaces_control_characters_of_the_text(carrier: AfricasTalking, encoded: str, text: str) -> None:
    """A message is not lost for its text, which a person wrote."""
    body = f"id=1&from=3375&to=3375&text={encoded}".encode()

    assert carrier.read_inbound(body, FORM_HEADERS).text == text


def test_read_inbound_refuses_control_characters_of_other_fields(carrier: AfricasTalking) -> None:
    with pytest.raises(BadCallback, match="id has control characters"):
        carrier.read_inbound(b"id=%00&from=3375&to=3375&text=a", FORM_HEADERS)


def test_read_opt_out_reads_the_captured_callback(carrier: AfricasTalking) -> None:
    assert carrier.read_opt_out(fixture("optout_alphanumeric"), FORM_HEADERS) == OptOut(KENYAN, "INFOTANI")


@pytest.mark.parametrize("name", ["subscription_addition", "subscription_deletion_capitalised"])
def test_read_opt_out_refuses_a_premium_subscription(carrier: AfricasTalking, name: str) -> None:
    with pytest.raises(BadCallback, match="senderId is missing"):
        carrier.read_opt_out(fixture(name), FORM_HEADERS)
