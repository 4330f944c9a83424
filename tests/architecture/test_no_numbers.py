"""No real phone number in the repository: examples are made up, few, and the same everywhere."""

from __future__ import annotations

import re

import pytest

from tests.architecture.documents import ROOT

SHIPPED = ("gateway", "menus", "deploy")
TEXTS = {".py", ".md", ".yaml", ".csv", ".toml", ".html", ".js", ".css", ".lua", ".conf", ".service", ".sh", ".svg"}
# Indonesian numbers in national form, and anything in E.164.
NUMBER = re.compile(r"(?<![\w.])(?:\+[1-9][0-9]{8,14}|62[0-9]{8,12}|08[0-9]{8,11})(?![\w.])")
MADE_UP = {"+6281230004567", "+6285712340008", "62812345678"}


@pytest.mark.parametrize("text", ["call +6281111111111 now", "to=6281111111111", "'081111111111'"])
def test_number_would_be_found(text: str) -> None:
    assert NUMBER.search(text)


def test_no_phone_number_but_the_made_up_ones() -> None:
    files = [path for folder in SHIPPED for path in (ROOT / folder).rglob("*") if path.suffix in TEXTS]
    found = {(number, path) for path in files for number in NUMBER.findall(path.read_text(encoding="utf-8"))}

    assert {path.suffix for path in files} >= {".py", ".md", ".yaml", ".csv", ".conf"}
    assert [(number, path) for number, path in found if number not in MADE_UP] == []
