"""Every word of the glossary in gateway/README.md is found in the code that the glossary names."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.architecture.documents import ROOT, section

PAGE = ROOT / "gateway" / "README.md"


def _entries() -> Iterator[tuple[str, str]]:
    """Yield each word of the glossary with each place that it names."""
    for line in section(PAGE, "Glossary").prose:
        if line.startswith("| **"):
            words, meaning, places = line.strip("| ").split(" | ")
            for word in re.findall(r"\*\*([^*]+)\*\*", words):
                for place in re.findall(r"`([^`]+)`", places):
                    yield word, place
            del meaning


@pytest.mark.parametrize(("word", "place"), list(_entries()))
def test_a_search_for_the_word_finds_its_code(word: str, place: str) -> None:
    path = ROOT / "gateway" / place
    files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
    pattern = re.compile(r"[\s_-]?".join(map(re.escape, re.split(r"[\s-]", word))), re.IGNORECASE)

    found = [file for file in files if pattern.search(file.read_text(encoding="utf-8")) or pattern.search(file.name)]

    assert found, f"{place} does not say {word!r}"
