"""Export of people as CSV: the import reads the same people again."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from gateway.people.csv_export import COLUMNS, csv_rows
from gateway.people.csv_import import ImportOptions, read_people
from gateway.people.person import Person, Role, RoleGrant
from gateway.places.area_cell import AreaResolver
from tests.helpers.packs import MENU
from tests.helpers.people import PODOSUGIH
from tests.helpers.phones import NUMBER

JAKARTA = ZoneInfo("Asia/Jakarta")
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
FIRST_OF_MARCH = datetime(2026, 3, 1, tzinfo=JAKARTA)
OPTIONS = ImportOptions("ID", MENU.languages, JAKARTA, AreaResolver(MENU.areas, MENU.gazetteer), NOW)


def test_exported_rows_are_imported_as_the_same_person() -> None:
    grants = (
        RoleGrant(Role.SUBSCRIBER, (PODOSUGIH,), "formulir, RW 3", FIRST_OF_MARCH),
        RoleGrant(Role.LURAH, ("33.75.01", PODOSUGIH), "=surat", None),
    )
    person = Person(NUMBER, "-Dewi", "jv", grants, "list.csv", NOW, NOW)

    exported = list(csv_rows(person, JAKARTA))
    assert exported[1] == ("+6281230004567", "'-Dewi", "lurah", "33.75.01;33.75.01.1003", "jv", "'=surat")

    text = "".join("\t".join(row) + "\n" for row in (COLUMNS, *exported))
    listed = read_people(text, "list.csv", OPTIONS)
    assert listed.diagnostics == []

    (entry,) = listed.entries
    assert (entry.phone, entry.name, entry.language, entry.grants) == (NUMBER, "-Dewi", "jv", grants)


def test_export_of_one_role_has_its_row_alone() -> None:
    grants = (RoleGrant(Role.CAMAT, ("33.75.01",)), RoleGrant(Role.LURAH, (PODOSUGIH,)))
    person = Person(NUMBER, "Dewi", "jv", grants, "list.csv", NOW, NOW)

    assert [row[2] for row in csv_rows(person, JAKARTA, Role.LURAH)] == ["lurah"]
