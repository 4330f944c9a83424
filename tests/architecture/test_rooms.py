"""The drawing of the rooms in gateway/README.md is the import contract of pyproject.toml.

`make test TEST_ARGS=--update` draws it anew.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from itertools import pairwise

import pytest

from tests.architecture.documents import ROOT

PAGE = ROOT / "gateway" / "README.md"


def _layers() -> list[list[str]]:
    """Return the rooms of each layer, the top layer first."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    (layers,) = (contract["layers"] for contract in contracts if contract["type"] == "layers")
    return [re.split(r"\s*\|\s*", layer) for layer in layers if layer != "__main__"]


def _purpose(room: str) -> str:
    """Return the first sentence of the room's docstring."""
    package = ROOT / "gateway" / room / "__init__.py"
    module = package if package.exists() else ROOT / "gateway" / f"{room}.py"
    docstring = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or ""
    return docstring.split("\n\n")[0].replace("\n", " ").removesuffix(".").replace("`", "")


def _drawing() -> Iterator[str]:
    layers = _layers()
    yield "```mermaid\n"
    yield "flowchart TD\n"
    for room in (room for layer in layers for room in layer):
        yield f'    {room}["<b>{room}</b><br/>{_purpose(room)}"]\n'
    for upper, lower in pairwise(layers):
        yield f"    {' & '.join(upper)} --> {' & '.join(lower)}\n"
    yield "```\n"


def test_drawing_of_the_rooms_is_the_import_contract(request: pytest.FixtureRequest) -> None:
    page = PAGE.read_text(encoding="utf-8")
    drawn = re.sub(
        r"(<!-- rooms: .*? -->\n)(```mermaid\n.*?```\n)?",
        lambda found: found[1] + "".join(_drawing()),
        page,
        flags=re.DOTALL,
    )
    if request.config.getoption("--update"):
        PAGE.write_text(drawn, encoding="utf-8")
        page = drawn

    assert "<!-- rooms: " in page
    assert page == drawn


@pytest.mark.parametrize("room", [room for layer in _layers() for room in layer])
def test_every_room_says_what_it_is_for(room: str) -> None:
    assert 3 <= len(_purpose(room).split()) <= 20
