"""Become a server that is not root and does not outlive its parent.

    python -I -S drop_root.py PARENT SIGNAL FOLDER… -- BINARY ARGUMENT…

PostgreSQL refuses to run as root. Root therefore starts it in a user namespace of its own, in which root's
files belong to `nobody`: the server sees itself as `nobody`, and outside every file stays root's. Where the
namespace is refused (containers forbid it), or where the data already belongs to another user, the server
really becomes that user.

It runs by path and imports three small modules only (no pathlib): each start of a server waits for it.
"""

from __future__ import annotations

import ctypes
import os
import sys

NOBODY = 65534
_CLONE_NEWUSER = 0x10000000
_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Turn this process into BINARY, which must be able to write each FOLDER and is the first one's owner."""
    parent, signal = int(arguments[0]), int(arguments[1])
    split = arguments.index("--")
    folders, command = arguments[2:split], arguments[split + 1 :]
    if os.geteuid() == 0:
        _leave_root(folders)
    for path, way in [*((folder, os.W_OK | os.X_OK) for folder in folders), (command[0], os.X_OK)]:
        if not os.access(path, way):
            sys.exit(f"user {os.geteuid()} may not use {path}: move it to where this user can reach it")
    _die_with(parent, signal)
    os.execv(command[0], command)  # noqa: S606


def _leave_root(folders: list[str]) -> None:
    first = os.stat(folders[0])  # noqa: PTH116
    if first.st_uid == 0 and _enter_namespace():
        return
    user, group = (first.st_uid, first.st_gid) if first.st_uid else (NOBODY, NOBODY)
    for folder in folders:
        _change_owner(folder, user, group)
    os.setgroups([])
    os.setresgid(group, group, group)
    os.setresuid(user, user, user)


def _enter_namespace() -> bool:
    """Whether root's files are now `nobody`'s to this process; False where a container forbids it."""
    if ctypes.CDLL(None).unshare(_CLONE_NEWUSER) != 0:
        return False
    for name, text in (("setgroups", "deny"), ("uid_map", f"{NOBODY} 0 1"), ("gid_map", f"{NOBODY} 0 1")):
        with open(f"/proc/self/{name}", "w") as file:  # noqa: PTH123
            file.write(text)
    return True


def _change_owner(folder: str, user: int, group: int) -> None:
    if os.stat(folder).st_uid == user:  # noqa: PTH116
        return
    for path, _, files in os.walk(folder):
        for name in (path, *(f"{path}/{file}" for file in files)):
            os.lchown(name, user, group)


def _die_with(parent: int, signal: int) -> None:
    """Have the kernel send `signal` to this process when the parent is gone, however it went.

    To be called last: a change of user takes the arrangement back.
    """
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal)
    if os.getppid() != parent:
        sys.exit(f"process {parent}, which started this one, is gone")


if __name__ == "__main__":
    main(sys.argv[1:])
