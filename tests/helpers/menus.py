"""The menus of all packs of the project, loaded once."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.menu.model import Menu
from gateway.menu.pack.loader import load
from gateway.runtime.pack_folder import read_pack
from tests.helpers.packs import MENU, PACKS

MENUS: Mapping[str, Menu] = {
    "pekalongan": MENU,
    **{name: load(read_pack(PACKS / name)) for name in ("tegal", "kab-pekalongan")},
}
