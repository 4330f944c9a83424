"""Pure: person of the directory, the grants of their roles, and the merge rule of an import.

A role is the key of one of the pack's roles (`menu.roles`). One that a new edition no longer has stays as it is.

The rule behind `plan_change`: a list adds and corrects, it removes nothing. An empty cell changes nothing. Nobody
who has opted out (STOP) is subscribed again by a consent that is older than the opt-out, or that has no date.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gateway.menu.definitions.roles import SUBSCRIBER
from gateway.menu.definitions.roles import in_role_order as keys_in_role_order
from gateway.text.phone import Phone


@dataclass(frozen=True, slots=True)
class RoleGrant:
    """Role of a person: where, since when and on what grounds.

    `areas` are codes of areas of any level. `basis` is what the person has agreed to, in words.
    """

    role: str
    areas: tuple[str, ...] = ()
    basis: str = ""
    agreed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ListedPerson:
    """Person as a list has them. An empty field is not in the list."""

    phone: Phone
    grants: tuple[RoleGrant, ...]
    name: str = field(default="", repr=False)
    language: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Person in the directory. A subscriber's grant among `grants` has the areas of the active subscriptions."""

    phone: Phone
    name: str = field(repr=False)
    language: str
    grants: tuple[RoleGrant, ...]
    source: str
    added_at: datetime
    updated_at: datetime

    def has_role(self, roles: Collection[str]) -> bool:
        """Return True if the person has one of these roles."""
        return any(grant.role in roles for grant in self.grants)


EVERYWHERE = ""  # the area of a subscription to all appeals


def shown_area(area: str) -> str:
    """Return the code of an area, as lists show and read it: `*` for everywhere."""
    return area or "*"


def in_role_order(grants: Sequence[RoleGrant]) -> tuple[RoleGrant, ...]:
    order = keys_in_role_order(grant.role for grant in grants)
    return tuple(sorted(grants, key=lambda grant: order.index(grant.role)))


# Merge rule of an import -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ActiveSubscription:
    language: str
    agreed_at: datetime | None  # the newest consent, None for one without a date in a list


@dataclass(frozen=True, slots=True)
class CurrentState:
    in_directory: bool  # somebody outside of it may have opted out too
    name: str
    language: str
    grants: Mapping[str, RoleGrant]  # without the subscriber
    subscribed: Mapping[str, ActiveSubscription]  # by area
    opted_out_at: datetime | None  # the newest opt-out, said to the gateway or to a carrier, in force or lifted
    opted_out: bool  # in force: they get no appeals


UNKNOWN_PERSON = CurrentState(False, "", "", {}, {}, None, False)


class Effect(StrEnum):
    NEW = "new"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class PersonChange:
    """Rows to write for one entry of a list.

    An opt-out may outweigh the consent of the entry (`declined`), or be lifted by it (`lifts_opt_out`). The newest one
    was at `opted_out_at`.
    """

    entry: ListedPerson
    effect: Effect
    name: str
    language: str
    grants: tuple[RoleGrant, ...]
    subscriptions: tuple[RoleGrant, ...]  # each with the areas to subscribe to, or to continue
    declined: bool
    lifts_opt_out: bool
    opted_out_at: datetime | None


def plan_change(before: CurrentState, entry: ListedPerson, default_language: str) -> PersonChange:
    """Compute the change that an entry of a list makes to a person."""
    language = entry.language or before.language or default_language
    name = entry.name or before.name
    merged = [_merge_grant(before.grants.get(grant.role), grant) for grant in entry.grants if grant.role != SUBSCRIBER]
    changed = tuple(grant for grant in merged if grant != before.grants.get(grant.role))
    declined = lifts = False
    subscriptions: list[RoleGrant] = []
    for grant in entry.grants:
        missing = _areas_to_write(before, grant, entry.language) if grant.role == SUBSCRIBER else ()
        if grant.role == SUBSCRIBER and (missing or before.opted_out):
            declined = _outweighed_by_opt_out(before, grant)
            lifts = before.opted_out and not declined
            if not declined:
                subscriptions.append(RoleGrant(grant.role, missing, grant.basis, grant.agreed_at))
    if changed or subscriptions or (before.in_directory and (name, language) != (before.name, before.language)):
        effect = Effect.UPDATED if before.in_directory else Effect.NEW
    else:
        effect = Effect.UNCHANGED  # also a stranger whose only role in the list is one they have opted out of
    return PersonChange(
        entry, effect, name, language, changed, tuple(subscriptions), declined, lifts, before.opted_out_at
    )


def _merge_grant(before: RoleGrant | None, now: RoleGrant) -> RoleGrant:
    if before is None:
        return now
    return RoleGrant(now.role, now.areas or before.areas, now.basis or before.basis, now.agreed_at or before.agreed_at)


def _areas_to_write(before: CurrentState, grant: RoleGrant, language: str) -> tuple[str, ...]:
    """Return the areas without an active subscription, with one in another language, or with an older consent."""
    return tuple(area for area in grant.areas if _differs(before.subscribed.get(area), grant.agreed_at, language))


def _differs(active: ActiveSubscription | None, agreed_at: datetime | None, language: str) -> bool:
    if active is None or language not in ("", active.language):
        return True
    return agreed_at is not None and (active.agreed_at is None or agreed_at > active.agreed_at)


def _outweighed_by_opt_out(before: CurrentState, grant: RoleGrant) -> bool:
    if before.opted_out_at is None:
        return False
    return grant.agreed_at is None or grant.agreed_at <= before.opted_out_at
