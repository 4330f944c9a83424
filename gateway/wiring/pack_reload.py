"""Reload of a changed pack while the gateway runs. A refused pack changes nothing.

Every process polls the folder by itself. An open dialogue continues in the version that it began with
(`gateway.ussd.menu_versions`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import structlog

from gateway.menu.model import Menu
from gateway.menu.pack.loader import PackRefused, version_of
from gateway.runtime.pack_folder import PackNotFound, fingerprint, read_pack
from gateway.settings import ChannelSettings
from gateway.ussd.menu_versions import MenuVersions
from gateway.wiring.pack_loading import load_menu

log = structlog.get_logger()

POLL_S = 2.0


@asynccontextmanager
async def watch_pack(
    pack: Path, channels: Mapping[str, ChannelSettings], versions: MenuVersions, every_s: float = POLL_S
) -> AsyncIterator[None]:
    """Put every valid change of the folder into `versions` while the block lasts. It is polled every `every_s`."""
    watching = asyncio.create_task(_watch(pack, channels, versions, every_s))
    try:
        yield
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


async def _watch(pack: Path, channels: Mapping[str, ChannelSettings], versions: MenuVersions, every_s: float) -> None:
    seen: frozenset[tuple[str, int, int]] | None = None  # it may have changed since `versions` was built
    while True:
        await asyncio.sleep(every_s)
        try:
            now = await asyncio.to_thread(fingerprint, pack)
            if now == seen:
                continue
            await asyncio.sleep(every_s / 4)  # an editor or a copy may still be writing
            if now != await asyncio.to_thread(fingerprint, pack):
                continue
            seen = now
            await _load_change(pack, channels, versions)
        except Exception:  # no fault of a folder may end the watch: the current pack stays in use
            log.exception("pack.not_read", pack=pack.name)


async def _load_change(pack: Path, channels: Mapping[str, ChannelSettings], versions: MenuVersions) -> None:
    def refused(diagnostics: Iterable[object]) -> None:
        messages = [str(diagnostic) for diagnostic in diagnostics]
        log.error("pack.refused", pack=pack.name, kept=versions.current.version, complaints=messages)

    try:
        menu = await asyncio.to_thread(_load_if_changed, pack, channels, versions.current)
    except PackRefused as error:
        refused(error.diagnostics)
    except PackNotFound as error:
        refused([error])
    else:
        if menu is not None:
            log.info("pack.changed", pack=pack.name, version=menu.version, earlier=versions.current.version)
            versions.activate(menu)


def _load_if_changed(pack: Path, channels: Mapping[str, ChannelSettings], current: Menu) -> Menu | None:
    """Load the pack, or return None if it is the one in use, which needs no second check."""
    return None if version_of(read_pack(pack)) == current.version else load_menu(pack, channels)
