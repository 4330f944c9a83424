"""Checks of texts: alphabet, placeholders, size of SMS, labels."""

from __future__ import annotations

import pytest

from gateway.menu.pack.loader import load
from tests.helpers.pack_edits import EN, ID, JV, Files, all_diagnostics, edit_pack, line_at

DAMAI = "beda pilihan tetap rukun"


def test_appeal_text_must_be_one_sms_with_the_longest_place(files: Files) -> None:
    longer = edit_pack(files, ID, ": kabar di {kel}", ": kabar di {kel}, {kel}")
    where = line_at(longer, ID, "  kabar_tidak_benar:")

    assert [line for line in all_diagnostics(longer) if line.startswith(where)] == [
        f"{where}: appeals.kabar_tidak_benar: 6 septets over one SMS"
    ]


def test_placeholder_of_reports_is_unknown_in_appeals(files: Files) -> None:
    assert "unknown placeholder {ticket}" in all_diagnostics(edit_pack(files, ID, DAMAI, "{ticket}"))[0]


# file, old, new, message, and its line: a file and a text on that line
FAULTS = [
    (
        ID,
        "Ada kejadian apa?",
        "Ada kejadian \u2018apa\u2019?",
        "screens.category.heading: '\u2018' (U+2018, LEFT SINGLE QUOTATION MARK) is not in the GSM-7 alphabet: "
        "it is character 14 of the text",
        (ID, "  category: {heading"),
    ),
    (
        ID,
        "Nomor laporan",
        "{nomor}",
        "screens.saved.heading: unknown placeholder {nomor}; expected one of",
        (ID, "sudah tersimpan"),
    ),
    (
        ID,
        "uang: Politik uang/barang",
        'uang: "{svc}"',
        "labels.category.uang: {svc} is not filled in here",
        (ID, "    uang:"),
    ),
    (ID, "Ada kejadian apa?", " ", "screens.category.heading: this text is empty", (ID, "  category: {heading")),
    (ID, "sebagai informasi awal", "sebagai informasi awal oleh petugas", "sms.received: ", (ID, '  received: "Bak')),
    (
        ID,
        'received: "Bakesbangpol: laporan',
        'received: "Lapor! Bakesbangpol: laporan',
        "sms.received: no SMS may begin with Lapor, which is a keyword",
        (ID, '  received: "Lap'),
    ),
    (ID, "skip: Lewati}", "skip: Lewati, x: y}", "screens.date.x: unknown key", (ID, "  date: {heading")),
    (
        ID,
        "hour: Kurang dari 1 jam, ",
        "",
        "labels.when.hour: this is missing: {when} would show the bare key",
        (ID, "  when: {now"),
    ),
    (
        JV,
        ", merged: Dados setunggal",
        "",
        "labels.status.merged: this is missing: {status} would show the bare key",
        (JV, "  status: {rec"),
    ),
    ("pack.yaml", "  when: when", "  when: seen", "labels.seen.media: this is missing: {when}", (EN, "labels:")),
    (
        "pack.yaml",
        "  when: when",
        "  when: description",
        "placeholders.when: description is typed",
        ("pack.yaml", "  when:"),
    ),
    (
        "pack.yaml",
        "status: status",
        "status: stats",
        "placeholders.status: no state keeps stats",
        ("pack.yaml", "  status:"),
    ),
    ("pack.yaml", "Siaga Pilkada", "Siaga “Pilkada”", "service: '“'", ("pack.yaml", "service:")),
    ("pack.yaml", "jv: Jawa", "jv: Jawê", "languages.jv: 'ê'", ("pack.yaml", "  jv:")),
    ("areas.csv", ",Podosugih,", ",Podósugih,", "Podósugih: 'ó'", ("areas.csv", "33.75.01.1003,")),
    ("areas.csv", ",Podosugih,", ",Podo{sugih},", "Podo{sugih}: in a text, braces", ("areas.csv", "33.75.01.1003,")),
]


@pytest.mark.parametrize(("file", "old", "new", "message", "line"), FAULTS)
def test_fault_of_a_text_is_reported_at_its_line(
    files: Files, file: str, old: str, new: str, message: str, line: tuple[str, str]
) -> None:
    pack = edit_pack(files, file, old, new)

    assert [one for one in all_diagnostics(pack) if one.startswith(f"{line_at(pack, *line)}: {message}")]


# Constants --------------------------------------------------------------------------------------------------


def test_constant_stands_in_every_text_that_names_it(files: Files) -> None:
    menu = load(edit_pack(edit_pack(files, "pack.yaml", "sos: 110/112", "sos: 113"), ID, '"Belum diisi."', '"{sos}?"'))
    words = menu.wordings["id"]

    assert words.screens["main"]["heading"] == "{svc} - Bakesbangpol\nDarurat: telepon 113"
    assert words.errors["empty"] == "113?"
    assert words.sms["locked"].endswith("Darurat: telepon 113.")
    assert words.constants["sms", "locked"] == {"sos"}
    assert ("sms", "received") in words.constants
    assert ("navigation", "back") not in words.constants


def test_constant_may_stand_in_labels_and_appeals(files: Files) -> None:
    edited = edit_pack(files, ID, "uang: Politik uang/barang", 'uang: "Uang {sos}"')

    menu = load(edit_pack(edited, ID, DAMAI, "{office}: tetap rukun"))

    assert menu.label("category", "uang", "id") == "Uang 110/112"
    assert "Bakesbangpol Kota Pekalongan: tetap rukun" in menu.wordings["id"].appeals["damai"]


def test_constant_that_no_text_shows_is_refused(files: Files) -> None:
    pack = edit_pack(files, "pack.yaml", "  sos:", "  bawaslu: Jl. Sriwijaya\n  sos:")

    assert all_diagnostics(pack) == [
        f"{line_at(pack, 'pack.yaml', '  bawaslu:')}: constants.bawaslu: no text shows {{bawaslu}}; write it there, "
        "or remove it"
    ]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("cat", "constants.cat: {cat} is one of the placeholders already; choose another name"),
        ("ticket", "constants.ticket: {ticket} is filled in by the gateway; choose another name"),
        ("options", "constants.options: {options} is filled in by the gateway; choose another name"),
        ("Sos", "constants.Sos: String should match pattern"),
        ("emer-gency", "constants.emer-gency: String should match pattern"),
    ],
)
def test_name_that_a_constant_cannot_have_is_refused_at_its_line(files: Files, name: str, message: str) -> None:
    pack = edit_pack(files, "pack.yaml", "  sos:", f"  {name}: 113\n  sos:")

    assert any(
        one.startswith(f"{line_at(pack, 'pack.yaml', f'  {name}: 113')}: {message}") for one in all_diagnostics(pack)
    )


@pytest.mark.parametrize(
    ("value", "message"), [("“113”", "constants.sos: '“'"), ('"1{1}3"', "braces"), ('" "', "empty")]
)
def test_fault_of_a_constant_is_the_only_one(files: Files, value: str, message: str) -> None:
    """Texts that show it are not at fault."""
    pack = edit_pack(files, "pack.yaml", "sos: 110/112", f"sos: {value}")

    (diagnostic,) = all_diagnostics(pack)

    assert diagnostic.startswith(line_at(pack, "pack.yaml", "  sos:"))
    assert message in diagnostic


def test_text_with_a_constant_that_is_not_there_names_those_that_are(files: Files) -> None:
    found = all_diagnostics(edit_pack(files, ID, "Ada kejadian apa?", "Jenis? {soss}"))

    assert any(
        "unknown placeholder {soss}; expected one of appeal_no, " in one and " places, retention_days, sms, sos," in one
        for one in found
    )


def test_constants_make_a_screen_too_large_as_its_own_words_would(files: Files) -> None:
    found = all_diagnostics(edit_pack(files, "pack.yaml", "sos: 110/112", f"sos: {'110/' * 9}112"))

    assert any("screens.perhaps_sent: " in one and "over the 160 of a screen" in one for one in found)
