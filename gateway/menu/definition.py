"""A menu as the engine walks it: states, words and lists of one pack, checked and complete.

Nothing here is built by hand: `loading.load` makes a `Menu` from a pack's files or says what is wrong with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from gateway.places.areas import Areas
from gateway.text.wording import Wording


class Kind(StrEnum):
    """What a state does. Each word is the key that a state in `flow.yaml` begins with."""

    CHOOSE = "choose"  # a few options, each leading somewhere
    CHOOSE_FROM = "choose_from"  # an option of a list of the pack
    ASK = "ask"  # something typed
    REVISE = "revise"  # choose an earlier answer to give again
    TELL = "tell"  # a text; only back and home lead on
    DO = "do"  # an effect of the gateway; no screen of its own
    END = "end"  # the last screen


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """One step of the dialogue."""

    name: str
    kind: Kind
    line: int
    options: Mapping[str, str] = field(default_factory=dict)  # choose, revise, do: option or outcome → state
    source: str = ""  # choose_from: which list; ask: what kind of thing; do: which effect
    within: str = ""  # the kept answer that this one hangs on: it narrows the list, and asks again when it changes
    keep: str = ""  # the answer's name
    next: str = ""
    zero: tuple[str, str] | None = None  # the key `back` means this option here: (label, state)
    shortest: int = 0  # ask: bounds of the input in characters
    longest: int = 0


@dataclass(frozen=True, slots=True)
class Keys:
    """What the pack's navigation keys are called."""

    back: str
    back_elsewhere: str
    home: str
    more: str


@dataclass(frozen=True, slots=True, eq=False)
class Menu:
    """A whole pack, ready to walk. `version` names its content, so that an open session knows its menu."""

    name: str
    service: str
    version: str
    region: str
    timezone: ZoneInfo
    languages: Mapping[str, str]
    keys: Keys
    placeholders: Mapping[str, str]
    start: str
    home: str
    states: Mapping[str, State]
    categories: tuple[str, ...]
    areas: Areas
    wordings: Mapping[str, Wording]

    @property
    def language(self) -> str:
        """The language that speaks until the resident has chosen."""
        return next(iter(self.languages))

    def label(self, answer: str, value: str, language: str) -> str:
        """What `value`, kept as `answer`, is called on a screen in `language`; the value itself if nobody names it."""
        named = self.wordings[language].labels.get(answer, {}).get(value)
        return named or self.areas.kelurahan.get(value) or self.areas.kecamatan.get(value) or value

    def values(self, answers: Mapping[str, str], language: str, given: Mapping[str, str]) -> dict[str, str]:
        """What the placeholders of a text stand for: `svc`, what the caller has `given` (ussd), and the answers."""
        values = {"ussd": "", "ticket": "", "svc": self.service, **given, **answers}
        for placeholder, answer in self.placeholders.items():
            values[placeholder] = self.label(answer, answers.get(answer, ""), language)
        return values


@lru_cache(maxsize=4096)
def choices(menu: Menu, state: State, within: str) -> Mapping[str, str]:
    """The values that the keys `1`, `2`, … stand for in `state`; `within` narrows a list to that parent.

    Numbers run on over the pages and are the same in every language.
    """
    listed = state.kind is Kind.CHOOSE_FROM
    values = list_values(menu, state.source, within) if listed else tuple(state.options)
    return {str(number): value for number, value in enumerate(values, start=1)}


def list_values(menu: Menu, source: str, within: str) -> tuple[str, ...]:
    """The values of one of the pack's lists: `languages`, `categories`, `kecamatan` or `kelurahan`."""
    match source:
        case "languages":
            return tuple(menu.languages)
        case "categories":
            return menu.categories
        case "kecamatan":
            return tuple(menu.areas.kecamatan)
        case "kelurahan" if within:
            return menu.areas.by_kecamatan.get(within, ())
        case "kelurahan":
            return tuple(menu.areas.kelurahan)
    raise ValueError(f"no list is called {source}")
