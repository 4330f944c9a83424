"""YAML reader that tolerates faults and keeps the line of every key.

Scalars are read as text: in a menu `no` is an option and `00` is a key, not a boolean and a number. A file is read as
far as possible: invalid values are removed and remembered, and the rest is validated.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from yaml.composer import Composer
from yaml.nodes import MappingNode, Node, SequenceNode

from gateway.menu.checks.pack_files import Path, line_of
from gateway.text.diagnostics import Diagnostic

Model = TypeVar("Model", bound=BaseModel)

MAX_FILE = 1 << 20  # characters
_NOT_UTF_8 = re.compile("[\ud800-\udfff]")  # surrogates, as which undecodable bytes are read
_MAX_PASSES = 5  # a removed value may be required, then its parent is removed too, and so on
_MAX_DEPTH = 2  # of removed values: a state, a screen or a command is known as a whole or not at all


class _QuickLoader(Composer, yaml.CSafeLoader):
    """Loader that parses with libyaml, ten times as quick, and composes in Python.

    PyYAML's own composer for libyaml overflows the C stack where a file nests 100,000 lists. This one raises
    `RecursionError`.
    """

    def __init__(self, text: str) -> None:
        yaml.CSafeLoader.__init__(self, text)
        Composer.__init__(self)


def _compose(text: str) -> Node | None:
    """Return the tree of a YAML text. Faults are read again by the parser in Python, whose messages say more."""
    try:
        return yaml.compose(text, Loader=_QuickLoader)
    except yaml.YAMLError:
        return yaml.compose(text, Loader=yaml.SafeLoader)


@dataclass(slots=True)
class PackReader:
    """Reader of the files of a pack. Collects diagnostics, the line of each key, and removed values."""

    files: Mapping[str, str]
    diagnostics: list[Diagnostic] = field(default_factory=list)
    lines: dict[str, dict[Path, int]] = field(default_factory=dict)
    removed: dict[str, dict[Path, Any]] = field(default_factory=dict)  # file → removed values

    def add(self, file: str, path: Path, message: str) -> None:
        """Add a diagnostic at the line of `path`, or of the nearest key above it that exists."""
        self.diagnostics.append(Diagnostic(file, line_of(self.lines.get(file, {}), path), message))

    def is_known(self, file: str, path: Path) -> bool:
        """Return True if neither the value at `path` nor any value above it was removed."""
        removed = self.removed.get(file, ())
        return all(path[:length] not in removed for length in range(1, len(path) + 1))

    def incomplete(self, file: str, *above: str) -> set[str]:
        """Return the keys below `above` that were removed, or from which something was removed."""
        size = len(above)
        return {path[size] for path in self.removed.get(file, ()) if len(path) > size and path[:size] == above}

    def text(self, file: str) -> str | None:
        """Return the text of a file. Returns None after a diagnostic, if it is missing or not text."""
        text = self.files.get(file)
        if text is None:
            self.diagnostics.append(Diagnostic(file, 0, "this file is missing"))
        elif len(text) > MAX_FILE:
            self.diagnostics.append(Diagnostic(file, 0, "this file is over 1 MiB, the most that is allowed"))
        elif found := _NOT_UTF_8.search(text):
            line = text.count("\n", 0, found.start()) + 1
            self.diagnostics.append(Diagnostic(file, line, "not UTF-8: save it as UTF-8"))
        else:
            return text
        return None

    def yaml(self, file: str) -> Any:
        """Parse a file as YAML with all scalars as text. Returns None after a diagnostic."""
        text = self.text(file)
        if text is None:
            return None
        try:
            node = _compose(text)
            self.lines[file] = {}
            return self._plain(file, node, ()) if node is not None else {}
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 0
            self.diagnostics.append(Diagnostic(file, line, f"not YAML: {error.problem}"))
        except yaml.reader.ReaderError as error:
            line = text[: error.position].count("\n") + 1
            message = f"not YAML: the character {text[error.position]!r} is not allowed"
            self.diagnostics.append(Diagnostic(file, line, message))
        except RecursionError:
            self.diagnostics.append(Diagnostic(file, 0, "nested too deeply, or without end"))
        return None

    def _plain(self, file: str, node: Node, path: Path) -> Any:
        self.lines[file].setdefault(path, node.start_mark.line + 1)
        if isinstance(node, MappingNode):
            plain: dict[str, Any] = {}
            for key, value in node.value:
                name = str(key.value)
                self.lines[file][*path, name] = key.start_mark.line + 1
                if name in plain:
                    self.add(file, (*path, name), f'duplicate key "{name}"')
                    self.mark_removed(file, (*path, name))
                plain[name] = self._plain(file, value, (*path, name))
            return plain
        if isinstance(node, SequenceNode):
            return [self._plain(file, value, (*path, str(place))) for place, value in enumerate(node.value)]
        return node.value

    def parse(
        self, file: str, model: type[Model], missing: Model | None = None, defaults: Mapping[str, Any] | None = None
    ) -> Model | None:
        """Validate a file with the schema `model`. Returns None if nothing valid is left.

        Invalid values are removed, each with a diagnostic. `missing` is the result for an optional file that does not
        exist, and `defaults` replace required keys that are missing, so that the rest can be validated.
        """
        if missing is not None and file not in self.files:
            return missing
        return self.validate(file, self.yaml(file), model, defaults)

    def validate(
        self, file: str, plain: Any, model: type[Model], defaults: Mapping[str, Any] | None = None
    ) -> Model | None:
        """Validate the content of a file, as `parse` does. Returns None if nothing valid is left."""
        for number in range(_MAX_PASSES):
            if plain is None:
                break
            try:
                return model.model_validate(plain)
            except ValidationError as refused:
                errors = refused.errors()
            if number == 0:  # later errors only follow from what was removed
                for error in errors:
                    path = _path(error["loc"])
                    self.add(file, path, f"{'.'.join(path) or 'the file'}: {_explain(error['type'], error['msg'])}")
            plain = self._without_faults(file, plain, errors, defaults or {})
        return None

    def _without_faults(self, file: str, plain: Any, errors: list[ErrorDetails], defaults: Mapping[str, Any]) -> Any:
        """Remove invalid values from `plain`. Returns None if nothing is left."""
        out = set()
        for error in errors:
            path = _path(error["loc"])
            if error["type"] == "missing" and len(path) == 1 and path[0] in defaults and isinstance(plain, dict):
                plain[path[0]] = defaults[path[0]]
                self.mark_removed(file, path)
                continue
            path = path[:-1] if error["type"] == "missing" else path
            if not path:
                return None
            out.add(path[:_MAX_DEPTH])
        for path in sorted(out, key=_last_first, reverse=True):
            self.mark_removed(file, path, _delete(plain, path))
        return plain

    def mark_removed(self, file: str, path: Path, value: Any = None) -> None:
        """Remember that the value at `path` is unknown."""
        self.removed.setdefault(file, {}).setdefault(path, value)


def _path(loc: Iterable[int | str]) -> Path:
    return tuple(str(part) for part in loc if part != "[key]")


def _last_first(path: Path) -> tuple[tuple[int, str], ...]:
    return tuple((int(part) if part.isdecimal() else 0, part) for part in path)


def _delete(plain: Any, path: Path) -> Any:
    """Remove the value at `path`, if it is (still) there. Returns it."""
    *above, last = path
    for part in above:
        plain = plain.get(part) if isinstance(plain, dict) else plain[int(part)]
    if isinstance(plain, dict):
        return plain.pop(last, None)
    return plain.pop(int(last)) if isinstance(plain, list) else None


def _explain(kind: str, message: str) -> str:
    match kind:
        case "extra_forbidden":
            return "unknown key"
        case "missing":
            return "this is missing"
        case "literal_error":
            return message.replace("Input should be", "unknown key; expected")
    return message.removeprefix("Value error, ").replace("Input should be", "should be")
