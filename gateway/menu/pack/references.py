"""Check references within a pack: every named state, answer, language and text exists, and none is unused.

Collects every fault at once, with file and line. A pack without faults may still have unreachable states, for example:
`checks.checker` finds those.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from gateway.menu.checks.pack_files import CATEGORIES, FLOW, KEYWORDS, PACK, RULES, STAGES, Path, wording_file
from gateway.menu.conditions import read_condition
from gateway.menu.days import DATE_ERRORS, DateWord
from gateway.menu.error_lines import ERROR_PLACEHOLDERS
from gateway.menu.kinds.ask import Ask
from gateway.menu.kinds.base import ALWAYS, StateShape
from gateway.menu.kinds.resume import Resume
from gateway.menu.kinds.tell import Tell
from gateway.menu.model import APPEAL_PLACEHOLDERS, FACTS, GATEWAY_PLACEHOLDERS
from gateway.menu.pack.rules_schema import RulesShape, StagesShape
from gateway.menu.pack.schema import (
    ALL_SMS,
    ERRORS,
    NAVIGATION,
    NUMBER,
    SHORT,
    FlowShape,
    KeywordsShape,
    PackShape,
    WordingShape,
)
from gateway.menu.pack.yaml_reader import PackReader
from gateway.text.diagnostics import unknown
from gateway.text.words import normalised

RESERVED = frozenset({*GATEWAY_PLACEHOLDERS, *APPEAL_PLACEHOLDERS, *ERROR_PLACEHOLDERS})
"""Names that a text of some kind shows already."""

ENTRIES = ("start", "home", "help", "resume")
ENTRY_KINDS = {"help": Tell.name, "resume": Resume.name}  # the kind that a state must be of to be that entry


def check_pack(reader: PackReader, pack: PackShape) -> None:
    """Check that no placeholder or constant hides one of the gateway's own, and no constant a placeholder."""
    for name in pack.placeholders.keys() & GATEWAY_PLACEHOLDERS.keys():
        # Texts would show the answer where the gateway's own value is meant, such as a ticket that does not exist yet.
        message = f"placeholders.{name}: reserved for the gateway; choose another name"
        reader.add(PACK, ("placeholders", name), message)
    for name in pack.constants:
        if name in pack.placeholders:
            message = f"constants.{name}: {{{name}}} is one of the placeholders already; choose another name"
        elif name in RESERVED:
            message = f"constants.{name}: {{{name}}} is filled in by the gateway; choose another name"
        else:
            continue
        reader.add(PACK, ("constants", name), message)


def check_category_names(reader: PackReader, names: Sequence[str]) -> None:
    """Check a plain list of names for duplicates."""
    for place, name in enumerate(names):
        if name in names[:place]:  # the second is reported: the menu keeps the first
            reader.add(CATEGORIES, (str(place),), f'duplicate category "{name}"; remove one')


def has_unread_category(reader: PackReader, categories: Collection[str]) -> bool:
    """Return True if the name of some category is unknown. One with a faulty key still has its name."""
    return any(path[0] not in categories for path in reader.removed.get(CATEGORIES, ()))


def check_flow(reader: PackReader, flow: FlowShape, levels: Sequence[str]) -> None:
    """Check every state and entry for unknown names and missing keys. `levels` are those of place, the largest first.

    A state from which something was removed is known by its name only, and its answer is unknown.
    """
    unclear = reader.incomplete(FLOW, "states")
    known = {name: state for name, state in flow.states.items() if name not in unclear}
    kept = _kept_answers(reader, flow)
    for key in ENTRIES:
        if reader.is_known(FLOW, (key,)):  # otherwise its value is a default, and not in the file
            for message in _entry_faults(key, getattr(flow, key), known, unclear):
                reader.add(FLOW, (key,), f"{key}: {message}")
    for name, state in known.items():
        for message in (*kind_faults(state, levels), *_faults(state, known, unclear, kept, levels)):
            reader.add(FLOW, ("states", name), f"{name}: {message}")
        if state.continue_at and not flow.resume:
            reader.add(FLOW, ("states", name), f"{name}: continue_at needs resume, the state that offers to continue")
        for key in idle_keys(state):  # a key without effect is mostly a misunderstanding: the author expects one
            reader.add(FLOW, ("states", name, key), f"{name}: {key} has no meaning here; remove it")
        if _keeps_reserved_name(state):
            message = f"{name}: keep: {state.keep} is reserved for the gateway; choose another name"
            reader.add(FLOW, ("states", name, "keep"), message)
    for keys, shortcut in flow.shortcuts.items():
        if shortcut.to not in known.keys() | unclear:
            reader.add(FLOW, ("shortcuts", keys), f"shortcut {keys}: {unknown('state', shortcut.to)}")
        if kept is not None:  # an unknown state may keep any answer
            for name in shortcut.answers.keys() - kept:
                reader.add(FLOW, ("shortcuts", keys), f"shortcut {keys}: no state keeps {name}")


def are_paths_known(reader: PackReader, flow: FlowShape, levels: Sequence[str]) -> bool:
    """Return True if every state and each of its targets is known, so that paths can be explored."""
    known, kept = flow.states, _kept_answers(reader, flow)
    if reader.incomplete(FLOW, "states"):
        return False
    if any(not reader.is_known(FLOW, (key,)) or getattr(flow, key) not in known for key in ("start", "home")):
        return False
    # A fault of any state may cut off others, which would then be reported as unreachable.
    return not any(
        _keeps_reserved_name(state) or [*kind_faults(state, levels), *_faults(state, known, (), kept, levels)]
        for state in known.values()
    )


def kept_by(reader: PackReader, flow: FlowShape) -> dict[str, str | None]:
    """Return the answer that each state keeps: empty for none, None if unknown."""
    unclear = reader.incomplete(FLOW, "states")
    kept: dict[str, str | None] = {name: state.keep for name, state in flow.states.items() if name not in unclear}
    for name in unclear:
        # The faulty part may be elsewhere in the state: if its `keep` can be read, its answer is known all the same.
        removed = reader.removed[FLOW].get(("states", name))
        keep = removed.get("keep") if isinstance(removed, dict) else None
        kept[name] = keep if isinstance(keep, str) else None
    return kept


def _kept_answers(reader: PackReader, flow: FlowShape) -> set[str] | None:
    """Return the answers that the dialogue keeps. Returns None if some state may keep any."""
    kept = kept_by(reader, flow).values()
    return None if None in kept else {name for name in kept if name}


def _faults(
    state: StateShape,
    known: Mapping[str, StateShape],
    unclear: Collection[str],
    kept: Collection[str] | None,
    levels: Sequence[str],
) -> Iterator[str]:
    """Yield messages about the names in a state, given the `known` states, and the names of `unclear` ones."""
    yield from _target_faults(state, known, unclear, levels)
    if state.within and kept is not None and state.within not in kept:
        yield f"within: no state keeps {state.within}"
    yield from _condition_faults(state, kept)


def _keeps_reserved_name(state: StateShape) -> bool:
    # A ticket that the resident types is the same thing as the one that the gateway gives.
    is_asked_for = state.keep == state.value(Ask.name) == "ticket"
    return state.keep in GATEWAY_PLACEHOLDERS.keys() | FACTS.keys() and not is_asked_for


def check_needs(reader: PackReader, flow: FlowShape, rules: RulesShape) -> None:
    """Check that some state keeps each answer that resuming needs."""
    kept = _kept_answers(reader, flow)
    if not flow.resume or kept is None or not reader.is_known(RULES, ("resume", "needs")):
        return
    for name in rules.resume.needs:
        if name not in kept:
            reader.add(RULES, ("resume", "needs"), f"resume.needs: no state keeps {name}")


def _entry_faults(key: str, named: str, known: Mapping[str, StateShape], unclear: Collection[str]) -> Iterator[str]:
    if not named or named in unclear:
        return
    kind = ENTRY_KINDS.get(key)
    if named not in known:
        yield unknown("state", named)
    elif kind and known[named].value(kind) is None:
        yield f"{named} must be a state that begins with {kind}"


def kind_faults(state: StateShape, levels: Sequence[str]) -> Iterator[str]:
    """Yield messages about a state that is not of exactly one kind, or lacks what its kind needs.

    `levels` are those of place, which are lists too.
    """
    if len(state.kinds) != 1:
        names = ", ".join(kind.name for kind in state.kinds) or "none of them"
        yield f"a state is one of {', '.join(state.kind_table)}; this is {names}"
        return  # what it needs depends on its kind
    yield from state.kinds[0].faults(state)
    yield from state.kinds[0].list_faults(state, levels)
    if state.limits.min > state.limits.max and "max" in state.limits.model_fields_set:
        yield "limits: min is above max"


def idle_keys(state: StateShape) -> list[str]:
    """Return the keys of a state that have no meaning for its kind."""
    if len(state.kinds) != 1:
        return []
    return sorted(state.model_fields_set - state.kinds[0].fields_of(state) - ALWAYS - state.kind_table.keys())


def _target_faults(
    state: StateShape, known: Mapping[str, StateShape], unclear: Collection[str], levels: Sequence[str]
) -> Iterator[str]:
    names = known.keys() | unclear
    for target in state.targets:
        if target not in names:
            yield unknown("state", target)
    for kind in state.kinds:
        yield from kind.reference_faults(state, known, levels)
    if state.or_type in known and known[state.or_type].value(Ask.name) is None:
        yield f"or_type: {state.or_type} must be a state that begins with {Ask.name}"
    if state.words in known:
        yield from _borrowing_faults(state, known[state.words])


def _borrowing_faults(state: StateShape, lender: StateShape) -> Iterator[str]:
    """Yield the reasons why a state cannot show the screen of the `lender`."""
    if lender.words:  # one step only, so that borrowed screens form no chain or cycle
        yield f"words: {state.words} borrows its own words; name the state that has them"
    if any(kind.runs_effect for kind in lender.kinds):
        yield f"words: {state.words} has no screen"
    elif missing := [name for name in state.labels if name not in lender.labels]:
        yield f"words: the screen of {state.words} has no words for {', '.join(missing)}"


def _condition_faults(state: StateShape, kept: Collection[str] | None) -> Iterator[str]:
    """Yield messages about `only_if`. `kept` are all answers of the dialogue, or None if unknown."""
    if bool(state.only_if) != bool(state.otherwise):
        yield "only_if needs otherwise, the state that follows if it does not hold, and otherwise needs only_if"
    if not state.only_if or kept is None:
        return
    names = {*kept, *FACTS}
    for clause in read_condition(state.only_if).clauses:
        if clause.name not in names:
            yield f"only_if: {unknown('name', clause.name, sorted(names))}"


def check_answers(reader: PackReader, keywords: KeywordsShape, flow: FlowShape) -> None:
    """Check the words that answer a question: for unknown states and options, and for words of two options."""
    for name, options in keywords.answers.items():
        if name in reader.incomplete(FLOW, "states"):
            continue
        if name not in flow.states:
            reader.add(KEYWORDS, ("answers", name), unknown("state", name))
            continue
        meanings: dict[str, str] = {}
        for option, words in options.items():
            if option not in flow.states[name].labels:
                reader.add(KEYWORDS, ("answers", name, option), unknown("option", option))
            for word in words:
                earlier = meanings.setdefault(normalised(word), option)
                if earlier != option:
                    reader.add(KEYWORDS, ("answers", name, option), f"{word} means {earlier} already")


def check_stages(reader: PackReader, stages: StagesShape, rules: RulesShape | None) -> None:
    """Check for overlapping stages, and for unknown strict stages. Skipped if a stage was removed."""
    if reader.incomplete(STAGES):
        return
    # Neighbours are enough: the file is in the order of time, and a stage out of order overlaps the one before.
    for place, (earlier, later) in enumerate(zip(stages.root, stages.root[1:], strict=False), start=1):
        if later.first < earlier.last:
            reader.add(STAGES, (str(place),), f"{later.key} begins before {earlier.key} ends")
    if rules is None:
        return
    known = {stage.key for stage in stages.root}
    for stage in rules.strict_stages:
        if stage not in known:
            reader.add(RULES, ("strict_stages",), f"strict_stages: {unknown('stage', stage)}")


def check_wording(
    reader: PackReader,
    file: str,
    wording: WordingShape,
    errors: Sequence[str],
    sms: Sequence[str],
    named: Collection[str],
) -> None:
    """Check for missing and unknown texts of the gateway itself.

    `errors` are the names of the error lines that this pack shows, `sms` those of the SMS that it has sent. Others are
    allowed, so that a rule can be switched off and on again: those of the program, and those `named` by a category.
    """
    check_names(reader, file, ("navigation",), wording.navigation, NAVIGATION)
    check_names(reader, file, ("errors",), wording.errors, errors, allowed=(*ERRORS, *DATE_ERRORS, SHORT, NUMBER))
    check_names(reader, file, ("sms",), wording.sms, sms, allowed=(*ALL_SMS, *named))


def check_dates(reader: PackReader, wordings: Mapping[str, WordingShape]) -> None:
    """Check for words of dates with two meanings. All languages are understood in each."""
    meanings: dict[str, DateWord] = {}
    for language, wording in wordings.items():
        for phrase, meaning in wording.dates.meanings():
            if meanings.setdefault(phrase, meaning) != meaning:
                reader.add(wording_file(language), ("dates",), f"dates: {phrase} has another meaning already")


def check_labels(reader: PackReader, file: str, wording: WordingShape, categories: Sequence[str]) -> None:
    """Check for categories without a label, and for labels of unknown categories."""
    labels = wording.labels.get("category", {})
    allowed = (
        labels if has_unread_category(reader, categories) else ()
    )  # it may be the label of a category that was removed
    check_names(reader, file, ("labels", "category"), labels, list(dict.fromkeys(categories)), allowed)


def check_screens(reader: PackReader, file: str, wording: WordingShape, flow: FlowShape) -> None:
    """Check for missing and unused texts of screens."""
    unclear = reader.incomplete(FLOW, "states")
    with_screen = {
        name: state
        for name, state in flow.states.items()
        if name not in unclear and not any(kind.runs_effect for kind in state.kinds) and not state.words
    }
    check_names(reader, file, ("screens",), wording.screens, list(with_screen), allowed=unclear)
    for name, state in with_screen.items():
        if name in wording.screens:  # one that is missing is a single diagnostic, not one for each of its texts
            check_names(reader, file, ("screens", name), wording.screens[name], ["heading", *state.labels])


def check_names(
    reader: PackReader,
    file: str,
    path: Path,
    texts: Mapping[str, object],
    needed: Sequence[str],
    allowed: Collection[str] = (),
) -> None:
    """Check that `texts` has the `needed` names, and no others but those `allowed`."""
    for name in needed:
        if name not in texts and reader.is_known(file, (*path, name)):  # it may be there, but faulty
            reader.add(file, path, f"{'.'.join((*path, name))} is missing")
    for name in texts:
        if name not in needed and name not in allowed:
            reader.add(file, (*path, name), f"{'.'.join((*path, name))}: unknown key")
