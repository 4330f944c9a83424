"""Unknown parts of an invalid pack: a fault hides no other, and none is reported that only follows from another.

Each kind of fault is combined with faults of all other kinds. The diagnostics of both are exactly those of each.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.menu.checks.unknowns import NOTHING_UNKNOWN
from gateway.menu.model import Menu
from gateway.menu.pack.loader import PackRefused, load, parse_pack
from tests.helpers.pack_edits import EN, ID, JV, Files, all_diagnostics, edit_pack, line_at
from tests.helpers.packs import FILES, MENU

NOT_UTF_8 = "\udce9"  # as the byte E9, an é of Latin-1, is read
FLOW, AREAS, CATEGORIES, PACK = "flow.yaml", "areas.csv", "categories.yaml", "pack.yaml"
SHORTCUTS = "shortcuts:\n"

OTHERS = [  # one fault of each kind that asks for a look at several files
    (
        FLOW,
        SHORTCUTS,
        f"{SHORTCUTS}  98: {{to: limit}}\n  97: {{to: saved}}\n  96: {{to: limit, answers: {{category: x}}}}\n",
    ),
    (FLOW, "when in [now, hour]", "when in [nwo, hour]"),
    (ID, "Jauhi lokasi.", "Jauhi lokasi. " * 6),
    (ID, "some: 10 sampai 50", "some: Kurang dari 10"),
    (EN, "received as", "received by the desk of the city, thank you, as"),
    (EN, "    some: 10 to 50\n", ""),
    (PACK, "  kel: area", "  kel: area\n  x: description"),
    ("keywords.yaml", "3: gesekan", "3: perang"),
    ("rules.yaml", "[masa_tenang, ", "[tenang, "),
]

DANGER = ("danger: its only_if never holds", "only danger")  # found by exploring the paths
# A fault, and those of the others that depend on the part that it breaks.
FAULTS: list[tuple[str, str, str, tuple[str, ...]]] = [
    (AREAS, "33.75.01.1003,", "33.75.01.1002,", ()),
    (AREAS, "code,name,", "kode,name,", (*DANGER, "septets over one SMS")),
    (AREAS, "33.75.01.1003,", NOT_UTF_8, (*DANGER, "septets over one SMS")),
    (CATEGORIES, "lain:", "lain:\nasn:", ()),
    (CATEGORIES, "urgent: true", "urgent: maybe", ()),
    (CATEGORIES, "lain:", "Lain Lain:", ("category is never x", 'unknown category "perang"')),
    ("stages.yaml", "key: masa_tenang", "kunci: masa_tenang", ("unknown stage",)),
    ("appeals.yaml", "needs: found_untrue", "needs: nothing", ()),
    ("aliases.csv", "33.75.01.1004", "33.75.01.9999", ()),
    ("neighbours.csv", "33.75.01.1002", "x", ()),
    (JV, "navigation:", "navigasi:", ()),
    (JV, "labels:", "label:", ()),
    (JV, "navigation:", "navigation: [", ()),
    (JV, "navigation:", f"navigation: {NOT_UTF_8}", ()),
    (PACK, "jv: Jawa", "jv: Jawê", ()),
    (PACK, "Asia/Jakarta", "Asia/Pekalongan", ()),
    (PACK, 'back: "0"', 'bakc: "0"', ("the key more is 98",)),
    (PACK, "placeholders:", "placeholder:", ("placeholders.x", "septets over")),
    (FLOW, "help: help ", "help: halp ", DANGER),
    (FLOW, "start: language", "start: nowhere", DANGER),
    (FLOW, "  20: {to: ask_ticket}", "  20: {to: nosuch}", DANGER),
    (FLOW, "  20: {to: ask_ticket}", "  20: {to: limit, answers: {colour: red}}", ()),
    (FLOW, "next: look_up", "next: nosuch", DANGER),
    (FLOW, "help: {tell: true}", "help: {tell: true, end: true}", DANGER),
    (FLOW, "max: 182", "max: many", (*DANGER, "placeholders.x")),
    (FLOW, "keep: ticket", "kept: ticket", (*DANGER, "when is never", "category is never")),
]


def merged(files: Files, edits: Iterable[tuple[str, str, str]]) -> Files:
    for edit in edits:
        files = edit_pack(files, *edit)
    return files


def without_line(text: str, begin: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith(begin))


def places_aside(diagnostics: Iterable[str]) -> set[str]:
    """Return the diagnostics without their lines, which an edit above has moved."""
    return {re.sub(r"^([\w/.]+):\d+", r"\1", one) for one in diagnostics}


@pytest.mark.parametrize(("file", "old", "new", "hidden"), FAULTS)
def test_fault_hides_no_other(files: Files, file: str, old: str, new: str, hidden: tuple[str, ...]) -> None:
    def seen(diagnostics: list[str]) -> set[str]:
        return places_aside(one for one in diagnostics if not any(part in one for part in hidden))

    alone, others = all_diagnostics(edit_pack(files, file, old, new)), all_diagnostics(merged(files, OTHERS))

    assert alone
    assert len(others) == 11
    assert seen(all_diagnostics(merged(edit_pack(files, file, old, new), OTHERS))) == seen([*alone, *others])


def test_faults_of_several_files_are_reported_together(files: Files) -> None:
    wrong = edit_pack(files, AREAS, "33.75.01.1003,", "33.75.01.1002,")
    wrong = {**wrong, CATEGORIES: "".join(f"- {name}\n" for name in [*MENU.categories, "asn"])}
    wrong = {**wrong, **{file: without_line(wrong[file], "  received_restricted:") for file in (EN, ID, JV)}}
    wrong = edit_pack(wrong, FLOW, SHORTCUTS, f"{SHORTCUTS}  7731: {{to: nosuch}}\n")
    wrong = edit_pack(wrong, ID, "  about:\n", "  abuot:\n")

    assert all_diagnostics(wrong) == [
        f"{line_at(wrong, AREAS, ',Podosugih,')}: 33.75.01.1002 is already taken by Medono",
        'categories.yaml:10: duplicate category "asn"; remove one',
        f'{line_at(wrong, FLOW, "  7731:")}: shortcut 7731: unknown state "nosuch"',
        f"{line_at(wrong, ID, 'screens:')}: screens.about is missing",
        f"{line_at(wrong, ID, '  abuot:')}: screens.abuot: unknown key",
    ]


def test_unknown_answer_hides_no_fault_of_another_shortcut(files: Files) -> None:
    more = "  98: {to: limit}\n  97: {to: saved}\n  96: {to: limit, answers: {category: x}}\n"
    wrong = edit_pack(files, FLOW, SHORTCUTS, f"{SHORTCUTS}  95: {{to: limit, answers: {{colour: red}}}}\n{more}")

    assert all_diagnostics(wrong) == [
        f"{line_at(wrong, FLOW, '  95:')}: shortcut 95: no state keeps colour",
        f"{line_at(wrong, FLOW, '  98:')}: shortcut 98: the key more is 98 too",
        f"{line_at(wrong, FLOW, '  97:')}: shortcut 97: it leads to saved, which is an end",
        f"{line_at(wrong, FLOW, '  96:')}: shortcut 96: category is never x",
    ]


def test_missing_language_hides_no_missing_label(files: Files) -> None:
    wrong = edit_pack(files, PACK, "  en: English", "  su: Sunda\n  en: English")
    wrong = edit_pack(wrong, EN, "    uang: Vote buying\n", "")

    assert all_diagnostics(wrong) == [
        f"{line_at(wrong, EN, '  category:')}: labels.category.uang is missing",
        "wording/su.yaml: this file is missing",
    ]


@pytest.mark.parametrize("missing", [FLOW, PACK, CATEGORIES, AREAS, JV])
def test_missing_file_hides_no_faults_of_the_others(files: Files, missing: str) -> None:
    wrong = edit_pack(files, "keywords.yaml", "report:", "rapport:")
    wrong = edit_pack(wrong, "stages.yaml", "last: 2024-11-23", "last: 2024-11-24")
    del (wrong := {**wrong})[missing]
    found = all_diagnostics(wrong)

    assert f"{missing}: this file is missing" in found
    assert [one for one in found if one.startswith("keywords.yaml:")]
    assert "stages.yaml:4: masa_tenang begins before kampanye ends" in found
    assert len(found) == 3


def test_load_refuses_an_invalid_pack_that_parse_pack_returns(files: Files, menu: Menu) -> None:
    wrong = edit_pack(files, FLOW, "next: look_up", "next: nosuch")

    assert parse_pack(wrong).menu
    assert parse_pack(files).unknowns == NOTHING_UNKNOWN
    with pytest.raises(PackRefused):
        load(wrong)


@settings(max_examples=40, deadline=None)
@given(edits=st.lists(st.tuples(st.integers(0), st.integers(0), st.sampled_from([0, 2])), min_size=1, max_size=3))
def test_lost_and_repeated_lines_give_diagnostics_and_no_exception(edits: list[tuple[int, int, int]]) -> None:
    wrong, names = dict(FILES), sorted(FILES)
    for file, line, times in edits:
        name = names[file % len(names)]
        lines = wrong[name].splitlines(keepends=True)
        place = line % len(lines)
        lines[place : place + 1] = lines[place : place + 1] * times
        wrong[name] = "".join(lines)
    found = all_diagnostics(wrong)

    # Where the head of `keys:` is lost, each of them is a language, and its wording is missing.
    assert all(one.split(":")[0] in wrong or one.endswith(": this file is missing") for one in found)
