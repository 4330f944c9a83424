"""Merge rule of an import: a list adds and corrects, and subscribes nobody who has opted out since."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gateway.people.person import (
    UNKNOWN_PERSON,
    ActiveSubscription,
    CurrentState,
    Effect,
    ListedPerson,
    Person,
    RoleGrant,
    plan_change,
)
from tests.helpers.phones import NUMBER

AT = datetime(2026, 3, 1, tzinfo=UTC)
PODOSUGIH, MEDONO, BARAT = "33.75.01.1003", "33.75.01.1002", "33.75.01"
LURAH = RoleGrant("lurah", (PODOSUGIH,), "surat tugas 12", AT)
SUBSCRIBER = RoleGrant("subscriber", (PODOSUGIH,), "formulir RW 3", AT)


def state(
    *grants: RoleGrant,
    opted_out_at: datetime | None = None,
    podosugih: str = "",
    in_directory: bool = True,
    opted_out: bool = False,
) -> CurrentState:
    subscribed = {PODOSUGIH: ActiveSubscription(podosugih, AT)} if podosugih else {}
    roles = {grant.role: grant for grant in grants}
    return CurrentState(in_directory, "Dewi", "jv", roles, subscribed, opted_out_at, opted_out)


def test_plan_change_adds_a_new_person() -> None:
    change = plan_change(UNKNOWN_PERSON, ListedPerson(NUMBER, (LURAH, SUBSCRIBER), "Dewi"), "id")

    assert (change.effect, change.name, change.language, change.declined) == (Effect.NEW, "Dewi", "id", False)
    assert (change.grants, change.subscriptions) == ((LURAH,), (SUBSCRIBER,))


def test_plan_change_of_the_same_entry_changes_nothing() -> None:
    change = plan_change(state(LURAH, podosugih="jv"), ListedPerson(NUMBER, (LURAH, SUBSCRIBER), "Dewi", "jv"), "id")
    assert (change.effect, change.grants, change.subscriptions) == (Effect.UNCHANGED, (), ())


def test_plan_change_keeps_what_the_entry_leaves_empty() -> None:
    change = plan_change(state(LURAH), ListedPerson(NUMBER, (RoleGrant("lurah"),)), "id")
    assert (change.effect, change.name, change.language) == (Effect.UNCHANGED, "Dewi", "jv")


@pytest.mark.parametrize(
    "entry",
    [
        ListedPerson(NUMBER, (LURAH,), "Dewi Lestari"),
        ListedPerson(NUMBER, (LURAH,), language="id"),
        ListedPerson(NUMBER, (RoleGrant("lurah", (MEDONO,)),)),
        ListedPerson(NUMBER, (RoleGrant("lurah", basis="surat tugas 13"),)),
        ListedPerson(NUMBER, (RoleGrant("camat", (BARAT,)),)),
    ],
)
def test_plan_change_of_a_different_entry_is_an_update(entry: ListedPerson) -> None:
    assert plan_change(state(LURAH), entry, "id").effect is Effect.UPDATED


def test_plan_change_replaces_the_areas_of_a_role() -> None:
    change = plan_change(state(LURAH), ListedPerson(NUMBER, (RoleGrant("lurah", (MEDONO,)),)), "id")
    assert change.grants == (RoleGrant("lurah", (MEDONO,), LURAH.basis, AT),)


def test_plan_change_adds_subscriptions_and_removes_none() -> None:
    moved = RoleGrant("subscriber", (PODOSUGIH, MEDONO), "formulir", AT)
    change = plan_change(state(podosugih="jv"), ListedPerson(NUMBER, (moved,)), "id")

    assert change.subscriptions == (RoleGrant("subscriber", (MEDONO,), "formulir", AT),)


CONSENTS = pytest.mark.parametrize(
    ("agreed_at", "declined"),
    [(None, True), (AT - timedelta(days=1), True), (AT, True), (AT + timedelta(days=1), False)],
)


@CONSENTS
@pytest.mark.parametrize("opted_out", [False, True])  # False: lifted since, and they left again
def test_opt_out_outweighs_a_consent_that_is_not_later(
    agreed_at: datetime | None, declined: bool, opted_out: bool
) -> None:
    agreed = RoleGrant("subscriber", (PODOSUGIH,), "formulir", agreed_at)
    change = plan_change(state(opted_out_at=AT, opted_out=opted_out), ListedPerson(NUMBER, (agreed,)), "id")

    assert (change.declined, change.lifts_opt_out) == (declined, opted_out and not declined)
    assert change.subscriptions == (() if declined else (agreed,))
    assert change.effect is (Effect.UNCHANGED if declined else Effect.UPDATED)


@CONSENTS
def test_opt_out_of_a_stranger_outweighs_a_consent_that_is_not_later(
    agreed_at: datetime | None, declined: bool
) -> None:
    agreed = RoleGrant("subscriber", (PODOSUGIH,), "formulir", agreed_at)
    stranger = state(opted_out_at=AT, opted_out=True, in_directory=False)

    change = plan_change(stranger, ListedPerson(NUMBER, (agreed,)), "id")
    assert (change.effect, change.declined) == (Effect.UNCHANGED if declined else Effect.NEW, declined)

    appointed = plan_change(stranger, ListedPerson(NUMBER, (agreed, LURAH)), "id")
    assert (appointed.effect, appointed.declined, appointed.grants) == (Effect.NEW, declined, (LURAH,))


def test_person_who_subscribed_again_is_not_declined() -> None:
    change = plan_change(state(podosugih="jv", opted_out_at=AT), ListedPerson(NUMBER, (SUBSCRIBER,)), "id")
    assert (change.effect, change.declined) == (Effect.UNCHANGED, False)


def test_later_consent_to_an_active_subscription_lifts_an_opt_out() -> None:
    change = plan_change(
        state(podosugih="jv", opted_out_at=AT, opted_out=True), ListedPerson(NUMBER, (SUBSCRIBER,)), "id"
    )
    assert (change.effect, change.declined, change.lifts_opt_out) == (Effect.UNCHANGED, True, False)

    later = RoleGrant("subscriber", (PODOSUGIH,), "formulir", AT + timedelta(days=1))
    change = plan_change(state(podosugih="jv", opted_out_at=AT, opted_out=True), ListedPerson(NUMBER, (later,)), "id")
    assert (change.effect, change.declined, change.lifts_opt_out) == (Effect.UPDATED, False, True)


def test_repr_of_a_person_shows_no_number_and_no_name() -> None:
    person = Person(NUMBER, "Dewi", "id", (LURAH,), "a.csv", AT, AT)
    entry = ListedPerson(NUMBER, (LURAH,), "Dewi")

    shown = f"{person} {entry} {plan_change(UNKNOWN_PERSON, ListedPerson(NUMBER, (LURAH,)), 'id')}"

    assert "81230004567" not in shown
    assert "Dewi" not in shown
