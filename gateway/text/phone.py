"""Phone numbers (MSISDN): normalised to E.164, and masked wherever they are shown.

A number that was written to a log or shown in an exception cannot be taken back. So `Phone` shows only its mask in
`repr` and `str`. Code that needs the digits uses `.e164` and is easy to find by that name.
"""

from __future__ import annotations

import copy
import re
import unicodedata
from dataclasses import dataclass

import phonenumbers

from gateway.text.errors import ExplainedError

_E164 = re.compile(r"\+[1-9][0-9]{7,14}")
_DIGITS = re.compile(r"\+?[0-9]+")
_BARE_INTERNATIONAL = re.compile(r"[1-9][0-9]{10,14}")
_DIALLED_ABROAD = re.compile(r"^00(?=[1-9])")
_BETWEEN_DIGITS = frozenset("().\N{MINUS SIGN}")
_VARIATION_SELECTOR = re.compile("[\ufe00-\ufe0f]")  # invisible, behind a digit that was an emoji
_BETWEEN_DIGITS_CATEGORIES = ("Zs", "Cc", "Cf", "Pd")  # spaces, line ends, invisible marks, dashes
_MOBILE = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)

# A number in a text, however it is spelled. Privacy before beauty: an amount too many may be masked. Times, ids and
# tickets must not be, since logs are read by them, so they are matched first and left as they are. Each of them ends
# where its form ends: a number that follows is masked.
_BETWEEN = r"[ \t\u00a0\u00ad\u2000-\u2015\u202a-\u202f\u2060\u2212\ufeff.,/()_*-]{0,3}"
_MAY_HAVE_PHONE = re.compile(rf"[0-9](?:{_BETWEEN}[0-9]){{8}}")
_YEAR, _MONTH, _DAY = r"(?:19|20)[0-9]{2}", r"(?:0[1-9]|1[0-2])", r"(?:0[1-9]|[12][0-9]|3[01])"
_IN_TEXT = re.compile(
    rf"""
    (?P<other>
        \b{_YEAR}-{_MONTH}-{_DAY}(?![0-9])(?:[T ][0-9]{{2}}:[0-9]{{2}}(?::[0-9]{{2}}(?:\.[0-9]{{1,6}})?)?(?![0-9]))?
      | \b{_DAY}[-.]{_MONTH}[-.]{_YEAR}(?![-.]?[0-9])
      | (?<![0-9A-Za-z])[0-9A-Fa-f]{{8}}(?:-[0-9A-Fa-f]{{4}}){{3}}-[0-9A-Fa-f]{{12}}(?![0-9A-Za-z])  # ids
      | (?<![0-9A-Za-z])(?=[0-9]*[A-Fa-f])[0-9A-Fa-f]{{16,}}(?![0-9A-Za-z])
      | (?<![0-9.])(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{{2}}|[1-9]?[0-9])(?:\.(?=[0-9])|(?![0-9.]))){{4}}  # IPv4
      | (?<![0-9.])(?:0\.(?!8[0-9]{{8}})[0-9]+|(?!62\.)[1-9][0-9]{{0,9}}\.[0-9]{{1,6}})(?![0-9.]|[ -][0-9])  # decimals
      | (?<![0-9.])[1-9][0-9]\.[0-9]{{2}}\.[0-9]{{2}}\.[0-9]{{4}}(?![0-9])  # areas
      | \b[1-9][0-9]{{3}}-[0-9]{{4}}(?!-?[0-9])  # tickets
    )
  | (?:\+|%2[Bb]){_BETWEEN}[1-9](?:{_BETWEEN}[0-9]){{7,14}}(?![0-9])
  | (?<![0-9])
    (?: \(0[0-9]{{1,4}}\)(?:{_BETWEEN}[0-9]){{5,10}}
      | 0[1-9](?:{_BETWEEN}[0-9]){{7,11}}
      | 00[1-9](?:{_BETWEEN}[0-9]){{7,14}}
      | 62(?:{_BETWEEN}[0-9]){{8,13}}
      | [0-9]{{3,}}(?:[ \u00a0./_-][0-9]{{3,}}){{1,3}}
    )(?![0-9])
  | [0-9]{{9,}}  # also a number that something longer has swallowed, such as a session's name
    """,
    re.VERBOSE,
)
_MIN_DIGITS = 9


class NotAPhoneNumber(ExplainedError, ValueError):
    """Not a phone number: write one with its country code, as in +62812…."""


@dataclass(frozen=True, slots=True, repr=False)
class Phone:
    """Phone number in E.164 (`+` and 8 to 15 digits). Its `repr` and `str` are masked."""

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
    """Return `raw` as E.164, read as a subscriber of `region` (ISO 3166, such as `ID`) would write it.

    Digits of any script, with spaces, dashes, dots and brackets between them. A number that starts with the region's
    own country code but without `+` is read as international: `phonenumbers` would otherwise take a short `62812…`
    for a landline (facts/protocols.md F.3). So is one that starts with 00, also where the region dials abroad in
    another way. Networks have longer numbers than `phonenumbers` knows: an unknown one is taken if it is at least as
    long as a mobile number of its country. Raises `NotAPhoneNumber` for everything else.
    """
    digits = _DIALLED_ABROAD.sub("+", _digits(raw), count=1)
    country = str(phonenumbers.country_code_for_region(region))
    if _BARE_INTERNATIONAL.fullmatch(digits) and digits.startswith(country):
        digits = f"+{digits}"
    try:
        number = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        raise NotAPhoneNumber from None
    result = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if not _E164.fullmatch(result) or not (phonenumbers.is_valid_number(number) or _may_be_mobile(number, digits)):
        raise NotAPhoneNumber
    return result


def _may_be_mobile(number: phonenumbers.PhoneNumber, digits: str) -> bool:
    """Return True if a number that `phonenumbers` does not know may be a mobile phone's, by its length.

    Without a prefix of the country it must also begin as a known one: it may be no phone number at all.
    """
    country = phonenumbers.region_code_for_country_code(number.country_code or 0)
    known = phonenumbers.PhoneMetadata.metadata_for_region(country, None)
    if known is None or known.mobile is None:
        return False
    if len(str(number.national_number)) < min(known.mobile.possible_length):
        return False
    if digits.startswith("+") or (known.national_prefix and digits.startswith(known.national_prefix)):
        return True
    known_part = copy.copy(number)
    return phonenumbers.truncate_too_long_number(known_part) and phonenumbers.number_type(known_part) in _MOBILE


def _digits(raw: str) -> str:
    """Return the digits as ASCII, after `+` if there is one. A word beside them may change their meaning: refused."""
    kept = []
    for char in raw:
        if char.isdecimal():
            kept.append(str(unicodedata.decimal(char)))
        elif char in "+\N{FULLWIDTH PLUS SIGN}":
            kept.append("+")
        elif (
            not (char in _BETWEEN_DIGITS or _VARIATION_SELECTOR.fullmatch(char))
            and unicodedata.category(char) not in _BETWEEN_DIGITS_CATEGORIES
        ):
            raise NotAPhoneNumber
    digits = "".join(kept)
    if not _DIGITS.fullmatch(digits):
        raise NotAPhoneNumber
    return digits


def can_receive_sms(phone: Phone) -> bool:
    """Return True if a number of this shape may be a mobile phone's: no SMS reaches a landline.

    A number of an unknown shape may be one.
    """
    kind = phonenumbers.number_type(phonenumbers.parse(phone.e164))
    return kind in (*_MOBILE, phonenumbers.PhoneNumberType.UNKNOWN)


def mask(e164: str) -> str:
    """Return the number as it may be shown: `+62812****567`."""
    if len(e164) < 12:
        return f"{e164[:3]}****"
    return f"{e164[:6]}****{e164[-3:]}"


def mask_in(text: str) -> str:
    """Mask everything in `text` that can be a phone number: 9 digits or more, of any script, in any usual spelling.

    Tickets, times, hexadecimal ids with a letter, decimals and area codes stay. A second call changes nothing.
    """
    if not text.isascii():
        text = "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in text)
    if not _MAY_HAVE_PHONE.search(text):
        return text
    return _IN_TEXT.sub(_mask_match, text)


def _mask_match(found: re.Match[str]) -> str:
    digits = re.sub(r"[^0-9]", "", found[0].replace("%2B", "+").replace("%2b", "+"))
    if found["other"] or len(digits) < _MIN_DIGITS:
        return found[0]
    if found[0][0] in "+%":
        return mask(f"+{digits}")
    if len(digits) < 11:
        return f"{digits[:4]}****"
    return f"{digits[:4] if digits[0] == '0' else digits[:5]}****{digits[-3:]}"
