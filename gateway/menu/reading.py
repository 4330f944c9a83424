"""The files of a pack as plain values, with the line of every key kept for whoever must mend them.

Scalars are read as the texts they are: in a menu `no` is an option and `00` is a key, not a truth value and a number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from yaml.nodes import MappingNode, Node, SequenceNode

from gateway.menu.files import Path, line_of
from gateway.text.complaints import Complaint

Model = TypeVar("Model", bound=BaseModel)


@dataclass(slots=True)
class Reading:
    """The files of a pack, what was wrong with them, and on which line each key stands."""

    files: Mapping[str, str]
    complaints: list[Complaint] = field(default_factory=list)
    lines: dict[str, dict[Path, int]] = field(default_factory=dict)

    def complain(self, file: str, path: Path, message: str) -> None:
        """Lay `message` at the line of `path`, or of the nearest key above it that exists."""
        self.complaints.append(Complaint(file, line_of(self.lines.get(file, {}), path), message))

    def text(self, file: str) -> str | None:
        if file not in self.files:
            self.complaints.append(Complaint(file, 0, "this file is missing"))
        return self.files.get(file)

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
            self.complaints.append(Complaint(file, line, f"not YAML: {error.problem}"))
        except yaml.reader.ReaderError as error:
            line = text[: error.position].count("\n") + 1
            message = f"not YAML: the character {text[error.position]!r} may not stand in it"
            self.complaints.append(Complaint(file, line, message))
        except RecursionError:
            self.complaints.append(Complaint(file, 0, "not for people: it is nested without end"))
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
                plain[name] = self._plain(file, value, (*path, name))
            return plain
        if isinstance(node, SequenceNode):
            return [self._plain(file, value, (*path, str(place))) for place, value in enumerate(node.value)]
        return node.value

    def model(self, file: str, model: type[Model], left_out: Model | None = None) -> Model | None:
        """The YAML of `file` as a `model`; None after a complaint for each thing that does not fit.

        A file that may be missing is then as `left_out` says.
        """
        if left_out is not None and file not in self.files:
            return left_out
        plain = self.yaml(file)
        if plain is None:
            return None
        try:
            return model.model_validate(plain)
        except ValidationError as refused:
            for error in refused.errors():
                path = tuple(str(part) for part in error["loc"] if part != "[key]")
                self.complain(file, path, f"{'.'.join(path) or 'the file'}: {_plainly(error['type'], error['msg'])}")
            return None


def _plainly(kind: str, message: str) -> str:
    match kind:
        case "extra_forbidden":
            return "nothing is called so here"
        case "missing":
            return "this is missing"
        case "literal_error":
            return message.replace("Input should be", "nothing is called so here; it can be")
    return message.removeprefix("Value error, ").replace("Input should be", "should be")
