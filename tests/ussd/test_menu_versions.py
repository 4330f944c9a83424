"""Menu versions that a process remembers."""

from __future__ import annotations

from gateway.ussd.menu_versions import MAX_VERSIONS, MenuVersions
from tests.helpers.packs import MENU
from tests.helpers.ussd import changed_menu


def test_menu_versions_keep_the_newest() -> None:
    versions = MenuVersions(MENU)
    later = [changed_menu(new=f"Apa yang terjadi {number}?") for number in range(MAX_VERSIONS)]

    for menu in later:
        versions.activate(menu)
        assert versions.current is menu
    assert versions.get(MENU.version) is None
    assert [versions.get(menu.version) for menu in later] == later

    versions.activate(later[0])
    assert versions.current is later[0]

    versions.activate(MENU)
    assert versions.get(later[1].version) is None, "the version that was replaced first is forgotten"
    assert versions.get(later[0].version) is later[0]
    assert versions.get("") is None
