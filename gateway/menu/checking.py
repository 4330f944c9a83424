"""Whether a menu can go live on a channel: proven before anybody dials, not found out by who needs it.

`loading` has already seen that the pack is whole. Here it is walked (`walks`) and every screen of it is laid out
(`sizes`), with the longest values that the pack can produce, in every language (promise 8 of the design).
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.menu.definition import Menu
from gateway.menu.files import SETTINGS
from gateway.menu.flow import condition_faults, length_faults, shortcut_faults, way_faults
from gateway.menu.keys import alike_faults, key_faults
from gateway.menu.limits import DEFAULT, Limits
from gateway.menu.longest import Longest
from gateway.menu.sizes import measure
from gateway.menu.texts import label_faults, sms_faults, text_faults
from gateway.menu.walks import walk
from gateway.text.complaints import Complaint

LARGEST_SCREEN = 182
"""Septets that a USSD string can hold at all (facts/protocols.md E.4)."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What is wrong with a menu, in the order of its files; and what it asks of the resident and of the network."""

    complaints: list[Complaint]
    limits: Limits
    longest: Longest
    largest: int  # septets of the largest screen


def check(menu: Menu, limits: Limits = DEFAULT) -> list[Complaint]:
    """All that keeps `menu` from going live on a channel with these limits."""
    return prove(menu, limits).complaints


def prove(menu: Menu, limits: Limits = DEFAULT) -> Proof:
    """As `check`, with the measures of the menu."""
    texts = {language: list(text_faults(menu.wordings[language], menu.placeholders)) for language in menu.languages}
    faulty = frozenset(language for language, faults in texts.items() if faults)
    sizes = measure(menu, limits, faulty)
    walked = walk(menu, sizes.turned)
    longest, too_long = length_faults(menu, walked, limits)
    found = [*sizes.complaints, *too_long, *key_faults(menu, limits), *label_faults(menu)]
    found += [*condition_faults(menu), *way_faults(menu, walked), *shortcut_faults(menu, walked)]
    for language, faults in texts.items():
        found += [*faults, *alike_faults(menu, language)]
        if not faults:
            found += sms_faults(menu, language)
    if limits.septets > LARGEST_SCREEN:
        message = f"a screen of {limits.septets} septets: none can have more than {LARGEST_SCREEN}"
        found.append(Complaint(SETTINGS, 0, message))
    return Proof(sorted(set(found)), limits, longest, sizes.largest)
