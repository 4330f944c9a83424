from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import IntEnum, StrEnum

import pytest

from gateway.text.json_values import to_json
from tests.helpers.phones import NUMBER


class Status(StrEnum):
    NEW = "new"


class Priority(IntEnum):
    HIGH = 1


@dataclass(frozen=True, slots=True)
class Part:
    name: str


@dataclass(frozen=True, slots=True)
class Whole:
    class_: Status
    parts: tuple[Part, ...]
    when: datetime | None = None


def test_dataclass_becomes_an_object_of_its_fields_in_their_order() -> None:
    value = Whole(Status.NEW, (Part("b"), Part("a")), datetime(2026, 11, 23, 8, tzinfo=UTC))

    assert json.dumps(to_json(value)) == (
        '{"class": "new", "parts": [{"name": "b"}, {"name": "a"}], "when": "2026-11-23T08:00:00+00:00"}'
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (3, 3),
        (1.5, 1.5),
        ("teks", "teks"),
        (Status.NEW, "new"),
        (Priority.HIGH, 1),
        (date(2026, 11, 23), "2026-11-23"),
        (Decimal("1.50"), "1.50"),
        ({Status.NEW: Decimal(1)}, {"new": "1"}),
        (frozenset({"b", "a"}), ["a", "b"]),
        (["a", ("b",)], ["a", ["b"]]),
    ],
)
def test_value_becomes_a_json_type(value: object, expected: object) -> None:
    assert to_json(value) == expected


def test_phone_becomes_its_mask() -> None:
    assert to_json({"to": NUMBER}) == {"to": NUMBER.masked}


@pytest.mark.parametrize("value", [b"bytes", object(), Part])
def test_value_without_a_form_in_json_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="has no form in JSON"):
        to_json(value)
