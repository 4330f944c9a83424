"""JSON for machines: the one way from the values of the stores to what the faces write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from gateway.text.phone import Phone


def to_json(value: object) -> Any:
    """Convert a value of a store to JSON types.

    A dataclass becomes an object of its fields in their order, without the underscore that ends a name such as
    `class_`. Times become ISO 8601, phones their mask, decimals and other texts strings, sets sorted arrays. Raises
    `TypeError` for everything else, so that nothing is written in a form that nobody chose.
    """
    if isinstance(value, Enum):
        return to_json(value.value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Phone):
        return value.masked
    if isinstance(value, Decimal):
        return str(value)
    return _collection(value)


def _collection(value: object) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name.removesuffix("_"): to_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(to_json(key)): to_json(one) for key, one in value.items()}
    if isinstance(value, Set):
        return sorted(to_json(one) for one in value)
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [to_json(one) for one in value]
    raise TypeError(f"{type(value).__name__} has no form in JSON")
