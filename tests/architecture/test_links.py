"""Links on the pages of the project lead to existing files and headings, and the modules of the house exist."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture.documents import ROOT, anchors, pages, sections


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_relative_links_lead_to_a_file(page: Path) -> None:
    links = [link for section in sections(page) for link in section.links if "://" not in link]

    assert [link for link in links if not _leads_somewhere(page, link)] == []


def test_modules_of_the_house_exist() -> None:
    page = ROOT / "gateway" / "README.md"
    spans = {span for section in sections(page) for span in section.spans}
    modules = {span for span in spans if "/" in span and span.endswith((".py", ".lua"))}

    assert len(modules) > 50
    assert [module for module in sorted(modules) if not _is_below(module, ROOT / "gateway", ROOT)] == []


def _is_below(name: str, *folders: Path) -> bool:
    return any((folder / name).exists() for folder in folders)


def _leads_somewhere(page: Path, link: str) -> bool:
    name, _, anchor = link.partition("#")
    target = (page.parent / name).resolve() if name else page
    if not target.exists() or not target.is_relative_to(ROOT):
        return False
    return not anchor or (target.suffix == ".md" and anchor in anchors(target))
