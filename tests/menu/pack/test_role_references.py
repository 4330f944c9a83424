"""Faults of roles.yaml, each with its file and line and with words to write instead."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.menu.pack.loader import load_roles, parse_pack
from tests.helpers.pack_edits import Files, all_diagnostics
from tests.helpers.packs import FILES

NO_LABEL = (
    "it has no label; write one name for all languages, label: ..., or one for each, label: {id: ..., jv: ..., en: ...}"
)


@pytest.mark.parametrize(
    ("written", "line", "message"),
    [
        ("rt: {meaning: head}", 1, f"rt: {NO_LABEL}"),
        ("rt:\n  label:\n  alerted: true", 2, f"rt: {NO_LABEL}"),
        ("rt:\n  label: {}", 2, f"rt: {NO_LABEL}"),
        ("rt: {label: {jv: RT, en: RT}}", 1, "rt: label.id is missing"),
        (
            "rt: {label: {id: RT, jv: RT, en: RT, su: RT}}",
            1,
            'rt: label: unknown language "su"; expected one of id, jv, en',
        ),
        (f"rt: {{label: {'R' * 41}}}", 1, "rt: a label has at most 40 characters"),
        (
            "rt: {label: RT}\nofficer: {label: Petugas}",
            2,
            "officer: this role is built in; leave it out, or give yours another key",
        ),
        ("rt: {label: Ketua}\nrw: {label: ketua}", 2, "rw: the label ketua means the role rt already"),
        ("rt: {label: Officer}", 1, "rt: the label Officer means the role officer already"),
        ("RT: {label: RT}", 1, "RT: String should match pattern"),
        ("rt: {label: RT, alerts: true}", 1, "rt.alerts: unknown key"),
        ("rt: {label: RT, alerted: perhaps}", 1, "rt.alerted: should be a valid boolean"),
        (
            "rt: {label: RT, daily_report_by: 4pm}",
            1,
            'rt.daily_report_by: must be a time of day from "00:00" to "23:59"',
        ),
        ("rt: {label: [RT]}", 1, "rt.label: should be a valid dictionary"),
        ("- rt", 1, "the file: should be a valid dictionary"),
    ],
)
def test_a_faulty_role_is_refused(files: Files, written: str, line: int, message: str) -> None:
    (found,) = all_diagnostics({**files, "roles.yaml": written})

    assert found.startswith(f"roles.yaml:{line}: {message}")


ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@given(ANY_TEXT)
def test_any_text_as_the_file_has_the_built_in_roles_at_least(written: str) -> None:
    roles = load_roles({**FILES, "roles.yaml": written})

    assert {"subscriber", "officer"} <= roles.keys()


@settings(max_examples=25)  # each parses the whole pack
@given(ANY_TEXT)
def test_any_text_as_the_file_is_a_pack_or_a_diagnostic(written: str) -> None:
    menu, diagnostics, _ = parse_pack({**FILES, "roles.yaml": written})

    assert menu
    assert {"subscriber", "officer"} <= menu.roles.keys()
    assert {diagnostic.file for diagnostic in diagnostics} <= {"roles.yaml"}
