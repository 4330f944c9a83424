"""`users totp`: a second factor is set up with a code of the app, asked for, and removed by another administrator."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from click.testing import Result

from gateway.accounts.totp import STEP_S, code_at
from tests.helpers.cli import Shell
from tests.helpers.cli_accounts import PASSWORD, run_typing


def next_code(secret: bytes, drift: int = 1) -> str:
    """Return the code of the next step, which counts already and was not used yet."""
    return code_at(secret, int(time.time()) // STEP_S + drift)


def set_up_totp(shell: Shell, name: str) -> bytes:
    """Set up the second factor of an account, as its owner does. Returns the secret."""
    password = Path(shell.variables["WASPADA_CONFIG"] or "").with_name("password")
    password.touch(mode=0o600)
    password.write_text(PASSWORD)
    variables = {key: value for key, value in shell.variables.items() if value is not None}
    with subprocess.Popen(
        [sys.executable, "-m", "gateway", "users", "totp", name],
        env={**os.environ, **variables, "WASPADA_PASSWORD_FILE": str(password)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        uri = urlsplit(process.stdout.readline().strip())
        (text,) = parse_qs(uri.query)["secret"]
        secret = base64.b32decode(text)
        _, stderr = process.communicate(f"{next_code(secret, drift=0)}\n")
    assert (uri.scheme, uri.path) == ("otpauth", f"/Waspada%3A{name}")
    assert (process.returncode, f"{name} is asked for a code from now on." in stderr) == (0, True), stderr
    return secret


def test_totp_is_set_by_its_owner_and_removed_by_another_administrator(dewi: Shell) -> None:
    for name in ("agus", "rina"):
        run_typing(dewi, f"{PASSWORD}\n", "users", "add", name, "--role", "administrator", "--password-stdin")
    secret = set_up_totp(dewi, "agus")

    history = [entry["action"] for entry in dewi.list_json("users", "history", "agus")]
    assert history[:2] == ["account.second_factor_set", "account.authenticated"]
    code = next_code(secret)
    again = run_typing(dewi, f"{PASSWORD}\n{code}\n", "users", "totp", "agus")
    assert "agus has a second factor already" in again.stderr

    def off(administrator: str, typed: str) -> Result:
        return run_typing(dewi, f"{PASSWORD}\n{typed}", "users", "totp", "agus", "--off", "--as", administrator)

    assert "not authenticated" in off("agus", f"{code}\n").stderr, "that code is used"
    assert "dewi may not manage accounts" in off("dewi", "").stderr
    assert off("rina", "").stdout == "agus has no second factor any more.\n"
    assert off("rina", "").stdout == "agus had no second factor.\n"
    assert dewi.run("users", "totp", "agus", "--off").exit_code == 2


def test_totp_changes_nothing_without_the_right_code(dewi: Shell) -> None:
    refused = run_typing(dewi, f"{PASSWORD}\n12345\n", "users", "totp", "dewi")

    assert (refused.exit_code, "the code is not the one of now" in refused.stderr) == (1, True)
    assert dewi.list_json("users", "history", "dewi")[0]["action"] == "account.authenticated"


def test_required_second_factor_binds_administrators_alone(dewi: Shell) -> None:
    run_typing(dewi, f"{PASSWORD}\n", "users", "add", "agus", "--role", "administrator", "--password-stdin")
    set_up_totp(dewi, "dewi")
    strict = Shell({**dewi.variables, "WASPADA_REQUIRE_SECOND_FACTOR": "true"})
    off = ("users", "totp", "dewi", "--off", "--as", "agus")

    assert "agus needs a second factor" in run_typing(strict, f"{PASSWORD}\n", *off).stderr
    secret = set_up_totp(strict, "agus")
    typed = f"{PASSWORD}\n{next_code(secret)}\n"
    assert run_typing(strict, typed, *off).stdout == "dewi has no second factor any more.\n"
