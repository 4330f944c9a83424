"""Where settings were set, so that a complaint can say it."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_PLACE = re.compile(r" \(at line ([0-9]+), column [0-9]+\)")
_TABLE = re.compile(r"\s*\[([^\[\]]+)\]")
_KEY = re.compile(r"""\s*([\w."'-]+)\s*=""")


class SettingsRefused(Exception):
    """Settings are wrong. Each of the `complaints` names the setting, what is wrong, and where it was set."""

    def __init__(self, diagnostics: list[str]) -> None:
        super().__init__("\n".join(diagnostics))
        self.diagnostics = diagnostics


@dataclass(frozen=True, slots=True)
class Sources:
    """Where settings were set."""

    options: frozenset[str] = frozenset()
    file: Path | None = None
    lines: Mapping[str, int] = field(default_factory=dict)
    """The line of each setting in the file, by its dotted name."""

    def find(self, name: str) -> str | None:
        """The option, variable or line in a file that set `name`, `channels.at.limit` for instance."""
        if name in self.options:
            return f"--{name}"
        variables = {variable.upper() for variable in os.environ}
        for spelt in (name, f"{name}_file"):
            variable = f"WASPADA_{spelt.replace('.', '__')}".upper()
            if variable in variables:
                return variable
            if spelt in self.lines:
                return f"{self.file}:{self.lines[spelt]}"
        return None


def find_lines(config: Path) -> dict[str, int]:
    """The line on which each setting and each table of a TOML file begins. Raises `SettingsRefused`."""
    try:
        text = config.read_text(encoding="utf-8")
        tomllib.loads(text)
    except OSError as error:
        raise SettingsRefused([f"{config}: cannot be read: {error.strerror}"]) from None
    except UnicodeDecodeError:
        raise SettingsRefused([f"{config}: is not UTF-8"]) from None
    except tomllib.TOMLDecodeError as error:
        place = _PLACE.search(str(error))
        raise SettingsRefused([f"{config}{f':{place[1]}' if place else ''}: {_PLACE.sub('', str(error))}"]) from None
    lines: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := _TABLE.match(line):
            table = f"{_plain(header[1])}."
            lines.setdefault(table[:-1], number)
        elif key := _KEY.match(line):
            lines.setdefault(table + _plain(key[1]), number)
    return lines


def _plain(key: str) -> str:
    return re.sub(r"""[\s"']""", "", key)
