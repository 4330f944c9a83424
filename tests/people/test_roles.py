"""Who may do what: the table read the other way round."""

from __future__ import annotations

import pytest

from gateway.accounts.roles import DESK_MEANINGS, MAY, DeskRole, Right, holders, may

ROLES_OF = {
    Right.HANDLE_INCIDENTS: (DeskRole.OPERATOR, DeskRole.SUPERVISOR),
    Right.READ_OFFICIALS: (DeskRole.BAWASLU,),
    Right.WRITE_APPEALS: (DeskRole.OPERATOR, DeskRole.SUPERVISOR),
    Right.APPROVE_APPEALS: (DeskRole.SUPERVISOR,),
    Right.MANAGE_ACCOUNTS: (DeskRole.ADMINISTRATOR,),
    Right.MANAGE_CHANNELS: (DeskRole.ADMINISTRATOR,),
}


@pytest.mark.parametrize("right", Right)
def test_who_has_a_right(right: Right) -> None:
    assert holders(right) == ROLES_OF[right]
    assert [role for role in DeskRole if may([role], right)] == list(ROLES_OF[right])


def test_every_role_is_explained_and_may_do_something() -> None:
    assert set(MAY) == set(DESK_MEANINGS) == set(DeskRole)
    assert all(MAY.values())


def test_several_roles_add_up_and_none_is_nothing() -> None:
    both = (DeskRole.OPERATOR, DeskRole.ADMINISTRATOR)
    assert {right for right in Right if may(both, right)} == MAY[both[0]] | MAY[both[1]]
    assert not any(may((), right) for right in Right)
