"""Check for ambiguous keys and identical labels."""

from __future__ import annotations

import pytest

from tests.helpers.pack_edits import EN, ID, Files, all_diagnostics, edit_pack, line_at

# file, old, new, message, and its line: a file and a text on that line
FAULTS = [
    (
        ID,
        "some: 10 sampai 50",
        "some: KURANG dari  10",
        "screens.size.some: 'KURANG dari  10' reads the same as few",
        (ID, "    some:"),
    ),
    (
        ID,
        "lain: Lainnya",
        "lain: Politik uang/barang",
        "labels.category.lain: 'Politik uang/barang' reads the same as uang",
        (ID, "    lain:"),
    ),
    (
        EN,
        "self: I saw it myself",
        "self: back",
        "screens.seen.self: 'back' reads the same as navigation.back",
        (EN, "    self:"),
    ),
    (
        ID,
        "skip: Lewati}",
        "skip: Kembali}",
        "screens.date.skip: 'Kembali' reads the same as navigation.back",
        (ID, "  date: {heading"),
    ),
    (
        "pack.yaml",
        "jv: Jawa",
        "jv: indonesia",
        "languages.jv: 'indonesia' reads the same as id",
        ("pack.yaml", "  jv:"),
    ),
    ("pack.yaml", '"00"', '"99"', "keys: back_elsewhere and home are both 99", ("pack.yaml", "keys:")),
    (
        "pack.yaml",
        '"98"',
        '"9"',
        "category: the key more is 9, the number of an option",
        ("flow.yaml", "  category:\n"),
    ),
    ("pack.yaml", '"98"', '"20"', "shortcut 20: the key more is 20 too", ("flow.yaml", "  20: {to")),
    (
        "areas.csv",
        ",Podosugih,",
        ",MEDONO,",
        "33.75.01.1003: 'MEDONO' reads the same as 33.75.01.1002",
        ("areas.csv", "33.75.01.1003,"),
    ),
]


@pytest.mark.parametrize(("file", "old", "new", "message", "line"), FAULTS)
def test_ambiguous_key_or_label_is_reported_at_its_line(
    files: Files, file: str, old: str, new: str, message: str, line: tuple[str, str]
) -> None:
    pack = edit_pack(files, file, old, new)

    assert [one for one in all_diagnostics(pack) if one.startswith(f"{line_at(pack, *line)}: {message}")]


def test_places_of_one_name_are_distinguished_by_their_kecamatan(files: Files) -> None:
    pack = edit_pack(files, "areas.csv", ",Medono,", ",Klego,")

    assert [one for one in all_diagnostics(pack) if "Klego" in one] == []
