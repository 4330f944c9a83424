"""Packs that this process has parsed already: each verb of a terminal loads the pack of its gateway again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache

import pytest

from gateway.cli import packs
from gateway.menu.pack import loader
from gateway.menu.pack.loader import PackResult
from gateway.menu.pack.schema import FLOW_SCHEMA, FlowShape
from gateway.wiring import pack_loading

_KEPT = 16  # packs; a file of tests has a few


@contextmanager
def parse_packs_once() -> Iterator[None]:
    """Parse the same files once while the block lasts, by the parser itself. A changed file makes another pack.

    A verb in a process of its own always parses. Here a hundred verbs of a file of tests run in one process.
    """
    parse = loader.parse_pack

    @lru_cache(_KEPT)
    def parsed(files: frozenset[tuple[str, str]], flow_schema: type[FlowShape]) -> PackResult:
        return parse(dict(sorted(files)), flow_schema)

    def parse_once(files: Mapping[str, str], flow_schema: type[FlowShape] = FLOW_SCHEMA) -> PackResult:
        found = parsed(frozenset(files.items()), flow_schema)
        return found._replace(diagnostics=[*found.diagnostics])  # a caller adds its own

    with pytest.MonkeyPatch.context() as patched:
        for module in (loader, packs, pack_loading):
            patched.setattr(module, "parse_pack", parse_once)
        yield
