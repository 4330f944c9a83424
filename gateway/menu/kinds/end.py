"""`end`: the last screen of a dialogue."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.menu.kinds.base import PackKind
from gateway.menu.model import State


class End(PackKind):
    """Screen without options or navigation, which closes the session.

    With `continue_at` it calls the dialogue off: nothing is sent, and a redial offers to continue at that state.
    """

    name = "end"
    is_end = True
    waits_for_input = False
    can_finish = True
    fields = frozenset({"words", "continue_at"})

    def errors_of(self, state: State) -> Sequence[str]:
        return ()
