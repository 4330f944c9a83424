"""Checks of texts: alphabet, placeholders, size of SMS, labels."""

from __future__ import annotations

import pytest

from tests.helpers.pack_edits import EN, ID, JV, Files, all_diagnostics, edit_pack, line_at

DAMAI = "Beda pilihan tetap rukun"


def test_appeal_text_must_be_one_sms_with_the_longest_place(files: Files) -> None:
    longer = edit_pack(files, ID, "Info {kel}: kabar", "Info {kel}, {kel}: kabar")
    where = line_at(longer, ID, '  cek_kabar: "Info')

    assert [line for line in all_diagnostics(longer) if line.startswith(where)] == [
        f"{where}: appeals.cek_kabar: 11 septets over one SMS"
    ]


def test_placeholder_of_reports_is_unknown_in_appeals(files: Files) -> None:
    assert "unknown placeholder {ticket}" in all_diagnostics(edit_pack(files, ID, DAMAI, "{ticket}"))[0]


# file, old, new, message, and its line: a file and a text on that line
FAULTS = [
    (
        ID,
        "Jenis kejadian?",
        "Jenis kejadian \u2018apa\u2019?",
        "screens.category.heading: '\u2018' (U+2018, LEFT SINGLE QUOTATION MARK) is not in the GSM-7 alphabet: "
        "it is character 16 of the text",
        (ID, "  category: {heading"),
    ),
    (
        ID,
        "Nomor laporan",
        "{nomor}",
        "screens.saved.heading: unknown placeholder {nomor}; expected one of",
        (ID, "sudah tersimpan"),
    ),
    (ID, "uang: Politik uang", 'uang: "{svc}"', "labels.category.uang: {svc} is not filled in here", (ID, "    uang:")),
    (ID, "Jenis kejadian?", " ", "screens.category.heading: this text is empty", (ID, "  category: {heading")),
    (ID, "sbg informasi awal", "sebagai informasi awal oleh petugas", "sms.received: ", (ID, '  received: "Lap')),
    (
        ID,
        'received: "Laporan',
        'received: "Lapor! Laporan',
        "sms.received: no SMS may begin with Lapor, which is a keyword",
        (ID, '  received: "Lap'),
    ),
    (ID, "skip: Lewati}", "skip: Lewati, x: y}", "screens.date.x: unknown key", (ID, "  date: {heading")),
    (
        ID,
        "hour: Baru saja (<1 jam), ",
        "",
        "labels.when.hour: this is missing: {when} would show the bare key",
        (ID, "  when: {now"),
    ),
    (
        JV,
        ", merged: Dipungabung",
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
