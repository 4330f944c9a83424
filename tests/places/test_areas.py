"""List of areas of a pack, and its diagnostics by line, however its fields are quoted."""

from __future__ import annotations

import pytest

from gateway.places.areas import Areas, read_areas
from tests.helpers.place_packs import CITY, PACKS, REGENCY, SECOND_CITY, load_areas

HEADINGS = "code,name,kecamatan_code,kecamatan\n"
LONG = "9" * 33
MEDONO = "33.75.01.1002,Medono,33.75.01,Pekalongan Barat\n"


def diagnostics(text: str) -> list[str]:
    return [str(diagnostic) for diagnostic in read_areas(text, "areas.csv")[1]]


@pytest.mark.parametrize(("pack", "kecamatan", "kelurahan"), [(CITY, 4, 27), (SECOND_CITY, 4, 27), (REGENCY, 19, 285)])
def test_read_areas_of_the_packs(pack: str, kecamatan: int, kelurahan: int) -> None:
    areas = load_areas(pack)

    assert (len(areas.regions), len(areas.places)) == (kecamatan, kelurahan)


@pytest.mark.parametrize("pack", PACKS)
def test_kecamatan_of_an_area_lists_it(pack: str) -> None:
    areas = load_areas(pack)

    assert all(code in areas.inside(areas.parents[code]) for code in areas.places)
    assert [code for parent in areas.regions for code in areas.inside(parent)] == list(areas.places)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (MEDONO, "33.75.01.1002 is already taken by Medono"),
        (
            "33 75,Podosugih,33.75.01,Pekalongan Barat",
            '"33 75" is no code of a kelurahan: letters, digits, dots, dashes and underscores, at most 32',
        ),
        (
            f"{LONG},Podosugih,33.75.01,Pekalongan Barat",
            f'"{"9" * 33}" is no code of a kelurahan: letters, digits, dots, dashes and underscores, at most 32',
        ),
        ("33.75.01,Podosugih,33.75.02,Pekalongan Timur", "33.75.01 is a kelurahan here and a kecamatan above"),
        ("33.75.05,Podosugih,33.75.05,Barat", "33.75.05 is within an area of the same code"),
        ("33.75.01.1003, ,33.75.01,Pekalongan Barat", "33.75.01.1003 has no name, though it is a kelurahan"),
        (
            "33.75.01.1003,Podosugih",
            '"" is no code of a kecamatan: letters, digits, dots, dashes and underscores, at most 32',
        ),
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
        '"one\ntwo",?,Podosugih,33.75.01,Pekalongan Barat\n'
        ",!,Kauman,33.75.01,Pekalongan Barat\n"
    )

    assert diagnostics(text.replace("\n", newline)) == [
        'areas.csv:5: "?" is no code of a kelurahan: letters, digits, dots, dashes and underscores, at most 32',
        'areas.csv:7: "!" is no code of a kelurahan: letters, digits, dots, dashes and underscores, at most 32',
    ]


def test_other_separators_than_line_ends_are_no_line_ends() -> None:
    assert diagnostics("remark," + HEADINGS + "one\x0btwo\u2028three," + MEDONO + ",?,,,") == [
        'areas.csv:3: "?" is no code of a kelurahan: letters, digits, dots, dashes and underscores, at most 32'
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
    assert areas.places == {"33.75.01.1002": "Medono"}


# Levels ----------------------------------------------------------------------------------------------------------

ONE = ("ward",)
THREE = ("kecamatan", "kelurahan", "rw")
RW = """code,name,kelurahan_code,kelurahan,kecamatan_code,kecamatan
K1-01,RW 01,K1,Klego,T,Timur
K1-02,RW 02,K1,Klego,T,Timur
K2-01,RW 01,K2,Poncol,T,Timur
K3-01,RW 01,K3,Klego,B,Barat
"""


def three_levels() -> Areas:
    areas, found = read_areas(RW, "areas.csv", THREE)
    assert found == []
    return areas


def test_one_level_is_of_places() -> None:
    areas, found = read_areas("code,name\n1195,Kondele\nmanyatta_B,Manyatta B\n", "areas.csv", ONE)

    assert found == []
    assert areas.places == areas.names == {"1195": "Kondele", "manyatta_B": "Manyatta B"}
    assert (areas.regions, areas.inside("1195"), areas.around("1195")) == ({}, (), ())


def test_areas_of_the_levels_below_the_largest_are_places() -> None:
    areas = three_levels()

    assert list(areas.regions) == ["T", "B", "K1", "K2", "K3"]
    assert list(areas.places) == ["K1", "K2", "K3", "K1-01", "K1-02", "K2-01", "K3-01"]
    assert areas.around("K2-01") == ("K2", "T")
    assert areas.inside("T") == ("K1", "K2", "K1-01", "K1-02", "K2-01")
    assert areas.at_level("rw", "T") == ("K1-01", "K1-02", "K2-01")
    assert areas.at_level("kelurahan") == ("K1", "K2", "K3")


def test_name_is_followed_by_areas_around_it_until_it_is_distinct() -> None:
    areas = three_levels()

    assert areas.distinct_name("K2-01", areas.places) == "RW 01, Poncol"
    assert areas.distinct_name("K1-01", areas.places) == "RW 01, Klego, Timur"
    assert areas.distinct_name("K1-01", areas.inside("T")) == "RW 01, Klego"
    assert areas.distinct_name("K1-02", areas.places) == "RW 02"


def test_area_within_two_others_is_a_diagnostic() -> None:
    row = "K1-03,RW 03,K1,Klego,B,Barat"

    assert [str(found) for found in read_areas(RW + row, "areas.csv", THREE)[1]] == [
        "areas.csv:6: K1 is within B here and within T above"
    ]
