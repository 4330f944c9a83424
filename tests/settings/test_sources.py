"""Sources of settings: lines of a TOML file, and the option, variable or line that set each one."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.settings.sources import Sources, find_lines
from tests.helpers.settings import diagnostics


@pytest.mark.parametrize(
    ("content", "diagnostic"),
    [
        (b"port = \n", ":1: Invalid value"),
        (b"\n\nport = 1\nport = 2\n", ":4: Cannot overwrite a value"),
        (b"\xff\xfe", ": is not UTF-8"),
        (b"port = [1,\n", ": Invalid value (at end of document)"),
    ],
)
def test_file_that_is_not_toml_is_refused_with_its_line(config: Path, content: bytes, diagnostic: str) -> None:
    config.write_bytes(content)

    assert diagnostics(config) == [f"{config}{diagnostic}"]


def test_file_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    assert diagnostics(tmp_path / "no.toml") == [f"{tmp_path}/no.toml: cannot be read: No such file or directory"]


def test_find_lines_finds_settings_and_tables_by_their_dotted_names(config: Path) -> None:
    config.write_text('port = 1\n\n["channels".at]\n"limit" = 160\n[channels.at.keys]\nback = "0"\n')

    assert find_lines(config) == {
        "port": 1,
        "channels.at": 3,
        "channels.at.limit": 4,
        "channels.at.keys": 5,
        "channels.at.keys.back": 6,
    }


def test_find_prefers_option_to_variable_to_line(monkeypatch: pytest.MonkeyPatch) -> None:
    sources = Sources(frozenset({"port"}), Path("w.toml"), {"port": 1, "host": 2, "redis_url_file": 3})
    monkeypatch.setenv("WASPADA_PORT", "1")
    monkeypatch.setenv("WASPADA_HOST", "::")

    found = [sources.find(name) for name in ("port", "host", "redis_url", "data")]

    assert found == ["--port", "WASPADA_HOST", "w.toml:3", None]
