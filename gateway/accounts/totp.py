"""Pure: time-based one-time passwords (RFC 6238), as every authenticator app computes them: SHA-1, 6 digits, 30 s.

Twenty lines of HMAC rather than a package: the step of a code must be known, so that no code counts twice.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime
from urllib.parse import quote, urlencode

SECRET_BYTES = 20
"""Length of a secret, as RFC 4226 recommends."""

DIGITS = 6
STEP_S = 30
_DRIFT = 1  # steps by which the clock of a phone may be wrong


def code_at(secret: bytes, step: int, digits: int = DIGITS) -> str:
    """Return the code of a step: RFC 4226, section 5.3."""
    digest = hmac.digest(secret, step.to_bytes(8), hashlib.sha1)
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4]) & 0x7FFF_FFFF
    return f"{number % 10**digits:0{digits}}"


def matching_step(secret: bytes, typed: str, now: datetime) -> int | None:
    """Return the step, of now or beside it, whose code was typed. Compares with each of them, in constant time."""
    code = "".join(typed.split()).encode("utf-8", "surrogatepass")
    current = int(now.timestamp()) // STEP_S
    steps = range(max(current - _DRIFT, 0), current + _DRIFT + 1)
    matching = [step for step in steps if hmac.compare_digest(code_at(secret, step).encode(), code)]
    return matching[-1] if matching else None


def otpauth_uri(secret: bytes, name: str, issuer: str) -> str:
    """Return the URI from which an authenticator app takes the secret."""
    label = quote(f"{issuer}:{name}", safe="")
    return f"otpauth://totp/{label}?" + urlencode({"secret": base32(secret), "issuer": issuer}, quote_via=quote)


def base32(secret: bytes) -> str:
    """Return a secret as it is typed into an app that reads no URI."""
    return base64.b32encode(secret).decode().rstrip("=")
