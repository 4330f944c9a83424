"""Wording of diagnostics and of unknown values."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from gateway.text.diagnostics import Diagnostic, quoted, unknown


@pytest.mark.parametrize(
    ("expected", "message"),
    [
        (None, 'unknown role "king"'),
        ([], 'unknown role "king"; none is defined'),
        (["camat"], 'unknown role "king"; expected one of camat'),
        (["camat", "lurah"], 'unknown role "king"; expected one of camat, lurah'),
    ],
)
def test_unknown_value_is_quoted_before_the_expected_ones(expected: Sequence[str] | None, message: str) -> None:
    assert unknown("role", "king", expected) == message


@pytest.mark.parametrize(
    ("given", "shown"), [("é", '"é"'), ('a "b"', '"a \\"b\\""'), ("a\nb", '"a\\nb"'), (["camat"], "\"['camat']\"")]
)
def test_quoted_value_stays_on_one_line(given: object, shown: str) -> None:
    assert quoted(given) == shown


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("\x1b[2J", '"\\u001b[2J"'),
        ("\x9b2J", '"\\u009b2J"'),
        ("a\u202eb", '"a\\u202eb"'),
        ("a\u2028b", '"a\\u2028b"'),
        ("\udcff", '"\\udcff"'),
    ],
)
def test_quoted_value_has_no_character_that_does_not_print(given: str, shown: str) -> None:
    assert quoted(given) == shown


@pytest.mark.parametrize(("line", "shown"), [(3, "areas.csv:3: empty"), (0, "areas.csv: empty")])
def test_diagnostic_begins_with_file_and_line(line: int, shown: str) -> None:
    assert str(Diagnostic("areas.csv", line, "empty")) == shown
