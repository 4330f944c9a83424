from __future__ import annotations

import pytest

from gateway.menu.model import Menu
from gateway.menu.pack.loader import load
from tests.helpers.drawings import Edited
from tests.helpers.pack_edits import Files


@pytest.fixture
def edited(files: Files) -> Edited:
    def edit(file: str, old: str, new: str) -> Menu:
        assert old in files[file]
        return load({**files, file: files[file].replace(old, new, 1)})

    return edit
