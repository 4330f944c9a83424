"""A pack that is whole can still not fit, not read or mean two things: each fault is said, with file and line."""

from __future__ import annotations

import pytest

from gateway.menu.checks.checker import check
from gateway.menu.limits import Keys, Limits
from gateway.menu.model import Menu
from gateway.menu.pack.loader import load
from gateway.menu.paging import option_lines
from tests.helpers.pack_edits import EN, ID, JV, Files, all_diagnostics, edit_pack, line_at

# the file that is edited, old, new, what is said, and where: a file and a text on the line
WORDS = [
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
    (ID, "Jauhi lokasi.", "Jauhi lokasi. " * 6, "screens.keep_away: ", (ID, "  keep_away:")),
    (
        ID,
        '  which_place: {heading: "',
        '  which_place: {heading: "' + "apa " * 30,
        "screens.which_place: ",
        (ID, "  which_place:"),
    ),
    (ID, "Nomor Anda sudah", "Nomor Anda " * 10 + "sudah", "screens.erased: ", (ID, "  erased:")),
    (ID, 'apology: "Maaf', 'apology: "' + "Maaf " * 30, "apology: ", (ID, "apology:")),
    (ID, "sbg informasi awal", "sebagai informasi awal oleh petugas", "sms.received: ", (ID, '  received: "Lap')),
    (
        ID,
        'received: "Laporan',
        'received: "Lapor! Laporan',
        "sms.received: no SMS may begin with Lapor, which is a keyword",
        (ID, '  received: "Lap'),
    ),
    (
        ID,
        "some: 10 sampai 50",
        "some: KURANG dari  10",
        "screens.size.some: 'KURANG dari  10' reads the same as few",
        (ID, "    some:"),
    ),
    (ID, "skip: Lewati}", "skip: Lewati, x: y}", "screens.date.x: unknown key", (ID, "  date:")),
    (
        ID,
        "lain: Lainnya",
        "lain: Politik uang",
        "labels.category.lain: 'Politik uang' reads the same as uang",
        (ID, "    lain:"),
    ),
    (
        EN,
        "self: Yes, I saw it",
        "self: back",
        "screens.seen.self: 'back' reads the same as navigation.back",
        (EN, "    self:"),
    ),
    (
        ID,
        "cancel: Batal",
        "cancel: Lanjut",
        "screens.notice.cancel: 'Lanjut' reads the same as go",
        (ID, "    cancel:"),
    ),
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
    ("pack.yaml", '"98"', '"9"', "shortcut 9: the key more is 9 too", ("flow.yaml", "  9: {to")),
    ("areas.csv", ",Podosugih,", ",Podósugih,", "Podósugih: 'ó'", ("areas.csv", "33.75.01.1003,")),
    ("areas.csv", ",Podosugih,", ",Podo{sugih},", "Podo{sugih}: in a text, braces", ("areas.csv", "33.75.01.1003,")),
    (
        "areas.csv",
        ",Podosugih,",
        ",MEDONO,",
        "33.75.01.1003: 'MEDONO' reads the same as 33.75.01.1002",
        ("areas.csv", "33.75.01.1003,"),
    ),
]


@pytest.mark.parametrize(("file", "old", "new", "message", "line"), WORDS)
def test_words_and_keys(files: Files, file: str, old: str, new: str, message: str, line: tuple[str, str]) -> None:
    pack = edit_pack(files, file, old, new)

    assert [one for one in all_diagnostics(pack) if one.startswith(f"{line_at(pack, *line)}: {message}")]


def test_all_that_is_wrong_is_said_at_once(files: Files) -> None:
    pack = edit_pack(files, "flow.yaml", "when is now", "when is nwo")
    pack = edit_pack(pack, ID, "Jenis kejadian?", "Jenis “kejadian”?")
    pack = edit_pack(pack, ID, "Jauhi lokasi.", "Jauhi lokasi. " * 6)
    pack = edit_pack(pack, EN, "some: 10 to 50", "some: Fewer than 10")
    pack = edit_pack(pack, "pack.yaml", '"98"', '"9"')
    found = "\n".join(all_diagnostics(pack))

    for message in ("never nwo", "'“'", "screens.keep_away: ", "reads the same as few", "the key more is 9"):
        assert message in found


def test_the_limits_are_those_of_the_channel(menu: Menu) -> None:
    same = Limits(keys=Keys("0", "99", "00", "00"))

    assert any("septets over the 100 of a screen" in str(one) for one in check(menu, Limits(septets=100)))
    assert "the channel's settings: a screen of 183 septets: none can have more than 182" in map(
        str, check(menu, Limits(septets=183))
    )
    assert "the channel's settings: keys: home and more are both 00" in map(str, check(menu, same))


def test_places_of_one_name_are_told_apart_by_their_kecamatan(files: Files) -> None:
    pack = edit_pack(files, "areas.csv", ",Medono,", ",Klego,")

    assert [one for one in all_diagnostics(pack) if "Klego" in one] == []


def test_in_a_list_of_all_places_too(files: Files) -> None:
    pack = edit_pack(files, "areas.csv", ",Medono,", ",Klego,")
    pack = edit_pack(pack, "flow.yaml", "    within: kecamatan ", "    # ")
    menu = load(pack)
    lines = option_lines(menu, menu.states["kelurahan"], "id", "")

    assert [line for line in lines if "Klego" in line] == ["1.Klego, Pekalongan Barat", "11.Klego, Pekalongan Timur"]
    assert [one for one in all_diagnostics(pack) if "Klego" in one] == []
