"""The tables: stages, who may do what, what becomes of each person; and the reading of an audience."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from gateway.accounts.roles import Right
from gateway.appeals.appeal import (
    COUNTED_AS,
    MOVES,
    REASON_BY_TEXT,
    REASON_TEXT,
    RULES,
    Act,
    ActNotAllowed,
    Actor,
    AppealStatus,
    Price,
    SuppressionReason,
    Total,
    approvals_needed,
    check_act,
    check_approver,
    may_move,
)
from gateway.appeals.audience import (
    AllOf,
    AnyOf,
    Group,
    InvalidAudience,
    NoneOf,
    all_matching_codes,
    matching_codes,
    named_areas,
    parse_audience,
)
from gateway.menu.model import Menu
from gateway.messages.message import MessageStatus
from gateway.people.person import Role
from tests.helpers.appeals import BUDI, KLEGO, MEDONO, PODOSUGIH, RINI, SITI, TONO

D, W, S, R, P, X, C = AppealStatus
# Act → the stages in which somebody who may do both can do it.
ALLOWED = {
    Act.EDIT: {D, W, S},
    Act.SUBMIT: {D},
    Act.RETURN: {W},
    Act.APPROVE: {W, P},
    Act.SCHEDULE: {S},
    Act.PAUSE: {R},
    Act.RESUME: {P},
    Act.CANCEL: {D, W, S, R, P},
}
# Act → whether it may be done by who only drafts, and by who only approves.
BY = {
    Act.EDIT: (True, False),
    Act.SUBMIT: (True, False),
    Act.RETURN: (False, True),
    Act.APPROVE: (False, True),
    Act.SCHEDULE: (False, True),
    Act.PAUSE: (True, True),
    Act.RESUME: (False, True),
    Act.CANCEL: (True, True),
}


def _may(act: Act, stands: AppealStatus, actor: Actor) -> bool:
    try:
        check_act(act, stands, actor)
    except ActNotAllowed:
        return False
    return True


@pytest.mark.parametrize("act", Act)
@pytest.mark.parametrize("stands", AppealStatus)
def test_in_which_stage_what_may_be_done(act: Act, stands: AppealStatus) -> None:
    assert _may(act, stands, BUDI) is (stands in ALLOWED[act])


@pytest.mark.parametrize("act", Act)
def test_who_may_do_what(act: Act) -> None:
    stage = next(iter(RULES[act].from_statuses))
    assert (_may(act, stage, SITI), _may(act, stage, RINI)) == BY[act]
    assert not _may(act, stage, TONO)


def test_every_act_goes_along_the_table() -> None:
    assert set(RULES) == set(Act)
    for rule in RULES.values():
        assert all(may_move(stage, rule.to_status) or stage is rule.to_status for stage in rule.from_statuses)
        assert not rule.unchanged_in & rule.from_statuses


def test_an_act_leads_where_the_table_says() -> None:
    assert check_act(Act.APPROVE, W, BUDI) is S
    assert check_act(Act.APPROVE, P, BUDI) is P, "the second approval of a paused one does not start it"
    assert check_act(Act.RESUME, P, BUDI) is R


def test_final_is_final() -> None:
    assert {stage for stage, targets in MOVES.items() if not targets} == {AppealStatus.DONE, AppealStatus.CANCELLED}
    assert set(MOVES) == set(AppealStatus)


@pytest.mark.parametrize(
    ("name", "authors", "approvers", "may"),
    [
        ("rini", ["siti"], [], True),
        ("siti", ["siti"], [], False),
        ("Siti", ["siti"], [], False),
        ("budi", ["siti", "budi"], [], False),
        ("rini", ["siti"], ["rini"], False),
        ("rini", ["siti"], ["budi"], True),
    ],
)
def test_nobody_approves_his_own_words_or_twice(name: str, authors: list[str], approvers: list[str], may: bool) -> None:
    try:
        check_approver(Actor(name, frozenset({Right.APPROVE_APPEALS})), authors, approvers)
    except ActNotAllowed:
        assert not may
    else:
        assert may


def test_two_approve_in_a_strict_stage() -> None:
    assert [approvals_needed(strict) for strict in (False, True)] == [1, 2]


def test_every_message_is_counted_once() -> None:
    assert set(COUNTED_AS) == set(MessageStatus)
    assert set(COUNTED_AS.values()) == set(Total)
    assert set(REASON_TEXT) == set(SuppressionReason)
    assert {sentence: REASON_TEXT[reason] for sentence, reason in REASON_BY_TEXT.items()} == {
        one: one for one in REASON_TEXT.values()
    }
    assert len(REASON_BY_TEXT) == len(REASON_TEXT), "no two reasons are said alike"


def test_a_refusal_says_why() -> None:
    with pytest.raises(ActNotAllowed, match="siti may not approve appeals: that takes the role supervisor"):
        check_act(Act.APPROVE, AppealStatus.WAITING, SITI)
    with pytest.raises(
        ActNotAllowed, match="this appeal is done; one can edit it while it is draft, waiting, scheduled"
    ):
        check_act(Act.EDIT, AppealStatus.DONE, SITI)
    with pytest.raises(ActNotAllowed, match="tono may not pause appeals: that takes the role operator or supervisor"):
        check_act(Act.PAUSE, AppealStatus.RUNNING, TONO)


def test_what_parts_cost() -> None:
    assert Price(Decimal(350), "IDR").cost_of(1_000_000) == "350000000 IDR"
    assert Price(Decimal("0.0225")).cost_of(1000) == "22.5000"


# Audiences -----------------------------------------------------------------------------------------------------


def test_an_audience_is_read(menu: Menu) -> None:
    written = {"and": [{"areas": ["33.75.01"]}, {"or": [{"roles": ["camat"]}, {"not": {"languages": ["jv"]}}]}]}
    assert parse_audience(written, menu.areas, menu.languages) == AllOf(
        (
            Group(areas=("33.75.01",)),
            AnyOf((Group(roles=(Role.CAMAT,)), NoneOf(Group(languages=("jv",))))),
        )
    )


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({}, "an audience says"),
        ([], "an audience says"),
        ("all", "an audience says"),
        ({"role": ["camat"]}, "nothing is called role; known are roles"),
        ({"roles": ["king"]}, "roles: nothing is called king; known are subscriber, "),
        ({"areas": ["medono"]}, f"areas: nothing is called medono; write its code, {MEDONO}"),
        (
            {"areas": ["Kudus"]},
            "areas: nothing is called Kudus; known are the codes of the pack's areas.csv, such as 33.75.01",
        ),
        ({"roles": "camat"}, "roles is a list"),
        ({"roles": []}, "roles is empty"),
        ({"roles": [["camat"]]}, "roles: nothing is called"),
        ({"areas": ["33.75.09.1001"]}, "areas: nothing is called 33.75.09.1001"),
        ({"languages": ["su"]}, "languages: nothing is called su; known are id, jv, en"),
        ({"neighbours": True}, "neighbours needs areas"),
        ({"areas": [MEDONO], "neighbours": "yes"}, "neighbours is true or false"),
        ({"and": []}, "and takes a list"),
        ({"and": {"roles": ["camat"]}}, "and takes a list"),
        ({"not": {"roles": ["camat"]}, "areas": [MEDONO]}, "not stands alone"),
        ({"or": [{"roles": ["king"]}]}, "roles: nothing is called king"),
    ],
)
def test_a_wrong_audience_says_what_is_wrong(menu: Menu, written: Any, message: str) -> None:
    with pytest.raises(InvalidAudience, match=message.replace(".", r"\.")):
        parse_audience(written, menu.areas, menu.languages)


def test_it_cannot_be_nested_for_ever(menu: Menu) -> None:
    written: dict[str, Any] = {"roles": ["camat"]}
    for _ in range(20):
        written = {"not": written}
    with pytest.raises(InvalidAudience, match="too deep"):
        parse_audience(written, menu.areas, menu.languages)


def test_the_areas_that_are_named(menu: Menu) -> None:
    areas = menu.areas
    assert named_areas(Group(areas=("33.75.01", KLEGO)), areas) == {"33.75.01", KLEGO}
    assert named_areas(Group(areas=(MEDONO,), neighbours=True), areas) == {MEDONO} | areas.neighbours[MEDONO]
    inside = set(areas.by_kecamatan["33.75.01"])
    around = named_areas(Group(areas=("33.75.01",), neighbours=True), areas)
    assert around & inside == set(), "a kecamatan stands for its kelurahan"
    assert around - {"33.75.01"} == {code for one in inside for code in areas.neighbours[one]} - inside
    assert around < matching_codes(Group(areas=("33.75.01",), neighbours=True), areas)


def test_where_an_audience_is(menu: Menu) -> None:
    areas = menu.areas
    alone = matching_codes(Group(areas=(MEDONO,)), areas)
    assert alone == {MEDONO, "33.75.01", ""}, "with those who are there for the whole kecamatan, and who want all"
    beside = matching_codes(Group(areas=(MEDONO,), neighbours=True), areas)
    assert beside == alone | areas.neighbours[MEDONO] | {code.rpartition(".")[0] for code in areas.neighbours[MEDONO]}
    assert PODOSUGIH in beside and KLEGO not in beside
    assert set(areas.by_kecamatan["33.75.01"]) < matching_codes(Group(areas=("33.75.01",)), areas)
    assert matching_codes(Group(roles=(Role.CAMAT,)), areas) == frozenset()
    assert all_matching_codes(NoneOf(Group(areas=(MEDONO,))), areas) == frozenset()
