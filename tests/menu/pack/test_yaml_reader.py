"""YAML of a pack, whatever is in it."""

from __future__ import annotations

import pytest

from gateway.menu.pack.loader import PackRefused, load
from gateway.menu.pack.yaml_reader import MAX_FILE
from tests.helpers.pack_edits import EN, JV, Files, all_diagnostics, diagnostics_after, edit_pack, line_at, line_of


def test_unknown_key_is_reported_at_its_own_line(files: Files) -> None:
    found = diagnostics_after(files, "flow.yaml", "keep: seen", "kept: seen")

    assert f"flow.yaml:{line_of(files, 'flow.yaml', 'keep: seen')}: states.add_seen.kept: unknown key" in found


@pytest.mark.parametrize("text", ["- &again [*again]\n", "[" * 5000])
def test_endless_nesting_is_refused(files: Files, text: str) -> None:
    with pytest.raises(PackRefused, match=r"categories\.yaml: nested too deeply"):
        load({**files, "categories.yaml": text})


def test_duplicate_key_is_refused(files: Files) -> None:
    found = diagnostics_after(files, "flow.yaml", "home: main", "home: main\nhome: about")

    assert any('duplicate key "home"' in one for one in found)


NOT_UTF_8 = "\udce9"  # as the byte E9, an é of Latin-1, is read


def test_file_that_is_not_utf_8_hides_no_missing_one(files: Files) -> None:
    wrong = {**edit_pack(files, JV, "screens:", f"screens: # {NOT_UTF_8}")}
    del wrong[EN]

    assert all_diagnostics(wrong) == [
        "wording/en.yaml: this file is missing",
        f"{line_at(wrong, JV, 'screens:')}: not UTF-8: save it as UTF-8",
    ]


def test_oversized_file_is_one_diagnostic(files: Files) -> None:
    large = {**files, JV: files[JV] + "#" * MAX_FILE}

    assert all_diagnostics(large) == ["wording/jv.yaml: this file is over 1 MiB, the most that is allowed"]
