"""List of areas of a pack, and its diagnostics by line, however its fields are quoted."""

from __future__ import annotations

import pytest

from gateway.places.areas import read_areas
from tests.helpers.place_packs import CITY, PACKS, REGENCY, SECOND_CITY, load_areas

HEADINGS = "code,name,kecamatan_code,kecamatan\n"
MEDONO = "33.75.01.1002,Medono,33.75.01,Pekalongan Barat\n"


def diagnostics(text: str) -> list[str]:
    return [str(diagnostic) for diagnostic in read_areas(text, "areas.csv")[1]]


@pytest.mark.parametrize(("pack", "kecamatan", "kelurahan"), [(CITY, 4, 27), (SECOND_CITY, 4, 27), (REGENCY, 19, 285)])
def test_read_areas_of_the_packs(pack: str, kecamatan: int, kelurahan: int) -> None:
    areas = load_areas(pack)

    assert (len(areas.kecamatan), len(areas.kelurahan)) == (kecamatan, kelurahan)


@pytest.mark.parametrize("pack", PACKS)
def test_kecamatan_of_an_area_lists_it(pack: str) -> None:
    areas = load_areas(pack)

    assert all(areas.kecamatan_of(code) == parent for parent, codes in areas.by_kecamatan.items() for code in codes)


@pytest.mark.parametrize(
    ("row", "message"),
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
def test_wrong_row_is_a_diagnostic_with_its_line(row: str, message: str) -> None:
    assert diagnostics(HEADINGS + MEDONO + row) == [f"areas.csv:3: {message}"]


def test_missing_columns_are_a_diagnostic() -> None:
    assert diagnostics("code,name\n" + MEDONO) == ["areas.csv:1: missing columns: kecamatan_code, kecamatan"]
    assert diagnostics("") == ["areas.csv:1: missing columns: code, name, kecamatan_code, kecamatan"]


def test_list_without_areas_is_a_diagnostic() -> None:
    assert diagnostics(HEADINGS) == ["areas.csv: there is no area in it"]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_line_is_that_of_the_file_after_quoted_line_breaks(newline: str) -> None:
    text = (
        "remark," + HEADINGS + '"first\nsecond, ""third""",' + MEDONO + "\n"  # a row of two lines, then a blank line
        '"one\ntwo",x,Podosugih,33.75.01,Pekalongan Barat\n'
        ",y,Kauman,33.75.01,Pekalongan Barat\n"
    )

    assert diagnostics(text.replace("\n", newline)) == [
        'areas.csv:5: "x" is not an area code such as 33.75.01.1002',
        'areas.csv:7: "y" is not an area code such as 33.75.01.1002',
    ]


def test_other_separators_than_line_ends_are_no_line_ends() -> None:
    assert diagnostics("remark," + HEADINGS + "one\x0btwo\u2028three," + MEDONO + ",x,,,") == [
        'areas.csv:3: "x" is not an area code such as 33.75.01.1002'
    ]


def test_name_that_a_screen_cannot_show_is_a_diagnostic() -> None:
    assert diagnostics(
        HEADINGS + MEDONO.replace("Medono", "Medon\u00f3") + "33.75.01.1003,Po{d},33.75.01,Pekalongan Barat"
    ) == [
        "areas.csv:2: Medon\u00f3: '\u00f3' (U+00F3, LATIN SMALL LETTER O WITH ACUTE) is not in the GSM-7 alphabet: "
        "it is character 6 of the text",
        "areas.csv:3: Po{d}: in a text, braces stand for something else",
    ]


def test_quote_that_is_never_closed_is_a_diagnostic_at_its_row() -> None:
    found = diagnostics(HEADINGS + MEDONO + '33.75.01.1003,"Podosugih,33.75.01,Pekalongan Barat\n' + MEDONO)

    assert found == ["areas.csv:3: not CSV: unexpected end of data"]


def test_columns_may_be_in_any_order() -> None:
    areas, found = read_areas("kecamatan,x, code,name,kecamatan_code\nB,,33.75.01.1002,Medono ,33.75.01\n", "areas.csv")

    assert found == []
    assert areas.kelurahan == {"33.75.01.1002": "Medono"}
