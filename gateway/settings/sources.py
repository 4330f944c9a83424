"""Sources of settings: the option, variable or line of the file that set each one."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.text.errors import UserError

_POSITION = re.compile(r" \(at line ([0-9]+), column [0-9]+\)")
_TABLE = re.compile(r"\s*\[([^\[\]]+)\]")
_KEY = re.compile(r"""\s*([\w."'-]+)\s*=""")


class SettingsRefused(UserError):
    """Wrong settings. Each of the `diagnostics` names the setting, what is wrong, and where it was set."""

    def __init__(self, diagnostics: list[str]) -> None:
        super().__init__("\n".join(diagnostics))
        self.diagnostics = diagnostics


@dataclass(frozen=True, slots=True)
class Sources:
    """Options of the command, environment and file from which the settings were read."""

    options: frozenset[str] = frozenset()
    file: Path | None = None
    lines: Mapping[str, int] = field(default_factory=dict)
    """Line of each setting in the file, by its dotted name."""

    def find(self, name: str) -> str | None:
        """Find the option, variable or line that set `name`, such as `channels.at.limit`. Returns None for a default.

        A secret is also set by `<name>_file`.
        """
        if name in self.options:
            return f"--{name}"
        variables = {variable.upper() for variable in os.environ}
        for spelling in (name, f"{name}_file"):
            variable = f"WASPADA_{spelling.replace('.', '__')}".upper()
            if variable in variables:
                return variable
            if spelling in self.lines:
                return f"{self.file}:{self.lines[spelling]}"
        return None


def find_lines(config: Path) -> dict[str, int]:
    """Find the first line of each setting and of each table of a TOML file. Raises `SettingsRefused`."""
    lines: dict[str, int] = {}
    table = ""
    for number, line in enumerate(_read_text(config).splitlines(), 1):
        if header := _TABLE.match(line):
            table = f"{_without_quotes(header[1])}."
            lines.setdefault(table[:-1], number)
        elif key := _KEY.match(line):
            lines.setdefault(table + _without_quotes(key[1]), number)
    return lines


def read_toml(config: Path) -> dict[str, Any]:
    """Read a TOML file, with or without the byte order mark of an editor. Raises `SettingsRefused`."""
    try:
        return tomllib.loads(_read_text(config))
    except tomllib.TOMLDecodeError as error:
        position = _POSITION.search(str(error))
        line = f":{position[1]}" if position else ""
        raise SettingsRefused([f"{config}{line}: {_POSITION.sub('', str(error))}"]) from None


def _read_text(config: Path) -> str:
    try:
        return config.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SettingsRefused([f"{config}: cannot be read: {error.strerror}"]) from None
    except UnicodeDecodeError:
        raise SettingsRefused([f"{config}: is not UTF-8"]) from None


def _without_quotes(key: str) -> str:
    return re.sub(r"""[\s"']""", "", key)
