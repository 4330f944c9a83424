"""Folder of a pack: a file that is not UTF-8 does not affect the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.menu.pack.loader import PackRefused, load, version_of
from gateway.menu.pack.yaml_reader import MAX_FILE
from gateway.runtime.pack_folder import MAX_CHARACTERS, PackNotFound, fingerprint, read_pack


def test_folder_is_read_as_its_yaml_and_csv_files(tmp_path: Path) -> None:
    (tmp_path / "wording").mkdir()
    (tmp_path / "flow.yaml").write_bytes(b"\xef\xbb\xbfstart: main\r\nhome: main\r\n")
    (tmp_path / "wording" / "id.yaml").write_text("apology: Maaf é")
    (tmp_path / "README.md").write_text("for people")

    assert read_pack(tmp_path) == {"flow.yaml": "start: main\nhome: main\n", "wording/id.yaml": "apology: Maaf é"}
    with pytest.raises(PackNotFound, match="is not a folder; expected a menu pack"):
        read_pack(tmp_path / "nowhere")


def test_byte_that_is_not_utf_8_is_reported_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "flow.yaml").write_bytes(b"start: main\r\nhome: caf\xe9\nhelp: \xff\n")
    (tmp_path / "categories.yaml").write_bytes("- uang".encode("utf-16"))
    (tmp_path / "stages.yaml").write_text("- {key: a, first: 2024-01-02, last: 2024-01-01}")

    with pytest.raises(PackRefused) as refused:
        load(read_pack(tmp_path))

    found = [str(one) for one in refused.value.diagnostics]
    assert "flow.yaml:2: not UTF-8: save it as UTF-8" in found
    assert "categories.yaml:1: not UTF-8: save it as UTF-8" in found
    assert "stages.yaml:1: 0: last is before first" in found
    assert "pack.yaml: this file is missing" in found


def test_pack_with_invalid_bytes_has_a_version(tmp_path: Path) -> None:
    (tmp_path / "flow.yaml").write_bytes(b"\xe9")
    one, seen = version_of(read_pack(tmp_path)), fingerprint(tmp_path)
    (tmp_path / "flow.yaml").write_bytes(b"\xe8\xe8")

    assert version_of(read_pack(tmp_path)) != one
    assert fingerprint(tmp_path) != seen


def test_endless_file_is_read_up_to_the_limit(tmp_path: Path) -> None:
    (tmp_path / "flow.yaml").write_bytes(b"x" * (MAX_FILE + 1000))

    assert MAX_CHARACTERS == MAX_FILE + 1
    assert len(read_pack(tmp_path)["flow.yaml"]) == MAX_CHARACTERS
