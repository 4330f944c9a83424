"""Lifecycle of an incident."""

from __future__ import annotations

import pytest

from gateway.incidents.incident import LIFECYCLE, IncidentStatus, may_move

FINAL = {IncidentStatus.MERGED, IncidentStatus.CLOSED}


def test_lifecycle_has_every_status_and_two_final_ones() -> None:
    assert set(LIFECYCLE) == set(IncidentStatus)
    assert {status for status, targets in LIFECYCLE.items() if not targets} == FINAL


def test_lifecycle_has_no_way_to_itself_or_to_received() -> None:
    assert not any(may_move(status, status) for status in IncidentStatus)
    assert not any(may_move(status, IncidentStatus.RECEIVED) for status in IncidentStatus)


@pytest.mark.parametrize("start", sorted(set(IncidentStatus) - FINAL))
def test_every_open_status_can_be_closed_and_merged(start: IncidentStatus) -> None:
    assert may_move(start, IncidentStatus.CLOSED)
    assert may_move(start, IncidentStatus.MERGED)


def test_every_status_is_reachable() -> None:
    reached, frontier = {IncidentStatus.RECEIVED}, [IncidentStatus.RECEIVED]
    while frontier:
        new = LIFECYCLE[frontier.pop()] - reached
        reached |= new
        frontier.extend(new)

    assert reached == set(IncidentStatus)


@pytest.mark.parametrize(
    ("now", "to"),
    [
        (IncidentStatus.RECEIVED, IncidentStatus.ACTION),
        (IncidentStatus.RECEIVED, IncidentStatus.FORWARDED),
        (IncidentStatus.ACTION, IncidentStatus.CHECKING),
        (IncidentStatus.CLOSED, IncidentStatus.CHECKING),
        (IncidentStatus.MERGED, IncidentStatus.CLOSED),
    ],
)
def test_may_move_refuses_transitions_outside_the_lifecycle(now: IncidentStatus, to: IncidentStatus) -> None:
    assert not may_move(now, to)
