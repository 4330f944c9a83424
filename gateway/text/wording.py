"""Message catalogue of one language, apart from the dialogue that shows it, and its placeholders."""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from gateway.text import gsm

_formatter = string.Formatter()


@dataclass(frozen=True, slots=True, eq=False)
class Wording:
    """Texts of one language. `screens[state]` has `heading` and a label for each option of that state."""

    language: str
    navigation: Mapping[str, str]
    errors: Mapping[str, str]
    labels: Mapping[str, Mapping[str, str]]
    screens: Mapping[str, Mapping[str, str]]
    sms: Mapping[str, str]
    apology: str
    appeals: Mapping[str, str] = field(default_factory=dict)
    opt_out: Mapping[str, str] = field(default_factory=dict)  # ways to leave appeals: `reply` and `dial`
    lines: Mapping[tuple[str, ...], int] = field(default_factory=dict)  # the line of each text in its file
    constants: Mapping[tuple[str, ...], frozenset[str]] = field(default_factory=dict)  # text → the constants in it

    def heading(self, state: str) -> str:
        return self.screens[state]["heading"]


@lru_cache(maxsize=4096)
def placeholders(template: str) -> frozenset[str]:
    """Return the names in `{braces}`. Raises `ValueError` where the braces do not match or hold more than a name."""
    names = set()
    for _, name, spec, conversion in _formatter.parse(template):
        if name is None:
            continue
        if not name.isidentifier() or spec or conversion:
            raise ValueError(f"{{{name}}} is not a plain placeholder")
        names.add(name)
    return frozenset(names)


def fill_constants(template: str, constants: Mapping[str, str]) -> str:
    """Return `template` with the constants of the pack filled in, and its other placeholders left as they are.

    A template whose braces are at fault is returned unchanged: a check reports it.
    """
    try:
        if not placeholders(template) & constants.keys():
            return template
    except ValueError:
        return template
    parts = []
    for literal, name, _, _ in _formatter.parse(template):
        parts.append(literal.replace("{", "{{").replace("}", "}}"))
        if name is not None:
            parts.append(constants.get(name, f"{{{name}}}"))
    return "".join(parts)


def literal_text(text: str) -> str:
    """Return `text` if it can be shown as it is, without placeholders and within GSM-7. Raises `ValueError` if not."""
    gsm.septets(text)  # raises NotGsm7, a ValueError
    if not text.strip():
        raise ValueError("this text is empty")
    if {*"{}"} & {*text}:
        raise ValueError("in a text, braces stand for something else")
    return text


def fill(template: str, values: Mapping[str, str]) -> str:
    """Return `template` with its placeholders filled in. The values are never read as templates themselves."""
    return template.format_map(values) if "{" in template else template
