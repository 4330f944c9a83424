"""Pure: reader of a CSV list of people, as a spreadsheet saves it. Every wrong row becomes a diagnostic.

A diagnostic never repeats a number, masked or not: its line is enough to find it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from gateway.menu.definitions.roles import SUBSCRIBER, Roles
from gateway.people.consent import WrongConsent, parse_consent
from gateway.people.headings import COLUMNS, column_of, role_name, role_names
from gateway.people.person import EVERYWHERE, ListedPerson, RoleGrant
from gateway.places.area_cell import EVERYWHERE as ALL_AREAS
from gateway.places.area_cell import AreaResolver
from gateway.text.csv_rows import read_spreadsheet_rows
from gateway.text.diagnostics import Diagnostic, one_of, quoted
from gateway.text.phone import NotAPhoneNumber, Phone, can_receive_sms, mask_in, normalise

MAX_FILE_BYTES = 20 * 1024 * 1024
MAX_NAME_LENGTH = 100

_BETWEEN_VALUES = re.compile(r"[;,]")
_SCIENTIFIC = re.compile(r"[0-9]+(?:[.,][0-9]+)?[eE][+-]?[0-9]+")
_DECIMAL = re.compile(r"\+?[0-9]{5,}[.,][0-9]{1,2}")
_AREA_CODE = re.compile(r"[0-9]{2}(?:\.[0-9]{2}){1,2}(?:\.[0-9]{4})?")
_EVERYWHERE = frozenset({"semua", "all"})
_IDENTITY_NUMBER = re.compile(r"(?<![0-9])[0-9](?:[ .-]?[0-9]){15}(?![0-9])")  # NIK
_JOINERS = "\u200c\u200d"  # invisible, and part of a word in some scripts
_MAX_SHOWN = 40
_MIN_DIGITS = 8  # of a whole phone number


class WrongRow(ValueError):
    """Fault of a row, in words that repeat no number."""


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """Options of reading a list: those of the pack, the time of now, and the role of rows that name none."""

    region: str
    languages: Mapping[str, str]  # key → name
    timezone: ZoneInfo
    areas: AreaResolver
    roles: Roles
    now: datetime
    role: str | None = None


class PeopleList(NamedTuple):
    """People of a list, each once, in its order, and the diagnostics of its wrong rows."""

    entries: list[ListedPerson]
    diagnostics: list[Diagnostic]


def read_people(text: str, file: str, options: ImportOptions) -> PeopleList:
    """Read a CSV text with a line of headings, of which `phone` must be one (`headings`).

    A person may have several rows, each with another role. A wrong row is left out, and its first fault is reported.
    """
    entries: dict[Phone, ListedPerson] = {}
    lines: dict[tuple[Phone, str], int] = {}
    diagnostics: list[Diagnostic] = []
    # A long list has few different grants: each is kept once.
    shared: dict[RoleGrant, RoleGrant] = {}
    for row in read_spreadsheet_rows(text, file, COLUMNS, column_of):
        if isinstance(row, Diagnostic):
            diagnostics.append(row)
            continue
        try:
            entry = _read_entry(row.cells, options, lambda grant: shared.setdefault(grant, grant))
            _check_no_duplicate(entry, lines)
            entries[entry.phone] = _merge(entries.get(entry.phone), entry)
        except WrongRow as fault:
            diagnostics.append(Diagnostic(file, row.line, str(fault)))
            continue
        lines.update(((entry.phone, grant.role), row.line) for grant in entry.grants)
    return PeopleList(list(entries.values()), diagnostics)


def _read_entry(
    cells: Mapping[str, str], options: ImportOptions, share: Callable[[RoleGrant], RoleGrant]
) -> ListedPerson:
    phone = _read_phone(cells["phone"], options.region)
    roles = _read_roles(cells.get("role", ""), options)
    areas = {role: _read_areas(cells.get("areas", ""), role, options.areas) for role in roles}
    if not any(areas.values()) and (needing := [role for role in roles if options.roles[role].needs_areas]):
        raise WrongRow(f"the role {needing[0]} needs areas: codes or names, with ; between them, or * for all of them")
    agreed_at, basis = _read_consent(cells.get("consent", ""), roles, options)
    return ListedPerson(
        phone=phone,
        grants=tuple(share(RoleGrant(role, areas[role], basis, agreed_at)) for role in roles),
        name=_read_name(cells.get("name", "")),
        language=_read_language(cells.get("language", ""), options.languages),
    )


def _read_phone(text: str, region: str) -> Phone:
    # A spreadsheet keeps a number as text behind an apostrophe, or as ="0812…".
    bare = text.removeprefix("=").strip("'\"\N{RIGHT SINGLE QUOTATION MARK} ")
    if not bare:
        raise WrongRow("there is no phone number")
    if _SCIENTIFIC.fullmatch(bare):
        raise WrongRow(
            "the spreadsheet has shortened the phone number (as in 6.28E+12) and its digits are lost: "
            "format the column as text and enter it again"
        )
    if _DECIMAL.fullmatch(bare):
        raise WrongRow("the phone number has become a decimal: format the column as text and enter it again")
    try:
        phone = Phone(normalise(bare, region))
    except NotAPhoneNumber:
        if _count_digits(bare) < _MIN_DIGITS:
            raise WrongRow("this is no whole phone number; to a short number no SMS can be sent") from None
        raise WrongRow("this is no phone number; write one number alone, as it is dialled or with its +") from None
    if not can_receive_sms(phone):
        raise WrongRow("this is the number of a landline: no SMS reaches it")
    return phone


def _read_roles(text: str, options: ImportOptions) -> tuple[str, ...]:
    known, roles = role_names(options.roles), []
    for value in _split(text):
        role = known.get(role_name(value))
        if role is None:
            raise WrongRow(f"unknown role {_without_number(value)}; {one_of(options.roles)}")
        roles.append(role)
    if roles:
        return tuple(dict.fromkeys(roles))
    if options.role is None:
        raise WrongRow(f"there is no role; {one_of(options.roles)}")
    return (options.role,)


def _read_areas(text: str, role: str, areas: AreaResolver) -> tuple[str, ...]:
    """Return the codes of a cell. `*` is one subscription to everything, and for other roles every kecamatan."""
    codes: list[str] = []
    for written in _split(text):
        value = ALL_AREAS if written.casefold() in _EVERYWHERE else written
        if value == ALL_AREAS and role == SUBSCRIBER:
            codes.append(EVERYWHERE)
            continue
        cell = areas.resolve(value)
        if not cell.codes:
            raise WrongRow(f"unknown area {_without_number(value)}; {cell.advice}")
        codes += cell.codes
    return tuple(dict.fromkeys(codes))


def _read_consent(text: str, roles: tuple[str, ...], options: ImportOptions) -> tuple[datetime | None, str]:
    """Read the consent of a row. Returns its date, if it has one, and its words, with any number in them masked."""
    if not text and SUBSCRIBER in roles:
        raise WrongRow(
            "the role subscriber needs a consent: its date, as in 2026-03-01, or in words what was agreed to"
        )
    try:
        agreed_at, words = parse_consent(text, options.timezone, options.now)
    except WrongConsent as fault:
        raise WrongRow(f"the consent {fault}") from None
    return agreed_at, mask_in(words)


def _read_language(text: str, languages: Mapping[str, str]) -> str:
    """Return the key of a language, written as its key or its name. Empty for an empty cell."""
    wanted = text.casefold().removeprefix("bahasa").strip()
    for key, name in languages.items():
        if wanted in (key.casefold(), name.casefold()):
            return key
    if not text:
        return ""
    raise WrongRow(f"unknown language {_without_number(text)}; {one_of(languages)}")


def _read_name(text: str) -> str:
    visible = (char for char in text if unicodedata.category(char) != "Cf" or char in _JOINERS)
    name = " ".join("".join(visible).split())
    if len(name) > MAX_NAME_LENGTH:
        raise WrongRow(f"the name is longer than {MAX_NAME_LENGTH} characters")
    if _IDENTITY_NUMBER.search(name):
        raise WrongRow("there is an identity number (NIK) in the name: it would be readable for everybody")
    if mask_in(name) != name:
        raise WrongRow("there is a phone number in the name: it would be readable for everybody")
    if _is_garbled(name):
        raise WrongRow(
            "the name is garbled (as in Nur\u00e2\u20ac\u2122aini): open the list as UTF-8, and save it as CSV UTF-8"
        )
    return name


def _is_garbled(text: str) -> bool:
    """Return True if a text in UTF-8 was read as Windows-1252, as spreadsheets do without a BOM."""
    try:
        return text.encode("cp1252").decode() != text
    except UnicodeError:
        return False


def _split(text: str) -> Iterator[str]:
    return filter(None, map(str.strip, _BETWEEN_VALUES.split(text)))


def _check_no_duplicate(entry: ListedPerson, lines: Mapping[tuple[Phone, str], int]) -> None:
    for grant in entry.grants:
        if earlier := lines.get((entry.phone, grant.role)):
            raise WrongRow(f"this phone number is in line {earlier} already, as {grant.role}")


def _merge(earlier: ListedPerson | None, entry: ListedPerson) -> ListedPerson:
    """Merge two rows of one number into one person. Raises `WrongRow` if they can hardly be of the same person."""
    if earlier is None:
        return entry
    fields = (("name", earlier.name, entry.name), ("language", earlier.language, entry.language))
    for field, before, now in fields:
        if before and now and before != now:
            raise WrongRow(f"an earlier line has this phone number with another {field}")
    return replace(
        earlier,
        grants=earlier.grants + entry.grants,
        name=earlier.name or entry.name,
        language=earlier.language or entry.language,
    )


def _without_number(text: str) -> str:
    """Quote the beginning of a cell, without anything that may be a number: cells get mixed up."""
    if _count_digits(text) >= _MIN_DIGITS and not _AREA_CODE.fullmatch(text):
        return "with a long number in it"
    return quoted(mask_in(text)[:_MAX_SHOWN])


def _count_digits(text: str) -> int:
    return sum(map(str.isdecimal, text))
