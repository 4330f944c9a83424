"""Manners of residents: what they type on a screen, by chance, as people do: mostly right, sometimes not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count
from random import Random

from gateway.menu.model import Menu
from tests.faults.history.screens import Seen

HANG_UP = None
_WRONG = ("77", "", "12", "1.", "#")
_WRONG_SHARE, _BACK_SHARE, _HOME_SHARE, _HANG_UP_SHARE = 0.03, 0.03, 0.008, 0.03
_WORDS = (
    "tawuran di pasar {n}",
    "bagi uang 50 ribu * rt {n}",
    "ribut {n} di depan balai. ramai sekali",
    "{n} orang bawa celurit",
    "a*b {n}",
    "spanduk {n} dirusak, 0 saksi",
)
_DATES = ("2711", "2811", "2911")
_INTENTS = ("report", "report", "report", "report", "report", "status", "appeals", "about")

_numbers = count(1)


class Manners:
    """Manners of one resident, from their own chance."""

    def __init__(self, menu: Menu, chance: Random) -> None:
        self._menu = menu
        self._chance = chance
        self._names = sorted(menu.areas.places.values())
        self.ticket = ""
        self._special: Mapping[str, Callable[[Seen], str | None]] = {
            "main": lambda _: self._chance.choice(_INTENTS),
            "category": lambda seen: "more" if "98" in seen.options and self._chance.random() < 0.3 else "",
            "unfinished": lambda _: self._weighted(("continue", 6), ("again", 2), ("delete", 2)),
            "ask_delete": lambda _: self._weighted(("yes", 7), ("no", 3)),
            "confirm": lambda _: self._weighted(("send", 7), ("change", 2), ("cancel", 1)),
            "ask_cancel": lambda _: self._weighted(("yes", 6), ("no", 4)),
            "appeals": lambda _: self._weighted(("join", 6), ("leave", 4)),
            "status": lambda _: "add",
        }

    def answer(self, seen: Seen) -> str | None:
        """Return what is typed on this screen, or None to hang up."""
        chance = self._chance.random()
        if chance < _HANG_UP_SHARE:
            return HANG_UP
        if chance < _HANG_UP_SHARE + _WRONG_SHARE:
            return self._chance.choice(_WRONG)
        if chance < _HANG_UP_SHARE + _WRONG_SHARE + _BACK_SHARE and seen.key_of("back"):
            return seen.key_of("back")
        if chance < _HANG_UP_SHARE + _WRONG_SHARE + _BACK_SHARE + _HOME_SHARE:
            return self._menu.keys.home
        return self._typed(seen) or self._chosen(seen)

    def _typed(self, seen: Seen) -> str:
        """Return words, where words are asked or may be typed."""
        if seen.state in ("describe", "details") and self._chance.random() < 0.85:
            return self._chance.choice(_WORDS).format(n=next(_numbers))
        if seen.state == "date" and self._chance.random() < 0.8:
            return self._chance.choice(_DATES)
        if seen.state == "ask_ticket":
            return self.ticket or "7340-2817"
        if seen.state == "place_name" or (seen.state in ("kecamatan", "kelurahan") and self._chance.random() < 0.2):
            return self._place()
        return ""

    def _chosen(self, seen: Seen) -> str | None:
        special = self._special.get(seen.state)
        option = special(seen) if special else ""
        key = seen.key_of(option or "") if option else None
        if key:
            return key
        if seen.answers:
            return self._chance.choice(seen.answers)
        return seen.key_of("back") or HANG_UP

    def _place(self) -> str:
        """Return the name of a kelurahan, sometimes with a letter missing."""
        name = self._chance.choice(self._names).lower()
        at = self._chance.randrange(len(name))
        return name if self._chance.random() < 0.8 else name[:at] + name[at + 1 :]

    def _weighted(self, *options: tuple[str, int]) -> str:
        return self._chance.choices([name for name, _ in options], [weight for _, weight in options])[0]


def letter(chance: Random, menu: Menu, ticket: str) -> str:
    """Return the text of an SMS: a report, half of one, a command, a wish, or words of every day."""
    name = chance.choice([name for name in menu.areas.places.values() if " " not in name]).upper()
    number = next(_numbers)
    kind = chance.random()
    if kind < 0.35:
        return f"LAPOR {chance.randint(1, 8)} {name} tawuran xq{number}"
    if kind < 0.6:
        return chance.choice([f"REG {name}", "STOP", "REG", "STOP"])
    return chance.choice(
        [
            f"LAPOR {chance.randint(1, 8)}",
            f"CEK {ticket or '7340-2817'}",
            f"INFO {ticket or '7340-2817'} pelaku lari {number}",
            "terima kasih",
            "besok saya berhenti di pasar",
            "BANTUAN",
        ]
    )
