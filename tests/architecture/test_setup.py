"""Set-up of a machine by `make`: what is missing or broken is made anew, step by step."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.documents import ROOT


def make(folder: Path, *arguments: str) -> str:
    """Run `make` in a folder with the project's own Makefile, and return what it prints."""
    shutil.copy(ROOT / "Makefile", folder)
    (folder / "requirements.txt").touch()
    (folder / "pyproject.toml").touch()
    command = ["make", f"PYTHON={sys.executable}", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def environment(folder: Path, python: Path) -> None:
    """Write a .venv whose Python is a link to `python`, with every step of its set-up done."""
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / "python").symlink_to(python)
    (folder / ".venv" / ".run-done").touch()


def test_setup_of_an_empty_folder_has_three_steps(tmp_path: Path) -> None:
    printed = make(tmp_path, "--dry-run", "setup")

    assert [printed.index(step) for step in ("1/3", "venv.sh", "2/3", "3/3")] == sorted(
        printed.index(step) for step in ("1/3", "venv.sh", "2/3", "3/3")
    )


@pytest.mark.parametrize("python", ["python-that-is-gone", "python-without-pip"])
def test_setup_makes_a_broken_environment_again(tmp_path: Path, python: str) -> None:
    (tmp_path / "python-without-pip").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "python-without-pip").chmod(0o755)
    environment(tmp_path, tmp_path / python)

    printed = make(tmp_path, "--dry-run", "setup")

    assert "1/3 Python environment" in printed
    assert "2/3" in printed
    assert not (tmp_path / ".venv").exists()


def test_setup_leaves_a_working_environment_alone(tmp_path: Path) -> None:
    environment(tmp_path, Path(sys.executable))

    assert "1/3" not in make(tmp_path, "--dry-run", "setup")
    assert (tmp_path / ".venv" / "bin" / "python").is_symlink()
