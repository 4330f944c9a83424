"""Pure: diagnostics of files that people write, each with file and line, and the wording of unknown values."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Diagnostic:
    """Fault of a file, for its author. `line` counts from 1; 0 means the file as a whole."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.message}"


def unknown(kind: str, given: object, expected: Iterable[str] | None = None) -> str:
    """Word the message for a value that is none of its kind: `unknown role "fkmd"; expected one of fkdm, fkub`.

    Without `expected` the message ends after the value. Where `expected` is empty it says that none is defined.
    """
    message = f"unknown {kind} {quoted(given)}"
    return message if expected is None else f"{message}; {one_of(expected)}"


def one_of(expected: Iterable[str]) -> str:
    """Word the second half of a message about an unknown or a missing value: `expected one of fkdm, fkub`."""
    names = ", ".join(expected)
    return f"expected one of {names}" if names else "none is defined"


def quoted(given: object) -> str:
    """Return a value of a file or of a command line in double quotes, on one line.

    Characters that do not print are escaped, so that no value can move the cursor of a terminal or reverse a line.
    """
    text = json.dumps(str(given), ensure_ascii=False)
    return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in text)
