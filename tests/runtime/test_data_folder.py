"""Lock of a data folder: refused while another run uses it, or if it cannot be created."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gateway.runtime.data_folder import DataFolderInUse
from gateway.runtime.embedded import EmbeddedStores
from tests.helpers.stores import read_marks, run_stores, write_marks


async def test_folder_in_use_is_refused_and_its_owner_undisturbed(data: Path) -> None:
    async with run_stores(data) as stores:
        with pytest.raises(DataFolderInUse, match=rf"already used by another waspada run \(process {os.getpid()}\)"):
            await EmbeddedStores.start(data)

        await write_marks(stores.redis_url, stores.database_url)
        assert await read_marks(stores.redis_url, stores.database_url) == ("kept", "kept")


async def test_folder_that_cannot_be_created_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(DataFolderInUse, match="cannot be used: File exists"):
        await EmbeddedStores.start(tmp_path / "file")
