"""Files that hold a secret: refused while users who need not know it can read them.

A file of root may be read by its group, since only root can have chosen that group: the service reads it, and cannot
change it. Root's files in the folders of mounted secrets are taken as they are. Docker and its like mount them readable
for all, in a container that nobody else is in.
"""

from __future__ import annotations

import stat
from collections.abc import Sequence
from pathlib import Path

MOUNTED = (Path("/run/secrets"), Path("/run/credentials"))  # of containers, and of systemd's LoadCredential
_ROOT = 0


def check_private(path: Path, mounted: Sequence[Path] = MOUNTED) -> None:
    """Raise `ValueError` if others can read or change a file. Raises `OSError` if there is none.

    What is no regular file, such as a pipe, has no mode that counts.
    """
    found, real = path.stat(), path.resolve()
    owned_by_root = found.st_uid == _ROOT
    if not stat.S_ISREG(found.st_mode) or (owned_by_root and any(real.is_relative_to(folder) for folder in mounted)):
        return
    allowed = 0o740 if owned_by_root else 0o700
    if stat.S_IMODE(found.st_mode) & 0o777 & ~allowed:
        raise ValueError(f"{path} can be read or changed by others: chmod {'640' if owned_by_root else '600'} {path}")
