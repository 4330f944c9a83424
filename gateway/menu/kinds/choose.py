"""`choose`: a few options, each of which leads to a state of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gateway.menu.kinds.base import QUESTION, PackKind, StateShape
from gateway.menu.kinds.fields import Name


class Choose(PackKind):
    """Question with its options in flow.yaml."""

    name = "choose"
    is_question = True
    value_type = dict[Name, str]
    fields = QUESTION

    def branches_of(self, raw: StateShape) -> Mapping[str, str]:
        return raw.value(self.name) or {}

    def faults(self, raw: StateShape) -> Iterator[str]:
        if not raw.value(self.name):
            yield f"{self.name} needs at least one option"
