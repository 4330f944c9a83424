"""Lists of people as CSV: every shape of a number, every wrong row by its line, and no number in a diagnostic."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.menu.definitions.roles import BUILT_IN, PersonRole
from gateway.people.csv_import import ImportOptions, PeopleList, read_people
from gateway.people.headings import role_names
from gateway.people.person import RoleGrant
from gateway.places.area_cell import AreaResolver
from tests.helpers.packs import MENU
from tests.helpers.people import PODOSUGIH
from tests.helpers.phones import NUMBER

JAKARTA = ZoneInfo("Asia/Jakarta")
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
AREAS = AreaResolver(MENU.areas, MENU.gazetteer)
FIRST_OF_MARCH = datetime(2026, 3, 1, tzinfo=JAKARTA)

HEAD = "phone,name,role,areas,language,consent\n"


def read(text: str, role: str | None = None) -> PeopleList:
    return read_people(text, "list.csv", ImportOptions("ID", MENU.languages, JAKARTA, AREAS, MENU.roles, NOW, role))


def diagnostic(text: str, role: str | None = None) -> str:
    """Return the only diagnostic, which has nothing of a number in it."""
    (found,) = read(text, role).diagnostics
    assert "8123000" not in str(found)
    assert "****" not in str(found)
    return str(found)


def test_read_people_returns_every_column() -> None:
    listed = read(
        HEAD
        + "081230004567,Dewi  Lestari,lurah;tokoh masyarakat,Podosugih; kec. Pekalongan Timur,Jawa,surat tugas 12\n"
        "085712340008,,SUBSCRIBER,33.75.01.1003,,2026-03-01 formulir RW 3\n"
    )
    assert listed.diagnostics == []

    lurah, subscriber = listed.entries
    assert (lurah.phone, lurah.name, lurah.language) == (NUMBER, "Dewi Lestari", "jv")

    areas = (PODOSUGIH, "33.75.02")
    assert lurah.grants == tuple(RoleGrant(role, areas, "surat tugas 12") for role in ("lurah", "tokoh_masyarakat"))
    assert (subscriber.name, subscriber.language) == ("", "")
    assert subscriber.grants == (RoleGrant("subscriber", (PODOSUGIH,), "formulir RW 3", FIRST_OF_MARCH),)


# Forms of a spreadsheet ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "phone,role,areas\n081230004567,officer,Podosugih;Medono\n",
        "\ufeffphone;role;areas\r\n81230004567;officer;Podosugih,Medono\r\n",
        'phone;role;areas\n"081230004567";officer;"Podosugih; Medono"\n',
        "phone\trole\tareas\n'081230004567\tofficer\tPodosugih;Medono\n",
        'sep=;\nphone;role;areas\n="081230004567";officer;Podosugih,Medono\n',
        "\n\n Areas , ROLE,Phone\n,,\n\nPodosugih;Medono,Officer,'+62 812-3000-4567,,\n,,\n",
    ],
)
def test_read_people_takes_every_form_that_spreadsheets_save(text: str) -> None:
    listed = read(text)
    assert listed.diagnostics == []

    (entry,) = listed.entries
    assert entry.phone == NUMBER
    assert entry.grants == (RoleGrant("officer", (PODOSUGIH, "33.75.01.1002")),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "list.csv: it is empty"),
        ("phone,kota\n", 'list.csv:1: unknown columns: "kota"'),
        ('phone,role\n081230004567,"asn\n', "list.csv:2: not CSV"),
    ],
)
def test_fault_of_the_file_is_the_only_diagnostic(text: str, message: str) -> None:
    assert message in diagnostic(text)


def test_lines_of_wrong_rows_are_counted_as_an_editor_does() -> None:
    listed = read('sep=;\n\nphone;name;role\n\n1;"two\nlines";asn\n;;\n2;;asn\n')
    assert [found.line for found in listed.diagnostics] == [5, 8]


# Phone numbers ---------------------------------------------------------------------------------------------------


@given(st.from_regex(r"8[1-35-9][0-9]{8,10}", fullmatch=True).filter(str.isascii), st.data())
def test_every_shape_of_a_number_is_one_person(subscriber: str, data: st.DataObject) -> None:
    spaced = f"{subscriber[:3]}-{subscriber[3:7]} {subscriber[7:]}"
    shapes = [
        f"{before}{number}"
        for before in ("0", "62", "+62", "", "0062", "+62 ", "(0)")
        for number in (subscriber, spaced)
    ]
    first, second = data.draw(st.sampled_from(shapes)), data.draw(st.sampled_from(shapes))

    listed = read(f"phone,role\n{first},asn\n{second},pemuda\n")
    assert listed.diagnostics == []

    (entry,) = listed.entries
    assert entry.phone.e164 == f"+62{subscriber}"
    assert [part.role for part in entry.grants] == ["asn", "pemuda"]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("", "there is no phone number"),
        ("'", "there is no phone number"),
        ("3375", "no whole phone number; to a short number no SMS can be sent"),
        ("110", "no whole phone number"),
        ("0812300", "no whole phone number"),
        ("hp 081230004567", "no phone number; write one number alone"),
        ("081230004567 / 085712340008", "no phone number; write one number alone"),
        ("081230004567123456", "no phone number"),
        ("08123000", "no phone number"),
        ("+62812300", "no phone number"),
        ("0812300045671234", "no phone number"),
        ("6.28123E+12", "the spreadsheet has shortened the phone number"),
        ('"6,28123E+12"', "the spreadsheet has shortened the phone number"),
        ("8.1230004567e11", "the spreadsheet has shortened the phone number"),
        ("81230004567.0", "the phone number has become a decimal"),
        ("0285421093", "the number of a landline: no SMS reaches it"),
        ("6281230004", "the number of a landline"),
        ("62081230004567 ext 5", "no phone number"),
    ],
)
def test_wrong_number_is_a_diagnostic(written: str, said: str) -> None:
    assert said in diagnostic(f"phone,role\n{written},asn\n")


@pytest.mark.parametrize(
    "written", ["+628591915704512", "08591915704512", "628591915704512", "8591915704512", "'+628591915704512"]
)
def test_number_longer_than_the_library_knows_is_read(written: str) -> None:
    (entry,) = read(f"phone,role\n{written},asn\n").entries
    assert entry.phone.e164 == "+628591915704512"


def test_second_row_of_a_number_in_one_role_is_a_diagnostic() -> None:
    text = "phone,role\n081230004567,asn\n085712340008,asn\n+62 812-3000-4567,asn;pemuda\n"

    assert diagnostic(text) == "list.csv:4: this phone number is in line 2 already, as asn"
    assert len(read(text).entries) == 2


def test_second_name_of_a_number_is_a_diagnostic() -> None:
    text = "phone,name,role\n081230004567,Dewi,asn\n6281230004567,Budi,pemuda\n"
    assert diagnostic(text) == "list.csv:3: an earlier line has this phone number with another name"


# The other columns ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (",,,,", "there is no role; expected one of subscriber, officer, camat"),
        (",walikota,,,", 'unknown role "walikota"; expected one of subscriber, officer, camat'),
        (",081230004568,,,", "unknown role with a long number in it"),
        (",officer,,,", "the role officer needs areas"),
        (",officer,Podosugi,,", 'unknown area "Podosugi"; similar are Podosugih (33.75.01.1003): write the code'),
        (",officer,33.75.01.9999,,", 'unknown area "33.75.01.9999"; no area has a similar name'),
        (",officer,Podosugih;Atlantis,,", 'unknown area "Atlantis"; no area has a similar name'),
        (",asn,,fr,", 'unknown language "fr"; expected one of id, jv, en'),
        (",subscriber,Podosugih,,", "the role subscriber needs a consent"),
        (",subscriber,Podosugih,,2026-02-30", "the consent has a day that does not exist"),
        (",subscriber,Podosugih,,13/13/2026", "the consent has a day that does not exist"),
        (",subscriber,Podosugih,,2026-11-24", "the consent has a day that is still to come"),
        (",subscriber,Podosugih,,1/3/26", "the consent has a year of two digits"),
        (",subscriber,Podosugih,,formulir 31/02/2026", "the consent has a day that does not exist"),
        (",subscriber,Podosugih,,TIDAK SETUJU", "the consent says no, or not yet: leave the person out"),
        (",subscriber,Podosugih,,N/A", "the consent is an empty mark. Write its date, as in 2026-03-01, or in words"),
        (",subscriber,Podosugih,,1899-12-30", "the consent has a year that cannot be meant"),
        ("Dewi 085712340008,asn,,,", "there is a phone number in the name"),
        ("3375011234560001,asn,,,", "there is an identity number (NIK) in the name"),
        ("Dewi 3375 0112 3456 0001,asn,,,", "there is an identity number (NIK) in the name"),
        ("Nur\u00e2\u20ac\u2122aini,asn,,,", "the name is garbled"),
        ("Dew\u00c3\u00ae,asn,,,", "the name is garbled"),
        ("x" * 101 + ",asn,,,", "the name is longer than 100 characters"),
    ],
)
def test_first_fault_of_a_row_is_a_diagnostic(row: str, said: str) -> None:
    assert f"list.csv:2: {said}" in diagnostic(f"{HEAD}081230004567,{row}\n")


@pytest.mark.parametrize(
    ("consent", "agreed_at", "basis"),
    [
        ("2026-03-01", FIRST_OF_MARCH, ""),
        ("1/3/2026", FIRST_OF_MARCH, ""),
        ("01-03-2026: formulir RW 3", FIRST_OF_MARCH, "formulir RW 3"),
        ("2026-03-01 09:15:00", FIRST_OF_MARCH, ""),
        ("1 Maret 2026 formulir RW 3", FIRST_OF_MARCH, "formulir RW 3"),
        ("46082", FIRST_OF_MARCH, ""),
        ("formulir 2026-03-01", FIRST_OF_MARCH, "formulir 2026-03-01"),
        ("formulir RW 3", None, "formulir RW 3"),
        ("lewat 081230004568", None, "lewat 0812****568"),
    ],
)
def test_consent_has_its_date_or_only_words(consent: str, agreed_at: datetime | None, basis: str) -> None:
    (entry,) = read(f"{HEAD}081230004567,,subscriber,*,,{consent}\n").entries
    assert entry.grants == (RoleGrant("subscriber", ("",), basis, agreed_at),)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("\u202eDewi\u202c", "Dewi"),
        ("De\u200bwi\u2066 Lestari\u2069", "Dewi Lestari"),
        ("Nur\u2019aini", "Nur\u2019aini"),
        ("Andr\u00e9", "Andr\u00e9"),
        ("'Abdullah", "'Abdullah"),
        ("'=cmd", "=cmd"),
        ("''=cmd", "'=cmd"),
        ('"Ma\'ruf, S.Ag., M.M."', "Ma'ruf, S.Ag., M.M."),
    ],
)
def test_name_is_read_without_invisible_characters(written: str, name: str) -> None:
    (entry,) = read(f"phone,name,role\n081230004567,{written},asn\n").entries
    assert entry.name == name


@pytest.mark.parametrize("cell", ["*", "semua", "Semua", "all"])
def test_everywhere_is_one_subscription_and_every_kecamatan_of_another_role(cell: str) -> None:
    (entry,) = read(f"{HEAD}081230004567,,subscriber;officer,{cell},,2026-03-01\n").entries
    assert [grant.areas for grant in entry.grants] == [("",), tuple(MENU.areas.regions)]


@pytest.mark.parametrize(
    "text",
    [
        "Nama;No HP;Peran;Kelurahan;Persetujuan;Bahasa\nDewi;081230004567;warga;Podosugih;1 Maret 2026 formulir;Jawa\n",
        "No.;NAMA LENGKAP;No. HP/WA;Jabatan;Wilayah;Tgl. Persetujuan;Bahasa\n"
        "1;Dewi;0812-3000-4567;Pelanggan;Podosugih;1/3/2026 formulir;Bahasa Jawa\n",
        "Nomor Telepon (aktif),Nama,Sebagai,Desa/Kelurahan,Dasar,Basa\n"
        "'+6281230004567,Dewi,penerima himbauan,33.75.01.1003,2026-03-01 formulir,jv\n",
    ],
)
def test_headings_in_indonesian_are_understood(text: str) -> None:
    listed = read(text)
    assert listed.diagnostics == []

    (entry,) = listed.entries
    assert (entry.phone, entry.name, entry.language) == (NUMBER, "Dewi", "jv")
    assert entry.grants == (RoleGrant("subscriber", (PODOSUGIH,), "formulir", FIRST_OF_MARCH),)


@pytest.mark.parametrize(
    ("headings", "said"),
    [
        ("Nama;No HP;Alamat", 'unknown columns: "alamat"'),
        ("Nama;Peran", "the column phone is missing"),
        ("No HP;No WA;Nama", 'repeated columns: phone; keep one of "No HP", "No WA"'),
        ("Nama;HP;Kecamatan;Kelurahan", 'repeated columns: areas; keep one of "Kecamatan", "Kelurahan"'),
    ],
)
def test_headings_that_are_not_understood_are_a_diagnostic(headings: str, said: str) -> None:
    assert said in diagnostic(f"{headings}\n")
    if "repeated" not in said:
        assert "to paste: phone;name;role;areas;language;consent" in diagnostic(f"{headings}\n")


def test_default_role_applies_to_rows_without_one() -> None:
    listed = read("phone,role\n081230004567,\n085712340008,camat\n", "asn")

    assert [entry.grants[0].role for entry in listed.entries] == ["asn", "camat"]
    assert read("phone\n081230004567\n", "asn").diagnostics == []


def test_good_rows_are_read_beside_bad_ones() -> None:
    listed = read("phone,role\n081230004567,asn\nhalo,asn\n085712340008,\n085712340008,asn\n")

    assert len(listed.entries) == 2
    assert [found.line for found in listed.diagnostics] == [3, 4]


@given(st.text(max_size=300))
def test_read_people_never_raises(text: str) -> None:
    read(text)
    read(HEAD + text)


@pytest.mark.parametrize(("written", "role"), [("Ketua RT", "rt"), ("PAK  RT", "rt"), ("rt", "rt"), ("PNS", "asn")])
def test_a_role_may_be_named_as_the_pack_names_it(written: str, role: str) -> None:
    (entry,) = read(f"{HEAD}081230004567,,{written},Podosugih,,\n").entries

    assert [grant.role for grant in entry.grants] == [role]


def test_a_role_of_the_pack_that_needs_areas_is_refused_without_any() -> None:
    assert "the role fkdm needs areas" in diagnostic(f"{HEAD}081230004567,,fkdm,,,\n")


ROLE_KEYS = st.from_regex(r"[a-z][a-z0-9_]{0,31}", fullmatch=True)


@given(st.dictionaries(ROLE_KEYS, st.booleans(), max_size=5), ROLE_KEYS)
def test_roles_that_a_pack_makes_up_are_read_and_no_others(made_up: Mapping[str, bool], written: str) -> None:
    roles = {
        **BUILT_IN,
        **{key: PersonRole(key, needs_areas=needs) for key, needs in made_up.items() if key not in BUILT_IN},
    }
    options = ImportOptions("ID", MENU.languages, JAKARTA, AREAS, roles, NOW)
    listed = read_people(f"{HEAD}081230004567,,{written},Podosugih,,2026-03-01\n", "list.csv", options)

    known = role_names(roles).get(written)
    assert [grant.role for entry in listed.entries for grant in entry.grants] == ([known] if known else [])
    assert bool(listed.diagnostics) == (known is None)
