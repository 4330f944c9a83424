"""Pure: shape of a user name, a key and an address at Africa's Talking (facts/protocols.md C.1)."""

from __future__ import annotations

import re

_PRINTABLE = re.compile(r"[!-~]+")
_ADDRESS = re.compile(r"https?://[^\s/?#@]+(/[^\s?#]*)?")


def check_username(username: str) -> str:
    """Return the user name. Raises `ValueError` for one with which the SDK would send to the wrong place."""
    if not _PRINTABLE.fullmatch(username):
        raise ValueError("must be printable ASCII without spaces")
    if username.lower() == "sandbox" and username != "sandbox":
        raise ValueError("must be exactly `sandbox`, in lower case; any other goes to the live service")
    return username


def check_key(api_key: str) -> str:
    """Return the key. Raises `ValueError` for one that no HTTP header can hold."""
    if not _PRINTABLE.fullmatch(api_key):
        raise ValueError("must be printable ASCII without spaces")
    return api_key


def check_address(api_url: str | None) -> str | None:
    """Return the address. Raises `ValueError` for one to which no path can be added."""
    if api_url is not None and not _ADDRESS.fullmatch(api_url):
        raise ValueError("must be an http:// or https:// address without a query")
    return api_url
