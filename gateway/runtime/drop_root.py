"""Launcher of a server: drop root, and end with the parent process.

    python -I -S drop_root.py PARENT SIGNAL FOLDER… -- BINARY ARGUMENT…

PostgreSQL refuses to run as root. Root therefore starts it in a user namespace of its own, in which the files of
root belong to `nobody`: the server sees itself as `nobody`, and outside every file stays root's. If the namespace is
refused (containers forbid it), or if the data already belongs to another user, the server becomes that user.

Run by path, with three small imports only (no pathlib): each start of a server waits for it.
"""

from __future__ import annotations

import ctypes
import os
import sys

NOBODY = 65534
_CLONE_NEWUSER = 0x10000000
_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Replace this process by BINARY, as the owner of the first FOLDER, with access to every FOLDER."""
    parent, signal = int(arguments[0]), int(arguments[1])
    split = arguments.index("--")
    folders, command = arguments[2:split], arguments[split + 1 :]
    if os.geteuid() == 0:
        _leave_root(folders)
    for path, access in [*((folder, os.W_OK | os.X_OK) for folder in folders), (command[0], os.X_OK)]:
        if not os.access(path, access):
            sys.exit(f"user {os.geteuid()} may not use {path}; move it to a folder that this user can reach")
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
    """Map root to `nobody` in a new user namespace. Returns False if that is forbidden, as in a container."""
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
    """Have the kernel send `signal` to this process when the parent ends, however it ends.

    Must be called last: a change of user cancels the arrangement.
    """
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal)
    if os.getppid() != parent:
        sys.exit(f"process {parent}, which started this one, has ended")


if __name__ == "__main__":
    main(sys.argv[1:])
