"""Longest path through a menu."""

from __future__ import annotations

from gateway.menu.checks.checker import check_menu
from gateway.menu.pack.loader import load
from tests.helpers.pack_edits import Files, edit_pack


def test_conditions_that_exclude_each_other_do_not_add_up(files: Files) -> None:
    """`size` is asked only without `danger`, so the path is one screen shorter than with both."""
    pack = edit_pack(files, "flow.yaml", "no: size, unknown: size}", "no: seen, unknown: seen}")
    pack = edit_pack(pack, "flow.yaml", "    otherwise: seen\n", "    otherwise: size\n")
    pack = edit_pack(pack, "flow.yaml", "before: date}", "before: size}")
    pack = edit_pack(pack, "flow.yaml", "skip: danger}\n    next: danger", "skip: seen}\n    next: seen")

    assert check_menu(load(pack)).longest.screens == check_menu(load(files)).longest.screens - 1


def test_ambiguous_name_within_a_kecamatan_does_not_lengthen_the_path(files: Files) -> None:
    """It costs one screen, as a wrong number does. On the list before, it replaces the list that is skipped."""
    longer = edit_pack(files, "flow.yaml", "    next: kelurahan\n", "    next: place_name\n")

    assert "kecamatan > kelurahan > when" in str(check_menu(load(files)).longest)
    assert "kecamatan > place_name > which_place > when" in str(check_menu(load(longer)).longest)
