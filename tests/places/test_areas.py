"""The list of areas, and what is said about a wrong one: with its line, however its fields are quoted."""

from __future__ import annotations

import pytest

from gateway.places.areas import read_areas
from tests.helpers.place_packs import CITY, PACKS, REGENCY, SECOND_CITY, load_areas

HEADINGS = "code,name,kecamatan_code,kecamatan\n"
MEDONO = "33.75.01.1002,Medono,33.75.01,Pekalongan Barat\n"


def diagnostics(text: str) -> list[str]:
    return [str(diagnostic) for diagnostic in read_areas(text, "areas.csv")[1]]


@pytest.mark.parametrize(("pack", "kecamatan", "kelurahan"), [(CITY, 4, 27), (SECOND_CITY, 4, 27), (REGENCY, 19, 285)])
def test_the_areas_of_the_packs(pack: str, kecamatan: int, kelurahan: int) -> None:
    areas = load_areas(pack)

    assert (len(areas.kecamatan), len(areas.kelurahan)) == (kecamatan, kelurahan)


@pytest.mark.parametrize("pack", PACKS)
def test_an_area_lies_in_the_kecamatan_that_lists_it(pack: str) -> None:
    areas = load_areas(pack)

    assert all(areas.kecamatan_of(code) == parent for parent, codes in areas.by_kecamatan.items() for code in codes)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (MEDONO, "33.75.01.1002 is already taken by Medono"),
        ("33.75.1003,Podosugih,33.75.01,Pekalongan Barat", '"33.75.1003" is not an area code such as 33.75.01.1002'),
        (
            "33.75.01.1003,Podosugih,33.75.02,Pekalongan Timur",
            '33.75.01.1003 does not belong to the kecamatan "33.75.02"',
        ),
        ("33.75.01.1003, ,33.75.01,Pekalongan Barat", "33.75.01.1003 has no name, or its kecamatan has none"),
        ("33.75.01.1003,Podosugih", '33.75.01.1003 does not belong to the kecamatan ""'),
        ("33.75.01.1003,Podosugih,33.75.01,Barat", '33.75.01 is called "Barat" here and "Pekalongan Barat" above'),
    ],
)
def test_what_is_wrong_with_a_row_is_said_with_its_line(row: str, said: str) -> None:
    assert diagnostics(HEADINGS + MEDONO + row) == [f"areas.csv:3: {said}"]


def test_missing_columns_are_named() -> None:
    assert diagnostics("code,name\n" + MEDONO) == ["areas.csv:1: the columns kecamatan_code, kecamatan are missing"]
    assert diagnostics("") == ["areas.csv:1: the columns code, name, kecamatan_code, kecamatan are missing"]


def test_a_list_without_areas_is_refused() -> None:
    assert diagnostics(HEADINGS) == ["areas.csv: there is no area in it"]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_line_is_that_of_the_file_whatever_stands_in_quotes(newline: str) -> None:
    text = (
        "remark," + HEADINGS + '"first\nsecond, ""third""",' + MEDONO + "\n"  # a row of two lines, then a blank line
        '"one\ntwo",x,Podosugih,33.75.01,Pekalongan Barat\n'
        ",y,Kauman,33.75.01,Pekalongan Barat\n"
    )

    assert diagnostics(text.replace("\n", newline)) == [
        'areas.csv:5: "x" is not an area code such as 33.75.01.1002',
        'areas.csv:7: "y" is not an area code such as 33.75.01.1002',
    ]


def test_only_the_end_of_a_line_ends_a_line() -> None:
    assert diagnostics("remark," + HEADINGS + "one\x0btwo\u2028three," + MEDONO + ",x,,,") == [
        'areas.csv:3: "x" is not an area code such as 33.75.01.1002'
    ]


def test_a_name_must_be_fit_for_a_screen() -> None:
    assert diagnostics(
        HEADINGS + MEDONO.replace("Medono", "Medon\u00f3") + "33.75.01.1003,Po{d},33.75.01,Pekalongan Barat"
    ) == [
        "areas.csv:2: Medon\u00f3: '\u00f3' (U+00F3, LATIN SMALL LETTER O WITH ACUTE) is not in the GSM-7 alphabet: "
        "it is character 6 of the text",
        "areas.csv:3: Po{d}: in a text, braces stand for something else",
    ]


def test_a_quote_that_is_never_closed_is_said_where_its_row_begins() -> None:
    found = diagnostics(HEADINGS + MEDONO + '33.75.01.1003,"Podosugih,33.75.01,Pekalongan Barat\n' + MEDONO)

    assert found == ["areas.csv:3: not CSV: unexpected end of data"]


def test_the_order_of_the_columns_does_not_matter() -> None:
    areas, found = read_areas("kecamatan,x, code,name,kecamatan_code\nB,,33.75.01.1002,Medono ,33.75.01\n", "areas.csv")

    assert found == []
    assert areas.kelurahan == {"33.75.01.1002": "Medono"}
