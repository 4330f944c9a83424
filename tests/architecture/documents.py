"""Markdown pages of the project, parsed: headings, fenced blocks, tables, code spans and links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENTED_FOLDERS = ("gateway", "menus", "deploy", "tests")
_FENCE = re.compile(r"```(.*)")
_HEADING = re.compile(r"#+ (.+)")
_SPAN = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


@dataclass(frozen=True, slots=True)
class Block:
    """Fenced block: its language, the rest of its first line, and its text."""

    language: str
    title: str
    text: str


@dataclass(slots=True)
class Section:
    """Text below one heading, up to the next heading of any level."""

    heading: str
    prose: list[str] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)

    @property
    def spans(self) -> list[str]:
        return [span for line in self.prose for span in _SPAN.findall(line)]

    @property
    def links(self) -> list[str]:
        return [link for line in self.prose for link in _LINK.findall(_SPAN.sub("", line))]

    @property
    def keys(self) -> list[str]:
        """Return the code spans in the first column of the tables."""
        return [cells[0] for cells in self._rows]

    @property
    def examples(self) -> dict[str, str]:
        """Return the code spans in the last column of the tables, by those in the first."""
        return {cells[0]: cells[-1] for cells in self._rows}

    @property
    def _rows(self) -> list[list[str]]:
        rows = [line.strip("| ").split("|") for line in self.prose if line.startswith("| `")]
        return [[cell.strip().strip("`") for cell in cells] for cells in rows]


@cache
def pages() -> tuple[Path, ...]:
    """Return every Markdown page of the project."""
    below = [page for folder in DOCUMENTED_FOLDERS for page in (ROOT / folder).rglob("*.md")]
    return tuple(sorted([*ROOT.glob("*.md"), *below]))


@cache
def sections(page: Path) -> tuple[Section, ...]:
    """Return the sections of a page. The first one is the text before any heading."""
    found = [Section("")]
    lines = iter(page.read_text(encoding="utf-8").splitlines())
    for line in lines:
        if fence := _FENCE.fullmatch(line):
            language, _, title = fence[1].partition(" ")
            found[-1].blocks.append(Block(language, title, "".join(_fenced(lines))))
        elif heading := _HEADING.fullmatch(line):
            found.append(Section(heading[1]))
        else:
            found[-1].prose.append(line)
    return tuple(found)


def _fenced(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        if line == "```":
            return
        yield f"{line}\n"


def section(page: Path, heading: str) -> Section:
    return next(found for found in sections(page) if found.heading == heading)


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page, as GitHub derives them from the headings."""
    headings = (found.heading.lower() for found in sections(page))
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in headings}


def shell_lines(page: Path) -> Iterator[str]:
    """Return every command of a page: the lines of its shell blocks, and its code spans."""
    for found in sections(page):
        yield from found.spans
        for block in found.blocks:
            if block.language == "sh":
                yield from block.text.replace("\\\n", " ").splitlines()
