"""Settings files for tests, and the diagnostics of wrong ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.carriers.africastalking.settings import AfricasTalkingSettings
from gateway.settings import SettingsRefused
from gateway.wiring.carriers import read_settings

KEY = "00112233445566778899aabbccddeeff" * 2
CHANNEL = """
[channels.at]
carrier = "africastalking"
username = "sandbox"
api_key = "atsk_0000"
secret = "0123456789abcdef"
service_code = "*384*3375#"
"""


def write_secret(path: Path, text: str) -> Path:
    """Write a file that its owner alone can read, as that of a secret must be. Returns its path."""
    path.write_text(text)
    path.chmod(0o600)
    return path


def read_channel(config: Path) -> AfricasTalkingSettings:
    """Read the settings of the channel `at`."""
    channel = read_settings(config).channels["at"]
    assert isinstance(channel, AfricasTalkingSettings)
    return channel


def diagnostics(config: Path | None = None, **options: Any) -> list[str]:
    """Read wrong settings. Returns the diagnostics, which are also the lines of the error."""
    with pytest.raises(SettingsRefused) as caught:
        read_settings(config, **options)
    assert str(caught.value) == "\n".join(caught.value.diagnostics)
    return caught.value.diagnostics
