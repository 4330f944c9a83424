"""Phone numbers: one normal form (E.164), one mask, and a value that does not leak.

A number written to a log or shown in an exception has left the house for good, so `Phone` shows only its
mask in `repr` and `str`; who needs the digits asks for `.e164` and is easy to find by that name.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import phonenumbers

from gateway.text.errors import ExplainedError

_E164 = re.compile(r"\+[1-9][0-9]{7,14}")
_WRITTEN = re.compile(r"\+?[0-9]+")
_BARE_INTERNATIONAL = re.compile(r"[1-9][0-9]{10,14}")
_ABROAD = re.compile(r"^00(?=[1-9])")
_BETWEEN_DIGITS = frozenset("().\N{MINUS SIGN}")
_BETWEEN_DIGITS_TOO = ("Zs", "Cc", "Cf", "Pd")  # spaces, ends of lines, marks that nobody sees, dashes

# A number in a text, however it is spelled. Privacy before beauty: an amount or a year more may be masked, but not
# what the logs are read by, so that is matched first and left as it is.
_BETWEEN = r"[ \u00a0.()-]{0,3}"
_MAYBE = re.compile(rf"[0-9](?:{_BETWEEN}[0-9]){{8}}")
_IN_TEXT = re.compile(
    rf"""
    (?P<other>
        \b[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(?:[T ][0-9:.]+)?  # times and dates
      | \b[0-9]{{2}}[-.][0-9]{{2}}[-.][0-9]{{4}}\b
      | (?<![0-9A-Za-z])[0-9A-Fa-f]{{8}}(?:-[0-9A-Fa-f]{{4}}){{3}}-[0-9A-Fa-f]{{12}}(?![0-9A-Za-z])  # ids
      | (?<![0-9A-Za-z])[0-9A-Fa-f]{{16,}}(?![0-9A-Za-z])
      | (?<![0-9.])(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{{2}}|[1-9]?[0-9])(?:\.(?=[0-9])|(?![0-9.]))){{4}}  # IPv4
      | (?<![0-9.])(?!62\.)(?:0|[1-9][0-9]{{0,9}})\.[0-9]+(?![0-9.]|[ -][0-9])  # decimals
      | (?<![0-9.])[0-9]{{2}}\.[0-9]{{2}}\.[0-9]{{2}}\.[0-9]{{4}}(?![0-9])  # areas
      | \b[1-9][0-9]{{3}}-[0-9]{{4}}(?!-?[0-9])  # tickets
    )
  | (?:\+|%2[Bb]){_BETWEEN}[1-9](?:{_BETWEEN}[0-9]){{7,14}}(?![0-9])
  | (?<![0-9])
    (?: \(0[0-9]{{1,4}}\)(?:{_BETWEEN}[0-9]){{5,10}}
      | 0[1-9](?:{_BETWEEN}[0-9]){{7,11}}
      | 00[1-9](?:{_BETWEEN}[0-9]){{7,14}}
      | 62(?:{_BETWEEN}[0-9]){{8,13}}
      | [0-9]{{3,}}(?:[ \u00a0.-][0-9]{{3,}}){{1,3}}
      | [1-9][0-9]{{8,14}}
    )(?![0-9])
    """,
    re.VERBOSE,
)
_FEWEST, _MOST = 9, 17  # digits; with the 00 of a call abroad


class NotAPhoneNumber(ExplainedError, ValueError):
    """This is not a phone number: write it with its country code, as in +62812…"""


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

    Digits of any script, with spaces, dashes, dots and brackets between them. A number that starts with the region's
    own country code but without `+` is read as international: `phonenumbers` would otherwise take a short `62812…`
    for a landline (facts/protocols.md F.3). So is one that starts with 00, wherever it is dialled in another way.
    Raises `NotAPhoneNumber` for anything else than a possible number of that shape.
    """
    digits = _ABROAD.sub("+", _digits(raw), count=1)
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


def _digits(raw: str) -> str:
    """The digits as ASCII, after `+` if it stands there. A word beside them may change what they mean: refused."""
    kept = []
    for char in raw:
        if char.isdecimal():
            kept.append(str(unicodedata.decimal(char)))
        elif char in "+\N{FULLWIDTH PLUS SIGN}":
            kept.append("+")
        elif char not in _BETWEEN_DIGITS and unicodedata.category(char) not in _BETWEEN_DIGITS_TOO:
            raise NotAPhoneNumber
    written = "".join(kept)
    if not _WRITTEN.fullmatch(written):
        raise NotAPhoneNumber
    return written


def can_receive_sms(phone: Phone) -> bool:
    """Whether a number of this shape may be a mobile phone's: no SMS reaches a landline."""
    kind = phonenumbers.number_type(phonenumbers.parse(phone.e164))
    return kind in (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)


def mask(e164: str) -> str:
    """The number as it may be shown: `+62812****567`."""
    if len(e164) < 12:
        return f"{e164[:3]}****"
    return f"{e164[:6]}****{e164[-3:]}"


def mask_in(text: str) -> str:
    """`text` with everything masked that can be a phone number: 9 to 15 digits in any usual spelling.

    Tickets, times, hexadecimal ids, decimals and area codes stay. What is masked once is not masked further.
    """
    if not _MAYBE.search(text):
        return text
    return _IN_TEXT.sub(_masked, text)


def _masked(found: re.Match[str]) -> str:
    digits = re.sub(r"[^0-9]", "", found[0].replace("%2B", "+").replace("%2b", "+"))
    if found["other"] or not _FEWEST <= len(digits) <= _MOST:
        return found[0]
    if found[0][0] in "+%":
        return mask(f"+{digits}")
    if len(digits) < 11:
        return f"{digits[:4]}****"
    return f"{digits[:4] if digits[0] == '0' else digits[:5]}****{digits[-3:]}"
