"""The packs of the project, and the menu of Pekalongan, loaded once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gateway.menu.model import Menu
from gateway.menu.pack.loader import load
from gateway.runtime.pack_folder import read_pack

ROOT = Path(__file__).parents[2]
PACKS = ROOT / "menus"
PEKALONGAN = PACKS / "pekalongan"
FILES: Mapping[str, str] = read_pack(PEKALONGAN)
MENU: Menu = load(FILES)
