"""Menu versions that this process knows: an open dialogue keeps the version that it began with."""

from __future__ import annotations

from gateway.menu.model import Menu

MAX_VERSIONS = 8  # a dialogue lasts three minutes


class MenuVersions:
    def __init__(self, menu: Menu) -> None:
        self._known = {menu.version: menu}
        self.current = menu

    def activate(self, menu: Menu) -> None:
        """Begin new dialogues in `menu` from now on. Forgets the version that was replaced first."""
        self._known.pop(menu.version, None)
        self._known[menu.version] = self.current = menu
        while len(self._known) > MAX_VERSIONS:
            self._known.pop(next(iter(self._known)))

    def get(self, version: str) -> Menu | None:
        """Return the menu of this version, or None if it is too old or of another process."""
        return self._known.get(version)
