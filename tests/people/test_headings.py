"""Headings of lists of people, in Indonesian and English."""

from __future__ import annotations

import pytest

from gateway.people.headings import COLUMNS, SYNONYMS, column_of


@pytest.mark.parametrize(
    ("heading", "column"),
    [
        ("Phone", "phone"),
        ("No HP", "phone"),
        ("No. HP", "phone"),
        ("NO_HP", "phone"),
        ("Nomor HP (WA)", "phone"),
        ("No. HP/WA", "phone"),
        ("Nama Lengkap", "name"),
        ("Peran:", "role"),
        ("Kelurahan/Desa", "areas"),
        ("Tgl. Persetujuan", "consent"),
        ("Bahasa", "language"),
        ("No.", ""),
        ("", ""),
        ("Alamat", "alamat"),
        ("NIK", "nik"),
    ],
)
def test_column_of(heading: str, column: str) -> None:
    assert column_of(heading) == column


def test_every_synonym_means_a_column_and_is_understood() -> None:
    assert set(SYNONYMS.values()) == {*COLUMNS, ""}
    assert all(column_of(word) == column for word, column in SYNONYMS.items())
