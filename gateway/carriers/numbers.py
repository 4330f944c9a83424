"""Phone numbers as carriers write them in callbacks: E.164, or without its plus sign, or as dialled in the country."""

from __future__ import annotations

import re

import phonenumbers

from gateway.text.phone import NotAPhoneNumber, Phone, normalise

_NO_PART = re.compile(r"(?i)^\s*tel:|[.,]0+\s*$")  # a scheme, or the fraction that a spreadsheet adds
_BETWEEN_DIGITS = re.compile(r"[\s().-]")
_BARE_E164 = re.compile(r"[1-9][0-9]{9,14}")
_DIALLED = re.compile(r"0[1-9][0-9]{8,12}")


def read_number(written: str, region: str) -> Phone:
    """Read the number of a callback, as a subscriber of `region` (ISO 3166) means it. Raises `NotAPhoneNumber`.

    In a form that was not encoded well the `+` has become a blank, or is lost. `region` may be empty: then only
    international numbers are read. A number that is known by its country code alone is taken by its shape, as one with
    a `+` is: networks have longer numbers than `phonenumbers` knows.
    """
    try:
        return Phone(written)  # the usual case
    except NotAPhoneNumber:
        bare = _NO_PART.sub("", written)
    digits = _BETWEEN_DIGITS.sub("", bare)
    lost_plus = bare[:1].isspace() and digits[:1] not in ("0", "+")
    if lost_plus:
        bare = digits = f"+{digits}"
    try:
        return Phone(normalise(bare, region))
    except NotAPhoneNumber:
        return Phone(_by_shape(digits, region))


def _by_shape(digits: str, region: str) -> str:
    """Return a number that is not valid for `phonenumbers` in E.164, if its country is certain."""
    if digits.startswith("+"):
        return digits
    country = str(phonenumbers.country_code_for_region(region)) if region else ""
    if _BARE_E164.fullmatch(digits):
        international = f"+{digits}"
        if (country and digits.startswith(country)) or _is_valid(international):
            return international
    if country and _DIALLED.fullmatch(digits):
        national = phonenumbers.parse(digits, region)
        return phonenumbers.format_number(national, phonenumbers.PhoneNumberFormat.E164)
    raise NotAPhoneNumber


def _is_valid(international: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(international))
    except phonenumbers.NumberParseException:
        return False
