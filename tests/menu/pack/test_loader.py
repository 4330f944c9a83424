"""Faults of a pack, each with its file and line."""

from __future__ import annotations

import pytest

from gateway.menu.pack.loader import PackRefused, load, version_of
from tests.helpers.pack_edits import Files, diagnostics_after, line_of


def test_unknown_file_is_refused(files: Files) -> None:
    misspelt = {("rule.yaml" if name == "rules.yaml" else name): text for name, text in files.items()}
    with pytest.raises(PackRefused, match=r"^rule\.yaml: unknown file; expected one of pack\.yaml, .*rules\.yaml"):
        load(misspelt)

    assert load({**files, "wording/su.yaml": "half made", "old/flow.yaml": ""}).version


def test_version_depends_on_the_content_and_has_letters_only(files: Files) -> None:
    """A run of digits in it would be masked in the log, as a phone number is."""
    versions = {version_of({**files, "wording/su.yaml": str(number)}) for number in range(500)}

    assert len(versions) == 500
    assert all(version.isalpha() and len(version) == 12 for version in versions)


EDITS = [
    ("flow.yaml", "next: kecamatan", "next: kecamatn", 'unknown state "kecamatn"'),
    ("flow.yaml", "choose_from: categories", "choose_from: cities", 'unknown list "cities"; expected one of'),
    ("flow.yaml", "do: file_report", "do: dance", 'unknown effect "dance"; expected one of file_report'),
    ("flow.yaml", "keep: seen", "keep: seen\n    next: describe", "seen: next has no meaning here"),
    ("flow.yaml", "ask: date", "ask: date\n    limits: {max: 4}", "date: limits has no meaning here"),
    ("flow.yaml", "do: delete_draft", "do: delete_draft\n    words: left", "discard: words has no meaning here"),
    ("flow.yaml", "saved: {end: true}", "saved: {end: true, zero: {a: main}}", "saved: zero has no meaning here"),
    ("flow.yaml", "within: kecamatan ", "within: when ", "kelurahan: within: when must be chosen from kecamatan"),
    ("flow.yaml", "within: place_name", "within: when", "which_place: within: when must be asked for as place_name"),
    ("flow.yaml", "next: look_up", "next: look_up\n    words: look_up", "ask_ticket: words: look_up has no screen"),
    (
        "flow.yaml",
        "words: place_name",
        "words: place_name\n    zero: {skip: main}",
        "appeal_place_name: words: the screen of place_name has no words for skip",
    ),
    ("flow.yaml", "tell: true", "tell: true, end: true", "a state is one of"),
    ("flow.yaml", "start: language", "start: nowhere", 'unknown state "nowhere"'),
    ("flow.yaml", "before: date}", "before: seen}", "date: no state leads here"),
    ("flow.yaml", "then: {filed: ticket, ", "then: {", "then needs exactly failed, filed, kept"),
    ("wording/jv.yaml", "  kecamatan: {heading", "  kecamtan: {heading", "screens.kecamatan is missing"),
    ("wording/en.yaml", "    some: 10 to 50\n", "", "screens.size.some is missing"),
    ("wording/id.yaml", "Ada kejadian apa?", "Ada kejadian “apa”?", "“"),
    ("wording/id.yaml", "{ticket}\\nSimpan", "{tiket}\\nSimpan", "unknown placeholder {tiket}"),
    ("wording/id.yaml", "Jauhi lokasi.", "Jauhi lokasi. " * 6, "septets over the 160 of a screen"),
    (
        "wording/en.yaml",
        "received as",
        "received by the desk of the city, thank you, as",
        "septets over one SMS",
    ),
    ("categories.yaml", "lain:", "lain:\nasn:", 'duplicate key "asn"'),
    ("categories.yaml", "urgent: true", "urgent: maybe", "gesekan.urgent: should be a valid boolean"),
    ("categories.yaml", "urgent: true", "urgently: true", "gesekan.urgently: unknown key"),
    (
        "categories.yaml",
        "[bawaslu]\n  rec",
        "[]\n  rec",
        "asn.restricted_to: nobody may read these reports; name a role",
    ),
    ("categories.yaml", "lain:", "lain: [a]", "lain: should be a valid dictionary"),
    ("areas.csv", "33.75.01.1003,", "33.75.01.1002,", "is already taken by Medono"),
    ("areas.csv", "33.75.01.1003,", "33 75,", "is no code of a kelurahan"),
    ("rules.yaml", "hours: 24", "hours: \x07", "not YAML: the character '\\x07' is not"),
    ("rules.yaml", "hours: 24", "hours: [24", "not YAML: expected"),
]


@pytest.mark.parametrize(("file", "old", "new", "said"), EDITS)
def test_fault_is_reported_with_file_and_line(files: Files, file: str, old: str, new: str, said: str) -> None:
    found = [one for one in diagnostics_after(files, file, old, new) if said in one]

    assert found
    assert all(one.startswith(f"{file}:") and one.split(":")[1].isdigit() for one in found)


def test_load_reports_faults_of_all_files_at_once(files: Files) -> None:
    broken = {
        **files,
        "flow.yaml": files["flow.yaml"].replace("next: kecamatan", "next: nowhere"),
        "areas.csv": files["areas.csv"].replace("33.75.01.1003,", "?,"),
        "wording/jv.yaml": "navigation: {back: a\n",
    }
    with pytest.raises(PackRefused) as refused:
        load(broken)

    assert {one.file for one in refused.value.diagnostics} >= {"areas.csv", "wording/jv.yaml"}


def test_texts_of_an_invalid_pack_are_checked(files: Files) -> None:
    broken = {**files, "wording/id.yaml": files["wording/id.yaml"].replace("Ada kejadian apa?", "Ada “kejadian”?")}
    for file, old, new in (("flow.yaml", "keep: seen", "kept: seen"), ("flow.yaml", "max: 182", "max: many")):
        found = diagnostics_after(broken, file, old, new)
        assert [one for one in found if one.startswith("flow.yaml:")]
        assert [
            one for one in found if one.startswith(f"wording/id.yaml:{line_of(broken, 'wording/id.yaml', 'Ada “')}:")
        ]


def test_missing_file_is_reported(files: Files) -> None:
    with pytest.raises(PackRefused, match=r"wording/en\.yaml: this file is missing"):
        load({name: text for name, text in files.items() if name != "wording/en.yaml"})
