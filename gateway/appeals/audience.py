"""Pure: an audience as data. Who is meant, by role, area and language, joined by and, or and not.

    {roles: [subscriber], areas: [33.75.01.1002], neighbours: true}
    {or: [{roles: [camat, fkub]}, {roles: [subscriber], languages: [jv]}]}
    {and: [{areas: [33.75.01]}, {not: {roles: [asn]}}]}

What stands in one group belongs together: the first is subscribers *of* that kelurahan and of those beside it. Only
people whom the gateway may write to are ever meant: those with a role or a standing subscription.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.people.person import Role, enclosing_codes
from gateway.places.areas import Areas

_GROUP = ("roles", "areas", "neighbours", "languages")
_JOINED = ("and", "or", "not")
_FEW = 20  # so many are told
_DEEPEST = 8
_MOST = 2000
EVERYWHERE = ""
"""The area of who has subscribed to all appeals."""


class InvalidAudience(ValueError):
    """What is wrong with a description of an audience, and what is allowed."""


@dataclass(frozen=True, slots=True)
class Group:
    """Who has one of these roles in one of these areas and one of these languages. What is empty is not asked."""

    roles: tuple[Role, ...] = ()
    areas: tuple[str, ...] = ()
    neighbours: bool = False
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AllOf:
    """Who is in all of these."""

    parts: tuple[Audience, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Who is in one of these."""

    parts: tuple[Audience, ...]


@dataclass(frozen=True, slots=True)
class NoneOf:
    """Who is not in this one."""

    part: Audience


Audience = Group | AllOf | AnyOf | NoneOf


# Reading -------------------------------------------------------------------------------------------------------


def parse_audience(written: Any, areas: Areas, languages: Mapping[str, str], depth: int = 0) -> Audience:
    """The audience that plain values describe, of a place with these areas and languages. Raises `WrongAudience`."""
    if not isinstance(written, Mapping) or not written:
        raise InvalidAudience(f"an audience says {', '.join(_GROUP)}, or {', '.join(_JOINED)}")
    if depth > _DEEPEST:
        raise InvalidAudience("this audience is nested too deep")
    joined = [key for key in _JOINED if key in written]
    if not joined:
        return _group(written, areas, languages)
    if len(written) > 1:
        raise InvalidAudience(f"{joined[0]} stands alone: what else is meant goes into it")
    inside = written[joined[0]]
    if joined[0] == "not":
        return NoneOf(parse_audience(inside, areas, languages, depth + 1))
    if not isinstance(inside, Sequence) or isinstance(inside, str) or not inside:
        raise InvalidAudience(f"{joined[0]} takes a list of audiences")
    parts = tuple(parse_audience(part, areas, languages, depth + 1) for part in inside)
    return AllOf(parts) if joined[0] == "and" else AnyOf(parts)


def _group(written: Mapping[str, Any], areas: Areas, languages: Mapping[str, str]) -> Group:
    if unknown := sorted(map(str, written.keys() - set(_GROUP))):
        raise InvalidAudience(f"nothing is called {', '.join(unknown)}; known are {', '.join((*_GROUP, *_JOINED))}")
    neighbours = written.get("neighbours", False)
    codes = _listed(written, "areas", {**areas.kelurahan, **areas.kecamatan})
    if not isinstance(neighbours, bool):
        raise InvalidAudience("neighbours is true or false")
    if neighbours and not codes:
        raise InvalidAudience("neighbours needs areas")
    return Group(
        roles=tuple(Role(word) for word in _listed(written, "roles", {role.value: "" for role in Role})),
        areas=codes,
        neighbours=neighbours,
        languages=_listed(written, "languages", languages),
    )


def _listed(written: Mapping[str, Any], key: str, known: Mapping[str, str]) -> tuple[str, ...]:
    """The words of a list, of those that are `known`, with their names."""
    said = written.get(key, [])
    if not isinstance(said, Sequence) or isinstance(said, str) or len(said) > _MOST:
        raise InvalidAudience(f"{key} is a list")
    if key in written and not said:
        raise InvalidAudience(f"{key} is empty: leave it out, or name some")
    for word in said:
        if not isinstance(word, str) or word not in known:
            raise InvalidAudience(f"{key}: nothing is called {word}; {_instead(str(word), known)}")
    return tuple(dict.fromkeys(map(str, said)))


def _instead(word: str, known: Mapping[str, str]) -> str:
    """What else to write: the code of what is called so, or what there is."""
    if meant := [code for code, name in known.items() if name.casefold() == word.strip().casefold()]:
        return f"write its code, {' or '.join(meant)}"
    if len(known) > _FEW:
        return f"known are the codes of the pack's areas.csv, such as {min(known)}"
    return f"known are {', '.join(known)}"


# Where ---------------------------------------------------------------------------------------------------------


def named_areas(group: Group, areas: Areas) -> frozenset[str]:
    """The areas of `group` as it names them, and the kelurahan beside them where it asks for those."""
    if not group.neighbours:
        return frozenset(group.areas)
    inside = {code for area in group.areas for code in _within(area, areas)}
    beside = {code for one in inside for code in areas.neighbours.get(one, ())}
    return frozenset({*group.areas, *(beside - inside)})


def _within(area: str, areas: Areas) -> tuple[str, ...]:
    return tuple(areas.by_kecamatan.get(area, (area,)))


def matching_codes(group: Group, areas: Areas) -> frozenset[str]:
    """Under which codes somebody stands who is in the areas of `group`; none if it asks for no area.

    A kecamatan is all its kelurahan. Whoever is there for the whole of what a kelurahan lies in is there for it too,
    and whoever wants all appeals wants these.
    """
    if not group.areas:
        return frozenset()
    wanted = named_areas(group, areas)
    inside = {code for area in wanted for code in _within(area, areas)}
    above = {code for area in (*wanted, *inside) for code in enclosing_codes(area)}
    return frozenset({*above, EVERYWHERE})


def included_groups(audience: Audience) -> Iterator[Group]:
    """All groups that an audience is made of, but for those whom it leaves out."""
    match audience:
        case Group():
            yield audience
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from included_groups(part)


def all_matching_codes(audience: Audience, areas: Areas) -> frozenset[str]:
    """The codes of all areas that it asks for; none if it asks for no area."""
    return frozenset().union(*(matching_codes(group, areas) for group in included_groups(audience)))
