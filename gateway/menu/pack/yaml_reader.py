"""The files of a pack as plain values, with the line of every key kept for whoever must mend them.

Scalars are read as the texts they are: in a menu `no` is an option and `00` is a key, not a truth value and a number.
A file is read as far as it goes: what does not fit is left out and remembered as a hole, and the rest is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from yaml.nodes import MappingNode, Node, SequenceNode

from gateway.menu.pack_files import Path, line_of
from gateway.text.diagnostics import Diagnostic

Model = TypeVar("Model", bound=BaseModel)

LARGEST_FILE = 1 << 20  # characters
_NO_TEXT = re.compile("[\ud800-\udfff]")  # what a byte is read as that is not of UTF-8
_ROUNDS = 5  # a value that is left out may be one that must be there, and so what it lies in is left out, and so on
_HOLE = 2  # so deep a hole is at most: a state, a screen or a command is known as a whole or not at all


@dataclass(slots=True)
class PackReader:
    """The files of a pack, what was wrong with them, and on which line each key stands."""

    files: Mapping[str, str]
    diagnostics: list[Diagnostic] = field(default_factory=list)
    lines: dict[str, dict[Path, int]] = field(default_factory=dict)
    holes: dict[str, dict[Path, Any]] = field(
        default_factory=dict
    )  # file → what was left out of it, as it stands there

    def complain(self, file: str, path: Path, message: str) -> None:
        """Lay `message` at the line of `path`, or of the nearest key above it that exists."""
        self.diagnostics.append(Diagnostic(file, line_of(self.lines.get(file, {}), path), message))

    def is_known(self, file: str, path: Path) -> bool:
        """Whether what is said of `path` is what stands there: neither it nor what it lies in was left out."""
        holes = self.holes.get(file, ())
        return all(path[:length] not in holes for length in range(1, len(path) + 1))

    def left_out(self, file: str, *above: str) -> set[str]:
        """The keys below `above` that were left out, or in which something was."""
        size = len(above)
        return {path[size] for path in self.holes.get(file, ()) if len(path) > size and path[:size] == above}

    def text(self, file: str) -> str | None:
        """The text of `file`; None after a complaint where it is missing or no text."""
        text = self.files.get(file)
        if text is None:
            self.diagnostics.append(Diagnostic(file, 0, "this file is missing"))
        elif len(text) > LARGEST_FILE:
            self.diagnostics.append(Diagnostic(file, 0, "this file is over 1 MiB: that is no menu file"))
        elif wrong := _NO_TEXT.search(text):
            line = text.count("\n", 0, wrong.start()) + 1
            self.diagnostics.append(Diagnostic(file, line, "not UTF-8: save it as UTF-8"))
        else:
            return text
        return None

    def yaml(self, file: str) -> Any:
        """The YAML of `file` with all scalars as texts; None after a complaint."""
        text = self.text(file)
        if text is None:
            return None
        try:
            node = yaml.compose(text, Loader=yaml.SafeLoader)
            self.lines[file] = {}
            return self._plain(file, node, ()) if node is not None else {}
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 0
            self.diagnostics.append(Diagnostic(file, line, f"not YAML: {error.problem}"))
        except yaml.reader.ReaderError as error:
            line = text[: error.position].count("\n") + 1
            message = f"not YAML: the character {text[error.position]!r} may not stand in it"
            self.diagnostics.append(Diagnostic(file, line, message))
        except RecursionError:
            self.diagnostics.append(Diagnostic(file, 0, "not for people: it is nested without end"))
        return None

    def _plain(self, file: str, node: Node, path: Path) -> Any:
        self.lines[file].setdefault(path, node.start_mark.line + 1)
        if isinstance(node, MappingNode):
            plain: dict[str, Any] = {}
            for key, value in node.value:
                name = str(key.value)
                self.lines[file][*path, name] = key.start_mark.line + 1
                if name in plain:
                    self.complain(file, (*path, name), f"{name} stands here twice")
                    self.leave_out(file, (*path, name))
                plain[name] = self._plain(file, value, (*path, name))
            return plain
        if isinstance(node, SequenceNode):
            return [self._plain(file, value, (*path, str(place))) for place, value in enumerate(node.value)]
        return node.value

    def model(
        self, file: str, model: type[Model], missing: Model | None = None, instead: Mapping[str, Any] | None = None
    ) -> Model | None:
        """The YAML of `file` as a `model`, after a complaint for each thing that does not fit and is left out.

        None where nothing is left. A file that may be missing is then as `missing` says; `instead` is what stands in
        for a key that must be there.
        """
        if missing is not None and file not in self.files:
            return missing
        plain = self.yaml(file)
        for number in range(_ROUNDS):
            if plain is None:
                break
            try:
                return model.model_validate(plain)
            except ValidationError as refused:
                errors = refused.errors()
            for error in errors if number == 0 else ():
                path = _path(error["loc"])
                self.complain(file, path, f"{'.'.join(path) or 'the file'}: {_plainly(error['type'], error['msg'])}")
            plain = self._with_holes(file, plain, errors, instead or {})
        return None

    def _with_holes(self, file: str, plain: Any, errors: list[ErrorDetails], instead: Mapping[str, Any]) -> Any:
        """`plain` without what was refused; None if that is all of it."""
        out = set()
        for error in errors:
            path = _path(error["loc"])
            if error["type"] == "missing" and len(path) == 1 and path[0] in instead and isinstance(plain, dict):
                plain[path[0]] = instead[path[0]]
                self.leave_out(file, path)
                continue
            path = path[:-1] if error["type"] == "missing" else path
            if not path:
                return None
            out.add(path[:_HOLE])
        for path in sorted(out, key=_last_first, reverse=True):
            self.leave_out(file, path, _delete(plain, path))
        return plain

    def leave_out(self, file: str, path: Path, said: Any = None) -> None:
        """Take what stands at `path` for unknown."""
        self.holes.setdefault(file, {}).setdefault(path, said)


def _path(loc: Iterable[int | str]) -> Path:
    return tuple(str(part) for part in loc if part != "[key]")


def _last_first(path: Path) -> tuple[tuple[int, str], ...]:
    return tuple((int(part) if part.isdigit() else 0, part) for part in path)


def _delete(plain: Any, path: Path) -> Any:
    """Take out of `plain` what stands at `path`, if it (still) does: what that is."""
    *above, last = path
    for part in above:
        plain = plain.get(part) if isinstance(plain, dict) else plain[int(part)]
    if isinstance(plain, dict):
        return plain.pop(last, None)
    return plain.pop(int(last)) if isinstance(plain, list) else None


def _plainly(kind: str, message: str) -> str:
    match kind:
        case "extra_forbidden":
            return "nothing is called so here"
        case "missing":
            return "this is missing"
        case "literal_error":
            return message.replace("Input should be", "nothing is called so here; it can be")
    return message.removeprefix("Value error, ").replace("Input should be", "should be")
