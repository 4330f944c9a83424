"""Whether a pack is whole: every state leads somewhere that exists, every text is there in every language.

All complaints at once, with file and line; whatever could be read is held against whatever it needs. What is whole may
still not be walkable: that is the matter of `checking`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from gateway.menu.conditions import read_condition
from gateway.menu.kinds.ask import Ask
from gateway.menu.kinds.base import ALWAYS, StateShape
from gateway.menu.kinds.resume import Resume
from gateway.menu.kinds.tell import Tell
from gateway.menu.model import FACTS, GATEWAY_PLACEHOLDERS
from gateway.menu.pack.schema import (
    ERRORS,
    NAVIGATION,
    REMINDER,
    REPLIES,
    SMS,
    AppealsShape,
    FlowShape,
    KeywordsShape,
    PackShape,
    RulesShape,
    StagesShape,
    WordingShape,
)
from gateway.menu.pack.yaml_reader import PackReader
from gateway.menu.pack_files import APPEALS, CATEGORIES, FLOW, KEYWORDS, PACK, RULES, STAGES, Path
from gateway.text.banned_words import find_banned_words

ENTRIES = ("start", "home", "help", "resume")
ENTRY_KINDS = {"help": Tell.name, "resume": Resume.name}  # the kind that a state must be of to be that entry


def check_pack(reading: PackReader, pack: PackShape) -> None:
    """Complain of placeholders that would hide what the gateway itself gives."""
    for name in pack.placeholders.keys() & GATEWAY_PLACEHOLDERS.keys():
        message = f"placeholders.{name}: the gateway itself gives this; choose another name"
        reading.complain(PACK, ("placeholders", name), message)


def check_categories(reading: PackReader, categories: Sequence[str]) -> None:
    """Complain of kinds of incident that stand in the list twice."""
    for place, name in enumerate(categories):
        if name in categories[:place]:
            reading.complain(CATEGORIES, (str(place),), f"{name} stands in it twice: leave one out")


def check_flow(reading: PackReader, flow: FlowShape) -> None:
    """Complain of every state and way in that names what does not exist or lacks what it needs.

    A state of which something was left out is known by its name alone, and nobody knows what it keeps.
    """
    unclear = reading.left_out(FLOW, "states")
    known = {name: state for name, state in flow.states.items() if name not in unclear}
    kept = _kept_answers(reading, flow)
    for key in ENTRIES:
        for message in _entry_faults(key, getattr(flow, key), known, unclear) if reading.is_known(FLOW, (key,)) else ():
            reading.complain(FLOW, (key,), f"{key}: {message}")
    for name, state in known.items():
        for message in (*kind_faults(state), *_faults(state, known, unclear, kept)):
            reading.complain(FLOW, ("states", name), f"{name}: {message}")
        for key in idle_keys(state):
            reading.complain(FLOW, ("states", name, key), f"{name}: {key} means nothing here: leave it out")
        if _keeps_what_is_given(state):
            message = f"{name}: keep: {state.keep} is what the gateway itself gives; choose another name"
            reading.complain(FLOW, ("states", name, "keep"), message)
    for keys, shortcut in flow.shortcuts.items():
        if shortcut.to not in known.keys() | unclear:
            reading.complain(FLOW, ("shortcuts", keys), f"shortcut {keys}: no state is called {shortcut.to}")
        for name in shortcut.answers.keys() - kept if kept is not None else ():
            reading.complain(FLOW, ("shortcuts", keys), f"shortcut {keys}: no state keeps {name}")


def are_ways_known(reading: PackReader, flow: FlowShape) -> bool:
    """Whether every state is known, and where each leads: so that the ways can be walked."""
    known, kept = flow.states, _kept_answers(reading, flow)
    if reading.left_out(FLOW, "states") or any(
        not reading.is_known(FLOW, (key,)) or getattr(flow, key) not in known for key in ENTRIES[:2]
    ):
        return False
    return not any(
        _keeps_what_is_given(state) or [*kind_faults(state), *_faults(state, known, (), kept)]
        for state in known.values()
    )


def kept_by(reading: PackReader, flow: FlowShape) -> dict[str, str | None]:
    """What each state keeps, empty for nothing; None where that is not known."""
    unclear = reading.left_out(FLOW, "states")
    kept: dict[str, str | None] = {name: state.keep for name, state in flow.states.items() if name not in unclear}
    for name in unclear:
        said = reading.holes[FLOW].get(("states", name))
        keep = said.get("keep") if isinstance(said, dict) else None
        kept[name] = keep if isinstance(keep, str) else None
    return kept


def _kept_answers(reading: PackReader, flow: FlowShape) -> set[str] | None:
    """The answers that the dialogue keeps; None where some state may keep any."""
    kept = kept_by(reading, flow).values()
    return None if None in kept else {name for name in kept if name}


def _faults(
    state: StateShape, known: Mapping[str, StateShape], unclear: Collection[str], kept: Collection[str] | None
) -> Iterator[str]:
    """What is wrong with the ways on from a state, where the states `known` are there, and some that are not clear."""
    yield from _way_faults(state, known, unclear)
    if state.within and kept is not None and state.within not in kept:
        yield f"within: no state keeps {state.within}"
    yield from _condition_faults(state, kept)


def _keeps_what_is_given(state: StateShape) -> bool:
    return (
        state.keep in GATEWAY_PLACEHOLDERS.keys() | FACTS.keys() and not state.keep == state.value(Ask.name) == "ticket"
    )


def check_needs(reading: PackReader, flow: FlowShape, rules: RulesShape) -> None:
    """Complain of answers that a dropped dialogue needs and no state keeps."""
    kept = _kept_answers(reading, flow)
    for name in rules.resume.needs if flow.resume and kept is not None else ():
        if kept is not None and name not in kept and reading.is_known(RULES, ("resume", "needs")):
            reading.complain(RULES, ("resume", "needs"), f"resume.needs: no state keeps {name}")


def _entry_faults(key: str, named: str, known: Mapping[str, StateShape], unclear: Collection[str]) -> Iterator[str]:
    if not named or named in unclear:
        return
    if named not in known:
        yield f"no state is called {named}"
    elif key == "help" and known[named].value(ENTRY_KINDS[key]) is None:
        yield f"{named} must be a state that tells"
    elif key == "resume" and known[named].value(ENTRY_KINDS[key]) is None:
        yield f"{named} must be a state that begins with resume"


def kind_faults(state: StateShape) -> Iterator[str]:
    """Why a state is not one of the things that a state can be."""
    if len(state.kinds) != 1:
        names = ", ".join(kind.name for kind in state.kinds) or "none of them"
        yield f"a state is one of {', '.join(state.kind_table)}; this is {names}"
        return
    yield from state.kinds[0].faults(state)
    if state.limits.min > state.limits.max:
        yield "limits: min is above max"


def idle_keys(state: StateShape) -> list[str]:
    """What is said of a state and never looked at."""
    if len(state.kinds) != 1:
        return []
    return sorted(state.model_fields_set - state.kinds[0].fields_of(state) - ALWAYS - state.kind_table.keys())


def _way_faults(state: StateShape, known: Mapping[str, StateShape], unclear: Collection[str]) -> Iterator[str]:
    names = known.keys() | unclear
    yield from (f"no state is called {target}" for target in state.targets if target not in names)
    for kind in state.kinds:
        yield from kind.reference_faults(state, known)
    if state.or_type in known and known[state.or_type].value(Ask.name) is None:
        yield f"or_type: {state.or_type} must be a state that asks"
    if state.words in known:
        yield from _borrowing_faults(state, known[state.words])


def _borrowing_faults(state: StateShape, lender: StateShape) -> Iterator[str]:
    """Why a state cannot show the screen of the `lender`."""
    if lender.words:
        yield f"words: {state.words} borrows its own words; name the state that has them"
    if any(kind.runs_effect for kind in lender.kinds):
        yield f"words: {state.words} has no screen"
    elif unsaid := [name for name in state.labels if name not in lender.labels]:
        yield f"words: the screen of {state.words} has no words for {', '.join(unsaid)}"


def _condition_faults(state: StateShape, kept: Collection[str] | None) -> Iterator[str]:
    """`kept` are the answers that the dialogue keeps, if all of them are known."""
    if bool(state.only_if) != bool(state.otherwise):
        yield "only_if and otherwise belong together: the second says where who is passed over goes on"
    for clause in read_condition(state.only_if).clauses if state.only_if and kept is not None else ():
        if clause.name not in {*(kept or ()), *FACTS}:
            yield f"only_if: nothing is called {clause.name}; known are {', '.join(sorted({*(kept or ()), *FACTS}))}"


def check_keywords(
    reading: PackReader,
    keywords: KeywordsShape,
    languages: Collection[str] | None,
    categories: Collection[str] | None,
) -> None:
    """Complain of keywords that mean two things, and of those for what does not exist, where that is known."""
    meanings: dict[str, str] = {}
    for command, said in keywords.commands.items():
        for language, words in said.items():
            if languages is not None and language not in languages:
                reading.complain(KEYWORDS, ("commands", command, language), f"no language is called {language}")
            for word in words:
                if meanings.setdefault(word.casefold(), command) != command:
                    message = f"{word} is a keyword of {meanings[word.casefold()]} already"
                    reading.complain(KEYWORDS, ("commands", command, language), message)
    kinds: dict[str, str] = {}
    for category, words in keywords.words.items():
        for word in words:
            if kinds.setdefault(word.casefold(), category) != category:
                reading.complain(KEYWORDS, ("words", category), f"{word} means {kinds[word.casefold()]} already")
    for section, names in (("codes", keywords.codes.items()), ("words", ((name, name) for name in keywords.words))):
        for key, category in names:
            if categories is not None and category not in categories:
                reading.complain(KEYWORDS, (section, key), f"no category is called {category}")


def check_stages(reading: PackReader, stages: StagesShape, rules: RulesShape | None) -> None:
    """Complain of stages that overlap, and of strict ones that do not exist. Of a part of them nothing can be said."""
    if reading.left_out(STAGES):
        return
    for place, (earlier, later) in enumerate(zip(stages.root, stages.root[1:], strict=False), start=1):
        if later.first <= earlier.last:
            reading.complain(STAGES, (str(place),), f"{later.key} begins before {earlier.key} is over")
    known = {stage.key for stage in stages.root}
    for stage in rules.strict_stages if rules else ():
        if stage not in known:
            reading.complain(RULES, ("strict_stages",), f"strict_stages: no stage is called {stage}")


def check_appeals(
    reading: PackReader, file: str, wording: WordingShape, templates: AppealsShape | None, rules: RulesShape | None
) -> None:
    """Complain of texts of appeals that are missing, that nothing uses, or that say a refused word."""
    if templates:
        unclear = reading.left_out(APPEALS)
        _same_names(reading, file, ("appeals",), wording.appeals, list(templates.root), allowed=unclear)
    for key, text in wording.appeals.items():
        for word in find_banned_words(text, rules.refused_words if rules else ()):
            reading.complain(file, ("appeals", key), f"appeals.{key}: {word} is one of the refused words")


def check_wording(reading: PackReader, file: str, wording: WordingShape, sms: Sequence[str]) -> None:
    """Complain of every text of the gateway's own that is missing, and of every one that nothing shows.

    `sms` are those that this pack has sent; others may stand there, so that a rule can be switched off and on again.
    """
    _same_names(reading, file, ("navigation",), wording.navigation, NAVIGATION)
    _same_names(reading, file, ("errors",), wording.errors, ERRORS)
    _same_names(reading, file, ("sms",), wording.sms, sms, allowed=(*SMS, *REMINDER, *REPLIES))


def check_labels(reading: PackReader, file: str, wording: WordingShape, categories: Sequence[str]) -> None:
    """Complain of kinds of incident without a name, and of names for none."""
    there = wording.labels.get("category", {})
    allowed = there if reading.left_out(CATEGORIES) else ()  # it may be the name of one that could not be read
    _same_names(reading, file, ("labels", "category"), there, list(dict.fromkeys(categories)), allowed)


def check_screens(reading: PackReader, file: str, wording: WordingShape, flow: FlowShape) -> None:
    """Complain of every text of a screen that is missing, and of every one that no state shows."""
    unclear = reading.left_out(FLOW, "states")
    shown = {
        name: state
        for name, state in flow.states.items()
        if name not in unclear and not any(kind.runs_effect for kind in state.kinds) and not state.words
    }
    _same_names(reading, file, ("screens",), wording.screens, list(shown), allowed=unclear)
    for name, state in shown.items():
        if name in wording.screens:
            _same_names(reading, file, ("screens", name), wording.screens[name], ["heading", *state.labels])


def _same_names(
    reading: PackReader,
    file: str,
    path: Path,
    there: Mapping[str, object],
    needed: Sequence[str],
    allowed: Collection[str] = (),
) -> None:
    for name in needed:
        if name not in there and reading.is_known(file, (*path, name)):
            reading.complain(file, path, f"{'.'.join((*path, name))} is missing")
    for name in there:
        if name not in needed and name not in allowed:
            reading.complain(file, (*path, name), f"{'.'.join((*path, name))}: nothing is called so")
