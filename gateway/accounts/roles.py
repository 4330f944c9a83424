"""Pure: roles of operators and the rights of each, by least privilege.

`RIGHTS_OF_ROLES` is complete: a right that is not in it does not exist. An account may have several roles and has the
rights of all of them. Who reads restricted reports is no right of this table: the pack names the roles, for each
category (`incidents/restricted.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum


class DeskRole(StrEnum):
    """Role of an operator of the gateway. People who receive messages have the roles of `person.Role`."""

    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    BAWASLU = "bawaslu"
    ADMINISTRATOR = "administrator"


class Right(StrEnum):
    """Right of an account, worded to follow "may"."""

    HANDLE_INCIDENTS = "handle incidents"
    WRITE_APPEALS = "write appeals"
    APPROVE_APPEALS = "approve appeals"
    MANAGE_ACCOUNTS = "manage accounts"
    MANAGE_CHANNELS = "manage channels"


RIGHTS_OF_ROLES: Mapping[DeskRole, frozenset[Right]] = {
    DeskRole.OPERATOR: frozenset({Right.HANDLE_INCIDENTS, Right.WRITE_APPEALS}),
    DeskRole.SUPERVISOR: frozenset({Right.HANDLE_INCIDENTS, Right.WRITE_APPEALS, Right.APPROVE_APPEALS}),
    DeskRole.BAWASLU: frozenset(),  # it reads what the pack restricts to it, and nothing else
    DeskRole.ADMINISTRATOR: frozenset({Right.MANAGE_ACCOUNTS, Right.MANAGE_CHANNELS}),
}

DESK_ROLE_MEANINGS: Mapping[DeskRole, str] = {
    DeskRole.OPERATOR: "handles incidents and writes appeals",
    DeskRole.SUPERVISOR: "the same, and approves the appeals of others",
    DeskRole.BAWASLU: "reads the reports that the pack restricts to it",
    DeskRole.ADMINISTRATOR: "keeps the gateway alive: accounts and channels",
}


def may(roles: Collection[DeskRole], right: Right) -> bool:
    return any(right in RIGHTS_OF_ROLES[role] for role in roles)


def roles_with(right: Right) -> tuple[DeskRole, ...]:
    return tuple(role for role, rights in RIGHTS_OF_ROLES.items() if right in rights)
