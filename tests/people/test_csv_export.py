"""Export of people as CSV: the import reads the same people again."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from gateway.people.csv_export import COLUMNS, csv_rows
from gateway.people.csv_import import ImportOptions, read_people
from gateway.people.person import Person, RoleGrant, in_role_order
from gateway.places.area_cell import AreaResolver
from gateway.text.csv_rows import guarded
from gateway.text.phone import Phone, mask_in
from tests.helpers.packs import MENU
from tests.helpers.people import PODOSUGIH
from tests.helpers.phones import NUMBER, OTHER

JAKARTA = ZoneInfo("Asia/Jakarta")
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
FIRST_OF_MARCH = datetime(2026, 3, 1, tzinfo=JAKARTA)
OPTIONS = ImportOptions("ID", MENU.languages, JAKARTA, AreaResolver(MENU.areas, MENU.gazetteer), MENU.roles, NOW)


def test_exported_rows_are_imported_as_the_same_person() -> None:
    grants = (
        RoleGrant("subscriber", (PODOSUGIH,), "formulir, RW 3", FIRST_OF_MARCH),
        RoleGrant("lurah", ("33.75.01", PODOSUGIH), "=surat", None),
    )
    person = Person(NUMBER, "-Dewi", "jv", grants, "list.csv", NOW, NOW)

    exported = list(csv_rows(person, JAKARTA))
    assert exported[1] == ("'+6281230004567", "'-Dewi", "lurah", "33.75.01;33.75.01.1003", "jv", "'=surat")

    text = "".join("\t".join(row) + "\n" for row in (COLUMNS, *exported))
    listed = read_people(text, "list.csv", OPTIONS)
    assert listed.diagnostics == []

    (entry,) = listed.entries
    assert (entry.phone, entry.name, entry.language, entry.grants) == (NUMBER, "-Dewi", "jv", grants)


def test_export_of_one_role_has_its_row_alone() -> None:
    grants = (RoleGrant("camat", ("33.75.01",)), RoleGrant("lurah", (PODOSUGIH,)))
    person = Person(NUMBER, "Dewi", "jv", grants, "list.csv", NOW, NOW)

    assert [row[2] for row in csv_rows(person, JAKARTA, "lurah")] == ["lurah"]


NAMES = st.text(st.characters(exclude_categories=("Cc", "Cs", "Cf", "Zl", "Zp")), max_size=60).map(
    lambda name: " ".join(name.split())
)
WORDS = st.sampled_from(
    ["", "formulir, RW 3", '"kata" dia', "=surat", "'=surat", "+lisan", "lisan; saksi 2", "a\tb", "+62"]
)
DAYS = st.dates(date(2000, 1, 1), date(2026, 11, 22)).map(
    lambda day: datetime(day.year, day.month, day.day, tzinfo=JAKARTA)
)
PLACES = st.lists(st.sampled_from([*MENU.areas.regions, *MENU.areas.places]), min_size=1, max_size=4, unique=True)


@st.composite
def grants_of_people(draw: st.DrawFn) -> tuple[RoleGrant, ...]:
    roles = draw(st.lists(st.sampled_from(list(MENU.roles)), min_size=1, max_size=4, unique=True))
    grants = []
    for role in roles:
        areas = draw(PLACES)
        if role == "subscriber" and draw(st.booleans()):
            areas = draw(st.sampled_from([[""], ["", *areas]]))
        agreed_at, words = draw(st.none() | DAYS), draw(WORDS)
        if role == "subscriber" and not agreed_at:
            words = words or "formulir"
        grants.append(RoleGrant(role, tuple(areas), " ".join(words.split()), agreed_at))
    return in_role_order(grants)


@given(
    NAMES,
    grants_of_people(),
    st.sampled_from([NUMBER, OTHER, Phone("+628591915704512"), Phone("+254711000101")]),
    st.sampled_from(sorted(MENU.languages)),
    st.sampled_from(",;"),
)
@example("=1+1", (), NUMBER, "id", ",")
@example("'=1+1", (), NUMBER, "id", ";")
@example("2026-03-01", (), NUMBER, "jv", ";")
@example('Ma\'ruf, S.Ag., "M.M."', (), NUMBER, "en", ",")
def test_whatever_is_exported_is_imported_again(
    name: str, grants: tuple[RoleGrant, ...], phone: Phone, language: str, separator: str
) -> None:
    assume(mask_in(name) == name)
    grants = grants or (RoleGrant("asn"),)
    text = StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(csv_rows(Person(phone, name, language, grants, "list.csv", NOW, NOW), JAKARTA))

    listed = read_people("\ufeff" + text.getvalue(), "list.csv", OPTIONS)

    assert listed.diagnostics == []
    (entry,) = listed.entries
    assert (entry.phone, entry.name, entry.language, entry.grants) == (phone, name, language, grants)


@pytest.mark.parametrize(
    ("cell", "kept"),
    [
        ("+6281230004567", False),
        ("081230004567", False),
        ("2026-03-01", False),
        ("33.26.01", False),  # a time of day, in Indonesian
        ("=1+1", False),
        ("@cmd", False),
        ("\uff1d1", False),
        ("'=1", False),
        ("2026-03-01 formulir RW 3", True),
        ("33.75.01.1003", True),
        ("33.75.01;33.75.02", True),
        ("'Abdullah", True),
        ("*", True),
        ("", True),
    ],
)
def test_cell_that_a_spreadsheet_would_change_stands_behind_an_apostrophe(cell: str, kept: bool) -> None:
    assert guarded(cell) == (cell if kept else f"'{cell}")
