"""`tell`: a text. Only the navigation keys lead on from it."""

from __future__ import annotations

from gateway.menu.kinds.base import PackKind


class Tell(PackKind):
    """Screen without options. A dialogue may finish here."""

    name = "tell"
    can_finish = True
