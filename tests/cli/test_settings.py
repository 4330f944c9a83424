"""Settings as every verb reads them: what is wrong has its line, and no secret is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.cli import API_KEY, CONFIG, KEY, OLD_SECRET, SECRET, Shell


@pytest.mark.parametrize("verb", ["run", "web", "worker", "check", "settings", "channels"])
def test_wrong_settings(shell: Shell, tmp_path: Path, verb: str) -> None:
    config = tmp_path / "waspada.toml"
    config.write_text(CONFIG.replace('carrier = "africastalking"', 'carrier = "pigeon"') + "colour = 1\n")
    message = shell.error_of(verb, session_ttl_s="10", polms="3")
    assert f"{config}:5: channels.at.carrier: " in message
    assert f"{config}:11: channels.at.colour: there is no such setting" in message
    assert "WASPADA_SESSION_TTL_S: session_ttl_s: " in message
    assert "WASPADA_POLMS: there is no such setting (did you mean poll_ms?)" in message


def test_settings_hide_every_secret(shell: Shell) -> None:
    rows = {row["name"]: row for row in shell.list_json("settings")}
    assert rows["session_ttl_s"]["value"] == rows["session_ttl_s"]["default"] == "600"
    assert all(row["meaning"] for row in rows.values())
    for name in ("vault_key", "redis_url", "database_url", "channels.at.api_key", "channels.at.secret"):
        assert rows[name]["value"] == "hidden"
    assert rows["public_url"]["source"].endswith("waspada.toml:2")
    assert rows["redis_url"]["source"] == "WASPADA_REDIS_URL"
    for result in (shell.run("settings"), shell.run("settings", "--json")):
        assert not [secret for secret in (KEY, API_KEY, SECRET, OLD_SECRET, "redis.sock") if secret in result.output]
