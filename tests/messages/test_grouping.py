"""Which of the claimed messages share a call."""

from __future__ import annotations

from gateway.messages.sending.batch import group_into_calls
from tests.helpers.phones import NUMBER, OTHER, phone
from tests.helpers.senders import make_claim


def test_equal_texts_share_a_call() -> None:
    claims = [make_claim(1, "a", phone(1)), make_claim(2, "b", phone(2)), make_claim(3, "a", phone(3))]
    assert [[claim.id for claim in group] for group in group_into_calls(claims, 100)] == [[1, 3], [2]]


def test_a_call_has_its_bound() -> None:
    claims = [make_claim(number, "a", phone(number)) for number in range(5)]
    assert [len(group) for group in group_into_calls(claims, 2)] == [2, 2, 1]


def test_a_number_stands_in_a_call_only_once() -> None:
    claims = [make_claim(1, "a", NUMBER), make_claim(2, "a", NUMBER), make_claim(3, "a", OTHER)]
    assert [[claim.id for claim in group] for group in group_into_calls(claims, 100)] == [[1, 3], [2]]
