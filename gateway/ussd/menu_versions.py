"""The menu that is in force, and those that were: an open dialogue goes on in the one that it began with."""

from __future__ import annotations

from gateway.menu.model import Menu

MAX_VERSIONS = 8  # editions; a dialogue lasts three minutes


class MenuVersions:
    """The versions of one pack that this process knows."""

    def __init__(self, menu: Menu) -> None:
        self._known = {menu.version: menu}
        self.current = menu

    def activate(self, menu: Menu) -> None:
        """From now on new dialogues walk `menu`."""
        self._known.pop(menu.version, None)
        self._known[menu.version] = self.current = menu
        while len(self._known) > MAX_VERSIONS:
            self._known.pop(next(iter(self._known)))

    def get(self, version: str) -> Menu | None:
        """The menu of this version; None where it is too old, or another process's."""
        return self._known.get(version)
