"""Layout of screens."""

from __future__ import annotations

from gateway.menu.pack.loader import load
from gateway.menu.paging import option_lines
from tests.helpers.pack_edits import Files, all_diagnostics, edit_pack


def test_option_lines_of_all_places_distinguish_equal_names(files: Files) -> None:
    pack = edit_pack(files, "areas.csv", ",Medono,", ",Klego,")
    pack = edit_pack(pack, "flow.yaml", "    within: kecamatan ", "    # ")
    menu = load(pack)
    lines = option_lines(menu, menu.states["kelurahan"], "id", "")

    assert [line for line in lines if "Klego" in line] == ["1.Klego, Pekalongan Barat", "11.Klego, Pekalongan Timur"]
    assert [one for one in all_diagnostics(pack) if "Klego" in one] == []
