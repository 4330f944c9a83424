"""Whether a pack is whole: every state leads somewhere that exists, every text is there in every language.

All complaints at once, with file and line. What is whole may still not be walkable: that is the matter of `checking`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from gateway.menu.conditions import read_condition
from gateway.menu.definition import FACTS, GIVEN, MATCHES, Kind
from gateway.menu.files import FLOW, KEYWORDS, PACK, RULES, Path
from gateway.menu.reading import Reading
from gateway.menu.refusing import refused_in
from gateway.menu.shapes import (
    ASKS,
    EFFECTS,
    ERRORS,
    LISTS,
    NAVIGATION,
    REMINDER,
    REPLIES,
    RESUMING,
    SMS,
    TAKES,
    FlowShape,
    KeywordsShape,
    PackShape,
    RulesShape,
    StagesShape,
    StateShape,
    WordingShape,
)


def check_pack(reading: Reading, pack: PackShape) -> None:
    """Complain of placeholders that would hide what the gateway itself gives."""
    for name in pack.placeholders.keys() & GIVEN.keys():
        message = f"placeholders.{name}: the gateway itself gives this; choose another name"
        reading.complain(PACK, ("placeholders", name), message)


def check_flow(reading: Reading, flow: FlowShape, rules: RulesShape) -> None:
    """Complain of every state, shortcut and rule that names what does not exist or lacks what it needs."""
    for key in ("start", "home", "help", "resume"):
        named = getattr(flow, key)
        if named and named not in flow.states:
            reading.complain(FLOW, (key,), f"{key}: no state is called {named}")
    if flow.help in flow.states and flow.states[flow.help].tell is None:
        reading.complain(FLOW, ("help",), f"help: {flow.help} must be a state that tells")
    if flow.resume in flow.states and flow.states[flow.resume].resume is None:
        reading.complain(FLOW, ("resume",), f"resume: {flow.resume} must be a state that begins with resume")
    kept = {state.keep for state in flow.states.values() if state.keep}
    for name, state in flow.states.items():
        for message in (*_kind_faults(state), *_way_faults(state, flow), *_condition_faults(state, kept)):
            reading.complain(FLOW, ("states", name), f"{name}: {message}")
        for key in _idle_keys(state):
            reading.complain(FLOW, ("states", name, key), f"{name}: {key} means nothing here: leave it out")
        if state.keep in GIVEN.keys() | FACTS.keys() and not state.keep == state.ask == "ticket":
            message = f"{name}: keep: {state.keep} is what the gateway itself gives; choose another name"
            reading.complain(FLOW, ("states", name, "keep"), message)
    for keys, shortcut in flow.shortcuts.items():
        for message in _shortcut_faults(flow, shortcut.to, shortcut.answers):
            reading.complain(FLOW, ("shortcuts", keys), f"shortcut {keys}: {message}")
    for name in rules.resume.needs:
        if flow.resume and name not in kept:
            reading.complain(RULES, ("resume", "needs"), f"resume.needs: no state keeps {name}")


def _kind_faults(state: StateShape) -> Iterator[str]:
    if len(state.kinds) != 1:
        names = ", ".join(state.kinds) or "none of them"
        yield f"a state is one of {', '.join(Kind)}; this is {names}"
        return
    kind = state.kinds[0]
    if kind in (Kind.CHOOSE_FROM, Kind.ASK) and not (state.keep and state.next):
        yield f"{kind} needs keep (the answer's name) and next"
    if kind is Kind.CHOOSE_FROM and state.choose_from not in LISTS:
        yield f"choose_from knows the lists {', '.join(LISTS)}"
    if state.choose_from == MATCHES and not state.within:
        yield f"{MATCHES} needs within: the answer with the typed name"
    if kind is Kind.ASK and state.ask not in ASKS:
        yield f"ask knows {', '.join(ASKS)}"
    if kind is Kind.DO and state.do not in EFFECTS:
        yield f"do knows {', '.join(EFFECTS)}"
    elif kind is Kind.DO and set(state.then) != EFFECTS[state.do or ""]:
        yield f"then needs exactly {', '.join(sorted(EFFECTS[state.do or '']))}"
    if kind in (Kind.CHOOSE, Kind.REVISE) and not (state.choose or state.revise):
        yield f"{kind} needs at least one option"
    if kind is Kind.RESUME and set(state.resume or ()) != set(RESUMING):
        yield f"resume needs exactly {', '.join(RESUMING)}"
    if state.limits.min > state.limits.max:
        yield "limits: min is above max"


def _idle_keys(state: StateShape) -> list[str]:
    """What is said of a state and never looked at."""
    if len(state.kinds) != 1:
        return []
    idle = state.model_fields_set - TAKES[state.kinds[0]] - {*Kind}
    if state.ask not in (None, "text"):
        idle |= state.model_fields_set & {"limits"}
    return sorted(idle)


def _way_faults(state: StateShape, flow: FlowShape) -> Iterator[str]:
    yield from (f"no state is called {target}" for target in state.targets if target not in flow.states)
    if state.within and all(other.keep != state.within for other in flow.states.values()):
        yield f"within: no state keeps {state.within}"
    yield from _narrowing_faults(state, flow)
    if state.or_type in flow.states and flow.states[state.or_type].ask is None:
        yield f"or_type: {state.or_type} must be a state that asks"
    if state.words in flow.states:
        yield from _borrowing_faults(state, flow.states[state.words])


def _borrowing_faults(state: StateShape, lender: StateShape) -> Iterator[str]:
    """Why a state cannot show the screen of the `lender`."""
    if lender.words:
        yield f"words: {state.words} borrows its own words; name the state that has them"
    if lender.do is not None:
        yield f"words: {state.words} has no screen"
    elif unsaid := [name for name in state.labels if name not in lender.labels]:
        yield f"words: the screen of {state.words} has no words for {', '.join(unsaid)}"


def _narrowing_faults(state: StateShape, flow: FlowShape) -> Iterator[str]:
    """Lists that hang on an answer which can narrow none: they would be empty."""
    keepers = [other for other in flow.states.values() if state.within and other.keep == state.within]
    if state.choose_from == "kelurahan" and any(other.choose_from != "kecamatan" for other in keepers):
        yield f"within: {state.within} must be chosen from kecamatan"
    if state.choose_from == MATCHES and any(other.ask != "place_name" for other in keepers):
        yield f"within: {state.within} must be a place_name that is asked for"


def _condition_faults(state: StateShape, kept: set[str]) -> Iterator[str]:
    if bool(state.only_if) != bool(state.otherwise):
        yield "only_if and otherwise belong together: the second says where who is passed over goes on"
    for clause in read_condition(state.only_if).clauses if state.only_if else ():
        if clause.name not in kept and clause.name not in FACTS:
            yield f"only_if: nothing is called {clause.name}; known are {', '.join(sorted(kept | FACTS.keys()))}"


def _shortcut_faults(flow: FlowShape, to: str, answers: Mapping[str, str]) -> Iterator[str]:
    if to not in flow.states:
        yield f"no state is called {to}"
    kept = {state.keep for state in flow.states.values()}
    yield from (f"no state keeps {name}" for name in answers if name not in kept)


def check_keywords(
    reading: Reading, keywords: KeywordsShape, languages: Collection[str], categories: Collection[str]
) -> None:
    """Complain of keywords that mean two things, and of those for what does not exist."""
    meanings: dict[str, str] = {}
    for command, said in keywords.commands.items():
        for language, words in said.items():
            if language not in languages:
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
            if category not in categories:
                reading.complain(KEYWORDS, (section, key), f"no category is called {category}")


def check_stages(reading: Reading, rules: RulesShape, stages: StagesShape) -> None:
    """Complain of strict stages that do not exist."""
    known = {stage.key for stage in stages.root}
    for stage in rules.strict_stages:
        if stage not in known:
            reading.complain(RULES, ("strict_stages",), f"strict_stages: no stage is called {stage}")


def check_appeals(
    reading: Reading, file: str, wording: WordingShape, templates: Sequence[str], rules: RulesShape
) -> None:
    """Complain of texts of appeals that are missing, that nothing uses, or that say a refused word."""
    _same_names(reading, file, ("appeals",), wording.appeals, templates)
    for key, text in wording.appeals.items():
        for word in refused_in(text, rules.refused_words):
            reading.complain(file, ("appeals", key), f"appeals.{key}: {word} is one of the refused words")


def check_wording(
    reading: Reading, file: str, wording: WordingShape, flow: FlowShape, categories: Sequence[str], sms: Sequence[str]
) -> None:
    """Complain of every text that is missing, and of every one that nothing shows.

    `sms` are those that this pack has sent; others may stand there, so that a rule can be switched off and on again.
    """
    _same_names(reading, file, ("navigation",), wording.navigation, NAVIGATION)
    _same_names(reading, file, ("errors",), wording.errors, ERRORS)
    _same_names(reading, file, ("sms",), wording.sms, sms, allowed=(*SMS, *REMINDER, *REPLIES))
    _same_names(reading, file, ("labels", "category"), wording.labels.get("category", {}), categories)
    shown = {name: state for name, state in flow.states.items() if state.do is None and not state.words}
    _same_names(reading, file, ("screens",), wording.screens, list(shown))
    for name, state in shown.items():
        if name in wording.screens:
            _same_names(reading, file, ("screens", name), wording.screens[name], ["heading", *state.labels])


def _same_names(
    reading: Reading,
    file: str,
    path: Path,
    there: Mapping[str, object],
    needed: Sequence[str],
    allowed: Sequence[str] = (),
) -> None:
    for name in needed:
        if name not in there:
            reading.complain(file, path, f"{'.'.join((*path, name))} is missing")
    for name in there:
        if name not in needed and name not in allowed:
            reading.complain(file, (*path, name), f"{'.'.join((*path, name))}: nothing is called so")
