"""Opt-outs of appeals: said to the gateway, reported by a carrier, or learnt from the carrier's refusal of a send.

An opt-out knows a phone by its keyed hash alone, and outlives the person in the directory. The newest word counts: a
later consent of their own, or one of a later date in a list, lifts every opt-out. The carrier may refuse them all the
same. Its refusal of the next send, such as the answer to `REG` by SMS, makes an opt-out again.
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
    """Build the DELETE of every opt-out of these phones, for the transaction of their newer consent."""
    return delete(opt_outs).where(opt_outs.c.phone_key == any_(cast(sorted(phone_keys), ARRAY(LargeBinary))))
