"""Check that a menu can go live on a channel, before anybody dials.

`pack.loader` has validated the files. Here every path is explored (`explorer`) and every screen is laid out
(`screens`), with the longest values that the pack can produce, in every language (promise 8 of the design).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from gateway.menu.checks.declared_answers import form_faults
from gateway.menu.checks.explorer import explore
from gateway.menu.checks.keys import alike_faults, key_faults
from gateway.menu.checks.languages import language_faults
from gateway.menu.checks.longest_path import LongestPath
from gateway.menu.checks.pack_files import SETTINGS
from gateway.menu.checks.quoted import quoted_faults
from gateway.menu.checks.reachability import condition_faults, length_faults, reachability_faults, shortcut_faults
from gateway.menu.checks.screens import measure
from gateway.menu.checks.texts import (
    label_faults,
    restricted_faults,
    sms_faults,
    text_faults,
    unused_constant_faults,
)
from gateway.menu.checks.unknowns import NOTHING_UNKNOWN, Unknowns, readable_languages
from gateway.menu.limits import DEFAULT, USSD_STRING, Limits
from gateway.menu.model import Menu
from gateway.text.diagnostics import Diagnostic


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Faults of a menu, in the order of its files, and its measures."""

    diagnostics: list[Diagnostic]
    limits: Limits
    longest: LongestPath
    largest: int  # septets of the largest screen
    largest_at: str  # its state and language


def check(menu: Menu, limits: Limits = DEFAULT, unknowns: Unknowns = NOTHING_UNKNOWN) -> list[Diagnostic]:
    """Check a menu for a channel with these limits. Returns every fault.

    An invalid menu comes with its unknown parts. Faults that depend on them are left out.
    """
    return check_menu(menu, limits, unknowns).diagnostics


def check_menu(menu: Menu, limits: Limits = DEFAULT, unknowns: Unknowns = NOTHING_UNKNOWN) -> CheckResult:
    """Check a menu, and measure its longest path and its largest screen."""
    texts = {
        language: list(text_faults(menu, language, unknowns))
        for language in readable_languages(menu.wordings, unknowns)
    }
    faulty = frozenset(language for language, faults in texts.items() if faults)
    uncertain = frozenset(menu.languages) if unknowns.any_screen else unknowns.partial
    sizes = measure(menu, limits, faulty | uncertain)
    found = [*sizes.diagnostics, *key_faults(menu, limits, unknowns), *label_faults(menu, unknowns)]
    found += [*condition_faults(menu, unknowns), *form_faults(menu, unknowns), *unused_constant_faults(menu, unknowns)]
    exploration, longest = None, LongestPath()
    if not unknowns.paths:
        exploration = explore(_with_valid_shortcuts(menu) if unknowns.entries else menu, sizes.page_numbers)
        longest, too_long = length_faults(menu, exploration, limits)
        found += [*too_long, *reachability_faults(menu, exploration, unknowns)]
    found += shortcut_faults(menu, exploration, unknowns)
    for language, faults in texts.items():
        found += [*faults, *alike_faults(menu, language, is_partial=language in uncertain)]
        if not faults:
            found += [*sms_faults(menu, language, unknowns), *restricted_faults(menu, language)]
    if not any(texts.values()):
        found += [*language_faults(menu, unknowns), *quoted_faults(menu, unknowns)]
    if limits.septets > USSD_STRING:
        message = f"a screen of {limits.septets} septets: none can have more than {USSD_STRING}"
        found.append(Diagnostic(SETTINGS, 0, message))
    return CheckResult(sorted(set(found)), limits, longest, sizes.largest, sizes.largest_at)


def _with_valid_shortcuts(menu: Menu) -> Menu:
    """Return the menu without shortcuts to unknown states, and without their answers to unknown questions."""
    kept = {state.keep for state in menu.states.values()}
    known = {keys: shortcut for keys, shortcut in menu.shortcuts.items() if shortcut.to in menu.states}
    return replace(
        menu,
        shortcuts={
            keys: replace(shortcut, answers={name: value for name, value in shortcut.answers.items() if name in kept})
            for keys, shortcut in known.items()
        },
    )
