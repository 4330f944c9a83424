"""Codes of RFC 6238, and the steps in which they count."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.accounts.totp import base32, code_at, matching_step, otpauth_uri

SECRET = b"12345678901234567890"


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_codes_are_those_of_rfc_6238(seconds: int, code: str) -> None:
    """Appendix B, SHA-1. A code of six digits is the end of one of eight."""
    assert code_at(SECRET, seconds // 30, digits=8) == code
    assert code_at(SECRET, seconds // 30) == code[2:]


@pytest.mark.parametrize(("drift", "accepted"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_code_counts_one_step_around_now(drift: int, accepted: bool) -> None:
    step = 1234567890 // 30
    found = matching_step(SECRET, code_at(SECRET, step + drift), datetime.fromtimestamp(1234567890, UTC))
    assert found == (step + drift if accepted else None)


@pytest.mark.parametrize(
    "typed", ["", "5924", "89005924", "0059240", "00592\N{ARABIC-INDIC DIGIT FOUR}", "\udce9", "x" * 10_000]
)
def test_anything_else_is_no_code(typed: str) -> None:
    assert matching_step(SECRET, typed, datetime.fromtimestamp(1234567890, UTC)) is None


def test_code_may_be_typed_with_spaces_as_apps_show_it() -> None:
    assert matching_step(SECRET, " 005 924 ", datetime.fromtimestamp(1234567890, UTC)) == 1234567890 // 30


def test_uri_has_the_secret_and_a_label() -> None:
    assert base32(SECRET) == "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert otpauth_uri(SECRET, "dewi", "Waspada") == (
        "otpauth://totp/Waspada%3Adewi?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Waspada"
    )
