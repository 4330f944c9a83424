"""Verb `settings`, and the settings of every verb: mistakes have their line, and no secret is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.text.diagnostics import one_of
from gateway.wiring.carriers import CARRIERS
from tests.helpers.cli import API_KEY, CONFIG, KEY, OLD_SECRET, SECRET, Shell


@pytest.mark.parametrize("verb", ["run", "web", "worker", "check", "settings", "channels"])
def test_verb_reports_every_wrong_setting_with_its_place(shell: Shell, tmp_path: Path, verb: str) -> None:
    config = tmp_path / "waspada.toml"
    config.write_text(CONFIG.replace('carrier = "africastalking"', 'carrier = "pigeon"') + "colour = 1\n")

    message = shell.error_of(verb, session_ttl_s="10", polms="3")

    assert f'{config}:5: channels.at.carrier: unknown carrier "pigeon"; {one_of(CARRIERS)}' in message
    assert f"{config}:11: channels.at.colour: there is no such setting" in message
    assert "WASPADA_SESSION_TTL_S: session_ttl_s: " in message
    assert "WASPADA_POLMS: there is no such setting (did you mean poll_ms?)" in message


def test_settings_list_value_default_meaning_and_source(shell: Shell) -> None:
    rows = {row["name"]: row for row in shell.list_json("settings")}

    assert rows["session_ttl_s"]["value"] == rows["session_ttl_s"]["default"] == "600"
    assert all(row["meaning"] for row in rows.values())
    for name in ("vault_key", "redis_url", "database_url", "channels.at.api_key", "channels.at.secret"):
        assert rows[name]["value"] == "hidden"
    assert rows["public_url"]["source"].endswith("waspada.toml:2")
    assert rows["redis_url"]["source"] == "WASPADA_REDIS_URL"


@pytest.mark.parametrize("options", [(), ("--json",)], ids=["table", "json"])
def test_settings_show_no_secret_in_any_format(shell: Shell, options: tuple[str, ...]) -> None:
    output = shell.run("settings", *options).output

    assert not [secret for secret in (KEY, API_KEY, SECRET, OLD_SECRET, "redis.sock") if secret in output]
