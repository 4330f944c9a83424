"""Strict decoder of form-encoded callbacks (`application/x-www-form-urlencoded`), for any carrier.

Nothing is repaired and nothing is guessed: anybody who knows the URL of a webhook can send anything, and the fields go
into logs, keys and tables. Every USSD callback passes here. Therefore only the fields of the form are decoded, and by
hand: `parse_qsl` takes twice as long.
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
    """Fields of one kind of callback, each with the greatest number of characters that it may have."""

    def __init__(
        self,
        required: Mapping[str, int],
        optional: Mapping[str, int] | None = None,
        multiline: Collection[str] = (),
        unrestricted: Collection[str] = (),
    ) -> None:
        """Allow line breaks in the fields of `multiline`, and any control character in those of `unrestricted`.

        Control characters in other fields are refused.
        """
        forbidden = {
            **dict.fromkeys(multiline, _CONTROL_BUT_NEWLINE),
            **dict.fromkeys(unrestricted, _NOTHING),
        }
        self._required = frozenset(required)
        # The greatest length of each field, and the characters that it may not have.
        self._rules = {
            name: (longest, forbidden.get(name, _CONTROL)) for name, longest in {**required, **(optional or {})}.items()
        }

    def read(self, body: bytes, headers: Mapping[str, str]) -> dict[str, str]:
        """Decode the fields of the form that were sent. Raises `BadCallback`. Unknown fields are ignored."""
        content_type = headers.get("Content-Type", "")
        if content_type != FORM_TYPE and content_type.partition(";")[0].strip().lower() != FORM_TYPE:
            raise BadCallback(f"the content type is not {FORM_TYPE}")
        try:
            fields = self._decode(body)
        except UnicodeDecodeError:
            raise BadCallback("it is not UTF-8") from None
        if not fields.keys() >= self._required:
            raise BadCallback(f"{', '.join(sorted(self._required - fields.keys()))} is missing")
        return fields

    def _decode(self, body: bytes) -> dict[str, str]:
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
                value = _unquote(value)
            longest, forbidden = self._rules[name]
            if len(value) > longest:
                raise BadCallback(f"{name} has more than {longest} characters")
            if not value.isprintable() and forbidden.search(value):
                raise BadCallback(f"{name} has control characters")
            fields[name] = value
        return fields


def _unquote(value: str) -> str:
    # Most USSD callbacks hold only keys of a keypad. For those `unquote_to_bytes` takes ten times as long.
    value = value.replace("%2A", "*").replace("%2B", "+").replace("%23", "#")
    return unquote_to_bytes(value).decode() if "%" in value else value
