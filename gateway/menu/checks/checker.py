"""Whether a menu can go live on a channel: proven before anybody dials, not found out by who needs it.

`loading` has already seen whether the pack is whole. Here it is walked (`walks`) and every screen of it is laid out
(`sizes`), with the longest values that the pack can produce, in every language (promise 8 of the design).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from gateway.menu.checks.explorer import explore
from gateway.menu.checks.keys import alike_faults, key_faults
from gateway.menu.checks.longest_path import LongestPath
from gateway.menu.checks.reachability import condition_faults, length_faults, reachability_faults, shortcut_faults
from gateway.menu.checks.screens import measure
from gateway.menu.checks.texts import label_faults, sms_faults, text_faults
from gateway.menu.limits import DEFAULT, USSD_STRING, Limits
from gateway.menu.model import Menu
from gateway.menu.pack_files import SETTINGS
from gateway.menu.unknowns import NOTHING_UNKNOWN, Unknowns, readable_languages
from gateway.text.diagnostics import Diagnostic


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What is wrong with a menu, in the order of its files; and what it asks of the resident and of the network."""

    diagnostics: list[Diagnostic]
    limits: Limits
    longest: LongestPath
    largest: int  # septets of the largest screen


def check(menu: Menu, limits: Limits = DEFAULT, unknowns: Unknowns = NOTHING_UNKNOWN) -> list[Diagnostic]:
    """All that keeps `menu` from going live on a channel with these limits.

    A menu that is not whole comes with what is in doubt of it: nothing is said that hangs on that.
    """
    return check_menu(menu, limits, unknowns).diagnostics


def check_menu(menu: Menu, limits: Limits = DEFAULT, unknowns: Unknowns = NOTHING_UNKNOWN) -> CheckResult:
    """As `check`, with the measures of the menu."""
    texts = {
        language: list(text_faults(menu, language, unknowns))
        for language in readable_languages(menu.wordings, unknowns)
    }
    faulty = frozenset(language for language, faults in texts.items() if faults)
    doubtful = frozenset(menu.languages) if unknowns.any_screen else unknowns.partial
    sizes = measure(menu, limits, faulty | doubtful)
    found = [*sizes.diagnostics, *key_faults(menu, limits, unknowns), *label_faults(menu, unknowns)]
    found += condition_faults(menu, unknowns)
    walked, longest = None, LongestPath()
    if not unknowns.paths:
        walked = explore(_led(menu) if unknowns.entries else menu, sizes.turned)
        longest, too_long = length_faults(menu, walked, limits)
        found += [*too_long, *reachability_faults(menu, walked, unknowns)]
    found += shortcut_faults(menu, walked, unknowns)
    for language, faults in texts.items():
        found += [*faults, *alike_faults(menu, language, in_doubt=language in doubtful)]
        if not faults:
            found += sms_faults(menu, language, unknowns)
    if limits.septets > USSD_STRING:
        message = f"a screen of {limits.septets} septets: none can have more than {USSD_STRING}"
        found.append(Diagnostic(SETTINGS, 0, message))
    return CheckResult(sorted(set(found)), limits, longest, sizes.largest)


def _led(menu: Menu) -> Menu:
    """The menu with the shortcuts that lead somewhere, and the answers in them that are asked for."""
    kept = {state.keep for state in menu.states.values()}
    known = {keys: shortcut for keys, shortcut in menu.shortcuts.items() if shortcut.to in menu.states}
    return replace(
        menu,
        shortcuts={
            keys: replace(shortcut, answers={name: value for name, value in shortcut.answers.items() if name in kept})
            for keys, shortcut in known.items()
        },
    )
