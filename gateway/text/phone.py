"""Phone numbers: one normal form (E.164), one mask, and a value that does not leak.

A number written to a log or shown in an exception has left the house for good, so `Phone` shows only its
mask in `repr` and `str`; who needs the digits asks for `.e164` and is easy to find by that name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import phonenumbers

_E164 = re.compile(r"\+[1-9][0-9]{7,14}")
_BARE_INTERNATIONAL = re.compile(r"[1-9][0-9]{10,14}")
_IN_TEXT = re.compile(r"(?<![\w.+-])\+?[0-9](?:[ .-]?[0-9]){8,14}(?![\w-])")


class NotAPhoneNumber(ValueError):
    """This is not a phone number: write it with its country code, as in +62812…"""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


@dataclass(frozen=True, slots=True, repr=False)
class Phone:
    """A number in E.164 (`+` and 8 to 15 digits). Its `repr` and `str` are masked."""

    e164: str

    def __post_init__(self) -> None:
        if not _E164.fullmatch(self.e164):
            raise NotAPhoneNumber

    @property
    def masked(self) -> str:
        return mask(self.e164)

    def __repr__(self) -> str:
        return f"Phone({self.masked})"

    def __str__(self) -> str:
        return self.masked


def normalise(raw: str, region: str) -> str:
    """`raw` as E.164, read as a subscriber of `region` (ISO 3166, such as `ID`) would write it.

    A number that starts with the region's own country code but without `+` is read as international:
    `phonenumbers` would otherwise take `62812345678` for a landline (facts/protocols.md F.3).
    Raises `NotAPhoneNumber` for anything else than a possible number of that shape.
    """
    digits = re.sub(r"[\s().\-]", "", raw)
    country = str(phonenumbers.country_code_for_region(region))
    if _BARE_INTERNATIONAL.fullmatch(digits) and digits.startswith(country):
        digits = f"+{digits}"
    try:
        number = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        raise NotAPhoneNumber from None
    result = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if not _E164.fullmatch(result) or not phonenumbers.is_valid_number(number):
        raise NotAPhoneNumber
    return result


def mask(e164: str) -> str:
    """The number as it may be shown: `+62812****567`."""
    if len(e164) < 11:
        return f"{e164[:3]}****"
    return f"{e164[:6]}****{e164[-3:]}"


def mask_in(text: str) -> str:
    """`text` with everything that looks like a phone number masked: 9 to 15 digits, also with blanks or dashes."""
    return _IN_TEXT.sub(lambda found: mask(re.sub(r"[ .-]", "", found[0])), text)
