"""The page on security refers to existing files and tests, and says of each requirement whether it is met."""

from __future__ import annotations

import re

import pytest

from tests.architecture.documents import ROOT, section, sections

PAGE = ROOT / "deploy" / "SECURITY.md"
CHAPTERS = "OWASP ASVS 4.0.3, level 2"
STATES = {"met", "in part", "open", "n.a."}
_REFERENCE = re.compile(r"[\w./-]+\.(?:py|md|toml|txt|conf)(?:::\w+)?")


def rows() -> list[list[str]]:
    """Return the rows of the table of requirements: number, subject, state, and where."""
    lines = [line.strip("| ").split(" | ") for line in section(PAGE, CHAPTERS).prose if line.startswith("| ")]
    return lines[1:]


def references(text: str) -> list[str]:
    return [span for span in re.findall(r"`([^`]+)`", text) if _REFERENCE.fullmatch(span)]


@pytest.mark.parametrize(
    "reference", sorted({name for found in sections(PAGE) for name in references(" ".join(found.prose))})
)
def test_references_of_the_page_exist(reference: str) -> None:
    path, _, test = reference.partition("::")
    if path == "secrets.toml":
        return  # of the data folder

    assert (ROOT / path).is_file()
    assert not test or re.search(rf"^(?:async )?def {test}\(", (ROOT / path).read_text("utf-8"), re.MULTILINE)


def test_each_requirement_has_a_state_and_a_met_one_a_reference() -> None:
    numbers = [row[0] for row in rows()]

    assert len(numbers) > 40
    assert numbers == sorted(set(numbers), key=lambda number: [int(part) for part in number.split(".")])
    assert [row for row in rows() if len(row) != 4 or row[2] not in STATES] == []
    assert [row[0] for row in rows() if row[2] == "met" and not references(row[3])] == []
