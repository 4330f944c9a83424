"""Form-encoded callbacks, read strictly from the raw body, whichever carrier sends them.

Nothing is repaired and nothing is guessed: who knows the address of a webhook can send anything, and what is read
here goes into logs, keys and tables. This stands on the path of every USSD hop, therefore only the fields that are
asked for are decoded, and by hand: `parse_qsl` takes twice as long.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from urllib.parse import unquote_to_bytes

from gateway.carriers.carrier import BadCallback

FORM_TYPE = "application/x-www-form-urlencoded"

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_NOTHING = re.compile(r"(?!)")
_CONTROL_BUT_NEWLINE = re.compile(r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f]")


class Form:
    """One kind of callback: the fields that are read, each with the most characters that it may have."""

    def __init__(
        self,
        required: Mapping[str, int],
        optional: Mapping[str, int] | None = None,
        lines: Collection[str] = (),
        free: Collection[str] = (),
    ) -> None:
        """Only the fields named in `lines` may contain line breaks, and only those in `free` whatever there is.

        Any other control character is refused.
        """
        forbidden = {**dict.fromkeys(lines, _CONTROL_BUT_NEWLINE), **dict.fromkeys(free, _NOTHING)}
        self._required = frozenset(required)
        self._rules = {
            name: (most, forbidden.get(name, _CONTROL)) for name, most in {**required, **(optional or {})}.items()
        }

    def read(self, body: bytes, headers: Mapping[str, str]) -> dict[str, str]:
        """The fields that were sent, of those that are read. Raises `BadCallback`; fields unknown to us are let be."""
        content_type = headers.get("Content-Type", "")
        if content_type != FORM_TYPE and content_type.partition(";")[0].strip().lower() != FORM_TYPE:
            raise BadCallback(f"the content type is not {FORM_TYPE}")
        try:
            fields = self._decoded(body)
        except UnicodeDecodeError:
            raise BadCallback("it is not UTF-8") from None
        if not fields.keys() >= self._required:
            raise BadCallback(f"{', '.join(sorted(self._required - fields.keys()))} is missing")
        return fields

    def _decoded(self, body: bytes) -> dict[str, str]:
        fields: dict[str, str] = {}
        for pair in body.decode().split("&"):
            name, _, value = pair.partition("=")
            if "%" in name:
                name = unquote_to_bytes(name).decode()
            if name not in self._rules:
                continue
            if name in fields:
                raise BadCallback(f"{name} is there twice")
            if "+" in value:
                value = value.replace("+", " ")
            if "%" in value:
                value = _unquoted(value)
            most, forbidden = self._rules[name]
            if len(value) > most:
                raise BadCallback(f"{name} has more than {most} characters")
            if not value.isprintable() and forbidden.search(value):
                raise BadCallback(f"{name} has control characters")
            fields[name] = value
        return fields


def _unquoted(value: str) -> str:
    # What a keypad types is all that most hops bring; for that `unquote_to_bytes` takes ten times as long.
    value = value.replace("%2A", "*").replace("%2B", "+").replace("%23", "#")
    return unquote_to_bytes(value).decode() if "%" in value else value
