"""Phone numbers as carriers write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.carriers.numbers import read_number
from gateway.text.phone import NotAPhoneNumber
from tests.helpers.phones import NUMBER

LONG = "+628591915704512"  # longer than `phonenumbers` knows


@pytest.mark.parametrize(
    ("written", "region", "e164"),
    [
        (NUMBER.e164, "ID", NUMBER.e164),
        (NUMBER.e164, "", NUMBER.e164),
        ("6281230004567", "ID", NUMBER.e164),
        ("6281230004567", "", NUMBER.e164),
        (" 6281230004567", "ID", NUMBER.e164),
        (" 6281230004567", "", NUMBER.e164),
        (" +6281230004567 ", "ID", NUMBER.e164),
        ("081230004567", "ID", NUMBER.e164),
        (" 081230004567", "ID", NUMBER.e164),
        ("81230004567", "ID", NUMBER.e164),
        ("+62 (0)812-3000-4567", "ID", NUMBER.e164),
        ("0062 812 3000 4567", "", NUMBER.e164),
        ("tel:+6281230004567", "", NUMBER.e164),
        ("TEL:081230004567", "ID", NUMBER.e164),
        ("6281230004567.0", "ID", NUMBER.e164),
        ("+6281230004567\r\n", "ID", NUMBER.e164),
        ("254711000123", "ID", "+254711000123"),
        (" 254711000123", "ID", "+254711000123"),
        ("0711000123", "KE", "+254711000123"),
        (LONG[1:], "ID", LONG),
        (f" {LONG[1:]}", "", LONG),
        (f"0{LONG[3:]}", "ID", LONG),
    ],
)
def test_read_number_reads_it_as_a_subscriber_of_the_region(written: str, region: str, e164: str) -> None:
    assert read_number(written, region).e164 == e164


@pytest.mark.parametrize(
    "written",
    [
        *("", " ", "+", "0", "3375", " 3375", "0000000000", "0" * 60, "9" * 12, "1" * 400, "6.28123E+12", "Bu Tini"),
        *("081230004567/081230004568", "6281230004567,6281230004568", "+62812300045678901", "\0", "\ufffd"),
    ],
)
def test_read_number_refuses_what_is_no_number(written: str) -> None:
    with pytest.raises(NotAPhoneNumber):
        read_number(written, "ID")


def test_read_number_without_a_region_reads_no_national_number() -> None:
    with pytest.raises(NotAPhoneNumber):
        read_number("081230004567", "")


@given(st.text("0123456789 +-().,tel:\0e", max_size=40), st.sampled_from(["ID", ""]))
def test_read_number_raises_nothing_else(written: str, region: str) -> None:
    try:
        read_number(written, region)
    except NotAPhoneNumber as error:
        assert written not in repr(error) or len(written) < 8
