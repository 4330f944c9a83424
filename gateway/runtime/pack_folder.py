"""A pack's folder as the texts of its files; what they mean is for `gateway.menu` to say."""

from __future__ import annotations

from pathlib import Path

MAX_CHARACTERS = (1 << 20) + 1  # characters: one more than a file of a menu may have, so that a larger one is noticed
_ENDINGS = (".yaml", ".csv")


class PackNotFound(Exception):
    """There is no menu pack in this folder."""


def read_pack(folder: Path) -> dict[str, str]:
    """The YAML and CSV files below `folder`, by their relative names. Raises `PackNotFound`.

    A byte that is not of UTF-8 becomes a lone surrogate, which no text can hold: whoever reads the file finds it there.
    """
    if not folder.is_dir():
        raise PackNotFound(f"{folder} is not a folder with a menu pack (it would hold pack.yaml and flow.yaml)")
    files = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix in _ENDINGS and path.is_file():
            with path.open(encoding="utf-8-sig", errors="surrogateescape") as file:
                files[path.relative_to(folder).as_posix()] = file.read(MAX_CHARACTERS)
    return files


def fingerprint(folder: Path) -> frozenset[tuple[str, int, int]]:
    """What changes when a file of the pack does: the names, sizes and times of its files. Empty without a folder."""
    found = []
    for path in folder.rglob("*"):
        try:
            status = path.stat()
        except OSError:  # taken away in this moment
            continue
        if path.suffix in _ENDINGS:
            found.append((path.relative_to(folder).as_posix(), status.st_size, status.st_mtime_ns))
    return frozenset(found)
