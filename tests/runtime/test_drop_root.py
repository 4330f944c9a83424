"""Launcher of the servers: root becomes nobody, and no server outlives its parent."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.runtime import drop_root
from tests.helpers.packs import ROOT
from tests.helpers.stores import LAUNCHER, let_others_reach


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has something to lose")
def test_root_becomes_nobody_if_namespaces_are_refused(tmp_path: Path) -> None:
    """The kernel refuses a user namespace to a process with two threads, as a container does to every process."""
    let_others_reach(tmp_path)
    script = (
        "import os, sys, threading, time; from gateway.runtime import drop_root;"
        "threading.Thread(target=time.sleep, args=(60,), daemon=True).start();"
        "drop_root.main([str(os.getppid()), '15', *sys.argv[1:], '--',"
        "'/bin/sh', '-c', f'id -u; touch {sys.argv[1]}/it'])"
    )

    ran = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert ran.stdout == f"{drop_root.NOBODY}\n"
    assert (tmp_path / "it").stat().st_uid == drop_root.NOBODY


def test_folder_without_access_is_named() -> None:
    folder = "/proc/1"
    ran = subprocess.run([*LAUNCHER, folder, "--", "/bin/true"], capture_output=True, text=True, check=False)

    assert ran.returncode == 1
    assert f"may not use {folder}" in ran.stderr


def test_server_without_its_parent_does_not_start(tmp_path: Path) -> None:
    launcher = [*LAUNCHER[:4], "1", *LAUNCHER[5:]]
    ran = subprocess.run([*launcher, str(tmp_path), "--", "/bin/true"], capture_output=True, text=True, check=False)

    assert ran.returncode == 1
    assert "has ended" in ran.stderr
