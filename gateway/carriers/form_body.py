"""Decoder of form-encoded callbacks (`application/x-www-form-urlencoded`), for any carrier.

A required field is read strictly: nothing is repaired and nothing is guessed. Anybody who knows the URL of a webhook
can send anything, and these fields become keys of stores. An optional field is kept as far as it can be read, so that
no callback is lost for it. Every USSD callback passes here. Therefore only the fields of the form are decoded, and by
hand: `parse_qsl` takes twice as long.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from urllib.parse import unquote, unquote_to_bytes

from gateway.carriers.carrier import BadCallback
from gateway.text.repair import cut, decode_damaged

FORM_TYPE = "application/x-www-form-urlencoded"

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_BOM = b"\xef\xbb\xbf"


class Form:
    """Fields of one kind of callback, each with the greatest number of characters that it may have."""

    def __init__(
        self,
        required: Mapping[str, int],
        optional: Mapping[str, int] | None = None,
        needed: Collection[str] = (),
        unrestricted: Collection[str] = (),
    ) -> None:
        """Refuse a callback without the optional fields that are `needed`. Their content may be anything.

        In the fields of `unrestricted` control characters are kept, and the carrier replaces them.

        A required field that is too long, has control characters or is not UTF-8 refuses the callback. An optional
        field is cut with a mark, its control characters become blanks, and unreadable bytes become U+FFFD. A form
        without a required field refuses nothing: it takes any content type, and the first of two values.
        """
        self._required = dict(required)
        self._optional = dict(optional or {})
        self._needed = {*required, *needed}
        self._unrestricted = frozenset(unrestricted)

    def read(self, body: bytes, headers: Mapping[str, str]) -> dict[str, str]:
        """Decode the fields of the form that were sent. Raises `BadCallback`. Unknown fields are ignored."""
        content_type = headers.get("Content-Type", "")
        if self._required and content_type != FORM_TYPE and content_type.partition(";")[0].strip().lower() != FORM_TYPE:
            raise BadCallback(f"the content type is not {FORM_TYPE}")
        fields = self._decode(body)
        if not fields.keys() >= self._needed:
            raise BadCallback(f"{', '.join(sorted(self._needed - fields.keys()))} is missing")
        return fields

    def _decode(self, body: bytes) -> dict[str, str]:
        fields: dict[str, str] = {}
        for pair in body.removeprefix(_BOM).decode(errors="surrogateescape").split("&"):
            name, _, value = pair.partition("=")
            if "%" in name:
                name = unquote(name)
            if name in self._required:
                if name in fields:
                    raise BadCallback(f"{name} is there twice")
                fields[name] = _strict(name, value, self._required[name])
            elif name in self._optional:
                if name in fields and self._required:
                    raise BadCallback(f"{name} is there twice")
                fields[name] = fields.get(name) or _lenient(value, self._optional[name], name in self._unrestricted)
        return fields


def _strict(name: str, value: str, longest: int) -> str:
    if "+" in value:
        value = value.replace("+", " ")
    try:
        # Most USSD callbacks hold only keys of a keypad. For those `unquote_to_bytes` takes ten times as long.
        if "%" in value:
            value = value.replace("%2A", "*").replace("%2B", "+").replace("%23", "#")
            value = unquote_to_bytes(value.encode()).decode() if "%" in value else value
        if not value.isascii():
            value.encode()  # fails for a byte that was no UTF-8
    except UnicodeError:
        raise BadCallback(f"{name} is not UTF-8") from None
    if len(value) > longest:
        raise BadCallback(f"{name} has more than {longest} characters")
    if not value.isprintable() and _CONTROL.search(value):
        raise BadCallback(f"{name} has control characters")
    return value


def _lenient(value: str, longest: int, unrestricted: bool) -> str:
    if "+" in value:
        value = value.replace("+", " ")
    if "%" in value:
        value = value.replace("%2A", "*").replace("%23", "#")
    if "%" in value or not value.isascii():
        # A body may mix what is encoded with what is not, so its bytes are put together before they are decoded.
        value = decode_damaged(unquote_to_bytes(value.encode(errors="surrogateescape")))
    if not unrestricted and not value.isprintable():
        value = _CONTROL.sub(" ", value)
    return cut(value, longest)
