"""Every setting says what it means, and every setting that a page or a file of deploy/ names exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from gateway.settings import Settings
from gateway.settings.loading import NOT_SETTINGS
from gateway.wiring.carriers import CARRIERS, read_settings
from tests.architecture.documents import ROOT, pages, sections
from tests.helpers.settings import write_secret

DEPLOY = ROOT / "deploy"
VARIANTS: list[type[BaseModel]] = [carrier.settings for carrier in CARRIERS.values()]
SECRETS = {"vault_key": "0f" * 32, "secret": "a-new-secret-of-24-bytes\nthe-old-secret-of-24-byte\n"}
VARIABLE = re.compile(r"WASPADA_([A-Z0-9_]*[A-Z0-9])")


@pytest.mark.parametrize("settings", [Settings, *VARIANTS])
def test_every_setting_says_what_it_means(settings: type[BaseModel]) -> None:
    assert [name for name, field in settings.model_fields.items() if not field.description] == []


def test_every_variable_that_is_named_is_a_setting() -> None:
    files = [path for path in DEPLOY.rglob("*") if path.is_file() and path.suffix != ".png"]
    named = {name for path in {*pages(), *files} for name in VARIABLE.findall(path.read_text(encoding="utf-8"))}

    assert named >= {"CONFIG", "HOST", "CHANNELS__AT__LIMIT"}
    assert [name for name in named if not _is_a_setting(name.lower())] == []


def _is_a_setting(name: str) -> bool:
    if name.startswith("channels__"):
        return name.split("__")[2] in {field for variant in VARIANTS for field in variant.model_fields}
    return name in Settings.model_fields or name in NOT_SETTINGS


def _examples() -> dict[str, str]:
    blocks = [block for page in sections(DEPLOY / "README.md") for block in page.blocks if block.language == "toml"]
    assert len(blocks) == 1
    return {"the runbook": blocks[0].text, "compose": (DEPLOY / "compose" / "waspada.toml").read_text()}


@pytest.mark.parametrize("name", ["the runbook", "compose"])
def test_the_example_of_a_settings_file_is_right(name: str, tmp_path: Path) -> None:
    example = re.sub(r"/etc/waspada|/run/secrets", str(tmp_path), _examples()[name])
    (tmp_path / "waspada.toml").write_text(example)
    for setting, file in re.findall(r'^(\w+)_file = "(.+)"', example, re.MULTILINE):
        write_secret(Path(file), SECRETS.get(setting, "atsk_0000"))

    settings = read_settings(tmp_path / "waspada.toml")

    assert settings.channels["at"].secrets == ("a-new-secret-of-24-bytes", "the-old-secret-of-24-byte")
    assert settings.public_url == "https://gateway.example.org"
    if name == "the runbook":
        settings.require("redis_url", "database_url", "vault_key")
