"""Reload of a changed pack: checked, then used, or refused without a change."""

from __future__ import annotations

import asyncio
import io
import json
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.runtime import logs
from gateway.settings import ChannelSettings
from gateway.ussd.menu_versions import MenuVersions
from gateway.wiring.pack_loading import load_menu
from gateway.wiring.pack_reload import watch_pack
from tests.helpers.packs import PACKS
from tests.helpers.phones import OTHER
from tests.helpers.ussd import Resident, ussd_gateway
from tests.helpers.waiting import until

CHANNELS: dict[str, ChannelSettings] = {}
LOOK_EVERY_S = 0.4
NEW = "Apa yang terjadi?"


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """Return a copy of the first pack, to be changed."""
    return shutil.copytree(PACKS / "pekalongan", tmp_path / "pack")


@pytest.fixture
async def versions(pack: Path, log: io.StringIO) -> AsyncIterator[MenuVersions]:
    """Watch the folder, and return the versions of the menu."""
    versions = MenuVersions(load_menu(pack, CHANNELS))
    async with watch_pack(pack, CHANNELS, versions, LOOK_EVERY_S):
        yield versions


def write(path: Path, old: str, new: str) -> None:
    """Change a file as an editor does: replace it by another one."""
    text = path.read_text()
    assert old in text
    beside = path.with_suffix(".new")
    beside.write_text(text.replace(old, new))
    os.replace(beside, path)  # noqa: PTH105


def lines(log: io.StringIO, event: str) -> list[dict[str, Any]]:
    logs.flush()
    return [line for line in map(json.loads, log.getvalue().splitlines()) if line["event"] == event]


async def said(log: io.StringIO, event: str, times: int = 1) -> list[dict[str, Any]]:
    """Return the lines of this event, once there are `count` of them."""

    async def it_was() -> bool:
        return len(lines(log, event)) >= times

    await until(it_was)
    return lines(log, event)


async def test_changed_text_is_used_without_a_restart(pack: Path, versions: MenuVersions, log: io.StringIO) -> None:
    before = versions.current
    write(pack / "wording" / "id.yaml", "Ada kejadian apa?", NEW)

    (line,) = await said(log, "pack.changed")

    assert versions.current.wordings["id"].heading("category") == NEW
    assert (line["earlier"], line["version"]) == (before.version, versions.current.version)
    assert versions.get(before.version) is before


async def test_open_dialogue_keeps_its_texts(pack: Path, log: io.StringIO, redis_url: str, database_url: str) -> None:
    async with (
        ussd_gateway(redis_url, database_url, menu=load_menu(pack, CHANNELS), log=log) as gateway,
        watch_pack(pack, CHANNELS, gateway.services.versions, LOOK_EVERY_S),
    ):
        resident = Resident(gateway.services.turns)
        await resident.walk(("1", "2"))
        write(pack / "wording" / "id.yaml", "Ada kejadian apa?", NEW)

        await said(log, "pack.changed")

        assert (await resident.answer("1")).text.startswith("Ada kejadian apa?")
        assert (await Resident(gateway.services.turns, OTHER).walk(("1", "2", "1"))).text.startswith(NEW)


async def test_refused_pack_changes_nothing_and_logs_every_diagnostic(
    pack: Path, versions: MenuVersions, log: io.StringIO
) -> None:
    before = versions.current
    write(pack / "flow.yaml", "next: kecamatan\n", "next: nowhere\n")
    write(pack / "wording" / "jv.yaml", "report: ", "rapport: ")
    (line,) = await said(log, "pack.refused")

    assert versions.current is before

    diagnostics = "\n".join(line["complaints"])
    assert diagnostics.startswith("flow.yaml:"), "as `waspada check` says it"
    assert (line["level"], line["kept"]) == ("error", before.version)
    assert "nowhere" in diagnostics
    assert "wording/jv.yaml" in diagnostics

    write(pack / "flow.yaml", "next: nowhere\n", "next: kecamatan\n")
    write(pack / "wording" / "jv.yaml", "rapport: ", "report: ")
    write(pack / "wording" / "id.yaml", "Ada kejadian apa?", NEW)
    await said(log, "pack.changed")
    assert versions.current.wordings["id"].heading("category") == NEW, "once it is mended it is taken"


async def test_missing_folder_changes_nothing(pack: Path, versions: MenuVersions, log: io.StringIO) -> None:
    before = versions.current
    elsewhere = pack.with_name("elsewhere")
    os.rename(pack, elsewhere)  # noqa: PTH104
    (line,) = await said(log, "pack.refused")

    assert versions.current is before
    assert "is not a folder; expected a menu pack" in str(line["complaints"])

    os.rename(elsewhere, pack)  # noqa: PTH104
    write(pack / "wording" / "id.yaml", "Ada kejadian apa?", NEW)
    await said(log, "pack.changed")


async def test_binary_file_changes_nothing(pack: Path, versions: MenuVersions, log: io.StringIO) -> None:
    before = versions.current
    write(pack / "wording" / "jv.yaml", "navigation:", "navigasi:")
    (pack / "flow.yaml").write_bytes(b"start: main\n\xff\xfe\x00")

    (line,) = await said(log, "pack.refused")

    assert versions.current is before
    assert "flow.yaml:2: not UTF-8: save it as UTF-8" in line["complaints"]
    assert [one for one in line["complaints"] if one.startswith("wording/jv.yaml:2: navigasi")], "and the rest is read"


async def test_equal_content_is_no_new_version(pack: Path, versions: MenuVersions, log: io.StringIO) -> None:
    before = versions.current
    (pack / "README.md").write_text("Not a file of the menu.")
    os.utime(pack / "flow.yaml")

    await asyncio.sleep(LOOK_EVERY_S * 3)

    assert versions.current is before
    assert log.getvalue() == ""


async def test_half_copied_pack_is_waited_for(pack: Path, log: io.StringIO) -> None:
    """Copied file by file for a while, the pack is read once it is complete."""
    versions = MenuVersions(load_menu(pack, CHANNELS))
    flow = (pack / "flow.yaml").read_text()

    async with watch_pack(pack, CHANNELS, versions, every_s=1.0):
        for share in range(80):
            (pack / "flow.yaml").write_text(flow[: len(flow) * share // 80])
            await asyncio.sleep(0.02)
        write(pack / "wording" / "id.yaml", "Ada kejadian apa?", NEW)
        (pack / "flow.yaml").write_text(flow)
        await said(log, "pack.changed")

    assert lines(log, "pack.refused") == []


async def test_change_before_the_first_poll_is_noticed(pack: Path, log: io.StringIO) -> None:
    """A change between the start of a process, which reads the pack, and its first poll."""
    versions = MenuVersions(load_menu(pack, CHANNELS))
    write(pack / "wording" / "id.yaml", "Ada kejadian apa?", NEW)

    async with watch_pack(pack, CHANNELS, versions, LOOK_EVERY_S):
        await said(log, "pack.changed")

    assert versions.current.wordings["id"].heading("category") == NEW
