"""Readers of CSV: rows with their lines, and diagnostics of what is no such file."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.people.headings import COLUMNS
from gateway.text.csv_rows import Row, read_pack_rows, read_spreadsheet_rows
from gateway.text.diagnostics import Diagnostic


def read(text: str) -> list[Row | Diagnostic]:
    return list(read_spreadsheet_rows(text, "list.csv", COLUMNS))


# Spreadsheets ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "phone,role\n1,asn\n",
        "\ufeffRole;Phone\r\nasn;1\r\n;\r\n",
        'sep=;\nphone;role\n"1";asn;;\n',
        "phone\trole\n1\t asn \n",
    ],
)
def test_spreadsheet_rows_are_the_same_in_every_form(text: str) -> None:
    (row,) = read(text)

    assert isinstance(row, Row)
    assert row.cells == {"phone": "1", "role": "asn"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "list.csv: it is empty; its first line names the columns, of phone, name, role"),
        ("\n,,\n", "list.csv: it is empty"),
        ("phone,nama,kota\n", 'list.csv:1: unknown columns: "nama", "kota"; expected one of phone, name, role'),
        ("081230004567,officer\n", 'list.csv:1: unknown columns: one that is no word, "officer"; expected one of'),
        ("name,role\n", "list.csv:1: the column phone is missing"),
        ("phone,Phone,role\n", "list.csv:1: repeated columns: phone"),
        ("phone,role\n081230004567,asn,Podosugih\n", "list.csv:2: 3 values under 2 headings"),
        ('phone,role\n081230004567,"asn\n', "list.csv:2: not CSV: unexpected end of data"),
        ("phone,role\n081230004567,asn\0\n", "list.csv:2: there is a NUL character in it"),
        ("phone,name\n081230004567," + "x" * 1001 + "\n", "list.csv:2: a value is longer than 1000 characters"),
    ],
)
def test_spreadsheet_with_a_fault_ends_in_one_diagnostic(text: str, message: str) -> None:
    (found,) = read(text)

    assert message in str(found)
    assert "8123000" not in str(found)
    assert "****" not in str(found)


def test_spreadsheet_lines_are_counted_as_an_editor_does() -> None:
    found = read('sep=;\n\nphone;name;role\n\n1;"two\nlines";asn\n;;\n2;;asn\n')
    assert [row.line for row in found] == [5, 8]


def test_spreadsheet_has_at_most_200_000_rows() -> None:
    *rows, last = read("phone,role\n" + "1,asn\n" * 200_002)

    assert len(rows) == 200_000
    assert str(last) == "list.csv:200002: a list has at most 200,000 rows: split it"


@given(st.text(max_size=300))
def test_spreadsheet_reader_never_raises(text: str) -> None:
    read(text)


# Files of a pack -------------------------------------------------------------------------------------------------


def test_pack_rows_have_the_wanted_columns_in_any_order() -> None:
    rows = list(read_pack_rows("x, name,code\n1,Medono ,7\n\n2,Tirto\n", "areas.csv", ["code", "name"]))
    assert rows == [Row(2, {"code": "7", "name": "Medono"}), Row(4, {"code": "", "name": "Tirto"})]


def test_pack_file_has_none_of_the_freedom_of_a_spreadsheet() -> None:
    long = "x" * 1001
    rows = list(read_pack_rows(f"code,name,code\n'-7,{long},8\n,\n", "areas.csv", ["code", "name"]))
    assert rows == [Row(2, {"code": "'-7", "name": long}), Row(3, {"code": "", "name": ""})]

    for text in ("sep=,\ncode,name\n", "\ufeffcode,name\n", "code;name\n", "Code,Name\n"):
        (found,) = read_pack_rows(text, "areas.csv", ["code", "name"])
        assert isinstance(found, Diagnostic)


def test_pack_file_without_a_column_has_one_diagnostic() -> None:
    found = list(read_pack_rows("code\n7\n", "areas.csv", ["code", "name"]))
    assert found == [Diagnostic("areas.csv", 1, "missing columns: name")]


def test_pack_file_that_ends_in_a_quotation_reports_it_before_its_rows() -> None:
    found = list(read_pack_rows('code\n7\n"8\n', "areas.csv", ["code"]))
    assert found == [Diagnostic("areas.csv", 3, "not CSV: unexpected end of data"), Row(2, {"code": "7"})]


def test_pack_file_with_both_faults_reports_both() -> None:
    found = list(read_pack_rows('name\n"8\n', "areas.csv", ["code"]))
    assert [str(one) for one in found] == [
        "areas.csv:2: not CSV: unexpected end of data",
        "areas.csv:1: missing columns: code",
    ]
