"""Types of settings: the shape that a value must have, and how it is read."""

from __future__ import annotations

import base64
import binascii
import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, SecretStr, ValidationInfo

from gateway.settings.remote_store import check_certificate_file, check_verified
from gateway.settings.secret_file import check_private
from gateway.settings.url import POSTGRES_PARAMETERS, REDIS_PARAMETERS, Parameters, check_url

UNSET = SecretStr("")
"""Default of a required secret, so that its validators run also when it is not given."""


def decode_vault_key(text: str) -> bytes:
    """Decode 64 hex digits or a base64url text. Returns no bytes for any other text."""
    try:
        if re.fullmatch(r"[0-9a-fA-F]{64}", text):
            return bytes.fromhex(text)
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars="-_", validate=True)
    except (binascii.Error, ValueError):
        return b""


def _or_from_file(value: Any, info: ValidationInfo) -> Any:
    """Return the value, or the contents of the file that `<name>_file` names."""
    path: Path | None = info.data.get(f"{info.field_name}_file")
    if path is None:
        return value
    if value not in (None, UNSET, ()):
        raise ValueError(f"give either {info.field_name} or {info.field_name}_file, not both")
    try:
        check_private(path)
        return path.read_text(encoding="utf-8-sig").strip()  # editors of Windows begin a file with a mark
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from None


def _required(value: Any, info: ValidationInfo) -> Any:
    if value == UNSET or not value:
        raise ValueError(f"is missing: give {info.field_name} or {info.field_name}_file")
    return value


def _split(value: Any) -> Any:
    """Split a text at commas and white space, which includes the line breaks of a file."""
    return tuple(re.split(r"[\s,]+", value)) if isinstance(value, str) else value


def _check_vault_key(text: SecretStr | None) -> SecretStr | None:
    if text is not None and len(decode_vault_key(text.get_secret_value())) != 32:
        raise ValueError("must be 32 bytes, written as 64 hex digits or as base64url")
    return text


def _matching(pattern: str, message: str) -> AfterValidator:
    """Make the validator that raises `message` for a text that is not matched whole."""
    expression = re.compile(pattern)

    def check(value: str | SecretStr) -> str | SecretStr:
        if not expression.fullmatch(_plain_text(value)):
            raise ValueError(message)
        return value

    return AfterValidator(check)


def _url(*schemes: str, parameters: Parameters | None = None) -> AfterValidator:
    """Make the validator for URLs of these schemes. Its error does not quote the URL, which may hold a password."""

    def check(value: str | SecretStr | None) -> str | SecretStr | None:
        if value is not None:
            check_url(_plain_text(value), schemes, parameters)
        return value

    return AfterValidator(check)


def _check_store(url: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
    """Refuse a store on another machine without verified TLS. `trusted_network` must come before it in the model."""
    if url is not None:
        if not info.data.get("trusted_network"):
            check_verified(url.get_secret_value())
        check_certificate_file(url.get_secret_value())
    return url


def _plain_text(value: str | SecretStr) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


# Order matters: of several `BeforeValidator` pydantic runs the last first. So `Required, FromFile` reads the file and
# then requires a value.
FromFile = BeforeValidator(_or_from_file)
Required = BeforeValidator(_required)
CommaSeparated = BeforeValidator(_split)
LowerCase = BeforeValidator(lambda value: value.lower() if isinstance(value, str) else value)

ChannelName = Annotated[str, _matching(r"[a-z0-9-]{1,32}", "a channel's name must be 1 to 32 of a-z 0-9 -")]
ServiceCode = Annotated[
    str, _matching(r"(?=.{3,14}\Z)\*[0-9]+(\*[0-9]+)*#", "must look like *384*3375# and have at most 14 characters")
]
NavigationKey = Annotated[str, _matching(r"[0-9]{1,3}", "must be 1 to 3 digits, in quotes")]
PartCost = Annotated[str, _matching(r"[0-9]{1,9}(\.[0-9]{1,4})?( [A-Z]{3})?", "must look like 350 IDR, or 0.02 USD")]
WebhookSecret = Annotated[
    SecretStr, _matching(r"[A-Za-z0-9_-]{16,128}", "must be 16 to 128 of A-Z a-z 0-9 _ -, because it is part of URLs")
]
HttpUrl = Annotated[str, _url("http", "https", parameters={})]
Host = Annotated[str, _matching(r"[0-9A-Za-z:._-]{1,253}", "must be an address, or the name of a host")]
VerifiedStore = AfterValidator(_check_store)
RedisUrl = Annotated[
    SecretStr | None, _url("redis", "rediss", "unix", parameters=REDIS_PARAMETERS), VerifiedStore, FromFile
]
PostgresUrl = Annotated[
    SecretStr | None,
    _url("postgresql", "postgresql+asyncpg", "postgres", parameters=POSTGRES_PARAMETERS),
    VerifiedStore,
    FromFile,
]
VaultKey = Annotated[SecretStr | None, AfterValidator(_check_vault_key), FromFile]
