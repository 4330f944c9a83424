"""The table of who wants no appeals: said to us, to a carrier that calls us back, or learnt from its refusal of a send.

It knows nobody but by the keyed hash of his number, and outlives him in the directory. His newest word counts: a later
consent of his own, or one of a later date that a list brings, lifts whatever stands here. A carrier may refuse him all
the same; then it says so at the next send, the answer to `REG` by SMS to begin with, and he stands here again.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import (
    ARRAY,
    Delete,
    LargeBinary,
    any_,
    cast,
    delete,
)

from gateway.people.tables import opt_outs

GATEWAY_SENDER = "us"  # the sender of an opt-out that was said to the gateway itself


def lift_statement(phone_keys: Collection[bytes]) -> Delete:
    """Lift every opt-out of these phones, as part of what takes their newer consent."""
    return delete(opt_outs).where(opt_outs.c.phone_key == any_(cast(sorted(phone_keys), ARRAY(LargeBinary))))
