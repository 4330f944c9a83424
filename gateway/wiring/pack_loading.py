"""Loading of a menu pack from its folder, with checks for every channel and for the fields of an incident."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from gateway.accounts.roles import DeskRole
from gateway.incidents.incident import IncidentStatus
from gateway.incidents.report import CONTACT_ANSWERS
from gateway.menu.checks.checker import CheckResult, check, check_menu
from gateway.menu.checks.declared_answers import type_fault, type_of
from gateway.menu.checks.pack_files import (
    CATEGORIES,
    FLOW,
    REPORT,
    line_of,
    pack_diagnostic,
    state_diagnostic,
    text_diagnostic,
)
from gateway.menu.checks.unknowns import Unknowns
from gateway.menu.definitions.report_form import BUILT_IN_ANSWERS, IN_DANGER
from gateway.menu.limits import DEFAULT, Keys, Limits
from gateway.menu.model import SMS_NUMBER, Menu, State
from gateway.menu.pack.loader import PackRefused, parse_pack
from gateway.runtime.pack_folder import read_pack
from gateway.settings import ChannelSettings
from gateway.text.diagnostics import Diagnostic, one_of, quoted, unknown
from gateway.text.service_number import is_number, is_same_number
from gateway.ussd.effect_request import REQUIRED_BY_EFFECT


def load_menu(pack: Path, channels: Mapping[str, ChannelSettings]) -> Menu:
    """Load a pack and check it for every channel. Raises `PackNotFound`, or `PackRefused` with all diagnostics."""
    menu, diagnostics, unknowns = parse_pack(read_pack(pack))
    if menu is not None:
        diagnostics += [*_record_diagnostics(menu, unknowns), *_role_diagnostics(menu)]
        diagnostics += _number_diagnostics(menu, channels)
        for limits in _all_limits(channels):
            diagnostics += check(menu, limits, unknowns)
    if menu is None or diagnostics:
        raise PackRefused(diagnostics)
    return menu


def _number_diagnostics(menu: Menu, channels: Mapping[str, ChannelSettings]) -> Iterator[Diagnostic]:
    """Yield a diagnostic if `{sms}` is none of the numbers that the channels send from: nobody would read what it gets.

    A sender may be a name. Then the pack alone knows the number.
    """
    own = menu.constants.get(SMS_NUMBER, "")
    numbers = [channel.sender for channel in channels.values() if channel.sender and is_number(channel.sender)]
    if own and numbers and not any(is_same_number(own, number, menu.region) for number in numbers):
        message = "no channel has this number as its sender; write the number that the SMS of a channel come from"
        yield pack_diagnostic(menu, ("constants", SMS_NUMBER), message)


def measure_menu(menu: Menu, channels: Mapping[str, ChannelSettings]) -> CheckResult:
    """Measure a checked menu on the channel with the smallest screens."""
    return check_menu(menu, min(_all_limits(channels), key=lambda limits: limits.septets))


def _all_limits(channels: Mapping[str, ChannelSettings]) -> list[Limits]:
    return list(dict.fromkeys(limits_of(channel) for channel in channels.values())) or [DEFAULT]


def limits_of(channel: ChannelSettings) -> Limits:
    """Return the bounds of the dialogues of a channel."""
    return _limits(channel.limit, Keys(**channel.keys.model_dump()) if channel.keys else None)


@cache
def _limits(septets: int, keys: Keys | None) -> Limits:
    """Return the same object for channels that are alike, so that screens laid out by the checks are served again."""
    return Limits(septets=septets, keys=keys)


def _record_diagnostics(menu: Menu, unknowns: Unknowns) -> Iterator[Diagnostic]:
    """Yield diagnostics of answers without a field, of required answers that no state keeps, and of labels."""
    kept = {state.keep: state for state in menu.states.values() if state.keep}
    needed = {
        name: effect for effect, names in REQUIRED_BY_EFFECT.items() for name in names if _runs_effect(menu, effect)
    }
    known = {*menu.form.names, *menu.form.steering}.union(*REQUIRED_BY_EFFECT.values())
    for name in sorted(kept.keys() - known) if not unknowns.form else ():
        declaring = f"declare it in {REPORT}, as {name}: {{type: choice}}"
        yield Diagnostic(FLOW, kept[name].line, f"{unknown('answer', name, sorted(menu.form.names))}, or {declaring}")
    for name, effect in needed.items():
        if name not in kept and not unknowns.includes_answer(name):
            yield Diagnostic(FLOW, _effect_line(menu, effect), f"no state keeps {name}, which {effect} needs")
    for state in menu.states.values():
        for message in _value_diagnostics(state):
            yield state_diagnostic(state, message)
    if _runs_effect(menu, "find_report"):
        yield from _label_diagnostics(menu, unknowns)


def _role_diagnostics(menu: Menu) -> Iterator[Diagnostic]:
    """Yield diagnostics of unknown roles of accounts to which a category is restricted."""
    for category in menu.categories.values():
        for role in sorted(category.restricted_to - {*DeskRole}):
            path = (category.name, "restricted_to")
            message = f"{'.'.join(path)}: {unknown('role', role, sorted(DeskRole))}"
            yield Diagnostic(CATEGORIES, line_of(menu.lines[CATEGORIES], path), message)


def _label_diagnostics(menu: Menu, unknowns: Unknowns) -> Iterator[Diagnostic]:
    """Yield diagnostics of statuses without a label, in every language that could be read."""
    for wording in menu.wordings.values():
        if wording.language not in unknowns.unclear:
            for missing in sorted({*IncidentStatus} - wording.labels.get("status", {}).keys()):
                message = "this is missing: every status of a report needs a label"
                yield text_diagnostic(wording, ("labels", "status", missing), message)


def _value_diagnostics(state: State) -> Iterator[str]:
    """Yield the reasons for which an answer of this state could not be stored, or would not be understood."""
    if state.keep in BUILT_IN_ANSWERS and type_of(state) != BUILT_IN_ANSWERS[state.keep]:
        yield type_fault(state, BUILT_IN_ANSWERS[state.keep])
    if state.keep == "contact" and (others := sorted(state.options.keys() - CONTACT_ANSWERS)):
        yield f"unknown contact {', '.join(map(quoted, others))}; {one_of(sorted(CONTACT_ANSWERS))}"
    if state.keep == "danger" and IN_DANGER not in state.options:
        yield f"one option must be {IN_DANGER}, which marks reports"


def _runs_effect(menu: Menu, effect: str) -> bool:
    return bool(_effect_line(menu, effect))


def _effect_line(menu: Menu, effect: str) -> int:
    """Return the line of the first state that performs `effect`, or 0."""
    lines = (state.line for state in menu.states.values() if state.kind.runs_effect and state.source == effect)
    return next(lines, 0)
