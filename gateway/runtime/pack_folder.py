"""Folder of a menu pack, read as the texts of its files. `gateway.menu` parses them."""

from __future__ import annotations

from pathlib import Path

from gateway.text.errors import UserError

MAX_CHARACTERS = (1 << 20) + 1  # characters: one more than a file of a menu may have, so that a larger one is detected
_ENDINGS = (".yaml", ".csv")


class PackNotFound(UserError):
    """Error: the folder does not exist."""


def read_pack(folder: Path) -> dict[str, str]:
    """Read the YAML and CSV files below `folder`, by their relative names. Raises `PackNotFound`.

    A byte that is not UTF-8 becomes a lone surrogate, which no valid text has, so that the parser reports it.
    """
    if not folder.is_dir():
        raise PackNotFound(f"{folder} is not a folder; expected a menu pack, with pack.yaml and flow.yaml")
    files = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix in _ENDINGS and path.is_file():
            with path.open(encoding="utf-8-sig", errors="surrogateescape") as file:
                files[path.relative_to(folder).as_posix()] = file.read(MAX_CHARACTERS)
    return files


def fingerprint(folder: Path) -> frozenset[tuple[str, int, int]]:
    """Return names, sizes and times of the files of a pack, which change with them. Empty without a folder."""
    found = []
    for path in folder.rglob("*"):
        try:
            status = path.stat()
        except OSError:  # removed at this moment
            continue
        if path.suffix in _ENDINGS:
            found.append((path.relative_to(folder).as_posix(), status.st_size, status.st_mtime_ns))
    return frozenset(found)
