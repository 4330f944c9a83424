"""Table of all kinds of state, by the key that a state in flow.yaml begins with.

A new kind is a module of its own and one line here (menus/README.md, A new kind of state).
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.menu.kinds.ask import Ask
from gateway.menu.kinds.base import PackKind
from gateway.menu.kinds.choose import Choose
from gateway.menu.kinds.choose_from import ChooseFrom
from gateway.menu.kinds.do import Do
from gateway.menu.kinds.end import End
from gateway.menu.kinds.resume import Resume
from gateway.menu.kinds.revise import Revise
from gateway.menu.kinds.tell import Tell

KINDS: Mapping[str, PackKind] = {
    kind.name: kind
    for kind in (
        Choose(),
        ChooseFrom(),
        Ask(),
        Revise(),
        Resume(),
        Tell(),
        Do(),
        End(),
    )
}
