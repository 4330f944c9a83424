"""Pure: who the gateway may write to, as what, and what a list that is read in changes of them.

The rule behind `change`: a list adds and corrects, it takes nothing away. What it leaves empty stays as it was, and
nobody who has said STOP comes back by a consent that is older than his word, or that has no date.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gateway.text.phone import Phone


class Role(StrEnum):
    """As what somebody is written to."""

    SUBSCRIBER = "subscriber"
    OFFICER = "officer"
    CAMAT = "camat"
    LURAH = "lurah"
    TOKOH_MASYARAKAT = "tokoh_masyarakat"
    TOKOH_AGAMA = "tokoh_agama"
    FKUB = "fkub"
    PEMUDA = "pemuda"
    ORMAS = "ormas"
    SEKOLAH = "sekolah"
    ASN = "asn"
    PARTNER = "partner"


ROLE_MEANINGS: Mapping[Role, str] = {
    Role.SUBSCRIBER: "a resident who has agreed to get appeals for an area",
    Role.OFFICER: "gets the alerts of an area and answers them",
    Role.CAMAT: "head of a kecamatan",
    Role.LURAH: "head of a kelurahan or desa",
    Role.TOKOH_MASYARAKAT: "somebody whom the people of an area listen to",
    Role.TOKOH_AGAMA: "a religious leader",
    Role.FKUB: "a member of the forum for religious harmony",
    Role.PEMUDA: "a youth leader",
    Role.ORMAS: "a community organisation",
    Role.SEKOLAH: "a school",
    Role.ASN: "a civil servant, for reminders of neutrality",
    Role.PARTNER: "another office that the desk works with",
}

ROLES_THAT_NEED_AREAS = frozenset({Role.SUBSCRIBER, Role.OFFICER})
"""Who is nobody's without an area: they are only ever found by it."""


@dataclass(frozen=True, slots=True)
class RoleGrant:
    """One role of a person: where, since when and on what grounds.

    `areas` are codes of kelurahan or of whole kecamatan. `basis` says in words what the person has agreed to.
    """

    role: Role
    areas: tuple[str, ...] = ()
    basis: str = ""
    agreed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ListedPerson:
    """A person as a list has him. What is empty is not said."""

    phone: Phone
    grants: tuple[RoleGrant, ...]
    name: str = field(default="", repr=False)
    language: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody the gateway knows. The subscriber among the `parts` has the areas of his standing subscriptions."""

    phone: Phone
    name: str = field(repr=False)
    language: str
    grants: tuple[RoleGrant, ...]
    source: str
    added_at: datetime
    updated_at: datetime

    def has_role(self, role: Role) -> bool:
        """Whether this is one of the person's roles."""
        return any(part.role is role for part in self.grants)


def enclosing_codes(area: str) -> tuple[str, ...]:
    """The codes under which somebody may stand who is there for `area`: its own, and that of what it lies in."""
    return area, area.rpartition(".")[0]


# What a list changes ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CurrentState:
    """What stands of a person before a list is read in."""

    in_directory: bool  # one of the people already; somebody else may have said STOP too
    name: str
    language: str
    grants: Mapping[Role, RoleGrant]  # without the subscriber
    subscribed: Mapping[str, str]  # area → language
    opted_out_at: datetime | None  # the last time that he said STOP, to us or to a carrier
    opted_out: bool  # nobody has lifted that yet: he gets no appeals


UNKNOWN_PERSON = CurrentState(False, "", "", {}, {}, None, False)


class Effect(StrEnum):
    """What a list does to a person."""

    NEW = "new"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class PersonChange:
    """What is to be written of one entry. A STOP outweighs its consent (`declined`), or is lifted by it (`lifts`)."""

    entry: ListedPerson
    effect: Effect
    name: str
    language: str
    grants: tuple[RoleGrant, ...]
    subscriptions: tuple[RoleGrant, ...]  # each with the areas to subscribe to, or to go on with in another language
    declined: bool
    lifts_opt_out: bool


def plan_change(before: CurrentState, entry: ListedPerson, default_language: str) -> PersonChange:
    """What `entry` makes of what is known of the person."""
    language = entry.language or before.language or default_language
    name = entry.name or before.name
    parts = [_merged(before.grants.get(part.role), part) for part in entry.grants if part.role is not Role.SUBSCRIBER]
    changed = tuple(part for part in parts if part != before.grants.get(part.role))
    declined = lifts = False
    subscriptions: list[RoleGrant] = []
    for part in entry.grants:
        missing = _missing(before, part, entry.language) if part.role is Role.SUBSCRIBER else ()
        if part.role is Role.SUBSCRIBER and (missing or before.opted_out):
            declined = _outweighed(before, part)
            lifts = before.opted_out and not declined
            if not declined:
                subscriptions.append(RoleGrant(part.role, missing, part.basis, part.agreed_at))
    if changed or subscriptions or (before.in_directory and (name, language) != (before.name, before.language)):
        effect = Effect.UPDATED if before.in_directory else Effect.NEW
    else:
        effect = Effect.UNCHANGED  # also somebody who has refused what alone he would be listed for
    return PersonChange(entry, effect, name, language, changed, tuple(subscriptions), declined, lifts)


def _merged(before: RoleGrant | None, now: RoleGrant) -> RoleGrant:
    if before is None:
        return now
    return RoleGrant(now.role, now.areas or before.areas, now.basis or before.basis, now.agreed_at or before.agreed_at)


def _missing(before: CurrentState, part: RoleGrant, language: str) -> tuple[str, ...]:
    """The areas that he is not subscribed to yet, or in another language than the list says."""
    standing = before.subscribed
    return tuple(area for area in part.areas if area not in standing or language not in ("", standing[area]))


def _outweighed(before: CurrentState, part: RoleGrant) -> bool:
    if before.opted_out_at is None:
        return False
    return part.agreed_at is None or part.agreed_at <= before.opted_out_at


def in_role_order(parts: Sequence[RoleGrant]) -> tuple[RoleGrant, ...]:
    """The parts in the order of the roles."""
    order = list(Role)
    return tuple(sorted(parts, key=lambda part: order.index(part.role)))
