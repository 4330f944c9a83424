"""Reader of screens, as a resident reads them: by their words alone, in any language of the pack.

It looks neither at labels nor at stored sessions, so that it can disagree with the gateway.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gateway.menu.model import Menu
from gateway.text.wording import Wording

_OPTION = re.compile(r"(\d{1,3})\.(.+)")
_PLACEHOLDER = re.compile(r"\{\w+\}")
TICKET = re.compile(r"\b\d{4}-\d{4}\b")
NAVIGATION = frozenset({"back", "home", "more"})


@dataclass(frozen=True, slots=True)
class Seen:
    """Screen as it is understood. The state is empty if no words of the pack are recognized."""

    state: str = ""
    language: str = ""
    options: Mapping[str, str] = field(default_factory=dict)  # key → name of the option, or the text of a place
    before: tuple[str, ...] = ()  # lines above the heading
    below: tuple[str, ...] = ()  # lines under it that are no options
    text: str = ""
    lost: bool = False  # it says that something was lost: what was typed last may be gone

    def option(self, typed: str | None) -> str:
        """Return the option that these keys choose, or an empty text. A full stop behind a number is no matter."""
        return self.options.get((typed or "").strip().rstrip("."), "")

    def key_of(self, option: str) -> str | None:
        """Return the key of an option, if the screen has it."""
        return next((key for key, name in self.options.items() if name == option), None)

    @property
    def answers(self) -> list[str]:
        """Keys of options that are no navigation."""
        return [key for key, name in self.options.items() if name not in NAVIGATION]


@dataclass(frozen=True, slots=True)
class _Heading:
    pattern: re.Pattern[str]
    state: str
    words: Wording


class ScreenReader:
    """Reader of the screens of one pack."""

    def __init__(self, menu: Menu) -> None:
        self._menu = menu
        self._cache: dict[str, Seen] = {}
        self._lost = {words.errors["lost"] for words in menu.wordings.values()}
        headings = [
            (len(_PLACEHOLDER.sub("", texts["heading"])), _Heading(_pattern(texts["heading"]), state, words))
            for words in menu.wordings.values()
            for state, texts in words.screens.items()
            if "heading" in texts
        ]
        self._headings = [heading for _, heading in sorted(headings, key=lambda pair: -pair[0])]

    def category(self, value: str, language: str) -> str:
        """Return the name of a kind of incident."""
        return self._menu.label("category", value, language)

    def is_category(self, name: str) -> bool:
        """Return True if this is the name of a kind of incident, in any language."""
        return any(name in words.labels["category"].values() for words in self._menu.wordings.values())

    def read(self, text: str) -> Seen:
        """Return what a screen shows."""
        if text not in self._cache:
            self._cache[text] = self._read(text)
        return self._cache[text]

    def _read(self, text: str) -> Seen:
        for heading in self._headings:
            if found := heading.pattern.search(text):
                before, below = text[: found.start()].splitlines(), text[found.end() :].strip("\n").splitlines()
                shown = [line for line in below if not _OPTION.fullmatch(line)]
                options = dict(self._options(below, heading))
                lost = any(line in self._lost for line in before)
                return Seen(heading.state, heading.words.language, options, tuple(before), tuple(shown), text, lost)
        return Seen(text=text)

    def _options(self, lines: Sequence[str], heading: _Heading) -> list[tuple[str, str]]:
        names = {label: name for name, label in heading.words.navigation.items()}
        if heading.state == "category":
            names |= {label: value for value, label in heading.words.labels["category"].items()}
        if heading.state == "language":
            names |= {label: value for value, label in self._menu.languages.items()}
        names |= {label: name for name, label in heading.words.screens[heading.state].items() if name != "heading"}
        options = (found.groups() for line in lines if (found := _OPTION.fullmatch(line)))
        return [(key, names.get(label, label)) for key, label in options]


def _pattern(heading: str) -> re.Pattern[str]:
    """Return the pattern of a heading. Lines of placeholders alone may be missing: the reader looks for the others."""
    lines = [line for line in heading.split("\n") if _PLACEHOLDER.sub("", line).strip()]
    parts = [".*".join(re.escape(piece) for piece in _PLACEHOLDER.split(line)) for line in lines]
    return re.compile("^" + r"\n(?:.*\n)*?".join(parts) + "$", re.MULTILINE)
