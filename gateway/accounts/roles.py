"""Pure: the roles of the people who run the desk, and what each of them may do.

The table is the whole truth. An account may have several roles and may do what any of them may.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum


class DeskRole(StrEnum):
    """As what somebody works with the gateway. Who is written to has the roles of `person.Role`."""

    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    BAWASLU = "bawaslu"
    ADMINISTRATOR = "administrator"


class Right(StrEnum):
    """What an account may do, worded to follow "may"."""

    HANDLE_INCIDENTS = "handle incidents"
    READ_OFFICIALS = "read reports on officials"
    WRITE_APPEALS = "write appeals"
    APPROVE_APPEALS = "approve appeals"
    MANAGE_ACCOUNTS = "manage accounts"
    MANAGE_CHANNELS = "manage channels"


RIGHTS_OF_ROLES: Mapping[DeskRole, frozenset[Right]] = {
    DeskRole.OPERATOR: frozenset({Right.HANDLE_INCIDENTS, Right.WRITE_APPEALS}),
    DeskRole.SUPERVISOR: frozenset({Right.HANDLE_INCIDENTS, Right.WRITE_APPEALS, Right.APPROVE_APPEALS}),
    DeskRole.BAWASLU: frozenset({Right.READ_OFFICIALS}),
    DeskRole.ADMINISTRATOR: frozenset({Right.MANAGE_ACCOUNTS, Right.MANAGE_CHANNELS}),
}

DESK_ROLE_MEANINGS: Mapping[DeskRole, str] = {
    DeskRole.OPERATOR: "handles incidents and writes appeals",
    DeskRole.SUPERVISOR: "the same, and approves the appeals of others",
    DeskRole.BAWASLU: "the only reader of reports on officials",
    DeskRole.ADMINISTRATOR: "keeps the gateway alive: accounts and channels",
}


def may(roles: Collection[DeskRole], right: Right) -> bool:
    """Whether one of these roles has this right."""
    return any(right in RIGHTS_OF_ROLES[role] for role in roles)


def roles_with(right: Right) -> tuple[DeskRole, ...]:
    """The roles that have this right."""
    return tuple(role for role, rights in RIGHTS_OF_ROLES.items() if right in rights)
