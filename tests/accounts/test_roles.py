"""Roles of operators and their rights, least privilege: the table by right instead of by role."""

from __future__ import annotations

import pytest

from gateway.accounts.roles import DESK_ROLE_MEANINGS, RIGHTS_OF_ROLES, DeskRole, Right, may, roles_with

ROLES_OF = {
    Right.HANDLE_INCIDENTS: (DeskRole.OPERATOR, DeskRole.SUPERVISOR),
    Right.WRITE_APPEALS: (DeskRole.OPERATOR, DeskRole.SUPERVISOR),
    Right.APPROVE_APPEALS: (DeskRole.SUPERVISOR,),
    Right.MANAGE_ACCOUNTS: (DeskRole.ADMINISTRATOR,),
    Right.MANAGE_CHANNELS: (DeskRole.ADMINISTRATOR,),
}


@pytest.mark.parametrize("right", Right)
def test_roles_with_a_right_are_exactly_these(right: Right) -> None:
    assert roles_with(right) == ROLES_OF[right]
    assert [role for role in DeskRole if may([role], right)] == list(ROLES_OF[right])


def test_every_role_has_a_meaning_and_a_right_but_the_one_that_reads_what_a_pack_restricts() -> None:
    assert set(RIGHTS_OF_ROLES) == set(DESK_ROLE_MEANINGS) == set(DeskRole)
    assert [role for role, rights in RIGHTS_OF_ROLES.items() if not rights] == [DeskRole.BAWASLU]


def test_several_roles_have_the_rights_of_all_and_none_has_none() -> None:
    both = (DeskRole.OPERATOR, DeskRole.ADMINISTRATOR)

    assert {right for right in Right if may(both, right)} == RIGHTS_OF_ROLES[both[0]] | RIGHTS_OF_ROLES[both[1]]
    assert not any(may((), right) for right in Right)
