"""Check of report.yaml: every answer is asked in its form, and named in every language."""

from __future__ import annotations

import pytest

from gateway.menu.pack.loader import load
from tests.helpers.pack_edits import EN, ID, JV, Files, all_diagnostics, edit_pack, line_at
from tests.helpers.packs import FILES

REPORT = "report.yaml"


def with_answers(*lines: str) -> Files:
    """Return the pack with these lines of report.yaml behind the answer `seen`."""
    seen = next(line for line in FILES[REPORT].splitlines() if line.startswith("  seen:"))
    return edit_pack(FILES, REPORT, seen, "\n".join([seen, *(f"  {line}" for line in lines)]))


def named(files: Files, name: str) -> Files:
    """Return the pack with a label of this answer in every language."""
    for wording in (ID, EN, JV):
        files = edit_pack(files, wording, "  answers: {", f"  answers: {{{name}: Depth, ")
    return files


def test_declared_answers_of_the_pack_are_its_form() -> None:
    assert [*load(FILES).form.answers] == ["size", "seen", "tps"]
    assert not load(FILES).form.answers["tps"].asked


def test_pack_without_a_form_has_size_and_seen() -> None:
    files = {name: text for name, text in FILES.items() if name != REPORT}
    for wording in (ID, EN, JV):
        (labels,) = [line for line in files[wording].splitlines() if line.startswith("  answers: {")]
        files = {**files, wording: files[wording].replace(f"{labels}\n", "")}

    assert all_diagnostics(files) == []
    assert [*load(files).form.answers] == ["size", "seen"]


def test_label_that_is_missing_in_one_language_is_refused_with_what_to_write() -> None:
    files = edit_pack(FILES, JV, "size: Cacahing tiyang, ", "")

    assert all_diagnostics(files) == [
        f"{line_at(files, JV, '  answers: {')}: labels.answers.size is missing: write the name of this answer,"
        ' as "Size"'
    ]


def test_label_of_an_answer_that_is_not_declared_is_refused() -> None:
    files = edit_pack(FILES, EN, "  answers: {", "  answers: {depth: Depth, ")

    assert all_diagnostics(files) == [
        f"{line_at(files, EN, 'answers: {')}: labels.answers.depth: report.yaml declares no answer depth; declare it,"
        " or remove this label"
    ]


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ("depth: {type: colour}", "answers.depth.type: should be 'choice', 'number', 'text', 'date' or 'place'"),
        ("depth: {}", "answers.depth.type: this is missing"),
        (
            "depth: {type: number, min: 9, max: 5}",
            "answers.depth: min 9 is above max 5; write the smaller one as min",
        ),
        ("depth: {type: choice, max: 5}", "answers.depth: max has no meaning for the type choice; remove it"),
        (
            "depth: {type: text, max: 200}",
            "answers.depth: max 200 is above the 182 characters that a USSD string holds",
        ),
        (
            "depth: {type: choice}",
            "answers.depth: no state keeps depth; ask it in flow.yaml with keep: depth, or write asked: false",
        ),
        (
            "danger: {type: choice}",
            "answers.danger: the program has this answer already; remove it here, and ask it in flow.yaml with keep",
        ),
        ("ticket: {type: text}", "answers.ticket: reserved for the gateway; choose another name"),
    ],
)
def test_faulty_declaration_is_refused_with_its_line(declared: str, message: str) -> None:
    name = declared.partition(":")[0]
    files = named(with_answers(declared), name)

    assert f"{line_at(files, REPORT, f'  {name}:')}: {message}" in all_diagnostics(files)


def test_answer_that_the_desk_chooses_needs_names_of_its_values() -> None:
    files = named(with_answers("depth: {type: choice, asked: false}"), "depth")

    found = all_diagnostics(files)

    assert len(found) == 3
    assert all(
        "labels.depth is missing: name each value that the desk can choose, as {few: A few" in one for one in found
    )


@pytest.mark.parametrize(
    ("type_", "question"),
    [("number", "ask: number"), ("text", "ask: text"), ("date", "ask: date"), ("place", "choose_from: kelurahan")],
)
def test_answer_that_is_asked_in_another_form_is_refused(type_: str, question: str) -> None:
    files = edit_pack(FILES, REPORT, "seen: {type: choice}", f"seen: {{type: {type_}}}")

    found = all_diagnostics(files)

    assert len(found) == 2
    for state, diagnostic in zip(("add_seen", "seen"), found, strict=True):
        line = line_at(files, "flow.yaml", f"  {state}:")
        assert diagnostic.startswith(f"{line}: {state}: seen is of the type {type_}; ask")
        assert question in diagnostic


def test_text_that_is_longer_than_declared_is_refused() -> None:
    files = edit_pack(FILES, REPORT, "seen: {type: choice}", "seen: {type: text, max: 40}")
    question = "seen:\n    ask: text\n    keep: seen\n    limits: {max: 41}\n    next: describe"
    files = edit_pack(
        files,
        "flow.yaml",
        "seen:\n    choose: {self: describe, told: describe, media: describe}\n    keep: seen",
        question,
    )

    found = all_diagnostics(files)

    assert [one for one in found if "limits: max 41 is above the 40 that report.yaml allows seen" in one]
