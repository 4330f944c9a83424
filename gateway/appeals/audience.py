"""Pure: audience as data: people by role, area and language, joined by `and`, `or` and `not`.

    {roles: [subscriber], areas: [33.75.01.1002], neighbours: true}
    {or: [{roles: [camat, fkub]}, {roles: [subscriber], languages: [jv]}]}
    {and: [{areas: [33.75.01]}, {not: {roles: [asn]}}]}

Conditions of one group apply together: the first example is subscribers *of* that kelurahan and of its neighbours.
An audience contains only people whom the gateway may write to: those with a role or an active subscription.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.menu.definitions.roles import Roles
from gateway.people.person import EVERYWHERE
from gateway.places.areas import Areas
from gateway.text.diagnostics import one_of, quoted, unknown
from gateway.text.errors import UserError

_GROUP_KEYS = ("roles", "areas", "neighbours", "languages")
_OPERATORS = ("and", "or", "not")
_LONGEST_LISTED = 20  # an error lists at most so many allowed words
_DEEPEST = 8
_MOST_WORDS = 2000


class InvalidAudience(UserError, ValueError):
    """Audience that cannot be parsed, with the fault and the allowed words as its text."""


@dataclass(frozen=True, slots=True)
class Group:
    """People with one of these roles, in one of these areas, with one of these languages. Empty sets no condition."""

    roles: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    neighbours: bool = False
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AllOf:
    """People in every part (`and`)."""

    parts: tuple[Audience, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """People in at least one part (`or`)."""

    parts: tuple[Audience, ...]


@dataclass(frozen=True, slots=True)
class NoneOf:
    """People outside the part (`not`)."""

    part: Audience


Audience = Group | AllOf | AnyOf | NoneOf


# Parsing -------------------------------------------------------------------------------------------------------


def parse_audience(
    value: Any, areas: Areas, languages: Mapping[str, str], roles: Roles | None = None, depth: int = 0
) -> Audience:
    """Parse an audience out of plain values, with these known areas, languages and roles. Raises `InvalidAudience`.

    Without `roles` any is allowed: a stored audience may name one that a new edition of the pack no longer has.
    """
    if not isinstance(value, Mapping) or not value:
        raise InvalidAudience(f"an audience needs {', '.join(_GROUP_KEYS)}, or one of {', '.join(_OPERATORS)}")
    if depth > _DEEPEST:
        raise InvalidAudience(f"this audience is nested too deep; at most {_DEEPEST} levels are allowed")
    operators = [key for key in _OPERATORS if key in value]
    if not operators:
        return _parse_group(value, areas, languages, roles)
    operator = operators[0]
    if len(value) > 1:
        raise InvalidAudience(
            f"{quoted(operator)} must be the only key of its object; put the other conditions inside it"
        )
    inside = value[operator]
    if operator == "not":
        return NoneOf(parse_audience(inside, areas, languages, roles, depth + 1))
    if not isinstance(inside, Sequence) or isinstance(inside, str) or not inside:
        raise InvalidAudience(f"{quoted(operator)} must be a list of audiences")
    parts = tuple(parse_audience(part, areas, languages, roles, depth + 1) for part in inside)
    return AllOf(parts) if operator == "and" else AnyOf(parts)


def _parse_group(value: Mapping[str, Any], areas: Areas, languages: Mapping[str, str], roles: Roles | None) -> Group:
    if unknown_keys := sorted(map(str, value.keys() - set(_GROUP_KEYS))):
        keys = ", ".join(map(quoted, unknown_keys))
        raise InvalidAudience(f"unknown key {keys}; {one_of((*_GROUP_KEYS, *_OPERATORS))}")
    neighbours = value.get("neighbours", False)
    codes = _parse_words(value, "areas", "area", areas.names)
    if not isinstance(neighbours, bool):
        raise InvalidAudience("neighbours must be true or false")
    if neighbours and not codes:
        raise InvalidAudience("neighbours needs areas")
    return Group(
        roles=_parse_words(value, "roles", "role", None if roles is None else dict.fromkeys(roles, "")),
        areas=codes,
        neighbours=neighbours,
        languages=_parse_words(value, "languages", "language", languages),
    )


def _parse_words(value: Mapping[str, Any], key: str, singular: str, known: Mapping[str, str] | None) -> tuple[str, ...]:
    """Parse the list under `key`. `known` are the allowed words, each with its name, or None for any."""
    words = value.get(key, [])
    if not isinstance(words, Sequence) or isinstance(words, str) or len(words) > _MOST_WORDS:
        raise InvalidAudience(f"{key} must be a list of at most {_MOST_WORDS} words")
    if key in value and not words:
        raise InvalidAudience(f"{key} is empty: leave it out, or name some")
    for word in words:
        if not isinstance(word, str) or (known is not None and word not in known):
            raise InvalidAudience(f"{key}: {unknown(singular, word)}; {_suggestion(singular, str(word), known or {})}")
    return tuple(dict.fromkeys(map(str, words)))


def _suggestion(kind: str, word: str, known: Mapping[str, str]) -> str:
    """Return the code of the area that has this name, or the allowed words."""
    if codes := [code for code, name in known.items() if name.casefold() == word.strip().casefold()]:
        return f"write its code, {' or '.join(codes)}"
    if kind == "area" and len(known) > _LONGEST_LISTED:
        return f"expected a code of the pack's areas.csv, such as {min(known)}"
    return one_of(known)


# Areas ---------------------------------------------------------------------------------------------------------


def named_areas(group: Group, areas: Areas) -> frozenset[str]:
    """Return the areas that `group` names, with the neighbouring areas if it asks for them."""
    if not group.neighbours:
        return frozenset(group.areas)
    inside = {code for area in group.areas for code in _within(area, areas)}
    neighbours = {code for inner in inside for code in areas.neighbours.get(inner, ())}
    return frozenset({*group.areas, *(neighbours - inside)})


def _within(area: str, areas: Areas) -> tuple[str, ...]:
    """Return the codes of the areas in an area, or its own where there are none."""
    return areas.inside(area) or (area,)


def matching_codes(group: Group, areas: Areas) -> frozenset[str]:
    """Return the area codes that a person in the areas of `group` may have. Empty if it asks for no area.

    An area includes all areas in it. A person registered for an enclosing area is registered for each area in it, and
    a person who subscribed to all appeals matches every area.
    """
    if not group.areas:
        return frozenset()
    named = named_areas(group, areas)
    inside = {code for area in named for code in _within(area, areas)}
    enclosing = {code for area in (*named, *inside) for code in (area, *areas.around(area))}
    return frozenset({*enclosing, EVERYWHERE})


def included_groups(audience: Audience) -> Iterator[Group]:
    """Yield the groups of an audience, without those under `not`."""
    match audience:
        case Group():
            yield audience
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from included_groups(part)


def all_matching_codes(audience: Audience, areas: Areas) -> frozenset[str]:
    """Return the area codes of all included groups. Empty if the audience asks for no area."""
    return frozenset().union(*(matching_codes(group, areas) for group in included_groups(audience)))
