"""Columns of an encrypted phone number: their values once it is erased, and the constraint that they share."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import CheckConstraint

ERASED_PHONE: Mapping[str, None] = {"phone_sealed": None, "phone_key": None}
"""Column values of a row whose phone number was erased."""


def phone_constraint() -> CheckConstraint:
    """Return the constraint that a row has both columns of its number, or neither."""
    return CheckConstraint("(phone_sealed IS NULL) = (phone_key IS NULL)", name="phone")
