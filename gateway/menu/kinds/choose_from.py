"""`choose_from`: an option of one of the pack's lists, such as its categories or places."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from gateway.menu.conditions import Clause
from gateway.menu.kinds.ask import PLACE_NAME, Ask, answer_typed
from gateway.menu.kinds.base import CHOICE_ERRORS, QUESTION, PackKind, StateShape, turn_page
from gateway.menu.kinds.inputs import has_words
from gateway.menu.kinds.typed_labels import chosen_by_label
from gateway.menu.model import MATCHES, Menu, State, choices
from gateway.menu.navigation import forget, forward, jump_to, parent_answer, refuse
from gateway.menu.session import GivenValues, Input, Session
from gateway.text.wording import Wording

LISTS = ("languages", "categories", MATCHES)
"""Lists of every pack, beside its levels of place."""


class ChooseFrom(PackKind):
    """Question with the options of a list. `or_type` may let a resident type a place instead."""

    name = "choose_from"
    is_question = True
    is_list = True
    value_type = str
    fields = frozenset({*QUESTION, "next", "or_type"})

    def source_of(self, raw: StateShape) -> str:
        return str(raw.value(self.name))

    def faults(self, raw: StateShape) -> Iterator[str]:
        if not (raw.keep and raw.next):
            yield f"{self.name} needs keep (the answer's name) and next"
        if raw.value(self.name) == MATCHES and not raw.within:
            yield f"{MATCHES} needs within: the answer with the typed name"

    def list_faults(self, raw: StateShape, levels: Sequence[str]) -> Iterator[str]:
        if raw.value(self.name) not in (*LISTS, *levels):
            yield f'unknown list "{raw.value(self.name)}"; expected one of {", ".join((*LISTS, *levels))}'

    def reference_faults(
        self, raw: StateShape, known: Mapping[str, StateShape], levels: Sequence[str]
    ) -> Iterator[str]:
        """Yield messages about lists that depend on an answer which cannot narrow them: they would be empty."""
        listed = str(raw.value(self.name))
        larger = levels[: levels.index(listed)] if listed in levels else ()
        keepers = [other for other in known.values() if raw.within and other.keep == raw.within]
        if listed in levels and any(other.value(self.name) not in larger for other in keepers):
            yield (
                f"within: {raw.within} must be chosen from {' or '.join(larger)}"
                if larger
                else (f"within: {listed} is the largest level of place; remove it")
            )
        if listed == MATCHES and any(other.value(Ask.name) != PLACE_NAME for other in keepers):
            yield f"within: {raw.within} must be asked for as {PLACE_NAME}"

    def choices_of(self, menu: Menu, state: State, within: str) -> Sequence[str]:
        return list_values(menu, state.source, within)

    def option_text(self, menu: Menu, state: State, words: Wording, value: str, offered: Collection[str]) -> str:
        if state.source == "languages":
            return menu.languages[value]
        if state.source == MATCHES:
            return menu.areas.distinct_name(value, offered)
        if state.source in menu.areas.levels[1:]:
            return words.labels.get(state.keep, {}).get(value) or menu.areas.distinct_name(value, offered)
        return menu.label("category" if state.source == "categories" else state.keep, value, words.language)

    def move(self, menu: Menu, state: State, session: Session, typed: Input) -> Session:
        offered = choices(menu, state, parent_answer(state, session))
        value = offered.get(typed.number)
        if value is None and state.or_type and state.within:
            value = menu.gazetteer.exact_match(typed.keys, offered.values()) or None
        if value is not None:
            return self.choose(menu, state, session, value, typed.given)
        turned = turn_page(menu, state, session, typed)
        if turned is not None:
            return turned
        return self._move_by_words(menu, state, session, typed, offered.values())

    def _move_by_words(
        self, menu: Menu, state: State, session: Session, typed: Input, offered: Collection[str]
    ) -> Session:
        """Move on by a sure place, else by a whole label, a likely place, or a part of a label."""
        error, is_place = "choice" if typed.keys else "empty", bool(state.or_type) and has_words(typed.keys)
        value = None
        if not is_place or not menu.place_search.find(typed.keys).sure:
            value = chosen_by_label(menu, state, session.language, offered, typed.keys, in_part=not is_place)
        if value is None and is_place:
            moved = _type_instead(menu, state, session, typed)
            if not moved.error:
                return moved
            error = moved.error
            value = chosen_by_label(menu, state, session.language, offered, typed.keys)
        return refuse(session, error) if value is None else self.choose(menu, state, session, value, typed.given)

    def errors_of(self, state: State) -> Sequence[str]:
        return (*CHOICE_ERRORS, "place") if state.or_type else CHOICE_ERRORS

    def choose(self, menu: Menu, state: State, session: Session, value: str, given: GivenValues) -> Session:
        if state.source == "languages":
            session = session._replace(language=value, chosen=True)
        if state.or_type:
            session = forget(session, menu.states[state.or_type].keep)
        return forward(menu, session, state.next, {state.keep: value} if state.keep else {}, given)

    def possible_values(self, menu: Menu, state: State, clauses: Sequence[Clause]) -> Sequence[str]:
        return list(menu.areas.places if state.source == MATCHES else list_values(menu, state.source, ""))

    def edges_of(self, state: State) -> Iterator[tuple[str, str, str]]:
        yield state.source, state.next, ""


def _type_instead(menu: Menu, state: State, session: Session, typed: Input) -> Session:
    """Take words typed at a list as the answer to the question `or_type`.

    If a name means several places, those of the region whose list was shown come first.
    """
    question = menu.states[state.or_type]
    near = parent_answer(state, session)
    trail = (*session.trail, state.name)
    at = jump_to(session, question.name, trail, forget(session, state.keep).answers)
    moved = answer_typed(menu, question, at, typed, near)
    return refuse(session, moved.error) if moved.error else moved


def list_values(menu: Menu, source: str, within: str) -> tuple[str, ...]:
    """Return the values of one of `LISTS`, or the areas of a level. Raises `KeyError` for any other name."""
    match source:
        case "languages":
            return tuple(menu.languages)
        case "categories":
            return tuple(menu.categories)
        case "matches":
            return menu.place_search.find(within).codes
    return menu.areas.at_level(source, within)
