"""The languages of a menu say the same: the same placeholders and constants in each text."""

from __future__ import annotations

import pytest

from tests.helpers.pack_edits import EN, ID, JV, Files, diagnostics_after, edit_pack, line_at

FAULTS = [
    (
        JV,
        "Wangsuli INFO {ticket} lajeng isinipun: papan",
        "Wangsuli INFO, lajeng isinipun: papan",
        "sms.no_details: {ticket} is in the text of id, en; ",
    ),
    (
        JV,
        'Priksa laporan. Bebaya: {sos}."',
        'Priksa laporan."',
        "screens.limit.heading: {sos} is in the text of id, en; ",
    ),
    (
        EN,
        'choice: "Not valid. Pick {options}:"',
        'choice: "Not valid."',
        "errors.choice: {options} is in the text of id, jv; ",
    ),
]


@pytest.mark.parametrize(("file", "old", "new", "message"), FAULTS)
def test_text_that_lacks_what_the_other_languages_show_is_refused(
    files: Files, file: str, old: str, new: str, message: str
) -> None:
    (diagnostic,) = diagnostics_after(files, file, old, new)

    assert diagnostic.startswith(line_at(files, file, old))
    assert f": {message}say it here too, or nowhere" in diagnostic


def test_text_that_shows_more_is_reported_in_the_languages_that_lack_it(files: Files) -> None:
    found = diagnostics_after(files, ID, "uang: Politik uang/barang", 'uang: "Uang {sos}"')

    assert [one.partition(":")[0] for one in found] == [EN, JV]
    assert all("labels.category.uang: {sos} is in the text of id; say it here too" in one for one in found)


def test_languages_are_compared_only_where_they_are_known(files: Files) -> None:
    """A text that is missing, or a placeholder that is unknown, is one fault and no second one."""
    missing = diagnostics_after(files, JV, '  locked: "Kekathahen nomer laporan', '  lockd: "Kekathahen nomer laporan')
    unknown = diagnostics_after(files, ID, "Ada kejadian apa?", "Ada {sosx}?")

    assert [one.partition(": ")[2] for one in missing] == ["sms.locked is missing", "sms.lockd: unknown key"]
    assert len(unknown) == 1


def test_pack_of_one_language_says_the_same(files: Files) -> None:
    alone = edit_pack(files, "pack.yaml", "  jv: Jawa\n  en: English\n", "")
    keywords = {name: text for name, text in alone.items() if name != "keywords.yaml"}

    assert not [one for one in diagnostics_after(keywords, ID, "{sos}", "{sos}") if "say it here" in one]
