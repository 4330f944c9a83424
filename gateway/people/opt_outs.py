"""The table of who wants no appeals: said to us, to a carrier that calls us back, or learnt from its refusal of a send.

It knows nobody but by the keyed hash of his number, and outlives him in the directory. His newest word counts: a later
consent of his own, or one of a later date that a list brings, lifts whatever stands here. A carrier may refuse him all
the same; then it says so at the next send, the answer to `REG` by SMS to begin with, and he stands here again.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    DateTime,
    Delete,
    Identity,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    any_,
    cast,
    delete,
)

from gateway.runtime.postgres import metadata

OURS = "us"  # the sender of an opt-out that was said to the gateway itself

opt_outs = Table(
    "opt_outs",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("channel", Text, nullable=False),
    Column("phone_key", LargeBinary, nullable=False),
    Column("sender", Text, nullable=False),  # empty: the carrier did not say which
    Column("at", DateTime(timezone=True), nullable=False),  # when it was said last
    UniqueConstraint("phone_key", "channel", "sender"),
)


def lifting(phone_keys: Collection[bytes]) -> Delete:
    """Lift every opt-out of these phones, as part of what takes their newer consent."""
    return delete(opt_outs).where(opt_outs.c.phone_key == any_(cast(sorted(phone_keys), ARRAY(LargeBinary))))
