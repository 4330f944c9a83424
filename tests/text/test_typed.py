"""Inputs as phones send them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.text.typed import ascii_digits, drop_control, plain_number


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ("1\r", "1"),
        ("1\n", "1"),
        ("1\0", "1"),
        ("1\t", "1"),
        ("1\r\n", "1"),
        ("1 \r \0", "1"),
        ("1\x1a", "1"),
        ("1\x85", "1"),
        ("1\x7f", "1"),
        ("ribut di pasarx\r", "ribut di pasarx"),
        ("bagi amplop\ndi RT 3", "bagi amplop di RT 3"),
        ("bagi amplop\r\ndi RT 3\r", "bagi amplop di RT 3"),
        ("dekat\tpasar\0lama", "dekat pasar lama"),
        ("\r\r\r", ""),
        ("", ""),
        ("halo ", "halo "),
        ("caf\u00e9\u00a0kopi\u200d", "caf\u00e9\u00a0kopi\u200d"),
    ],
)
def test_drop_control_keeps_what_was_typed(sent: str, meant: str) -> None:
    assert drop_control(sent) == meant


@given(st.text())
def test_drop_control_leaves_no_control_character(sent: str) -> None:
    assert not any(char < " " or "\x7f" <= char < "\xa0" for char in drop_control(sent))


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        *[(typed, "1") for typed in ("1", "1.", "1)", "(1)", "#1", " 1 ", "'1'", "1!", "1,", "1\u200b", "\ufeff1")],
        *[
            (typed, "1")
            for typed in ("\uff11", "\u0661", "\u06f1", "\u0967", "1\ufe0f\u20e3", "[1]", "1 \U0001f44d", "\u200e1")
        ],
        *[(typed, "12") for typed in ("12", "\uff11\uff12", "\u0661\u0662.")],
        *[(typed, typed) for typed in ("1.5", "1 2", "1a", "12345.", "", "klego", "RT 3", "\u00b2")],
    ],
)
def test_plain_number_reads_a_number_among_signs(typed: str, number: str) -> None:
    assert plain_number(typed) == number


def test_ascii_digits_changes_digits_alone() -> None:
    assert ascii_digits("\u0662\u0667/\u0661\u0661 é \uff11") == "27/11 é 1"
