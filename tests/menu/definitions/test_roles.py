"""Roles of people: those that are built in, and those of a pack."""

from __future__ import annotations

from datetime import time

import pytest

from gateway.menu.definitions.roles import BUILT_IN, DEFAULT_ROLES, PersonRole, duty_roles, in_role_order, label_of
from gateway.menu.pack.loader import load
from gateway.runtime.pack_folder import read_pack
from tests.helpers.pack_edits import Files
from tests.helpers.packs import MENU, PACKS

NAMED = ("camat", "lurah", "tokoh_masyarakat", "tokoh_agama", "fkub", "pemuda", "ormas", "sekolah", "asn", "partner")


def test_a_pack_without_the_file_has_the_roles_of_before(files: Files) -> None:
    without = load({name: text for name, text in files.items() if name != "roles.yaml"})

    assert tuple(without.roles) == ("subscriber", "officer", *NAMED)
    assert all(role.meaning for role in without.roles.values())
    assert not duty_roles(without.roles)


def test_every_pack_keeps_the_roles_of_before_and_has_people_with_a_duty() -> None:
    for folder in ("pekalongan", "tegal", "kab-pekalongan"):
        roles = load(read_pack(PACKS / folder)).roles

        assert DEFAULT_ROLES.keys() <= roles.keys()
        assert {"fkdm", "rt", "rw", "linmas", "bhabinkamtibmas", "babinsa"} <= set(duty_roles(roles))


def test_a_file_adds_to_the_built_in_roles(files: Files) -> None:
    written = 'ketua: {label: {id: Ketua, jv: Lurah RT, en: Head}, alerted: true, daily_report_by: "06:30"}'
    written += "\npos: {label: Pos}\nkader: {label: {id: Kader, en: Volunteer}}"
    roles = load({**files, "roles.yaml": written}).roles

    assert tuple(roles) == (*BUILT_IN, "ketua", "pos", "kader")
    labels = {"id": "Ketua", "jv": "Lurah RT", "en": "Head"}
    assert roles["ketua"] == PersonRole("ketua", labels=labels, alerted=True, daily_report_by=time(6, 30))
    assert roles["pos"].labels == dict.fromkeys(("id", "jv", "en"), "Pos")
    assert roles["kader"].labels == {"id": "Kader", "jv": "Kader", "en": "Volunteer"}
    assert duty_roles(roles) == ("ketua",)


def test_only_the_officer_of_the_built_in_roles_is_alerted() -> None:
    assert [role.key for role in BUILT_IN.values() if role.alerted] == ["officer"]
    assert [role.key for role in DEFAULT_ROLES.values() if role.needs_areas] == ["subscriber", "officer"]
    assert [role.key for role in DEFAULT_ROLES.values() if role.may_be_asked] == ["officer"]


@pytest.mark.parametrize(("key", "label"), [("rt", "Ketua RT"), ("kades", "kades"), ("officer", "officer")])
def test_label_of_a_role_is_its_key_where_the_pack_has_none(key: str, label: str) -> None:
    assert label_of(MENU.roles, key, "id") == label


def test_in_role_order_begins_with_the_built_in_roles() -> None:
    assert in_role_order(["rt", "officer", "asn", "subscriber"]) == ("subscriber", "officer", "asn", "rt")
