"""The picture of the pack's dialogue is what the program draws of it today."""

from __future__ import annotations

from click.testing import CliRunner

from gateway.cli import main
from tests.architecture.documents import ROOT

PICTURE = ROOT / "deploy" / "pictures" / "menu.svg"
REDRAW = "draw --pack menus/pekalongan --language id --output deploy/pictures/menu.svg"


def test_picture_shows_the_current_pack() -> None:
    arguments = ["menu", "draw", "--pack", str(ROOT / "menus" / "pekalongan"), "--language", "id"]
    drawn = CliRunner(env={"WASPADA_CONFIG": None}).invoke(main, arguments)

    assert drawn.exit_code == 0, drawn.stderr
    same = PICTURE.read_text(encoding="utf-8") == drawn.stdout
    assert same, f"deploy/pictures/menu.svg is not the menu as it is now. Draw it anew: .venv/bin/waspada menu {REDRAW}"
