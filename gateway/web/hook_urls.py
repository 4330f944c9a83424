"""URLs of the webhooks, and their secrets kept out of texts."""

from __future__ import annotations

import re

HOOKS = ("ussd", "ussd-event", "sms", "receipt", "optout")
_SECRET = re.compile(r"(/hooks/[^/\s]*/)[^/\s?#'\"\\]+")


def hook_urls(base: str, channel: str, secret: str) -> dict[str, str]:
    """Return the webhook URLs of a channel, by their names in `waspada channels`."""
    return {hook.replace("-", "_"): f"{base}/hooks/{channel}/{secret}/{hook}" for hook in HOOKS}


def mask_secrets(text: str) -> str:
    """Replace the secrets of webhook paths in `text` by an ellipsis."""
    return _SECRET.sub(r"\1…", text) if "/hooks/" in text else text


def authority(host: str, port: int) -> str:
    """Return host and port as a URL writes them: an address of IPv6 has brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
