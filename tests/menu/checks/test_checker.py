"""Checks of a whole menu on a channel."""

from __future__ import annotations

import re
from time import process_time

from gateway.menu.checks.checker import check, check_menu
from gateway.menu.limits import Keys, Limits
from gateway.menu.model import Menu
from gateway.menu.pack.loader import load
from tests.helpers.pack_edits import EN, ID, Files, all_diagnostics, edit_pack


def test_three_packs_are_checked_within_five_seconds(files: Files) -> None:
    """One of them with the 285 places of a kabupaten, in 19 kecamatan."""
    rows = [
        f"33.26.{parent:02}.{2000 + place},Desa {chr(65 + place)}{parent * place},33.26.{parent:02},Kecamatan {parent}"
        for parent in range(1, 20)
        for place in range(1, 16)
    ]
    assert len(rows) == 285
    large = {name: text for name, text in files.items() if name not in ("aliases.csv", "neighbours.csv")}
    large["areas.csv"] = "\n".join(["code,name,kecamatan_code,kecamatan", *rows])
    before = process_time()
    proofs = [check_menu(load(pack)) for pack in (files, files, large)]

    assert process_time() - before < 5
    assert re.search(r"kecamatan \([45] pages\) > kelurahan \([23] pages\)", str(proofs[2].longest))


def test_check_reports_all_faults_at_once(files: Files) -> None:
    pack = edit_pack(files, "flow.yaml", "when in [now, hour]", "when in [nwo, hour]")
    pack = edit_pack(pack, ID, "Ada kejadian apa?", "Ada “kejadian”?")
    pack = edit_pack(pack, ID, "Jauhi lokasi.", "Jauhi lokasi. " * 6)
    pack = edit_pack(pack, EN, "some: 10 to 50", "some: Fewer than 10")
    pack = edit_pack(pack, "pack.yaml", '"98"', '"9"')
    found = "\n".join(all_diagnostics(pack))

    for message in ("never nwo", "'“'", "screens.ticket_urgent: ", "reads the same as few", "the key more is 9,"):
        assert message in found


def test_check_respects_the_limits_of_the_channel(menu: Menu) -> None:
    same = Limits(keys=Keys("0", "99", "00", "00"))

    assert any("septets over the 100 of a screen" in str(one) for one in check(menu, Limits(septets=100)))
    assert "the channel's settings: a screen of 183 septets: none can have more than 182" in map(
        str, check(menu, Limits(septets=183))
    )
    assert "the channel's settings: keys: home and more are both 00" in map(str, check(menu, same))


def test_pack_of_pekalongan_has_no_faults(menu: Menu) -> None:
    assert check(menu, Limits()) == []


def test_check_reports_screens_over_a_smaller_limit(menu: Menu) -> None:
    assert any("screens." in str(one) for one in check(menu, Limits(septets=100)))
