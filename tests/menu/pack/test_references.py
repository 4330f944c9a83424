"""References within a pack: everything named exists, and nothing is unused."""

from __future__ import annotations

import pytest

from gateway.menu.model import FACTS, GATEWAY_PLACEHOLDERS
from gateway.text.banned_words import find_banned_words
from tests.helpers.pack_edits import ID, Files, all_diagnostics, diagnostics_after, edit_pack, line_at, line_of

DAMAI = "beda pilihan tetap rukun"


def test_appeal_text_with_a_refused_word_is_refused(files: Files) -> None:
    worse = edit_pack(files, ID, DAMAI, "Pilih, NOMOR 1")
    assert all_diagnostics(worse) == [
        f"{line_at(worse, ID, '  damai:')}: appeals.damai: pilih nomor is one of the refused words"
    ]


def test_missing_appeal_text_is_reported_in_every_language(files: Files) -> None:
    more = edit_pack(files, "appeals.yaml", "asn:", "tps: {purpose: More}\nasn:")

    found = all_diagnostics(more)

    assert len(found) == 3
    assert all("appeals.tps is missing" in line for line in found)


def test_unused_appeal_texts_are_reported(files: Files) -> None:
    fewer = {name: text for name, text in files.items() if name != "appeals.yaml"}

    found = all_diagnostics(fewer)

    assert len(found) == 45
    assert all("unknown key" in line for line in found)


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("{few: seen, ", "{few: , ", "  size:"),
        ("{skip: contact}", "{skip: }", "  describe:"),
        ("{done: left, ", "{done: , ", "  leaving:"),
        ("details: describe, ", "details: , ", "  change:"),
        ("{again: main, ", "{again: , ", "  unfinished:"),
    ],
)
def test_option_without_a_state_is_reported(files: Files, old: str, new: str, line: str) -> None:
    pack = edit_pack(files, "flow.yaml", old, new)

    assert all_diagnostics(pack) == [f'{line_at(pack, "flow.yaml", line)}: {line.strip()} unknown state ""']


def test_unknown_strict_stage_is_reported(files: Files) -> None:
    wrong = edit_pack(files, "rules.yaml", "[masa_tenang, ", "[tenang, ")
    assert all_diagnostics(wrong) == [
        f'{line_at(wrong, "rules.yaml", "strict_stages")}: strict_stages: unknown stage "tenang"'
    ]


@pytest.mark.parametrize("name", sorted({*FACTS, *GATEWAY_PLACEHOLDERS}))
def test_reserved_name_of_an_answer_is_refused(files: Files, name: str) -> None:
    line = line_of(files, "flow.yaml", "keep: seen")

    assert (
        f"flow.yaml:{line}: add_seen: keep: {name} is reserved for the gateway; choose another name"
        in diagnostics_after(files, "flow.yaml", "keep: seen", f"keep: {name}")
    )


@pytest.mark.parametrize("name", GATEWAY_PLACEHOLDERS)
def test_reserved_name_of_a_placeholder_is_refused(files: Files, name: str) -> None:
    line = line_of(files, "pack.yaml", "  when: when")

    message = f"pack.yaml:{line}: placeholders.{name}: reserved for the gateway; choose another name"
    assert message in diagnostics_after(files, "pack.yaml", "  when: when", f"  {name}: when")


@pytest.mark.parametrize(
    ("text", "found"),
    [("Pilih nomor 1", ["pilih nomor"]), ("pilih\nNOMOR", ["pilih nomor"]), ("pilih, nonomor2", [])],
)
def test_banned_words_match_whole_words(text: str, found: list[str]) -> None:
    assert find_banned_words(text, ["pilih nomor"]) == found
