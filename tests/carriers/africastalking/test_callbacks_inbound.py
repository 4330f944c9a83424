"""Callbacks of Africa's Talking with inbound SMS and opt-outs."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from multidict import CIMultiDict

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


@pytest.mark.parametrize(
    "written",
    [
        *(
            "+6281230004567",
            "6281230004567",
            "081230004567",
            "0812+3000+4567",
            "%2B62-812-3000-4567",
            "006281230004567",
        ),
        *("tel%3A081230004567", "+6281230004567+", "%2B6281230004567%00", "6281230004567.0"),
    ],
)
def test_read_inbound_reads_a_number_as_a_subscriber_of_the_country(carrier: AfricasTalking, written: str) -> None:
    assert carrier.read_inbound(f"id=1&from={written}&to=3375&text=Halo".encode(), FORM_HEADERS).sender == NUMBER


@pytest.mark.parametrize(
    "written", ["", "Bu+081230004567", "081230004567/081230004568", "%C3%A8", "%FF", "+", "0" * 20, "6" * 65, "9" * 12]
)
def test_read_inbound_keeps_an_sms_whose_sender_is_no_number(carrier: AfricasTalking, written: str) -> None:
    inbound = carrier.read_inbound(f"id=1&from={written}&to=3375&text=Halo".encode(), FORM_HEADERS)

    assert (inbound.sender, inbound.text) == ("", "Halo")


@pytest.mark.parametrize(
    ("encoded", "text"),
    [
        ("a%0D%0Ab%0Ac%0Dd", "a\nb\nc\nd"),
        ("a%00b%09c%C2%85d%0Ce", "a b c d e"),
        ("ribut+%ED%A0%BD%ED%B8%A1", "ribut \U0001f621"),  # an emoji in CESU-8
        ("ribut+%ED%A0%BD", "ribut \ufffd"),  # half of one
        ("%ED%B8%A1+ribut", "\ufffd ribut"),
        ("caf%E9", "caf\ufffd"),  # Latin-1
        ("100%", "100%"),
        ("a" * 4096, "a" * 4096),
        ("a" * 4097, "a" * 4095 + "…"),
        ("%F0%9F%98%A1" * 5000, "\U0001f621" * 4095 + "…"),
    ],
)
def test_read_inbound_keeps_any_text(carrier: AfricasTalking, encoded: str, text: str) -> None:
    """A message is not lost for its text, which a person wrote."""
    body = f"id=1&from=3375&to=3375&text={encoded}".encode()

    assert carrier.read_inbound(body, FORM_HEADERS).text == text


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded; charset=iso-8859-1"])
def test_read_inbound_takes_any_content_type(carrier: AfricasTalking, kind: str) -> None:
    body = b"id=1&from=3375&to=3375&text=" + "ribut è".encode("latin-1")

    assert carrier.read_inbound(body, CIMultiDict({"Content-Type": kind})).text == "ribut \ufffd"


def test_read_inbound_needs_a_sender_and_a_text_alone(carrier: AfricasTalking) -> None:
    inbound = carrier.read_inbound(b"from=%2B6281230004567&text=Halo", FORM_HEADERS)

    assert inbound == Inbound("", NUMBER, "", "Halo", None, "")
    assert carrier.read_inbound(b"text=Halo", FORM_HEADERS).sender == ""
    assert carrier.read_inbound(b"from=%2B6281230004567", FORM_HEADERS).text == ""


def test_read_inbound_cuts_the_fields_beside_the_text(carrier: AfricasTalking) -> None:
    body = b"id=1&from=3375&to=" + b"3" * 70 + b"&networkCode=" + b"5" * 40 + b"%00&text=Halo&date=%00"
    inbound = carrier.read_inbound(body, FORM_HEADERS)

    assert (inbound.recipient, inbound.network, inbound.sent_at) == ("3" * 63 + "…", "5" * 31 + "…", None)


@pytest.mark.parametrize("id", ["%C3%A8", "caf%E9", "x" * 129, "x" * 600])
def test_read_inbound_makes_an_id_of_the_callback_if_its_own_is_odd(carrier: AfricasTalking, id: str) -> None:
    first, again, other = (
        carrier.read_inbound(f"id={id}&from=3375&text={text}".encode(), FORM_HEADERS).id for text in "aab"
    )

    assert first == again != other
    assert re.fullmatch("made-[0-9a-f]{32}", first)


def test_read_inbound_makes_a_missing_id_only_of_a_callback_with_a_time(carrier: AfricasTalking) -> None:
    body = b"from=3375&text=Halo"

    assert carrier.read_inbound(body, FORM_HEADERS).id == ""
    assert carrier.read_inbound(body + b"&id=%00", FORM_HEADERS).id == ""
    assert carrier.read_inbound(body + b"&date=2026-11-23+04:05:06", FORM_HEADERS).id.startswith("made-")


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"to=3375&id=1", b"from=&id=1", b"\0", b'{"from": "3375", "text": "Halo"}']
)
def test_read_inbound_refuses_a_callback_of_which_nothing_is_left(carrier: AfricasTalking, body: bytes) -> None:
    with pytest.raises(BadCallback, match="neither from nor text is there"):
        carrier.read_inbound(body, FORM_HEADERS)


def test_read_opt_out_reads_the_captured_callback(carrier: AfricasTalking) -> None:
    assert carrier.read_opt_out(fixture("optout_alphanumeric"), FORM_HEADERS) == OptOut(KENYAN, "INFOTANI")


@pytest.mark.parametrize(
    "name", ["subscription_addition", "subscription_deletion_capitalised", "ussd_01_initial", "dlr_success"]
)
def test_read_opt_out_refuses_another_callback(carrier: AfricasTalking, name: str) -> None:
    with pytest.raises(BadCallback, match="senderId is missing"):
        carrier.read_opt_out(fixture(name), FORM_HEADERS)


@pytest.mark.parametrize("written", ["081230004567", "6281230004567", "+6281230004567"])
@pytest.mark.parametrize("sender", ["", "&senderId=", "&senderId=" + "x" * 70, "&senderId=INFO%00"])
def test_read_opt_out_is_not_lost_for_its_spelling(carrier: AfricasTalking, written: str, sender: str) -> None:
    assert carrier.read_opt_out(f"phoneNumber={written}{sender}".encode(), FORM_HEADERS).phone == NUMBER
