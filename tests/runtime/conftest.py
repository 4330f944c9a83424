from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.helpers.stores import run_stores


@pytest.fixture(scope="session")
async def used_data_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data folder after its first start, to be copied. Creating one takes longer than anything else here."""
    folder = tmp_path_factory.mktemp("made")
    async with run_stores(folder):
        pass
    return folder


@pytest.fixture
def data(used_data_folder: Path, tmp_path: Path) -> Path:
    """Return a data folder of the test's own that has been used before."""
    return shutil.copytree(used_data_folder, tmp_path / "var", symlinks=True)
