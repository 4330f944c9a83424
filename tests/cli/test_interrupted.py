"""Ctrl-C while a verb starts: it ends without a traceback, wherever the import has come to."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from tests.helpers.program import ROOT


@pytest.mark.parametrize("imported", ["click", "gateway.cli.context", "sqlalchemy.engine"])
def test_ctrl_c_during_the_imports_shows_no_traceback(imported: str) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "gateway", "people", "list"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as verb:
        assert verb.stderr is not None
        assert any(line.split("|")[-1].strip() == imported for line in verb.stderr)
        verb.send_signal(signal.SIGINT)
        rest = verb.stderr.read()

    assert "Traceback" not in rest
    assert verb.returncode in (1, 130)
