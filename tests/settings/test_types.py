"""Types of settings: spellings of the vault key."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from gateway.settings import Settings
from gateway.settings.types import decode_vault_key
from tests.helpers.settings import KEY


@pytest.mark.parametrize(
    "text",
    [KEY, KEY.upper(), "ABEiM0RVZneImaq7zN3u_wARIjNEVWZ3iJmqu8zd7v8", "ABEiM0RVZneImaq7zN3u_wARIjNEVWZ3iJmqu8zd7v8="],
)
def test_vault_key_may_be_hex_or_base64url(text: str) -> None:
    assert Settings(vault_key=SecretStr(text)).vault_key_bytes == bytes.fromhex(KEY)


@pytest.mark.parametrize("text", ["ä", "0", "$"])
def test_decode_vault_key_returns_no_bytes_for_another_text(text: str) -> None:
    assert decode_vault_key(text) == b""
