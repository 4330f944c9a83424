"""Captured callbacks of tests/fixtures, each with its expected result."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.helpers.dialogue import walk
from tests.helpers.packs import MENU
from tests.helpers.web import CODE

APOLOGY = "END " + MENU.wordings["id"].apology.replace("{ussd}", CODE)
PADI = "Padi & jagung + sapi, warung Bu Dèwi"

# The typed inputs of each captured callback, as if it were the first of its session.
USSD = {
    "ussd_01_initial": [],
    "ussd_02_first_choice": ["1"],
    "ussd_03_same_choice_again": ["1", "1"],
    "ussd_04_retransmit_of_03": ["1", "1"],
    "ussd_05_free_text_utf8": ["1", "1", PADI],
    "ussd_06_back_zero": ["1", "1", PADI, "0"],
    "ussd_07_empty_reply": ["1", ""],
    "ussd_08_star_inside_input": ["1", "", "2", "3"],
    "ussd_09_hash_and_double_zero": ["1", "00", "#"],
    "ussd_10_suffix_dial_first_request": ["1", "2"],
    "ussd_11_suffix_in_service_code": ["1", "2"],
    "ussd_12_star_percent_encoded": ["1", "1"],
    "ussd_13_live_safaricom": [],
    "ussd_bad_control_chars": ["1"],
    "ussd_bad_plus_not_escaped": ["1"],
}
WELL_FORMED_BAD = {
    "ussd_bad_not_utf8",
    "ussd_bad_not_utf8_escaped",
    "ussd_bad_other_phone_same_session",
    "ussd_bad_shorter_transcript",
}
MALFORMED = {
    "ussd_bad_duplicate_key": "text is there twice",
    "ussd_bad_missing_session": "sessionId is missing",
}
RECEIPTS = {  # status of an accepted message after the report
    "dlr_absent_subscriber": "undelivered",
    "dlr_buffered": "accepted",
    "dlr_expired": "undelivered",
    "dlr_failed": "undelivered",
    "dlr_minimal": "delivered",
    "dlr_rejected": "undelivered",
    "dlr_sandbox": "delivered",
    "dlr_sent": "accepted",
    "dlr_submitted": "accepted",
    "dlr_success": "delivered",
    "dlr_unknown_status": "accepted",
}
INBOX = {
    "inbox_iso_date": ("HARGA padi", datetime(2026, 11, 23, 4, 5, 6, tzinfo=UTC)),
    "inbox_space_date_empty_link": ("Cuaca besok? é & + …", datetime(2026, 11, 23, 4, 5, 6, tzinfo=UTC)),
}
EVENTS = {
    "ussd_event_failed": ("failed", 1, 10200),
    "ussd_event_incomplete": ("abandoned", 1, 1000),
    "ussd_event_success": ("completed", 4, 46000),
    "ussd_event_success_old_no_metadata": ("completed", 3, 21000),
}
OPT_OUTS = {"optout_alphanumeric"}


def screen(*inputs: str) -> str:
    """Return the body that answers these inputs, computed by the menu engine."""
    return f"CON {walk(MENU, inputs, given={'ussd': CODE}).screen}"
