"""What a list changes of somebody: it adds and corrects, and brings nobody back who has said STOP since."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gateway.people.person import (
    ROLE_MEANINGS,
    UNKNOWN_PERSON,
    CurrentState,
    Effect,
    ListedPerson,
    Person,
    Role,
    RoleGrant,
    enclosing_codes,
    plan_change,
)
from gateway.text.phone import Phone

PHONE = Phone("+6281230004567")
AT = datetime(2026, 3, 1, tzinfo=UTC)
PODOSUGIH, MEDONO, BARAT = "33.75.01.1003", "33.75.01.1002", "33.75.01"
LURAH = RoleGrant(Role.LURAH, (PODOSUGIH,), "surat tugas 12", AT)
SUBSCRIBER = RoleGrant(Role.SUBSCRIBER, (PODOSUGIH,), "formulir RW 3", AT)


def known(
    *grants: RoleGrant,
    opted_out_at: datetime | None = None,
    podosugih: str = "",
    in_directory: bool = True,
    opted_out: bool = False,
) -> CurrentState:
    subscribed = {PODOSUGIH: podosugih} if podosugih else {}
    roles = {grant.role: grant for grant in grants}
    return CurrentState(in_directory, "Dewi", "jv", roles, subscribed, opted_out_at, opted_out)


def test_every_role_has_a_meaning() -> None:
    assert set(ROLE_MEANINGS) == set(Role)
    assert all(ROLE_MEANINGS.values())


def test_somebody_new() -> None:
    made = plan_change(UNKNOWN_PERSON, ListedPerson(PHONE, (LURAH, SUBSCRIBER), "Dewi"), "id")
    assert (made.effect, made.name, made.language, made.declined) == (Effect.NEW, "Dewi", "id", False)
    assert (made.grants, made.subscriptions) == ((LURAH,), (SUBSCRIBER,))


def test_the_same_again_changes_nothing() -> None:
    made = plan_change(known(LURAH, podosugih="jv"), ListedPerson(PHONE, (LURAH, SUBSCRIBER), "Dewi", "jv"), "id")
    assert (made.effect, made.grants, made.subscriptions) == (Effect.UNCHANGED, (), ())


def test_what_a_list_does_not_say_stays() -> None:
    made = plan_change(known(LURAH), ListedPerson(PHONE, (RoleGrant(Role.LURAH),)), "id")
    assert (made.effect, made.name, made.language) == (Effect.UNCHANGED, "Dewi", "jv")


@pytest.mark.parametrize(
    "entry",
    [
        ListedPerson(PHONE, (LURAH,), "Dewi Lestari"),
        ListedPerson(PHONE, (LURAH,), language="id"),
        ListedPerson(PHONE, (RoleGrant(Role.LURAH, (MEDONO,)),)),
        ListedPerson(PHONE, (RoleGrant(Role.LURAH, basis="surat tugas 13"),)),
        ListedPerson(PHONE, (RoleGrant(Role.CAMAT, (BARAT,)),)),
    ],
)
def test_a_difference_is_an_update(entry: ListedPerson) -> None:
    assert plan_change(known(LURAH), entry, "id").effect is Effect.UPDATED


def test_areas_of_a_role_are_those_of_the_last_list() -> None:
    made = plan_change(known(LURAH), ListedPerson(PHONE, (RoleGrant(Role.LURAH, (MEDONO,)),)), "id")
    assert made.grants == (RoleGrant(Role.LURAH, (MEDONO,), LURAH.basis, AT),)


def test_subscriptions_are_added_and_never_taken_away() -> None:
    moved = RoleGrant(Role.SUBSCRIBER, (PODOSUGIH, MEDONO), "formulir", AT)
    made = plan_change(known(podosugih="jv"), ListedPerson(PHONE, (moved,)), "id")
    assert made.subscriptions == (RoleGrant(Role.SUBSCRIBER, (MEDONO,), "formulir", AT),)


CONSENTS = pytest.mark.parametrize(
    ("agreed_at", "declined"),
    [(None, True), (AT - timedelta(days=1), True), (AT, True), (AT + timedelta(days=1), False)],
)


@CONSENTS
@pytest.mark.parametrize("refuses", [False, True])  # whether somebody lifted it since, and he left again
def test_a_stop_outweighs_a_consent_that_is_not_later(
    agreed_at: datetime | None, declined: bool, refuses: bool
) -> None:
    agreed = RoleGrant(Role.SUBSCRIBER, (PODOSUGIH,), "formulir", agreed_at)
    made = plan_change(known(opted_out_at=AT, opted_out=refuses), ListedPerson(PHONE, (agreed,)), "id")
    assert (made.declined, made.lifts_opt_out) == (declined, refuses and not declined)
    assert made.subscriptions == (() if declined else (agreed,))
    assert made.effect is (Effect.UNCHANGED if declined else Effect.UPDATED)


@CONSENTS
def test_who_said_stop_before_anybody_knew_him(agreed_at: datetime | None, declined: bool) -> None:
    agreed = RoleGrant(Role.SUBSCRIBER, (PODOSUGIH,), "formulir", agreed_at)
    stranger = known(opted_out_at=AT, opted_out=True, in_directory=False)
    made = plan_change(stranger, ListedPerson(PHONE, (agreed,)), "id")
    assert (made.effect, made.declined) == (Effect.UNCHANGED if declined else Effect.NEW, declined)
    appointed = plan_change(stranger, ListedPerson(PHONE, (agreed, LURAH)), "id")
    assert (appointed.effect, appointed.declined, appointed.grants) == (Effect.NEW, declined, (LURAH,))


def test_who_has_come_back_by_himself_is_not_declined() -> None:
    made = plan_change(known(podosugih="jv", opted_out_at=AT), ListedPerson(PHONE, (SUBSCRIBER,)), "id")
    assert (made.effect, made.declined) == (Effect.UNCHANGED, False)


def test_a_later_consent_to_what_stands_lifts_a_stop() -> None:
    made = plan_change(known(podosugih="jv", opted_out_at=AT, opted_out=True), ListedPerson(PHONE, (SUBSCRIBER,)), "id")
    assert (made.effect, made.declined, made.lifts_opt_out) == (Effect.UNCHANGED, True, False)
    later = RoleGrant(Role.SUBSCRIBER, (PODOSUGIH,), "formulir", AT + timedelta(days=1))
    made = plan_change(known(podosugih="jv", opted_out_at=AT, opted_out=True), ListedPerson(PHONE, (later,)), "id")
    assert (made.effect, made.declined, made.lifts_opt_out) == (Effect.UPDATED, False, True)


def test_a_person_shows_no_number_and_no_name() -> None:
    person = Person(PHONE, "Dewi", "id", (LURAH,), "a.csv", AT, AT)
    entry = ListedPerson(PHONE, (LURAH,), "Dewi")
    shown = f"{person} {entry} {plan_change(UNKNOWN_PERSON, ListedPerson(PHONE, (LURAH,)), 'id')}"
    assert "81230004567" not in shown
    assert "Dewi" not in shown


def test_who_is_there_for_an_area() -> None:
    assert enclosing_codes(PODOSUGIH) == (PODOSUGIH, BARAT)
