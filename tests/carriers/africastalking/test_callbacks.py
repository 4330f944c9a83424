"""Callbacks of Africa's Talking: the captured ones, byte for byte, and our replies to them."""

from __future__ import annotations

import re
import traceback
from contextlib import suppress
from urllib.parse import urlencode

import pytest
from aiohttp import ClientSession
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict
from structlog.testing import capture_logs

from gateway.carriers.africastalking.callbacks import ENDINGS, LABEL_HEADER, RECEIPT_STATUSES
from gateway.carriers.africastalking.carrier import AfricasTalking
from gateway.carriers.carrier import (
    BadCallback,
    Ending,
    Screen,
    SessionEnd,
    Turn,
)
from tests.helpers.africastalking import KENYAN, not_understood
from tests.helpers.carrier_server import FORM_HEADERS, fixture
from tests.helpers.phones import NUMBER, OTHER

# USSD ----------------------------------------------------------------------------------------------------

FIRST = "ATUid_f552cc5023d8319aea1181f76f3adcbd"
SECOND = "ATUid_c189941acf780de956fe5d1483d7a598"
THIRD = "ATUid_ac5d960c71f2731a0ce76f67ca8980aa"
CODE = "*384*27011#"
STORY = "1*1*Padi & jagung + sapi, warung Bu Dèwi"


@pytest.mark.parametrize(
    ("name", "session", "text"),
    [
        ("ussd_01_initial", FIRST, ""),
        ("ussd_02_first_choice", FIRST, "1"),
        ("ussd_03_same_choice_again", FIRST, "1*1"),
        ("ussd_04_retransmit_of_03", FIRST, "1*1"),
        ("ussd_05_free_text_utf8", FIRST, STORY),
        ("ussd_06_back_zero", FIRST, f"{STORY}*0"),
        ("ussd_07_empty_reply", SECOND, "1*"),
        ("ussd_08_star_inside_input", SECOND, "1**2*3"),
        ("ussd_09_hash_and_double_zero", SECOND, "1*00*#"),
        ("ussd_10_suffix_dial_first_request", THIRD, "1*2"),
        ("ussd_12_star_percent_encoded", FIRST, "1*1"),
        ("ussd_bad_control_chars", FIRST, "1\0\n\x1b"),
        # Well-formed: only the dialogue can see that it does not fit its session.
        ("ussd_bad_shorter_transcript", FIRST, "1"),
    ],
)
def test_read_turn_reads_every_captured_callback(carrier: AfricasTalking, name: str, session: str, text: str) -> None:
    assert carrier.read_turn(fixture(name), FORM_HEADERS) == Turn(session, NUMBER, CODE, "99999", text)


def test_read_turn_keeps_a_suffix_in_the_service_code(carrier: AfricasTalking) -> None:
    turn = carrier.read_turn(fixture("ussd_11_suffix_in_service_code"), FORM_HEADERS)

    assert turn == Turn(THIRD, NUMBER, "*384*27011*1*2#", "99999", "")


def test_read_turn_reads_a_callback_of_a_live_network(carrier: AfricasTalking) -> None:
    turn = carrier.read_turn(fixture("ussd_13_live_safaricom"), FORM_HEADERS)

    assert turn == Turn("ATUid_b6ae4bc13d2a43a6ada270691286d33c", KENYAN, "*384*555#", "63902", "")


def test_read_turn_does_not_compare_the_phone_with_that_of_the_session(carrier: AfricasTalking) -> None:
    turn = carrier.read_turn(fixture("ussd_bad_other_phone_same_session"), FORM_HEADERS)

    assert turn == Turn(FIRST, OTHER, CODE, "99999", "1*1*2")


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("ussd_bad_missing_session", "sessionId is missing"),
        ("ussd_bad_duplicate_key", "text is there twice"),
    ],
)
def test_read_turn_refuses_a_malformed_callback(carrier: AfricasTalking, name: str, problem: str) -> None:
    with pytest.raises(BadCallback) as refused:
        carrier.read_turn(fixture(name), FORM_HEADERS)

    assert str(refused.value) == problem


INITIAL = fixture("ussd_01_initial").decode()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sessionId", ""),
        ("sessionId", "x" * 129),
        ("sessionId", "%C3%A8"),
        ("phoneNumber", ""),
        ("phoneNumber", "%2B0812300045"),
        ("phoneNumber", "%2B6281230004567%00"),
        ("phoneNumber", "%2B62812300045678901"),
        ("phoneNumber", "%2B1234567"),
        ("phoneNumber", "%2B62%D9%A8%D9%A1%D9%A2%D9%A3%D9%A0%D9%A0%D9%A0"),
        ("text", "1" * 4097),
        ("text", "1*" * 256),
    ],
)
def test_read_turn_refuses_a_field_out_of_its_bounds_without_quoting_it(
    carrier: AfricasTalking, field: str, value: str
) -> None:
    body = re.sub(rf"{field}=[^&]*", f"{field}={value}", INITIAL).encode()
    with pytest.raises(BadCallback, match=field) as refused:
        carrier.read_turn(body, FORM_HEADERS)

    assert not value or value not in str(refused.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [("networkCode", "Safaricom"), ("networkCode", ""), ("networkCode", "9" * 32), ("sessionId", "x" * 128)],
)
def test_read_turn_takes_opaque_fields_as_they_are(carrier: AfricasTalking, field: str, value: str) -> None:
    body = re.sub(rf"{field}=[^&]*", f"{field}={value}", INITIAL).encode()
    turn = carrier.read_turn(body, FORM_HEADERS)

    assert {"networkCode": turn.network, "sessionId": turn.session}[field] == value


@pytest.mark.parametrize("left_out", ["networkCode", "serviceCode", "text"])
def test_read_turn_needs_no_network_no_code_and_no_text(carrier: AfricasTalking, left_out: str) -> None:
    body = "&".join(pair for pair in INITIAL.split("&") if not pair.startswith(left_out)).encode()
    turn = carrier.read_turn(body, FORM_HEADERS)

    assert (turn.session, turn.phone, turn.text) == (FIRST, NUMBER, "")
    assert {"networkCode": turn.network, "serviceCode": turn.service_code, "text": turn.text}[left_out] == ""


@pytest.mark.parametrize(
    "written",
    [
        *("6281230004567", "+6281230004567", "%206281230004567", "081230004567", "0812-3000-4567", "6281230004567+"),
        *("006281230004567", "tel%3A%2B6281230004567", "%2B62+812+3000+4567", "6281230004567.0"),
    ],
)
def test_read_turn_reads_a_number_without_its_plus(carrier: AfricasTalking, written: str) -> None:
    body = re.sub(r"phoneNumber=[^&]*", f"phoneNumber={written}", INITIAL).encode()

    assert carrier.read_turn(body, FORM_HEADERS).phone == NUMBER


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        ("ribut%ED%A0%BD", "ribut\ufffd"),
        ("ribut%ED%A0%BD%ED%B8%A1", "ribut\U0001f621"),
        ("1*caf%E9*2", "1*caf\ufffd*2"),
        ("1*" * 255 + "1", "1*" * 255 + "1"),
        ("1" * 4096, "1" * 4096),
    ],
)
def test_read_turn_repairs_the_typed_text(carrier: AfricasTalking, sent: str, text: str) -> None:
    body = re.sub(r"text=[^&]*", f"text={sent}", INITIAL).encode()

    assert carrier.read_turn(body, FORM_HEADERS).text == text


@pytest.mark.parametrize(
    ("echoed", "label"),
    [("category", "category"), ("x" * 99, "x" * 99), ("x" * 100, None), ("a|b", None), ("", None), ("\udcff", None)],
)
def test_read_turn_takes_an_echoed_label_that_could_be_ours(
    carrier: AfricasTalking, echoed: str, label: str | None
) -> None:
    headers = CIMultiDict({**FORM_HEADERS, "AT-USSD-Hop-Metadata": echoed})

    assert carrier.read_turn(INITIAL.encode(), headers).label == label


@pytest.mark.parametrize(
    ("name", "screen"),
    [
        ("ussd_reply_con", Screen("Info Tani\n1. Harga pasar\n2. Cuaca\n0. Kembali", False, "menu")),
        ("ussd_reply_end", Screen("Terima kasih.", True, "menu")),
    ],
)
def test_write_screen_writes_the_documented_reply(carrier: AfricasTalking, name: str, screen: Screen) -> None:
    reply = carrier.write_screen(screen)

    assert reply.body == fixture(name)
    assert reply.headers == {LABEL_HEADER: "menu"}


@pytest.mark.parametrize("label", ["", "x" * 100, "a|b", "a\nb", "è"])
def test_write_screen_leaves_out_a_label_that_no_header_can_carry(carrier: AfricasTalking, label: str) -> None:
    assert carrier.write_screen(Screen("Halo", False, label)).headers == {}


# Session ends --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ussd_event_success", SessionEnd(FIRST, Ending.COMPLETED, 4, 46000, "99999", "KES 0.0000", "")),
        ("ussd_event_incomplete", SessionEnd(SECOND, Ending.ABANDONED, 1, 1000, "99999", "0", "")),
        (
            "ussd_event_failed",
            SessionEnd(
                THIRD, Ending.FAILED, 1, 10200, "99999", "0.00", "Received unexpected response code: 530 <none>"
            ),
        ),
        (
            "ussd_event_success_old_no_metadata",
            SessionEnd("ATUid_b6ae4bc13d2a43a6ada270691286d33c", Ending.COMPLETED, 3, 21000, "63902", "1.0", ""),
        ),
    ],
)
def test_read_session_end_reads_every_captured_callback(
    carrier: AfricasTalking, name: str, expected: SessionEnd
) -> None:
    assert carrier.read_session_end(fixture(name), FORM_HEADERS) == expected


def test_read_session_end_needs_no_optional_field(carrier: AfricasTalking) -> None:
    end = carrier.read_session_end(b"sessionId=s&status=Success", FORM_HEADERS)

    assert end == SessionEnd("s", Ending.COMPLETED, None, None, "", "", "")


def test_read_session_end_drops_bad_counts_and_masks_numbers_in_the_error(carrier: AfricasTalking) -> None:
    body = b"sessionId=s&status=Failed&hopsCount=-1&durationInMillis=1e9&errorMessage=no%0Aanswer+for+%2B6281230004567"
    end = carrier.read_session_end(body, FORM_HEADERS)

    assert end == SessionEnd("s", Ending.FAILED, None, None, "", "", "no answer for +62812****567")


def test_read_session_end_warns_of_an_unknown_status(carrier: AfricasTalking) -> None:
    with capture_logs() as logs:
        end = carrier.read_session_end(b"sessionId=s&status=Active", FORM_HEADERS)

    assert end.ending is Ending.NOT_UNDERSTOOD
    assert logs == [not_understood("session status", "Active")]


# All callbacks -------------------------------------------------------------------------------------------------


def test_tables_have_every_documented_word() -> None:
    assert set(ENDINGS) == {"Success", "Incomplete", "Failed"}
    assert set(RECEIPT_STATUSES) == {
        *("Sent", "Submitted", "Buffered", "Success"),
        *("Failed", "Rejected", "AbsentSubscriber", "Expired"),
    }


FIELDS = [
    *("sessionId", "phoneNumber", "networkCode", "serviceCode", "text", "status", "hopsCount", "durationInMillis"),
    *("cost", "errorMessage", "id", "failureReason", "from", "to", "date", "senderId", "linkId"),
]
VALUES = st.one_of(st.text(max_size=30), st.sampled_from(["+6281230004567", "1", "Success", "2026-11-23 04:05:06"]))


@given(st.dictionaries(st.sampled_from(FIELDS), VALUES))
async def test_fields_of_any_content_are_read_or_refused(values: dict[str, str]) -> None:
    """Nothing but `BadCallback` is raised."""
    async with ClientSession() as http:
        carrier = AfricasTalking("at", "sandbox", "key", http)
    everything = dict.fromkeys(FIELDS, "1") | {"phoneNumber": "+6281230004567"} | values
    body = urlencode(everything, errors="replace").encode()

    for read in (
        *(carrier.read_turn, carrier.read_session_end, carrier.read_receipt),
        *(carrier.read_inbound, carrier.read_opt_out),
    ):
        with suppress(BadCallback):
            assert read(body, FORM_HEADERS)


@pytest.mark.parametrize("verb", ["read_turn", "read_session_end", "read_receipt", "read_inbound", "read_opt_out"])
@pytest.mark.parametrize(
    "body",
    [
        b"phoneNumber=x6281230004567&from=Bu+6281230004567&sessionId=%E9&id=%E9&status=%2B6281230004567",
        b"sessionId=s%00&phoneNumber=%2B6281230004567%00&id=%2B6281230004567%00&status=%2B6281230004567",
        b"sessionId=%2B6281230004567%00&phoneNumber=081230004567%2C081230004568&from=081230004567/081230004568&text=a",
        b"\xff+6281230004567",
    ],
)
def test_no_refusal_and_no_log_line_shows_a_number(carrier: AfricasTalking, verb: str, body: bytes) -> None:
    shown = ""
    with capture_logs() as logs:
        try:
            assert getattr(carrier, verb)(body, FORM_HEADERS).sender == ""  # an SMS is kept without its sender
        except BadCallback as refused:
            shown = "".join(traceback.format_exception(refused)) + repr(refused)

    assert "81230004567" not in shown + repr(logs)
